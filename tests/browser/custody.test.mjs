// Custody `browser` in a real Chromium: proven by a round trip, one key per profile however many tabs ask at once, never
// exportable, kept over reloads, and its loss told apart from a first run.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { WALLET, launchChromium, routeWalletPage, secondTab } from "../lib/engines.mjs";

const OPTIONS = { issuer: "https://issuer.test", updates: "manual" };
let browser, context, page;

before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());
beforeEach(async () => {
  context = await browser.newContext();
  await routeWalletPage(context);
  // No issuer answers: making keys needs none.
  await context.route("https://issuer.test/**", (route) => route.abort());
  page = await context.newPage();
  await page.goto(`${WALLET}/`);
});
afterEach(() => context.close());

/** Starts a login, which makes the keys; without an issuer it ends in `offline`. */
const makeKeys = (frame) =>
  frame.evaluate(async (options) => {
    const { Wallet } = await import("/pkg/index.js");
    const wallet = await Wallet.open(options);
    return wallet.logIn({ login: "hanako", password: "not needed here" }).then(
      () => "answered",
      (error) => error.code,
    );
  }, OPTIONS);

/** The record as it lies in the database, read without the package. */
const stored = (frame) =>
  frame.evaluate(async () => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const name = "jitsuin/https://issuer.test/default";
    if (!(await indexedDB.databases()).some((database) => database.name === name)) return null;
    const database = await settled(indexedDB.open(name));
    const record = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
    database.close();
    if (!record) return null;
    const about = async (key) => ({
      type: key.type, algorithm: key.algorithm.name, curve: key.algorithm.namedCurve, extractable: key.extractable, usages: [...key.usages],
      refused: await Promise.all(["pkcs8", "jwk", "raw"].map((format) => crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name))),
    });
    return { members: Object.keys(record).sort(), device: await about(record.device), channel: await about(record.channel), data: [...record.data] };
  });

const status = (frame) =>
  frame.evaluate(async (options) => {
    const { Wallet } = await import("/pkg/index.js");
    const wallet = await Wallet.open(options);
    return wallet.state.status;
  }, OPTIONS);

test("a first visit is new, and asks the user for nothing", async () => {
  assert.equal(await status(page), "new");
  assert.equal(await stored(page), null);
});

test("both keys are stored in one record and can't be exported, once a device is registered and not before", async (t) => {
  const world = await createWorld({ iKnowThisIsATest: true });
  t.after(() => world.close());
  const own = await browser.newContext();
  t.after(() => own.close());
  const kitPage = await own.newPage();
  const kit = await attach(kitPage, { world });
  const wallet = await kit.wallet({ custody: "browser" });
  const owner = await world.issuer.account();
  await wallet.logIn({ login: owner.login, password: owner.password });
  assert.equal(await stored(kitPage), null);
  await kit.enrol(wallet, owner);
  const record = await stored(kitPage);
  assert.deepEqual(record.members, ["channel", "data", "device", "next"]);
  for (const key of [record.device, record.channel]) {
    assert.deepEqual(key, { type: "private", algorithm: "ECDSA", curve: "P-256", extractable: false, usages: ["sign"], refused: ["InvalidAccessError", "InvalidAccessError", "InvalidAccessError"] });
  }
  await wallet.reload();
  assert.deepEqual((await stored(kitPage)).device, record.device);
});

test("the probe leaves nothing behind", async () => {
  await makeKeys(page);
  const left = await page.evaluate(async () => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open("jitsuin-probe"));
    const count = await settled(database.transaction("wallet").objectStore("wallet").count());
    database.close();
    return count;
  });
  assert.equal(left, 0);
});

test("four tabs that log in at once store nothing, and neither does a reload", async () => {
  const tabs = [page, await secondTab(page), await secondTab(page), await secondTab(page)];
  const answers = await Promise.all(tabs.map(makeKeys));
  assert.deepEqual(answers, Array(4).fill("issuer-unreachable"));
  // Each tab has keys of its own until one of them is registered (frames.test.mjs).
  for (const tab of tabs) assert.equal(await stored(tab), null);
  await page.reload();
  assert.equal(await status(page), "new");
});

test("a place without Web Locks or key storage is refused, and nothing is left", async () => {
  await page.addInitScript(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, key) {
      if (value instanceof CryptoKey) throw new DOMException("keys can't be cloned here", "DataCloneError");
      return put.call(this, value, key);
    };
  });
  await page.reload();
  assert.equal(await makeKeys(page), "unsupported");
  assert.equal(await stored(page), null);
});

test("a frame of another origin is refused", async () => {
  await context.route("https://other.test/**", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><iframe name="framed" src="${WALLET}/"></iframe>` }));
  await context.unroute(`${WALLET}/**`);
  await routeWalletPage(context, { policy: "script-src 'self' 'wasm-unsafe-eval'" });
  await page.goto("https://other.test/");
  const frame = page.frame({ name: "framed" });
  await frame.waitForLoadState();
  const code = await frame.evaluate(async (options) => {
    const { Wallet } = await import("/pkg/index.js");
    return Wallet.open(options).then(() => "opened", (error) => error.code);
  }, OPTIONS);
  assert.equal(code, "wrong-origin");
});

test("a frame of this origin inside a frame of another is refused, though the topmost one is of this origin", async () => {
  await context.route("https://other.test/**", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><iframe name="framed" src="${WALLET}/"></iframe>` }));
  await context.unroute(`${WALLET}/**`);
  await routeWalletPage(context, { policy: "script-src 'self' 'wasm-unsafe-eval'" });
  await page.goto(`${WALLET}/`);
  await page.evaluate(() => {
    const between = document.createElement("iframe");
    between.src = "https://other.test/";
    const loaded = new Promise((resolve) => (between.onload = resolve));
    document.body.append(between);
    return loaded;
  });
  const frame = page.frame({ name: "framed" });
  await frame.waitForLoadState();
  const seen = await frame.evaluate(async (options) => {
    const { Wallet, capabilities } = await import("/pkg/index.js");
    const code = await Wallet.open(options).then(() => "opened", (error) => error.code);
    return { code, isMissing: (await capabilities()).missing.includes("wrong-origin") };
  }, OPTIONS);
  assert.deepEqual(seen, { code: "wrong-origin", isMissing: true });
});

test("a policy that blocks WebAssembly is named with its cure", async () => {
  await context.unroute(`${WALLET}/**`);
  await routeWalletPage(context, { policy: "script-src 'self'; connect-src 'self'" });
  await page.reload();
  const refused = await page.evaluate(async () => {
    const { default: init } = await import("/pkg/index.js");
    return init().then(() => null, ({ code, details, confidence }) => ({ code, details, confidence }));
  });
  assert.deepEqual(refused, { code: "wasm-blocked", details: { header: "Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'" }, confidence: "certain" });
});

test("opening twice gives one counted wallet, and the last close closes it", async () => {
  const seen = await page.evaluate(async (options) => {
    const { Wallet } = await import("/pkg/index.js");
    const [first, second] = await Promise.all([Wallet.open(options), Wallet.open(options)]);
    const { subscribe, close } = first;
    let told = 0;
    subscribe(() => (told += 1));
    await close();
    const between = first.state.status;
    const same = first.state === second.state;
    await second.close();
    await second.close();
    const refused = await first.paymentCode().catch((error) => error.code);
    const again = await Wallet.open(options);
    return { one: first === second, between, same, after: first.state.status, told, refused, frozen: Object.isFrozen(first.state), again: again !== first && again.state.status };
  }, OPTIONS);
  assert.deepEqual(seen, { one: true, between: "new", same: true, after: "closed", told: 1, refused: "closed", frozen: true, again: "new" });
});
