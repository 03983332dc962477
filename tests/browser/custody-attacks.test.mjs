// Attacks on the device key where it lies, by custody, in a real Chromium with profile folders of its own. Each prints attack, what
// stopped it, code and yen lost at the most, and asserts them; docs/custody.md and docs/threat-model.md hold the same rows.
// @ts-check
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HANAKO, WEALTH, balance, empty, ledgerOf, openTill, ownerWith, register, use } from "../lib/attack.mjs";
import { addAuthenticator, launchChromium, launchChromiumProfile } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, openPage, status } from "../lib/pages.mjs";
import { openSite } from "../lib/site.mjs";

const { row, hold } = ledgerOf();
/** @type {Awaited<ReturnType<typeof launchChromium>>} */ let browser;
/** Profiles' folders of this suite. @type {string} */ let folder;
before(async () => {
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), "jitsuin-custody-"));
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An owner in a profile folder, closed, and a copy of the folder opened elsewhere. @param {import("node:test").TestContext} t @param {string} custody */
async function copied(t, custody) {
  const issuer = await startIssuer();
  const [own, copy] = [join(folder, `${custody}-own`), join(folder, `${custody}-copy`)];
  const first = await launchChromiumProfile(own);
  await ownerWith(first, issuer.url, custody);
  await first.close();
  cpSync(own, copy, { recursive: true });
  const thief = await launchChromiumProfile(copy);
  t.after(async () => {
    await thief.close();
    await issuer.stop();
  });
  const stolen = await openPage(thief, issuer.url);
  const back = async () => {
    const context = await launchChromiumProfile(own);
    t.after(() => context.close());
    return openPage(context, issuer.url);
  };
  return { issuer, stolen, back, till: await openTill(browser, issuer.url, "1001") };
}

test("browser: copied profile files", async (t) => {
  const { stolen, back, till } = await copied(t, "browser");
  await addAuthenticator(stolen);
  await status(stolen, "ready");
  const { thefts, code } = await empty(stolen, till);
  assert.deepEqual([thefts, code], [2, "over-allowance"], "it signs there");
  // Both learn the newest number from the issuer, so that no counter gives the copy away: the owner's wallet does.
  const wallet = await back();
  await status(wallet, "ready");
  const left = await balance(wallet);
  const alerts = await wallet.evaluate(async () => {
    // @ts-ignore: served by the demo
    const { Wallet } = await import("/pkg/index.js");
    return (await Wallet.open({ issuer: location.origin })).state.alerts.map((/** @type {{ kind: string }} */ alert) => alert.kind);
  });
  assert.ok(alerts.includes("unknown-use"), alerts.join());
  assert.equal(await use(wallet, "freeze"), "done");
  await stolen.waitForTimeout(1_100); // codes are made at most once a second
  await use(stolen, "sync");
  row("`browser`: copies the profile's folder to another machine and pays until it is refused; then the owner looks", "allowance of a day; unknown-use alert and freeze", { code: await use(stolen, "paymentCode"), lost: WEALTH - left }, { code: "frozen", lost: 20_000 });
});

test("passkey: copied profile files", async (t) => {
  const { stolen, back } = await copied(t, "passkey");
  // An authenticator of the thief's own, with PRF: it does not have the passkey.
  await addAuthenticator(stolen);
  await status(stolen, "locked");
  assert.equal(await use(stolen, "paymentCode"), "locked");
  const code = await use(stolen, "unlock");
  assert.match(code, /^(no-credential|cancelled|timed-out)$/);
  assert.equal(await use(stolen, "paymentCode"), "locked");
  const wallet = await back();
  await status(wallet, "locked");
  row("`passkey`: copies the profile's folder to another machine and tries to pay", "the key is sealed under the passkey, which is not in the files", { code: await use(stolen, "paymentCode"), lost: WEALTH - (await balance(wallet)) }, { code: "locked", lost: 0 });
});

for (const custody of ["browser", "passkey"]) {
  test(`${custody}: a script in the page tries to take the key along`, async (t) => {
    const issuer = await startIssuer();
    const context = await browser.newContext();
    t.after(async () => {
      await context.close();
      await issuer.stop();
    });
    const { wallet, authenticator } = await ownerWith(context, issuer.url, custody);
    const found = await wallet.evaluate(async () => {
      /** @type {CryptoKey[]} */ const caught = [];
      // Hooks, as a script has that came after the wallet: every key that is used from now on passes here.
      const { sign } = SubtleCrypto.prototype;
      SubtleCrypto.prototype.sign = function (algorithm, key, data) {
        if (key.type === "private") caught.push(key);
        return sign.call(this, algorithm, key, data);
      };
      // @ts-ignore: served by the demo
      const { Wallet } = await import("/pkg/index.js");
      const opened = await Wallet.open({ issuer: location.origin });
      await opened.paymentCode();
      SubtleCrypto.prototype.sign = sign;
      // What lies in storage, and clones of all of it.
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((resolve) => {
          const request = indexedDB.open(String(name));
          request.onsuccess = () => resolve(request.result);
        });
        for (const store of database.objectStoreNames) {
          const all = await new Promise((resolve) => {
            const request = database.transaction(store).objectStore(store).getAll();
            request.onsuccess = () => resolve(request.result);
          });
          caught.push(...all.flatMap((/** @type {object} */ record) => Object.values(record)).filter((/** @type {unknown} */ value) => value instanceof CryptoKey && value.type === "private"));
        }
        database.close();
      }
      const tries = [];
      const under = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["wrapKey"]);
      for (const key of caught.flatMap((key) => [key, structuredClone(key)])) {
        for (const format of /** @type {const} */ (["pkcs8", "jwk", "raw", "spki"])) {
          tries.push(await crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name));
          tries.push(await crypto.subtle.wrapKey(format, key, under, { name: "AES-GCM", iv: new Uint8Array(12) }).then(() => "exported", (error) => error.name));
        }
        tries.push(JSON.stringify(key) === "{}" ? "empty" : "shown");
      }
      // The wallet's own members, as far as a script reaches, and what is no wallet of its own.
      const members = Reflect.ownKeys(opened).flatMap((name) => (typeof opened[name] === "function" ? [] : [String(name)]));
      return { caught: caught.length, tries: [...new Set(tries)].sort(), members };
    });
    assert.ok(found.caught >= 2, `${found.caught} keys were at hand`);
    assert.ok(!found.tries.includes("exported") && !found.tries.includes("shown"), found.tries.join());
    // The frozen snapshot, which every page has, and nothing else.
    assert.deepEqual(found.members, ["state"]);
    // But it can use it.
    const till = await openTill(browser, issuer.url, "1001");
    const { thefts, code } = await empty(wallet, till);
    assert.equal(thefts, 2);
    await authenticator.uvFail();
    assert.match(await use(wallet, "topUp"), /^(over-limit|uv-failed|cancelled|no-credential|tap-again)$/);
    row(`\`${custody}\`: a script in the unlocked page hooks WebCrypto, exports, wraps and clones every key, then has codes signed`, "no key can be exported; allowance of a day", { code, lost: WEALTH - (await balance(wallet)) }, { code: "over-allowance", lost: 20_000 });
    await till.context().close();
  });

  test(`${custody}: a saved browser state`, async (t) => {
    const issuer = await startIssuer();
    const context = await browser.newContext();
    const { page, custody: got } = await register(context, issuer.url, { custody });
    assert.equal(got, custody);
    const before = await balance(page, { custody });
    const saved = await browser.newContext({ storageState: await context.storageState({ indexedDB: true }) });
    t.after(async () => {
      await Promise.all([context.close(), saved.close()]);
      await issuer.stop();
    });
    const stolen = await openPage(saved, issuer.url);
    await addAuthenticator(stolen);
    await stolen.waitForFunction(() => document.body.dataset.status !== undefined);
    const code = await use(stolen, "paymentCode");
    assert.match(await use(stolen, "unlock"), /^(key-lost|no-credential|cancelled|storage-corrupt)$/);
    row(`\`${custody}\`: saves the browser's state with an automation tool and opens it elsewhere`, "a key does not survive it", { code, lost: before - (await balance(page, { custody })) }, { code: "key-lost", lost: 0 });
  });
}

test("a fake host bridge", async (t) => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    await issuer.stop();
  });
  await context.addInitScript(() => {
    const asked = (Reflect.set(globalThis, "asked", []), Reflect.get(globalThis, "asked"));
    const answer = (/** @type {string} */ what) => async () => void asked.push(what);
    const fake = { version: 1, hello: answer("hello"), makeKey: answer("makeKey"), sign: answer("sign"), eraseKey: answer("eraseKey"), postMessage: answer("postMessage") };
    for (const name of ["host", "Host", "jitsuin", "Jitsuin", "jitsuinHost", "nativeHost", "bridge", "native", "Android"]) Reflect.set(globalThis, name, fake);
    Reflect.set(globalThis, "webkit", { messageHandlers: new Proxy({}, { get: () => fake }) });
  });
  const { page, custody } = await register(context, issuer.url, {});
  assert.notEqual(custody, "native");
  const code = await use(page, "logIn", { custody: "native", profile: "other" }, { login: HANAKO.login, password: HANAKO.password });
  assert.deepEqual(await page.evaluate(() => Reflect.get(globalThis, "asked")), []);
  row("puts a host bridge into the page before the wallet opens, under every name that one might have", "a host is named by the page, never looked for", { code, lost: 2_000 - (await balance(page)) }, { code: "unsupported", lost: 0 });
});

/** Runs in the page: the records of two wallets, changed by `how`. @param {{ from: string, to: string, how: "swap" | "copy" }} what */
async function shuffle({ from, to, how }) {
  const settled = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
  const open = async (/** @type {string} */ profile) => {
    const request = indexedDB.open(`jitsuin/${location.origin}/${profile}`);
    request.onupgradeneeded = () => request.result.createObjectStore("wallet");
    return settled(request);
  };
  const [one, two] = [await open(from), await open(to)];
  const read = (/** @type {IDBDatabase} */ database) => settled(database.transaction("wallet").objectStore("wallet").get("record"));
  const write = (/** @type {IDBDatabase} */ database, /** @type {object} */ record) => settled(database.transaction("wallet", "readwrite").objectStore("wallet").put(record, "record"));
  const [a, b] = [await read(one), await read(two)];
  if (how === "copy") await write(two, a);
  else await Promise.all([write(one, { ...a, device: b.device }), write(two, { ...b, device: a.device })]);
  one.close();
  two.close();
}

test("passkey: sealed keys swapped between two accounts", async (t) => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    await issuer.stop();
  });
  const { page } = await register(context, issuer.url, { custody: "passkey", profile: "hanako" });
  const taro = { login: "taro", password: "taro-password", contact: "taro@example.test" };
  const attempt = await use(page, "logIn", { custody: "passkey", profile: "taro" }, { login: taro.login, password: taro.password });
  const { readInbox } = await import("../lib/pages.mjs");
  const code = await readInbox(context, issuer.url, taro.contact, /(\d{8}) registers a device/);
  assert.equal(await use(page, "enrol", { custody: "passkey", profile: "taro" }, { attempt, code }), "passkey");
  const before = await balance(page, { profile: "hanako" });
  await page.evaluate(shuffle, { from: "hanako", to: "taro", how: /** @type {const} */ ("swap") });
  await page.reload();
  const refused = await use(page, "unlock", { profile: "hanako" });
  assert.equal(await use(page, "unlock", { profile: "taro" }), refused);
  assert.equal(await use(page, "paymentCode", { profile: "hanako" }), "locked");
  assert.equal(await use(page, "paymentCode", { profile: "taro" }), "locked");
  const lost = before - (await balance(page, { profile: "hanako" }));
  // Nothing was overwritten: put back, both open.
  await page.evaluate(shuffle, { from: "hanako", to: "taro", how: /** @type {const} */ ("swap") });
  await page.reload();
  assert.deepEqual([await use(page, "unlock", { profile: "hanako" }), await use(page, "unlock", { profile: "taro" })], ["done", "done"]);
  row("`passkey`: swaps the sealed keys of two accounts in one browser and has both unlocked", "the seal is bound to issuer, account, key and passkey", { code: refused, lost }, { code: "seal-mismatch", lost: 0 });
});

test("browser: the record copied to a second profile of the page", async (t) => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    await issuer.stop();
  });
  const { wallet } = await ownerWith(context, issuer.url, "browser");
  await wallet.evaluate(shuffle, { from: "default", to: "second", how: /** @type {const} */ ("copy") });
  const till = await openTill(browser, issuer.url, "1001");
  // Made before either hears of the other: the same number, other random bytes.
  const [theft, own] = [await use(wallet, "paymentCode", { profile: "second" }), await use(wallet, "paymentCode")];
  assert.equal(await charge(till, theft, "10000"), "approved");
  assert.equal(await charge(till, own, "540"), "declined");
  const left = await balance(wallet);
  const code = await use(wallet, "paymentCode", { profile: "second" }).then(async (made) => (made.startsWith("JT1") ? (await charge(till, made, "1000"), await use(wallet, "sync", { profile: "second" }), use(wallet, "status", { profile: "second" })) : made));
  assert.match(code, /^(suspended|too-fast)$/);
  row("`browser`: copies the record to a second profile of the same page, so that two counters run, and pays from both", "one counter for a key: clone evidence suspends it", { code: await use(wallet, "status"), lost: WEALTH - left }, { code: "suspended", lost: 10_000 });
  await till.context().close();
});

test("browser: a stock of codes dated ahead by a script that moves the clock", async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${site.url}/?injected`);
  await page.waitForFunction("globalThis.kit !== undefined");
  const owner = await site.world.issuer.account({ balance: { amount: 200_000n, currency: "JPY" } });
  await page.evaluate(async (given) => {
    await globalThis.kit.wallet({ custody: "browser" });
    await globalThis.kit.enrol(given);
  }, { login: owner.login, password: owner.password });
  // For each half hour of two days, `Date` is moved there and a code asked for.
  const stock = await page.evaluate(async () => {
    const made = [];
    for (let half = 1; half <= 96; half += 1) {
      globalThis.testClock.jump(1_800_000);
      const { value, error } = await globalThis.kit.outcome(() => globalThis.kit.code());
      made.push({ half, text: value?.text ?? null, code: error?.code ?? null });
    }
    return made;
  });
  const codes = stock.filter(({ text }) => text);
  assert.ok(codes.length > 0, "the clock of the page is the script's: codes dated ahead are made");
  const till = site.world.issuer.till();
  const yen = (/** @type {number} */ amount) => ({ amount: BigInt(amount), currency: "JPY" });
  // Before their time no till takes one.
  assert.equal((await till.charge(codes[0].text, yen(5_000))).outcome, "token-expired");
  let lost = 0;
  let refused = "";
  let at = 0;
  for (const { half, text } of codes) {
    await site.world.issuer.clock.advance({ minutes: (half - at) * 30 });
    at = half;
    // Above the offline part of the allowance it would be refused, and spent.
    const { outcome } = await till.charge(text, yen(5_000));
    if (outcome === "approved") lost += 5_000;
    else refused = outcome;
  }
  console.log(`made ${codes.length} codes of 96 tries (${[...new Set(stock.map(({ code }) => code).filter(Boolean))].join()}), ${lost} yen over two days, till: ${refused}`);
  await site.world.issuer.audit();
  row("`browser`: a script moves the page's clock and lays up codes for two days, spent each in its minute without a phone", "what the wallet gives at worst; offline part of the allowance", { code: stock.find(({ code }) => code)?.code ?? "none", lost }, { code: "over-allowance", lost: 20_000 });
});

test("a key handed to another site's page signs there, and can't be exported there", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const other = `onmessage = async ({ data, source }) => {
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, data, new Uint8Array(4));
    const exported = await crypto.subtle.exportKey("pkcs8", data).then(() => "exported", (error) => error.name);
    source.postMessage([signature.byteLength, exported], "*");
  };`;
  await context.route("https://wallet.test/**", (route) => route.fulfill({ contentType: "text/html", body: '<iframe src="https://thief.test/"></iframe>' }));
  await context.route("https://thief.test/**", (route) => route.fulfill({ contentType: "text/html", body: `<script>${other}</script>` }));
  const page = await context.newPage();
  await page.goto("https://wallet.test/");
  const seen = await page.evaluate(async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    return new Promise((resolve) => {
      onmessage = ({ data }) => resolve(data);
      frames[0]?.postMessage(privateKey, "*");
    });
  });
  assert.deepEqual(seen, [64, "InvalidAccessError"]);
});

test("the pages say what these attacks printed", () => {
  for (const page of ["custody.md", "threat-model.md"]) hold(page, "custody", "node --test tests/browser/custody-attacks.test.mjs");
});
