// A wallet whose key the browser erased, on the demo's real pages: its owner comes back by login, contact code and the passkey that
// is still there, the old key is dead at once, and for a day only small payments are possible.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, evict, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, readInbox, setUpTill, status } from "../lib/pages.mjs";
import { scan } from "../lib/scan.mjs";

const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };
/** Where screenshots go, if anywhere. */
const SHOTS = process.env.SHOTS;

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** An issuer, a phone with an enrolled wallet, and a till in a browser of its own. @param {import("node:test").TestContext} t */
async function stage(t) {
  const issuer = await startIssuer();
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  const shop = await browser.newContext();
  t.after(async () => {
    await Promise.all([context.close(), shop.close()]);
    await issuer.stop();
  });
  const wallet = await openPage(context, issuer.url);
  const authenticator = await addAuthenticator(wallet);
  await enrol(wallet, { url: issuer.url, ...HANAKO });
  const till = await openPage(shop, `${issuer.url}/till.html`);
  await setUpTill(till, await readInbox(shop, issuer.url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/));
  await wallet.bringToFront();
  return { url: issuer.url, context, wallet, authenticator, till };
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function shoot(page, name) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

/** Shows a code and reads it off the screen. @param {import("playwright-core").Page} wallet */
async function code(wallet) {
  await wallet.click("#tab-pay");
  await wallet.click("#show-code");
  await wallet.locator("#code svg").waitFor();
  const text = await scan(wallet.locator("#code"));
  await wallet.click("#hide-code");
  return text;
}

/** From the page that says that the key is lost to what is asked before the passkey is. @param {Awaited<ReturnType<typeof stage>>} stood */
async function comeBack({ wallet, context, url }) {
  await evict(wallet, url);
  await wallet.reload();
  await status(wallet, "key-lost");
  assert.equal(await wallet.locator("#tab-pay").isVisible(), false);
  await shoot(wallet, "key-lost");
  await wallet.click("#start-over");
  await wallet.locator("#agree[open]").waitFor();
  await shoot(wallet, "key-lost-agree");
  await wallet.click("#agree-confirm");
  await status(wallet, "new");
  await wallet.fill("#login", HANAKO.login);
  await wallet.fill("#password", HANAKO.password);
  await wallet.click("#login-submit");
  await wallet.locator("#contact-code").waitFor();
  await wallet.fill("#contact-code", await readInbox(context, url, HANAKO.contact, /(\d{8}) registers a device/));
  await wallet.bringToFront();
  await wallet.click("#code-submit");
  await wallet.locator("#device-label").waitFor();
  await wallet.fill("#device-label", "Phone again");
  await wallet.click("#enrol-submit");
  await wallet.locator("#enrol-agree:not([hidden])").waitFor();
  assert.match(await wallet.locator("#enrol-text").innerText(), /takes the place of the device/);
  await shoot(wallet, "replaces");
}

test("a key that the browser erased: login, contact code and passkey lead back, the old key is dead, small payments go on", async (t) => {
  const stood = await stage(t);
  const { wallet, url, context, authenticator, till } = stood;
  const old = await code(wallet);
  const passkeys = (await authenticator.credentials()).map(({ credentialId }) => credentialId);
  await comeBack(stood);
  await wallet.click("#enrol-confirm");
  await status(wallet, "ready");
  assert.deepEqual((await authenticator.credentials()).map(({ credentialId }) => credentialId), passkeys, "no second passkey was made");
  await wallet.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "2000");
  await wallet.click("#tab-safety");
  assert.equal(await wallet.locator("#device").getAttribute("data-custody"), "passkey");
  assert.match(await wallet.locator("#device").innerText(), /Phone again/);
  await shoot(wallet, "replaced");
  assert.ok(await readInbox(context, url, HANAKO.contact, /(Phone again)/), "the owner is told elsewhere");
  await wallet.bringToFront();

  assert.equal(await charge(till, old, "100"), "declined", "a code of the key that is gone");
  const text = await code(wallet);
  assert.equal(await charge(till, text, "540"), "approved");
  await wallet.click("#tab-safety");
  await wallet.click("#sync");
  await wallet.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "1460");
  assert.equal(await wallet.locator("#alert-list li").count(), 0);
});

test("without the passkey nobody comes back, and the old key goes on counting at the issuer", async (t) => {
  const stood = await stage(t);
  const { wallet, authenticator, till } = stood;
  const old = await code(wallet);
  await comeBack(stood);
  await authenticator.uvFail();
  await wallet.click("#enrol-confirm");
  const problem = wallet.locator("#problem:not([hidden])");
  await problem.waitFor();
  assert.match((await problem.getAttribute("data-code")) ?? "", /^(uv-failed|cancelled|no-credential|tap-again)$/);
  await status(wallet, "new");
  assert.equal(await charge(till, old, "100"), "approved", "nothing was replaced");
});
