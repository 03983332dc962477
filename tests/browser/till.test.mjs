// The till's page in Chromium against the real issuer: one code makes one sale, whatever becomes of the page in between.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, readInbox, setUpTill } from "../lib/pages.mjs";
import { scan } from "../lib/scan.mjs";

/** @typedef {import("playwright-core").Page} Page */

const SHOPS = { 1001: "Kado no Mise", 2002: "Eki Shop" };
const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** An issuer, an enrolled wallet, a till of its own browser. @param {import("node:test").TestContext} t */
async function stage(t) {
  const issuer = await startIssuer();
  const phone = await browser.newContext();
  const counter = await browser.newContext();
  t.after(async () => {
    await phone.close();
    await counter.close();
    await issuer.stop();
  });
  const wallet = await openPage(phone, issuer.url);
  await addAuthenticator(wallet);
  await enrol(wallet, { url: issuer.url, ...HANAKO });
  return { url: issuer.url, wallet, counter, till: await openTill(counter, issuer.url, "1001") };
}

/** @param {import("playwright-core").BrowserContext} context @param {string} url @param {"1001" | "2002"} number */
async function openTill(context, url, number) {
  const till = await openPage(context, `${url}/till.html`);
  await setUpTill(till, await readInbox(context, url, SHOPS[number], new RegExp(`(\\S{16}) registers one device as till t/${number}`)));
  return till;
}

/** Shows a code and reads it off the screen. @param {Page} wallet */
async function showCode(wallet) {
  await wallet.bringToFront();
  await wallet.click("#tab-pay");
  await wallet.click("#show-code");
  await wallet.locator("#code svg").waitFor();
  return scan(wallet.locator("#code"));
}

/** Fills the sale in and charges, without waiting for an answer. @param {Page} till @param {string} text */
async function send(till, text) {
  await till.bringToFront();
  await till.fill("#amount", "540");
  await till.fill("#scan", text);
  await till.click("#charge");
}

/** The answer on the till's screen. @param {Page} till */
async function shown(till) {
  await till.locator("#result[data-answer]:not([hidden])").waitFor();
  return till.locator("#result").getAttribute("data-answer");
}

/** The wallet's balance after a sync. @param {Page} wallet @param {string} wanted */
async function balance(wallet, wanted) {
  await wallet.bringToFront();
  await wallet.click("#tab-safety");
  await wallet.click("#sync");
  await wallet.waitForFunction((wanted) => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === wanted, wanted);
}

/** What the till has on its disk. @param {Page} till @returns {Promise<{ key: string, token: string, amount: string, answer?: { outcome: string } }[]>} */
function onDisk(till) {
  return till.evaluate(async () => {
    const settled = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const database = await settled(indexedDB.open("jitsuin-till"));
    const sales = await settled(database.transaction("till").objectStore("till").getAll(IDBKeyRange.bound("sale/", "sale/z")));
    database.close();
    return sales;
  });
}

/**
 * Stops the till's calls for a payment on their way. `arrives`: the issuer takes them and the answer is lost on the way back. Stays until
 * the page that sent them is gone: taken off earlier, it would let them go on.
 * @param {Page} till @param {{ arrives: boolean }} how
 */
async function cut(till, { arrives }) {
  /** @type {(sent: { key: string, token: string }) => void} */
  let stopped = () => undefined;
  const sent = /** @type {Promise<{ key: string, token: string }>} */ (new Promise((resolve) => (stopped = resolve)));
  await till.route("**/v1/payments", async (route) => {
    if (arrives) {
      const response = await route.fetch();
      if (response.status() !== 200) return route.fulfill({ response });
    }
    return stopped(route.request().postDataJSON());
  });
  return sent;
}

test("a code that this till charged before is used-here: red, no sale, nothing to reverse", async (t) => {
  const { url, wallet, till } = await stage(t);
  const text = await showCode(wallet);
  await till.bringToFront();
  assert.equal(await charge(till, text, "540"), "approved");
  const paid = await till.locator("#result-at").innerText();
  assert.match(paid, /\d/);
  for (const amount of ["540", "800"]) {
    assert.equal(await charge(till, text, amount), "used-here");
    assert.equal(await till.locator("#result").getAttribute("data-outcome"), "bad");
    assert.equal(await till.locator("#result-title").innerText(), "Already charged here");
    assert.match(await till.locator("#result-amount").innerText(), /540/, "what was paid then");
    assert.equal(await till.locator("#result-at").innerText(), paid);
    assert.match(await till.locator("#result-text").innerText(), /no sale/);
    assert.equal(await till.locator("#reverse").isVisible(), false);
    assert.equal(await till.locator("#next").isVisible(), true);
  }
  const ink = await till.locator("#result").evaluate((card) => getComputedStyle(card).color);
  const [red, green, blue] = (ink.match(/[\d.]+/g) ?? []).map(Number);
  assert.ok(red > 1.5 * green && red > 1.5 * blue, `not red: ${ink}`);

  // Another till hears less.
  const elsewhere = await browser.newContext();
  t.after(() => elsewhere.close());
  const other = await openTill(elsewhere, url, "2002");
  assert.equal(await charge(other, text, "540"), "token-used");
  assert.equal(await other.locator("#result-at").innerText(), "");
  await balance(wallet, "1460");
});

test("a page reloaded between the call and its answer finds the answer: one payment, approved once", async (t) => {
  const { wallet, till } = await stage(t);
  const text = await showCode(wallet);
  const sent = cut(till, { arrives: true });
  await send(till, text);
  const { key, token } = await sent;
  const [sale, ...others] = await onDisk(till);
  assert.deepEqual([sale.key, sale.token, sale.amount, sale.answer, others], [key, token, "540", undefined, []], "on disk before it was sent");
  await till.reload();
  await till.unroute("**/v1/payments");
  assert.equal(await shown(till), "approved");
  assert.match(await till.locator("#result-amount").innerText(), /540/);
  // Reloaded again, it is still this sale, until the next one begins.
  await till.reload();
  assert.equal(await shown(till), "approved");
  assert.equal(await charge(till, text, "540"), "used-here");
  await till.click("#next");
  // The form is back before the sale has left the disk: a page that is reloaded in between shows it once more.
  for (let looks = 0; looks < 200 && (await onDisk(till)).length > 0; looks += 1) await till.waitForTimeout(20);
  await till.reload();
  await till.locator("#sale-form").waitFor();
  assert.deepEqual(await onDisk(till), []);
  await balance(wallet, "1460");
});

test("a page reloaded before its call arrived says that nothing was paid, and the code still buys", async (t) => {
  const { wallet, till } = await stage(t);
  const text = await showCode(wallet);
  const sent = cut(till, { arrives: false });
  await send(till, text);
  await sent;
  await till.reload();
  await till.unroute("**/v1/payments");
  assert.equal(await shown(till), "not-made");
  assert.equal(await till.locator("#reverse").isVisible(), false);
  assert.equal(await charge(till, text, "540"), "approved");
  await balance(wallet, "1460");
});

test("a second tab of the till leaves the first one's sale alone, and takes it over when that is closed", async (t) => {
  const { url, wallet, till, counter } = await stage(t);
  const text = await showCode(wallet);
  const sent = cut(till, { arrives: true });
  await send(till, text);
  await sent;
  const second = await openPage(counter, `${url}/till.html`);
  await second.locator("#sale-form").waitFor();
  assert.equal(await second.locator("#result").isVisible(), false);
  await till.close();
  assert.equal(await shown(second), "approved");
  await balance(wallet, "1460");
});
