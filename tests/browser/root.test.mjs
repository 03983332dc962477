// The constant that the demo's pages are given: the issuer's root. A page with another one believes no first answer, and a wallet that
// was pinned to another issuer is opened for nothing but to be erased.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { enrol, openPage, status } from "../lib/pages.mjs";

const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };
const OTHER = "A".repeat(43);

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** A phone whose pages have another constant while `other` says so. @param {import("node:test").TestContext} t */
async function stage(t) {
  const issuer = await startIssuer();
  const context = await browser.newContext({ serviceWorkers: "block" });
  t.after(async () => {
    await context.close();
    await issuer.stop();
  });
  const road = { other: false };
  await context.route("**/issuer.js", (route) => (road.other
    ? route.fulfill({ contentType: "text/javascript", body: `export const ROOT = "${OTHER}";` })
    : route.continue()));
  return { url: issuer.url, context, road };
}

test("a page with another root believes no first answer", async (t) => {
  const { url, context, road } = await stage(t);
  road.other = true;
  const page = await openPage(context, url);
  await page.fill("#login", HANAKO.login);
  await page.fill("#password", HANAKO.password);
  await page.click("#login-submit");
  await page.locator('#problem[data-code="issuer-untrusted"]').waitFor();
  assert.equal(await page.locator("#contact-code").isVisible(), false);
});

test("a wallet of another issuer sends nothing, and can be erased to start again", async (t) => {
  const { url, context, road } = await stage(t);
  const page = await openPage(context, url);
  await addAuthenticator(page);
  await enrol(page, { url, ...HANAKO });
  road.other = true;
  // What the first page still had to say is not counted.
  await page.goto("about:blank");
  /** @type {string[]} */
  const calls = [];
  page.on("request", (request) => {
    if (request.url().includes("/v1/")) calls.push(request.url());
  });
  await page.goto(url);
  await page.locator('#problem[data-code="issuer-untrusted"]').waitFor();
  assert.equal(await page.locator("#show-code").isVisible(), false);
  assert.deepEqual(calls, []);
  await page.click("#start-over");
  road.other = false;
  await page.click("#agree-confirm");
  await status(page, "new");
});
