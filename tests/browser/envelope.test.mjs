// The same payment code as an EMVCo consumer-presented envelope: drawn on a real page, read off the screen by two independent readers,
// taken by the demo's till like any other.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, readInbox, setUpTill } from "../lib/pages.mjs";
import { scan } from "../lib/scan.mjs";

const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
before(async () => {
  issuer = await startIssuer();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await issuer?.stop();
});

test("an envelope is drawn, scanned and paid; again in the other form it is the same token", async () => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 });
  const page = await openPage(context, issuer.url);
  await addAuthenticator(page);
  await enrol(page, { url: issuer.url, ...HANAKO });

  await page.evaluate(async () => {
    // @ts-ignore -- a path of the page's own server
    const { Wallet } = await import("/pkg/index.js");
    const wallet = await Wallet.open({ issuer: location.origin, updates: "manual" });
    const refused = await wallet.paymentCode({ form: "pdf" }).catch((/** @type {any} */ error) => error.code);
    if (refused !== "bad-argument") throw new Error(`another form: ${refused}`);
    const stage = document.createElement("div");
    stage.id = "stage";
    // Over the demo's own page, which goes on below.
    for (const [name, value] of Object.entries({ position: "fixed", inset: "0", background: "#fff", "z-index": "9" })) stage.style.setProperty(name, value);
    document.body.append(stage);
    // The driver's own calls count as taps; the button shall be tapped.
    Object.defineProperty(navigator, "userActivation", { configurable: true, value: { isActive: false } });
    Object.assign(globalThis, { wallet, view: wallet.present(stage, { form: "emvco" }) });
  });
  await page.locator("#stage button").click();
  const picture = page.locator("#stage svg");
  await picture.waitFor();
  const text = await scan(picture);
  const bytes = Buffer.from(text, "base64");
  assert.equal(bytes.toString("base64"), text);
  assert.equal(bytes.subarray(0, 8).toString("latin1"), "\x85\x05CPV01a");
  assert.ok(text.length < 512);

  const till = await openPage(context, `${issuer.url}/till.html`);
  await setUpTill(till, await readInbox(context, issuer.url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/));
  assert.equal(await charge(till, text, "540"), "approved");
  // The COSE_Sign1 stands last: DF 01, its length in one or two bytes, and then tag 18.
  const cose = bytes.subarray(bytes.indexOf("d284", bytes.indexOf("df01", "hex"), "hex"));
  const token = `JT1${base32(cose)}`;
  assert.equal(await charge(till, token, "540"), "used-here", "the same token in its other form makes no second sale");

  const balance = await page.evaluate(async () => {
    const { wallet } = /** @type {any} */ (globalThis);
    await wallet.sync();
    return String(wallet.state.balance.amount);
  });
  assert.equal(balance, "1460", "and nothing is taken twice");
  await context.close();
});

/** @param {Buffer} bytes */
function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(five.padEnd(5, "0"), 2)]).join("");
}
