// A device key is renewed in a real Chromium, through the package and through the demo's pages: custody stays or goes up, the old key
// is dead at once with every code that it made, and a suspended device is cured.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HANAKO, balance, openTill, register, use } from "../lib/attack.mjs";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, openPage, readInbox, status } from "../lib/pages.mjs";
import { scan } from "../lib/scan.mjs";

/** Where screenshots go, if anywhere. */
const SHOTS = process.env.SHOTS;
/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** An issuer, a device with a custody on a page that opens no wallet of its own, and a till. @param {import("node:test").TestContext} t @param {string} custody */
async function stage(t, custody) {
  const issuer = await startIssuer();
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  t.after(async () => {
    await context.close();
    await issuer.stop();
  });
  const { page, authenticator, custody: got } = await register(context, issuer.url, { custody });
  assert.equal(got, custody);
  return { url: issuer.url, context, page, authenticator, till: await openTill(browser, issuer.url, "1001") };
}

/** Renews the key through the package: the device as it is then, or the code of the refusal.
 * @param {import("playwright-core").Page} page @param {object} [options] @param {string} [custody] what the wallet was opened with */
const renew = (page, options, custody) =>
  page.evaluate(
    async ({ options, custody }) => {
      // @ts-ignore: served by the demo
      const { Wallet } = await import("/pkg/index.js");
      const wallet = await Wallet.open({ issuer: location.origin, custody });
      const before = wallet.state.device?.id;
      try {
        const ceremony = await wallet.prepareRotation(options);
        const { kind } = ceremony.intent;
        const device = await ceremony.confirm();
        return { code: null, kind, custody: device.custody, isNew: device.id !== before, status: wallet.state.status };
      } catch (error) {
        return { code: /** @type {any} */ (error).code ?? String(error), isNew: wallet.state.device?.id !== before, status: wallet.state.status };
      }
    },
    { options, custody: custody ?? "auto" },
  );

/** How the device key lies in the record: sealed, or as a key. @param {import("playwright-core").Page} page */
const stored = (page) =>
  page.evaluate(async () => {
    const settled = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open(`jitsuin/${location.origin}/default`));
    const record = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
    database.close();
    return { device: record.device instanceof CryptoKey ? `key, extractable: ${record.device.extractable}` : "sealed", waiting: record.next !== undefined };
  });

/** Codes are made at most once a second. @param {import("playwright-core").Page} page @param {object} [options] */
async function code(page, options) {
  for (;;) {
    const text = await use(page, "paymentCode", options);
    if (text !== "too-fast") return text;
    await page.waitForTimeout(200);
  }
}

test("passkey: custody stays, a code of the old key is refused, the new key pays, also after a reload", async (t) => {
  const { page, authenticator, till } = await stage(t, "passkey");
  const passkeys = (await authenticator.credentials()).length;
  const old = await code(page);
  assert.deepEqual(await renew(page), { code: null, kind: "rotate", custody: "passkey", isNew: true, status: "ready" });
  assert.deepEqual(await stored(page), { device: "sealed", waiting: false });
  assert.equal((await authenticator.credentials()).length, passkeys, "the passkey stays");
  assert.equal(await charge(till, old, "100"), "declined");
  assert.equal(await charge(till, await code(page), "540"), "approved");
  assert.equal(await balance(page), 1_460);
  await page.reload();
  assert.equal(await use(page, "paymentCode"), "locked");
  assert.equal(await use(page, "unlock"), "done");
  assert.match(await code(page), /^JT1/);
});

test("browser: goes up to passkey", async (t) => {
  const { page, till } = await stage(t, "browser");
  assert.deepEqual(await stored(page), { device: "key, extractable: false", waiting: false });
  const old = await code(page);
  assert.deepEqual(await renew(page, { custody: "passkey" }, "browser"), { code: null, kind: "rotate", custody: "passkey", isNew: true, status: "ready" });
  assert.deepEqual(await stored(page), { device: "sealed", waiting: false });
  assert.equal(await charge(till, old, "100"), "declined");
  assert.equal(await charge(till, await code(page), "540"), "approved");
  await page.reload();
  assert.equal(await use(page, "paymentCode"), "locked");
  assert.equal(await use(page, "unlock"), "done");
  assert.equal(await use(page, "custody"), "passkey");
});

for (const custody of ["passkey", "browser"]) {
  test(`${custody}: a person who is not recognised changes nothing`, async (t) => {
    const { page, authenticator, till } = await stage(t, custody);
    await authenticator.uvFail();
    const before = await stored(page);
    const refused = await renew(page);
    assert.match(String(refused.code), /^(uv-failed|cancelled|no-credential|tap-again)$/);
    assert.deepEqual([refused.isNew, refused.status], [false, "ready"]);
    assert.deepEqual(await stored(page), before);
    assert.equal(await charge(till, await code(page), "540"), "approved", "the key that was there");
  });
}

test("an answer that is lost is asked for again after a reload, and the key that pays is the new one", async (t) => {
  const { page, context, till, url } = await stage(t, "passkey");
  const old = await code(page);
  let confirmed = 0;
  await context.route(`${url}/v1/rotation/confirm`, async (route) => {
    confirmed += 1;
    await route.fetch();
    await route.abort();
  });
  const lost = await renew(page);
  assert.deepEqual([lost.code, lost.isNew], ["issuer-unreachable", false]);
  assert.ok(confirmed > 0, "it reached the issuer");
  await context.unroute(`${url}/v1/rotation/confirm`);
  await page.reload();
  await use(page, "unlock");
  await use(page, "sync");
  if ((await use(page, "status")) === "locked") assert.equal(await use(page, "unlock"), "done");
  assert.deepEqual(await stored(page), { device: "sealed", waiting: false });
  assert.equal(await charge(till, old, "100"), "declined");
  assert.equal(await charge(till, await code(page), "540"), "approved");
});

/** Runs in the page: a copy of the wallet's record under another profile. */
async function copyRecord() {
  const settled = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
  const open = async (/** @type {string} */ profile) => {
    const request = indexedDB.open(`jitsuin/${location.origin}/${profile}`);
    request.onupgradeneeded = () => request.result.createObjectStore("wallet");
    return settled(request);
  };
  const [from, to] = [await open("default"), await open("copy")];
  const record = await settled(from.transaction("wallet").objectStore("wallet").get("record"));
  await settled(to.transaction("wallet", "readwrite").objectStore("wallet").put(record, "record"));
  from.close();
  to.close();
}

for (const custody of ["passkey", "browser"]) {
  test(`${custody}: a device that clone evidence suspended is cured by the page's button`, async (t) => {
    const { page, context, till, url } = await stage(t, custody);
    await page.evaluate(copyRecord);
    const copy = { profile: "copy" };
    if (custody === "passkey") assert.equal(await use(page, "unlock", copy), "done");
    // Made before either hears of the other: the same number, other random bytes.
    const [theft, own] = [await code(page, copy), await code(page)];
    assert.equal(await charge(till, theft, "540"), "approved");
    assert.equal(await charge(till, own, "100"), "declined");
    await page.goto(url);
    await status(page, "suspended");
    assert.equal(await page.locator("#tab-pay").isVisible(), false);
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/suspended-${custody}.png`, fullPage: true });
    await page.click("#renew-suspended");
    await page.locator("#agree[open]").waitFor();
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/renew-${custody}.png`, fullPage: true });
    await page.click("#agree-confirm");
    await status(page, "ready");
    await page.click("#tab-pay");
    await page.click("#show-code");
    await page.locator("#code svg").waitFor();
    assert.equal(await charge(till, await scan(page.locator("#code")), "460"), "approved");
    await page.locator("#paid:not([hidden])").waitFor();
    await page.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "1000");
    assert.equal(await use(page, "custody"), custody);
    // What was copied is dead.
    assert.equal(await use(page, "sync", copy), "revoked");
    assert.ok(await readInbox(context, url, HANAKO.contact, /(key)/i));
  });
}
