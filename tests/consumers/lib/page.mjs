// The page of a user's server, in a real Chromium: one for all tests of a file.
import { after } from "node:test";
import { launchChromium } from "../../lib/engines.mjs";

/** @type {ReturnType<typeof launchChromium> | null} */
let browser = null;
after(async () => (await browser)?.close());

/**
 * What the page of the entries says once it is there, however often its server reloads it meanwhile.
 * @param {string} url
 */
export async function said(url) {
  browser ??= launchChromium();
  const context = await (await browser).newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    for (let tries = 1; ; tries += 1) {
      try {
        await page.waitForFunction(() => "said" in globalThis);
        return await page.evaluate(() => globalThis.said);
      } catch (error) {
        // Vite's development server reloads a page when it finds more to bundle.
        if (tries === 5 || !/context was destroyed|navigation/i.test(String(error))) throw error;
      }
    }
  } finally {
    await context.close();
  }
}
