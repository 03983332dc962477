// The page that replays the incident of 2019: run for real in Chromium against the real issuer, its rows checked, looked at by axe.
// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Step, code, yen lost. */
const ROWS = [
  ["sign-up", "code-refused", "0"],
  ["password-list", "too-many-attempts", "0"],
  ["side-doors", "not-found", "0"],
  ["top-up", "not-enrolled", "0"],
  ["shop", "try-again", "0"],
  ["notice", "told", "0"],
  ["take-over", "cooling-off", "0"],
  ["spend", "over-allowance", "3000"],
];

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

for (const [colorScheme, locale, lost] of /** @type {const} */ ([["light", "ja-JP", "￥3,000"], ["dark", "en-GB", "¥3,000"]])) {
  test(`the steps of 2019, live, ${colorScheme}, ${locale}`, async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme, locale });
    const page = await context.newPage();
    /** @type {string[]} */
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy|TrustedScript|TrustedHTML/.test(message.text())) wrong.push(message.text());
    });
    await page.goto(`${issuer.url}/attack.html`);
    await look(page, "before");
    // By keyboard: the button is the second thing to reach.
    await page.focus("#language");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "run");
    await page.keyboard.press("Enter");
    await page.locator("#sum:not([hidden]), #problem:not([hidden])").waitFor();
    assert.equal(await page.locator("#problem").isVisible(), false, await page.locator("#problem").innerText());
    const rows = await page.locator(".steps li").evaluateAll((items) => items.map((item) => {
      const { step, code, lost: gone } = /** @type {HTMLElement} */ (item).dataset;
      return [step, code, gone];
    }));
    assert.deepEqual(rows, ROWS);
    assert.equal(await page.locator("#sum").getAttribute("data-lost"), "3000");
    assert.ok((await page.locator("#sum-text").innerText()).includes(lost));
    assert.equal(await page.evaluate(() => document.activeElement?.id), "sum");
    await look(page, "after");
    if (process.env.JITSUIN_SCREENSHOTS) {
      await page.screenshot({ path: `docs/screenshots/attack-${locale.slice(0, 2)}-${colorScheme}.png`, fullPage: true });
    }
    assert.deepEqual(wrong, []);
    // Nothing of the attacker's phone stays in this browser.
    assert.equal(await page.evaluate(() => Object.hasOwn(navigator.credentials, "get")), false);
    await context.close();
  });
}

/** @param {import("playwright-core").Page} page @param {string} what */
async function look(page, what) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    // @ts-ignore: axe was put there just now
    const { violations } = await axe.run();
    const faults = violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ { html }) => html).join(" ")}`);
    if (document.documentElement.scrollWidth > 360) faults.push(`${document.documentElement.scrollWidth} px wide`);
    for (const element of document.querySelectorAll("button, a")) {
      const { width, height } = element.getBoundingClientRect();
      if (width < 44 || height < 44) faults.push(`${element.id || element.textContent}: ${width} x ${height}`);
    }
    return faults;
  });
  assert.deepEqual(found, [], what);
}
