// The demo's pages as a person uses them: by what stands on the buttons' ids, nothing behind them.

/** @typedef {import("playwright-core").Page} Page */

/** Opens a page of the demo in English, so that what is read back is known.
 * @param {import("playwright-core").BrowserContext} context @param {string} url */
export async function openPage(context, url) {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${url}: ${error.stack ?? error}`));
  await page.addInitScript(() => localStorage.setItem("jitsuin-demo-language", "en"));
  await page.goto(url);
  return page;
}

/** The newest message to somebody, read off the inbox page.
 * @param {import("playwright-core").BrowserContext} context @param {string} url @param {string} to @param {RegExp} pattern */
export async function readInbox(context, url, to, pattern) {
  const inbox = await openPage(context, `${url}/inbox.html`);
  try {
    const texts = inbox.locator(`#messages section[data-to="${to}"] li p`);
    await texts.filter({ hasText: pattern }).first().waitFor();
    for (const text of await texts.allInnerTexts()) {
      const found = text.match(pattern);
      if (found) return found[1];
    }
    throw new Error(`no message to ${to} matches ${pattern}`);
  } finally {
    await inbox.close();
  }
}

/** Logs in, fetches the contact code from the inbox page and registers this browser.
 * @param {Page} wallet @param {{ url: string, login: string, password: string, contact: string }} who */
export async function enrol(wallet, { url, login, password, contact }) {
  await wallet.fill("#login", login);
  await wallet.fill("#password", password);
  await wallet.click("#login-submit");
  await wallet.locator("#contact-code").waitFor();
  const code = await readInbox(wallet.context(), url, contact, /(\d{8}) registers a device/);
  await wallet.fill("#contact-code", code);
  await wallet.click("#code-submit");
  await wallet.locator("#device-label").waitFor();
  await wallet.fill("#device-label", "Test phone");
  await wallet.click("#enrol-submit");
  await wallet.click("#enrol-confirm");
  await status(wallet, "ready");
}

/** Waits for the wallet's status.
 * @param {Page} wallet @param {string} wanted */
export async function status(wallet, wanted) {
  await wallet.locator(`body[data-status="${wanted}"]`).waitFor({ state: "attached" });
}

/** Opens a reloaded wallet of custody `passkey`, inside a tap as the page does it.
 * @param {Page} wallet */
export async function unlock(wallet) {
  await status(wallet, "locked");
  await wallet.click("#unlock");
  await status(wallet, "ready");
}

/** Proves the first card on this device, by the card company's own page. Ends on that page.
 * @param {Page} wallet @param {string} url @param {string} contact */
export async function proveCard(wallet, url, contact) {
  await wallet.click("#tab-top-up");
  await wallet.click("#prove-card-1");
  await wallet.locator("#card-code").waitFor();
  await wallet.fill("#card-code", await readInbox(wallet.context(), url, contact, /(\d{8}) lets your wallet charge/));
  await wallet.click("#card-submit");
  await wallet.locator("#message:not([hidden])").waitFor();
}

/** Ties a till to its shop with a one-time code.
 * @param {Page} till @param {string} code */
export async function setUpTill(till, code) {
  await till.fill("#till-code", code);
  await till.click("#till-submit");
  await till.locator("#sale-form").waitFor();
}

/** Charges a code and returns what the till is told.
 * @param {Page} till @param {string} text @param {string} amount */
export async function charge(till, text, amount) {
  if (await till.locator("#next").isVisible()) await till.click("#next");
  await till.fill("#amount", amount);
  await till.fill("#scan", text);
  await till.click("#charge");
  await till.locator("#result[data-answer]:not([hidden])").waitFor();
  return till.locator("#result").getAttribute("data-answer");
}
