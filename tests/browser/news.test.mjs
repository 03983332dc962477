// How a page hears of a payment: by an answer of the issuer that stays open, and by asking where none comes through. The real pages,
// the real issuer.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, readInbox, setUpTill } from "../lib/pages.mjs";

const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** A phone with an enrolled wallet whose page never asks on time, or asks sooner, and a till.
 * @param {import("node:test").TestContext} t @param {{ every: number | null, prepare?: (context: import("playwright-core").BrowserContext) => Promise<void> }} how */
async function stage(t, { every, prepare }) {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  const shop = await browser.newContext();
  t.after(async () => {
    await context.close();
    await shop.close();
    await issuer.stop();
  });
  await prepare?.(context);
  await context.addInitScript((every) => {
    const real = window.setInterval;
    // @ts-ignore the page's own clock for asking, and no other
    window.setInterval = (call, time, ...rest) => (time !== 15_000 ? real(call, time, ...rest) : every ? real(call, every) : 0);
  }, every);
  const wallet = await openPage(context, issuer.url);
  await addAuthenticator(wallet);
  await enrol(wallet, { url: issuer.url, ...HANAKO });
  const till = await openPage(shop, `${issuer.url}/till.html`);
  await setUpTill(till, await readInbox(shop, issuer.url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/));
  await wallet.bringToFront();
  return { wallet, till };
}

/** A code of the page's own wallet. @param {import("playwright-core").Page} wallet */
const code = (wallet) =>
  wallet.evaluate(async () => {
    const { Wallet } = await import("/pkg/index.js");
    // The page's own wallet once more: opened twice, it is one.
    globalThis.wallet = await Wallet.open({ issuer: location.origin });
    return (await globalThis.wallet.paymentCode()).text;
  });

/** @param {import("playwright-core").Page} wallet */
const paid = (wallet) => wallet.waitForFunction(() => globalThis.wallet.state.recent[0]?.kind === "payment" && globalThis.wallet.state.recent[0].money.amount === 540n);

test("an open answer brings a receipt to a page that never asks on time, and ends with the wallet", async (t) => {
  const { wallet, till } = await stage(t, { every: null });
  // Come to the front, a page asks and has an answer kept open.
  const [answer] = await Promise.all([
    wallet.waitForResponse((response) => response.url().endsWith("/v1/news") && response.status() === 200),
    wallet.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))),
  ]);
  assert.match(answer.headers()["content-type"], /^application\/x-ndjson/);
  const text = await code(wallet);
  assert.equal(await charge(till, text, "540"), "approved");
  await paid(wallet);
  const ended = wallet.waitForEvent("requestfailed", (request) => request.url().endsWith("/v1/news"));
  await wallet.evaluate(async () => {
    await globalThis.wallet.close();
    await globalThis.wallet.close();
  });
  await ended;
});

test("where answers are held back on the way, the page asks now and then and gets its receipt", async (t) => {
  let held = 0;
  const prepare = (/** @type {import("playwright-core").BrowserContext} */ context) =>
    context.route("**/v1/news", () => {
      held += 1; // never answered, as by something between that waits for the end
    });
  const { wallet, till } = await stage(t, { every: 500, prepare });
  const text = await code(wallet);
  assert.equal(await charge(till, text, "540"), "approved");
  await paid(wallet);
  assert.ok(held > 0, "an open answer was tried");
});
