// The README's lines for a wallet page, as they stand there, against the demo issuer: enrolment, a code, the card's proof, a top-up.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { transform } from "esbuild";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, openPage, readInbox, setUpTill } from "../lib/pages.mjs";
import { readWithZxing } from "../lib/scan.mjs";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const [, LINES] = /```ts\n(import \{ Wallet \} from "jitsuin";[^]*?)```/.exec(README) ?? assert.fail("the README has no lines for a page");
const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };
const PAGE = `<!doctype html><html lang="en"><title>README</title><body><button id="button">Go on</button><div id="code"></div><script type="module" src="/readme-page.js"></script></body></html>`;
const SCRIPT = `
import * as readme from "/readme.js";
globalThis.readme = readme;
globalThis.button = document.querySelector("#button");
globalThis.wallet = await readme.open();
document.body.dataset.open = "";
`;

/** Fills in what stands for something of the reader's own. @param {string} text @param {string} placeholder @param {string} own */
function filledIn(text, placeholder, own) {
  assert.equal(text.split(placeholder).length, 2, placeholder);
  return text.replace(placeholder, () => own);
}

test("the README's lines for a page run against the demo issuer, the card's proof among them", async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.stop());
  const { url } = issuer;
  const browser = await launchChromium();
  t.after(() => browser.close());
  const context = await browser.newContext({ serviceWorkers: "block", deviceScaleFactor: 2 });

  const root = /ROOT = "([^"]+)"/.exec(await (await fetch(`${url}/issuer.js`)).text())?.[1] ?? "";
  const own = filledIn(filledIn(filledIn(LINES, "https://issuer.example", url), "Jm3n5pQ0q1yV0b2cP7kXw8rL4sT9uE6aH2dF1gK0zN4", root), `"jitsuin"`, `"/pkg/index.js"`);
  const { code: script } = await transform(own, { loader: "ts", format: "esm" });
  // What the README says that such a page sends.
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'";
  const files = { "/readme": ["text/html", PAGE], "/readme-page.js": ["text/javascript", SCRIPT], "/readme.js": ["text/javascript", script] };
  for (const [path, [contentType, body]] of Object.entries(files)) {
    await context.route(`${url}${path}`, (route) => route.fulfill({ contentType, body, headers: { "content-security-policy": policy } }));
  }

  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await addAuthenticator(page);
  const visit = async () => {
    await page.goto(`${url}/readme`);
    await page.locator("body[data-open]").waitFor({ state: "attached" });
  };
  /** @param {string} wanted */
  const status = (wanted) => page.waitForFunction((is) => globalThis.wallet.state.status === is, wanted);
  /** @param {string} [known] a code that was read before */
  const readCode = (known = "none") => readInbox(context, url, HANAKO.contact, new RegExp(`(?<!\\d)(?!${known})(\\d{8})(?!\\d)`));

  await visit();
  await page.evaluate(({ login, password }) => {
    globalThis.prepared = globalThis.readme.register(globalThis.wallet, login, password, () => new Promise((resolve) => (globalThis.enter = resolve)), globalThis.button);
  }, HANAKO);
  await page.waitForFunction(() => "enter" in globalThis);
  const contactCode = await readCode();
  await page.evaluate((code) => (globalThis.enter(code), globalThis.prepared), contactCode);
  await page.click("#button");
  await status("ready");

  await page.evaluate(() => void globalThis.readme.show(globalThis.wallet, document.querySelector("#code")));
  /** @returns {Promise<string>} */
  const read = async () => (await readWithZxing(await page.locator("#code").screenshot()))[0] ?? read();
  const text = await read();
  const till = await openPage(context, `${url}/till.html`);
  await setUpTill(till, await readInbox(context, url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/));
  assert.equal(await charge(till, text, "540"), "approved");

  await page.bringToFront();
  await page.evaluate(() => void globalThis.readme.proveCard(globalThis.wallet, "card-1"));
  await page.locator("#card-code").waitFor();
  await page.fill("#card-code", await readCode(contactCode));
  await page.click("#card-submit");
  await page.locator("#message:not([hidden])").waitFor();

  await visit();
  await status("locked");
  await page.evaluate(() => (globalThis.button.onclick = () => globalThis.readme.unlock(globalThis.wallet)));
  await page.click("#button");
  await status("ready");
  await page.evaluate(async () => {
    await globalThis.wallet.sync();
    await globalThis.readme.topUp(globalThis.wallet, "card-1", globalThis.button);
  });
  await page.click("#button");
  await page.waitForFunction(() => globalThis.wallet.state.balance?.amount === 6460n);
  assert.deepEqual(problems, []);
});
