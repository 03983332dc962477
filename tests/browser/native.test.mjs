// Custody `native` in a real Chromium: the key lies in another process, behind a bridge that the page names. What the host is asked, what
// it refuses, how a host that lies, is silent or says no comes out, and that nobody's bridge is used but the one that was named.
// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { addNative, inPage } from "../lib/native.mjs";
import { openSite } from "../lib/site.mjs";

const yen = (/** @type {number} */ amount) => ({ amount: BigInt(amount), currency: "JPY" });

/** @param {import("node:test").TestContext} t @param {{ perMinute?: { token: number, dpop: number }, origins?: string[], root?: CryptoKey }} [options] @param {object} [world] */
async function open(t, options = {}, world = {}) {
  const site = await openSite(world);
  const browser = await launchChromium();
  const context = await browser.newContext();
  t.after(async () => {
    await browser.close();
    await site.close();
  });
  const native = await addNative(context, { origins: [site.url], ...options });
  const page = await context.newPage();
  await page.goto(site.url);
  const authenticator = await addAuthenticator(page);
  await page.evaluate(`globalThis.nativeHost = (${inPage})()`);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  return { site, context, page, native, authenticator, account: { login, password } };
}

/** The kit's wallet with the host named. @param {import("playwright-core").Page} page @param {object} [options] */
const wallet = (page, options = {}) => page.evaluate((options) => globalThis.kit.outcome(async () => (await globalThis.kit.wallet({ host: globalThis.nativeHost, ...options })).state.status), options);
/** @param {import("playwright-core").Page} page @param {object} account @returns {Promise<any>} */
const enrol = (page, account) => page.evaluate((account) => globalThis.kit.outcome(() => globalThis.kit.enrol(account)), account);
/** @param {import("playwright-core").Page} page @returns {Promise<any>} */
const code = (page) => page.evaluate(() => globalThis.kit.outcome(() => globalThis.kit.code()));
/** @param {import("playwright-core").Page} page */
const custody = (page) => page.evaluate(async () => (await globalThis.kit.wallet()).state.device?.custody);

test("enrols, pays and steps up with a key of the host's, which knows each purpose and asks its user for all but tokens and proofs", async (t) => {
  const { site, page, native, account } = await open(t);
  await wallet(page, { custody: "native" });
  assert.equal((await enrol(page, account)).error, undefined);
  assert.equal(await custody(page), "native");
  const { value } = await code(page);
  assert.equal((await site.world.issuer.till().charge(value.text, yen(540))).outcome, "approved");
  const refilled = await page.evaluate(() => globalThis.kit.outcome(async () => (await (await (await globalThis.kit.wallet()).prepareRefill()).confirm()).kind));
  assert.equal(refilled.value, "refilled");
  assert.deepEqual(native.asked, [{ purpose: "enrolment", origin: site.url }, { purpose: "co-signature", origin: site.url }]);
  assert.deepEqual([...new Set(native.state.messages.filter(({ what }) => what === "sign").map(({ given }) => given.purpose))].sort(), ["co-signature", "dpop", "enrolment", "proof", "token"]);
  for (const { given } of native.state.messages.filter(({ what }) => what === "sign")) assert.deepEqual(Object.keys(given).sort(), ["aad", "key", "payload", "protected", "purpose"], "no bytes to sign");
  assert.equal(native.host.size, 1, "the key of the proof is erased");
  await site.world.issuer.audit();
});

test("auto takes a named host that holds; the stored record keeps its name alone, and a reload signs again", async (t) => {
  const { site, page, native, account } = await open(t);
  await wallet(page);
  assert.equal((await enrol(page, account)).error, undefined);
  assert.equal(await custody(page), "native");
  const stored = await page.evaluate(async () => {
    const settled = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open("jitsuin/https://issuer.test/default"));
    const { device, channel } = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
    database.close();
    return { device, plain: Object.getPrototypeOf(device) === Object.prototype, members: Object.keys(device), channel: channel instanceof CryptoKey };
  });
  assert.deepEqual([stored.plain, stored.members, stored.channel], [true, ["native"], true]);
  await page.reload();
  await page.evaluate(`globalThis.nativeHost = (${inPage})()`);
  assert.equal((await wallet(page)).value, "ready");
  const { value } = await code(page);
  assert.equal((await site.world.issuer.till().charge(value.text, yen(100))).outcome, "approved");
  // Without the host the wallet is locked, hears and freezes all the same.
  await page.reload();
  assert.equal((await wallet(page, { host: undefined })).value, "locked");
  assert.equal((await code(page)).error.code, "locked");
  assert.equal((await page.evaluate(() => globalThis.kit.outcome(async () => (await globalThis.kit.wallet()).unlock()))).error.code, "unsupported");
  const locked = await page.evaluate(async () => {
    const wallet = await globalThis.kit.wallet();
    await wallet.sync();
    const [last] = await wallet.receipts();
    await wallet.freeze();
    return { kind: last.kind, amount: String(last.money.amount), status: wallet.state.status };
  });
  assert.deepEqual(locked, { kind: "payment", amount: "100", status: "frozen" });
  // Forgotten with the host at hand, its key goes too.
  await page.reload();
  await page.evaluate(`globalThis.nativeHost = (${inPage})()`);
  await wallet(page);
  await page.evaluate(async () => (await globalThis.kit.wallet()).forget());
  assert.equal(native.host.size, 0);
});

test("lock drops the way to the key, and unlock asks the host for a proof again", async (t) => {
  const { page, native, account } = await open(t);
  await wallet(page);
  await enrol(page, account);
  await page.evaluate(async () => (await globalThis.kit.wallet()).lock());
  const before = native.state.messages.length;
  assert.equal((await code(page)).error.code, "locked");
  assert.equal(native.state.messages.length, before);
  await page.evaluate(async () => (await globalThis.kit.wallet()).unlock());
  assert.equal(native.state.messages.at(-1).given.purpose, "proof");
  assert.ok((await code(page)).value);
});

test("the user's no in the app's own prompt is cancelled, and nothing is registered", async (t) => {
  const { page, native, account } = await open(t);
  native.state.consent = false;
  await wallet(page);
  const { error } = await enrol(page, account);
  assert.equal(error.code, "cancelled");
  assert.deepEqual(native.asked.map(({ purpose }) => purpose), ["enrolment"]);
  assert.notEqual(await page.evaluate(async () => (await globalThis.kit.wallet()).state.status), "ready");
});

test("a host whose signatures do not hold is refused by name, also by auto", async (t) => {
  const { page, native, account } = await open(t);
  native.state.how = "lies";
  await wallet(page);
  assert.equal((await enrol(page, account)).error.code, "host-untrusted");
  assert.equal(native.host.size, 0, "its key is erased");
  const able = await page.evaluate(() => globalThis.kit.jitsuin.capabilities({ host: globalThis.nativeHost }).then(({ custody, missing }) => ({ custody, missing })));
  assert.deepEqual([able.custody.includes("native"), able.missing], [false, ["host-untrusted"]]);
});

test("a host that serves another page is refused by name", async (t) => {
  const { page, account } = await open(t);
  await page.evaluate(() => {
    const { hello } = globalThis.nativeHost;
    globalThis.nativeHost = { ...globalThis.nativeHost, hello: async () => ({ ...(await hello()), origin: "https://other.test" }) };
  });
  await wallet(page, { custody: "native" });
  assert.equal((await enrol(page, account)).error.code, "host-untrusted");
});

test("a host that never answers ends in host-silent, is told that nobody waits, and auto goes on without it", async (t) => {
  const { site, page, native, account } = await open(t);
  await page.goto(`${site.url}/?injected`);
  await page.evaluate(`globalThis.nativeHost = { ...(${inPage})(), cancelled: [], cancel(id) { this.cancelled.push(id); } }`);
  native.state.how = "silent";
  await wallet(page, { custody: "native" });
  const logging = page.evaluate((account) => globalThis.kit.outcome(() => globalThis.kit.prepare(account)), account);
  await page.evaluate(() => globalThis.testClock.waiting().then(() => globalThis.testClock.advance(11_000)));
  assert.equal((await logging).error.code, "host-silent");
  assert.equal(await page.evaluate(() => globalThis.nativeHost.cancelled.length), 1);
  const auto = page.evaluate((account) => globalThis.kit.outcome(async () => {
    const wallet = await globalThis.kit.jitsuin.Wallet.open({ ...globalThis.kit.OPTIONS, profile: "auto", host: globalThis.nativeHost });
    await wallet.logIn(account);
    return (await wallet.report()).custody;
  }), account);
  // The wallet hears its issuer first, which has a timer of its own: time goes on until the host's is over too.
  let over = false;
  void auto.finally(() => (over = true));
  while (!over) {
    await page.evaluate(() => globalThis.testClock.advance(11_000));
    await setTimeout(50);
  }
  assert.match((await auto).value, /^(passkey|browser)$/);
});

test("a bridge that lies about in the page is never used: auto asks nobody it was not told of", async (t) => {
  const { page, native, account } = await open(t);
  await page.evaluate(`
    globalThis.touched = [];
    const fake = new Proxy((${inPage})(), { get(host, name) { globalThis.touched.push(String(name)); return host[name]; } });
    for (const name of ["host", "Host", "jitsuin", "Jitsuin", "jitsuinHost", "nativeHost", "bridge", "native"]) globalThis[name] = fake;
    Object.defineProperty(Object.prototype, "host", { configurable: true, get() { return fake; } });
  `);
  native.state.messages.length = 0;
  await page.evaluate(() => globalThis.kit.wallet({}));
  await page.evaluate(() => delete (/** @type {any} */ (Object.prototype).host));
  assert.equal((await enrol(page, account)).error, undefined);
  assert.notEqual(await custody(page), "native");
  assert.deepEqual(native.state.messages, []);
});

test("too many codes in a minute are host-refused by the host's own limit, whatever the page does", async (t) => {
  const { page, account } = await open(t, { perMinute: { token: 1, dpop: 120 } });
  await wallet(page);
  await enrol(page, account);
  assert.ok((await code(page)).value);
  await page.waitForTimeout(1_100); // codes are made at most once a second
  assert.equal((await code(page)).error.code, "host-refused");
});

test("a host that lost its key is key-lost, and the wallet still freezes", async (t) => {
  const { page, native, account } = await open(t);
  await wallet(page);
  await enrol(page, account);
  const { key } = native.state.messages.findLast(({ what }) => what === "sign").given;
  await page.evaluate((key) => globalThis.nativeHost.eraseKey(key), key);
  assert.equal((await code(page)).error.code, "key-lost");
  await page.evaluate(async () => (await globalThis.kit.wallet()).freeze());
});

test("frames and origins that the host does not list get nothing", async (t) => {
  const { page, account } = await open(t, { origins: ["https://elsewhere.test"] });
  await wallet(page, { custody: "native" });
  assert.equal((await enrol(page, account)).error.code, "host-refused");
});

test("what is no host is refused as bad-argument", async (t) => {
  const { page } = await open(t);
  for (const host of ["{}", "null", "{ version: 2 }", "{ version: 1, hello() {} }"]) {
    const refused = await page.evaluate(`kit.outcome(() => kit.jitsuin.Wallet.open({ ...kit.OPTIONS, profile: "bad", host: ${host} }))`);
    assert.equal(/** @type {any} */ (refused).error.code, "bad-argument", host);
  }
});

test("a key that its platform attests earns the limits of native; unattested, or attested by somebody else, those of browser", async (t) => {
  const pair = async () => /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]));
  const [platform, other] = [await pair(), await pair()];
  const attestedBy = await crypto.subtle.exportKey("jwk", platform.publicKey);
  const seen = [];
  for (const root of [platform.privateKey, other.privateKey, undefined]) {
    const { page, account } = await open(t, { root }, { attestedBy, policy: { coolOffHours: 0 } });
    await wallet(page);
    assert.equal((await enrol(page, account)).error, undefined);
    assert.equal(await custody(page), "native");
    seen.push(await page.evaluate(async () => String((await globalThis.kit.wallet()).state.allowance?.perPayment.amount)));
  }
  assert.deepEqual(seen, ["50000", "10000", "10000"]);
});
