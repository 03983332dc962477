// An alarm whose device has a hostile name, in the inbox page: no link, and the lie stays inside its quotation marks.
// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { openPage, readInbox, status } from "../lib/pages.mjs";

const CONTACT = "hanako@example.test";
const NAME = "Login\" was refused: see https://evil.example/fix 「ok";
/** Where screenshots go, if anywhere. */
const SHOTS = process.env.SHOTS;

test("a login in capitals, a code in full width, and an alarm with a hostile name", async () => {
  const issuer = await startIssuer();
  const browser = await launchChromium();
  try {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
    const wallet = await openPage(context, issuer.url);
    await addAuthenticator(wallet);
    await wallet.fill("#login", "ＨＡＮＡＫＯ ");
    await wallet.fill("#password", "hanako-password");
    await wallet.click("#login-submit");
    await wallet.locator("#contact-code").waitFor();
    const code = await readInbox(context, issuer.url, CONTACT, /(\d{8}) registers a device/);
    const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join("");
    await wallet.fill("#contact-code", `${wide.slice(0, 4)}－${wide.slice(4)}`);
    await wallet.click("#code-submit");
    await wallet.fill("#device-label", NAME);
    await wallet.click("#enrol-submit");
    await wallet.click("#enrol-confirm");
    await status(wallet, "ready");
    const inbox = await openPage(context, `${issuer.url}/inbox.html`);
    const alarm = inbox.locator(`#messages section[data-to="${CONTACT}"] li`).filter({ hasText: "can now pay" });
    await alarm.waitFor();
    const text = await alarm.innerText();
    assert.match(text, /「Login" was refused： see https：／／evil．example／fix 『ok」 can now pay with your account\./);
    assert.equal(text.match(/:\/\//g)?.length, 1, "the one link is the issuer's own");
    if (SHOTS) await alarm.screenshot({ path: `${SHOTS}/alarm-hostile-name-en-light.png` });
    await context.close();
  } finally {
    await browser.close();
    await issuer.stop();
  }
});
