// Every page of the demo on a small phone, light and dark, in both languages: accessible, within the screen, big enough to touch, and
// never against its own content policy. And the main way through it by keyboard alone.
// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTH = 360;
const LEAST_TARGET = 44;

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
before(async () => {
  [browser, issuer] = await Promise.all([launchChromium(), startIssuer()]);
});
after(async () => {
  await browser.close();
  await issuer.stop();
});

/** @param {import("playwright-core").Page} page @param {string} what */
async function look(page, what) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async ({ width, least }) => {
    // @ts-ignore: axe was put there just now
    const { violations } = await axe.run();
    const wrong = violations
      .filter((/** @type {any} */ { impact }) => impact === "serious" || impact === "critical")
      .map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ { html }) => html).join(" ")}`);
    if (document.documentElement.scrollWidth > width) wrong.push(`${document.documentElement.scrollWidth} px wide`);
    for (const element of document.querySelectorAll("button, a, input")) {
      if (!element.checkVisibility()) continue;
      const box = (element.closest("label") ?? element).getBoundingClientRect();
      if (box.width < least || box.height < least) wrong.push(`${element.id || element.textContent}: ${box.width} x ${box.height}`);
    }
    return wrong;
  }, { width: WIDTH, least: LEAST_TARGET });
  assert.deepEqual(found, [], what);
}

/** @param {{ colorScheme: "light" | "dark", locale: string }} settings */
async function open(settings) {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 740 }, ...settings });
  const page = await context.newPage();
  /** @type {string[]} */
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedScript|TrustedHTML/.test(message.text())) wrong.push(message.text());
  });
  await addAuthenticator(page);
  return { context, page, wrong };
}

/** The newest contact code sent to somebody. @param {string} login */
async function contactCode(login) {
  const answer = await fetch(`${issuer.url}/demo/inbox`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  const messages = /** @type {{ to: string, text: string }[]} */ (await answer.json());
  const codes = messages.filter(({ to }) => to.startsWith(login)).map(({ text }) => text.match(/\d{8}/)?.[0]);
  return codes.findLast((code) => code !== undefined) ?? assert.fail("no contact code in the inbox");
}

/** Enrols by the keyboard alone. @param {import("playwright-core").Page} page @param {string} login @param {(what: string) => Promise<void>} [at] */
async function enrolByKeyboard(page, login, at = async () => undefined) {
  const { keyboard } = page;
  await page.goto(issuer.url);
  await page.locator("#login").waitFor();
  await at("log in");
  await page.focus("#language");
  await keyboard.press("Tab");
  await keyboard.type(login);
  await keyboard.press("Tab");
  await keyboard.type(`${login}-password`);
  await keyboard.press("Enter");
  await page.locator("#contact-code").waitFor();
  await at("contact code");
  await keyboard.type(await contactCode(login));
  await keyboard.press("Enter");
  await page.locator("#device-label").waitFor();
  await keyboard.press("Enter");
  await page.locator("#enrol-confirm").waitFor();
  await at("enrol");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "enrol-confirm");
  await keyboard.press("Enter");
  await page.locator("#panel-pay").waitFor();
}

test("by keyboard alone: enrol, show a code, hide it, ask to freeze and go back", async () => {
  const { context, page, wrong } = await open({ colorScheme: "dark", locale: "en-GB" });
  await enrolByKeyboard(page, "hanako", (what) => look(page, what));
  await page.waitForFunction(() => document.activeElement?.id === "show-code");
  await look(page, "pay");
  await page.keyboard.press("Enter");
  await page.locator("#code svg").waitFor();
  await look(page, "a code");
  const ground = await page.locator("#code svg").evaluate((svg) => getComputedStyle(svg).backgroundColor);
  assert.equal(ground, "rgb(255, 255, 255)", "white in dark mode too");
  await page.focus("#hide-code");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "show-code");
  for (const name of ["top-up", "history", "safety"]) {
    await page.focus(`#tab-${name}`);
    await page.keyboard.press("Enter");
    await page.locator(`#panel-${name}`).waitFor();
    await look(page, name);
  }
  await page.focus("#freeze");
  await page.keyboard.press("Enter");
  await page.locator("#agree[open]").waitFor();
  await look(page, "freeze?");
  await page.keyboard.press("Escape");
  await page.locator("#agree:not([open])").waitFor({ state: "attached" });
  assert.equal(await page.locator("body").getAttribute("data-status"), "ready");
  await page.click("#lock");
  await page.locator("#unlock").waitFor();
  await look(page, "locked");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an account that existed before: first-day limits are said in Japanese, and freezing is shown", async () => {
  const { context, page, wrong } = await open({ colorScheme: "light", locale: "ja-JP" });
  await enrolByKeyboard(page, "taro");
  await look(page, "pay");
  await page.click("#tab-top-up");
  await page.fill("#top-up-amount", "5000");
  await page.keyboard.press("Enter");
  const problem = page.locator("#problem");
  await problem.waitFor();
  assert.equal(await problem.getAttribute("data-code"), "cooling-off");
  assert.match(await problem.innerText(), /登録直後/);
  await look(page, "a refused top-up");
  await page.click("#tab-safety");
  await page.click("#freeze");
  await page.click("#agree-confirm");
  await page.locator('body[data-status="frozen"]').waitFor({ state: "attached" });
  await look(page, "frozen");
  assert.equal(await page.locator("#tab-pay").isVisible(), false);
  assert.deepEqual(wrong, []);
  await context.close();
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const locale of ["ja-JP", "en-GB"]) {
    test(`till, inbox and card company: ${colorScheme}, ${locale}`, async () => {
      const { context, page, wrong } = await open({ colorScheme, locale });
      for (const [path, ready] of [["/till.html", "#till-form"], ["/inbox.html", "#messages li"], ["/card.html", "#message"], ["/stop.html", "#stop-form"]]) {
        await page.goto(issuer.url + path);
        await page.locator(ready).first().waitFor();
        assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
        await look(page, path);
      }
      await page.click("#language");
      assert.equal(await page.locator("html").getAttribute("lang"), locale === "ja-JP" ? "en" : "ja");
      assert.deepEqual(wrong, []);
      await context.close();
    });
  }
}
