// Custody `passkey` in a real Chromium: what is stored, sent and held in memory, what opens a sealed key and what does not.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium, launchChromiumProfile } from "../lib/engines.mjs";
import { eavesdrop, holds, memoryOf, sentBy, thumbOf } from "../lib/secrets.mjs";
import { coded, yen } from "../lib/words.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

async function open(t, { custody = "auto", gives = "as it is", prf = true, context, enrolled = true, profile } = {}) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const own = context ?? (await browser.newContext());
  const page = await own.newPage();
  t.after(async () => {
    await world.issuer.audit();
    await own.close();
    await world.close();
  });
  await page.addInitScript(eavesdrop);
  const kit = await attach(page, { world });
  if (!prf) await kit.authenticator.approve({ prf: "none" });
  const sent = sentBy(page);
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await kit.wallet({ custody, profile });
  await give(page, gives);
  if (enrolled) await kit.enrol(wallet, owner);
  return { world, kit, page, owner, wallet, sent };
}

/** What the passkey's next answers derive. */
const give = (page, what) => page.evaluate((gives) => void (globalThis.heard.gives = gives), what);
const heard = (page) => page.evaluate(() => ({ prf: globalThis.heard.prf, keys: globalThis.heard.keys }));

/** The stored record, as far as a test can look into it. */
const stored = (page, name = "default") =>
  page.evaluate(async (profile) => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const found = `jitsuin/https://issuer.test/${profile}`;
    if (!(await indexedDB.databases()).some(({ name }) => name === found)) return null;
    const database = await settled(indexedDB.open(found));
    const record = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
    database.close();
    if (!record) return null;
    const shape = (value) => (value instanceof CryptoKey ? `key, extractable: ${value.extractable}` : Object.fromEntries(Object.entries(value).map(([name, part]) => [name, part.length ?? part])));
    return { device: shape(record.device), channel: shape(record.channel), custody: JSON.parse(new TextDecoder().decode(record.data)).custody, sealed: record.device instanceof CryptoKey ? null : [...record.device.key] };
  }, name);

/** Changes the stored record by a function of the page's. */
const rewrite = (page, change, argument) =>
  page.evaluate(
    async ({ source, argument }) => {
      const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
      const read = async (profile) => {
        const database = await settled(indexedDB.open(`jitsuin/https://issuer.test/${profile}`));
        const record = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
        database.close();
        return record;
      };
      const database = await settled(indexedDB.open("jitsuin/https://issuer.test/default"));
      const record = await read("default");
      if (source === "keep") localStorage.setItem("kept", JSON.stringify(Object.entries(record.device).map(([name, part]) => [name, part.length ? [...part] : part])));
      const kept = () => Object.fromEntries(JSON.parse(localStorage.getItem("kept")).map(([name, part]) => [name, Array.isArray(part) ? new Uint8Array(part) : part]));
      const changed = await { keep: (of) => of, restore: kept, damage: (of) => ({ ...of, key: of.key.map((byte) => byte ^ 1) }), swap: async () => (await read(argument)).device, inner: async (of) => ({ ...of, key: (await read(argument)).device.key, nonce: (await read(argument)).device.nonce }) }[source](record.device);
      await settled(database.transaction("wallet", "readwrite").objectStore("wallet").put({ ...record, device: changed }, "record"));
      database.close();
    },
    { source: change, argument },
  );

test("enrols with PRF as custody passkey; a reload is locked and hears news; the passkey opens it, without network, and it pays", async (t) => {
  const { world, kit, page, wallet } = await open(t);
  assert.equal((await wallet.state()).device.custody, "passkey");
  assert.equal((await wallet.state()).status, "ready");
  const sealed = { v: 1, input: 32, salt: 32, check: 16, nonce: 12 };
  const { device, channel, custody } = await stored(page);
  const { key, ...rest } = device;
  assert.deepEqual(rest, sealed);
  assert.ok(key > 32 + 16, "a wrapped key and its tag");
  assert.equal(channel, "key, extractable: false");
  assert.equal(custody, "passkey");

  await wallet.reload();
  const prompts = kit.authenticator.prompts.length;
  assert.equal((await wallet.state()).status, "locked");
  await assert.rejects(wallet.paymentCode(), coded("locked"));
  await assert.rejects(wallet.prepareTopUp({ ...yen(1000), source: "card-1" }), coded("locked"));
  await wallet.sync();
  assert.equal((await wallet.state()).balance.amount, 2000n);
  assert.equal(kit.authenticator.prompts.length, prompts, "nothing asked for the passkey");

  await kit.offline(true);
  await wallet.unlock();
  assert.equal((await wallet.state()).status, "ready");
  await kit.offline(false);
  const { text } = await wallet.paymentCode();
  assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
  await wallet.lock();
  await assert.rejects(wallet.paymentCode(), coded("locked"));
  await wallet.freeze();
  assert.equal((await wallet.state()).status, "frozen");
});

test("nothing is stored before the device is about to be registered, and export of the open key is refused", async (t) => {
  const { page, kit, owner, wallet } = await open(t, { enrolled: false });
  const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  const ceremony = await wallet.prepareEnrolment({ ticket });
  assert.equal(ceremony.intent.custody, "passkey");
  assert.equal(await stored(page), null);
  await page.evaluate(() => {
    const { sign } = SubtleCrypto.prototype;
    globalThis.used = [];
    SubtleCrypto.prototype.sign = function (algorithm, key, data) {
      globalThis.used.push(key);
      return sign.call(this, algorithm, key, data);
    };
  });
  await ceremony.confirm();
  await wallet.paymentCode();
  const refused = await page.evaluate(async () => {
    const ends = globalThis.used.flatMap((key) => ["pkcs8", "jwk"].map((format) => crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name)));
    return [...new Set(await Promise.all(ends))];
  });
  assert.deepEqual(refused, ["InvalidAccessError"]);
  assert.deepEqual(kit.authenticator.prompts.map(({ operation }) => operation), ["create", "get"]);
});

for (const [name, options, prompts] of [["no PRF at all", { prf: false }, 2], ["PRF promised at creation and not given", { gives: "none" }, 3], ["a short value", { gives: "short" }, 3], ["zeros", { gives: "zero" }, 3]]) {
  test(`${name}: auto falls back to browser, and the statement says so`, async (t) => {
    const { world, kit, page, wallet } = await open(t, options);
    assert.equal((await wallet.state()).device.custody, "browser");
    assert.equal((await stored(page)).device, "key, extractable: false");
    assert.equal(kit.authenticator.prompts.length, prompts);
    await wallet.reload();
    assert.equal((await wallet.state()).status, "ready");
    const { text } = await wallet.paymentCode();
    assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
  });
}

for (const [name, options, code] of [["no PRF at all", { prf: false }, "prf-unavailable"], ["PRF promised and not given", { gives: "none" }, "prf-unavailable"], ["a short value", { gives: "short" }, "prf-unusable"], ["zeros", { gives: "zero" }, "prf-unusable"]]) {
  test(`${name}: a page that named passkey is refused with ${code}, and nothing is stored`, async (t) => {
    const { kit, page, owner, wallet } = await open(t, { ...options, custody: "passkey", enrolled: false });
    await assert.rejects(kit.enrol(wallet, owner), coded(code));
    assert.equal(await stored(page), null);
  });
}

test("a platform that fails because PRF is asked for is asked once more without it", async (t) => {
  const { page, kit, owner, wallet } = await open(t, { enrolled: false });
  await page.evaluate(() => {
    for (const verb of ["create", "get"]) {
      const own = navigator.credentials[verb];
      const value = (options) => (options.publicKey.extensions ? Promise.reject(new DOMException("no extensions here", "UnknownError")) : own.call(navigator.credentials, options));
      Object.defineProperty(navigator.credentials, verb, { configurable: true, value });
    }
  });
  await kit.enrol(wallet, owner);
  assert.equal((await wallet.state()).device.custody, "browser");
});

test("what does not open is named, and the sealed key stays as it was", async (t) => {
  const { kit, page, wallet } = await open(t);
  await wallet.reload();
  const before = await stored(page);
  for (const [gives, code] of [["none", "prf-unavailable"], ["short", "prf-unusable"], ["zero", "prf-unusable"], ["other", "seal-mismatch"]]) {
    await give(page, gives);
    await assert.rejects(wallet.unlock(), coded(code), gives);
    assert.deepEqual(await stored(page), before, gives);
    assert.equal((await wallet.state()).status, "locked");
  }
  await give(page, "as it is");
  await kit.authenticator.deny();
  await assert.rejects(wallet.unlock(), coded("cancelled"));
  await kit.authenticator.approve();
  assert.deepEqual(await stored(page), before);
  await wallet.unlock();
  assert.equal((await wallet.state()).status, "ready");
  await wallet.unlock({ reseal: true });
  const again = await stored(page);
  assert.notDeepEqual(again.sealed, before.sealed);
  await wallet.reload();
  await wallet.unlock();
  await wallet.lock();
  await kit.authenticator.forgetPasskey();
  await assert.rejects(wallet.unlock(), (error) => ["no-credential", "cancelled", "uv-failed"].includes(error.code));
  assert.deepEqual(await stored(page), again);
});

test("a person who is not recognised opens nothing", async (t) => {
  const { kit, page, wallet } = await open(t);
  await wallet.reload();
  const before = await stored(page);
  await kit.authenticator.uvFail();
  await assert.rejects(wallet.unlock(), (error) => isJitsuinError(error));
  assert.equal((await wallet.state()).status, "locked");
  assert.deepEqual(await stored(page), before);
});

test("a damaged seal, and one swapped with another account's, are refused by name", async (t) => {
  const { world, kit, page, wallet } = await open(t);
  const other = await kit.wallet({ custody: "passkey", profile: "other" });
  await kit.enrol(other, await world.issuer.account({ balance: yen(2000) }));
  await rewrite(page, "keep");
  for (const [change, code] of [["swap", "seal-mismatch"], ["inner", "seal-broken"], ["damage", "seal-broken"]]) {
    await rewrite(page, "restore");
    await rewrite(page, change, "other");
    await wallet.reload();
    assert.equal((await wallet.state()).status, "locked", change);
    const before = await stored(page);
    await assert.rejects(wallet.unlock(), coded(code), change);
    assert.deepEqual(await stored(page), before, change);
  }
});

for (const custody of ["passkey", "browser"]) {
  test(`custody ${custody}: neither private key nor PRF output lies in the module's memory or in anything the page sent`, async (t) => {
    const { world, page, owner, wallet, sent } = await open(t, { custody });
    const look = async () => {
      const { prf, keys } = await heard(page);
      const memory = await memoryOf(page);
      const { id } = (await wallet.state()).device;
      assert.ok(memory.includes(Buffer.from(owner.label)), "the search finds what is there");
      assert.ok(holds(sent(), [...Buffer.from(id, "base64url")]) || sent().includes(Buffer.from(owner.login)), "the search finds what was sent");
      assert.equal(prf.length > 0, custody === "passkey");
      assert.ok(keys.length >= 2 || prf.length > 0);
      for (const secret of [...prf, ...keys.map(({ secret }) => secret)]) {
        assert.equal(secret.length, 32);
        assert.equal(holds(memory, secret), false, "in the module's memory");
        assert.equal(holds(sent(), secret), false, "in what was sent");
      }
      return keys.length;
    };
    const { text } = await wallet.paymentCode();
    await world.issuer.till().charge(text, yen(540));
    await wallet.sync();
    assert.ok((await look()) >= 2);
    if (custody === "browser") return;
    await wallet.reload();
    await wallet.unlock();
    await look();
    await wallet.lock();
    await look();
  });
}

test("the profile's folder holds the device key in clear in custody browser and not in custody passkey", async (t) => {
  const found = {};
  for (const custody of ["passkey", "browser"]) {
    const folder = await mkdtemp(join(tmpdir(), "jitsuin-profile-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const context = await launchChromiumProfile(folder);
    const { page, wallet } = await open(t, { custody, context });
    await wallet.paymentCode();
    const { id } = (await wallet.state()).device;
    const device = (await heard(page)).keys.find(({ point }) => thumbOf(point) === id);
    await context.close();
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const contents = await Promise.all(files.map((entry) => readFile(join(entry.parentPath ?? entry.path, entry.name)).catch(() => Buffer.alloc(0))));
    assert.ok(contents.some((content) => holds(content, device.point[0])), "the record is on disk");
    found[custody] = contents.filter((content) => holds(content, device.secret)).length;
  }
  assert.equal(found.passkey, 0);
  assert.ok(found.browser > 0, "custody browser keeps it in clear: that is what it is");
});
