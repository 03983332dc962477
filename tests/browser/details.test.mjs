// Receipts whose details are missing, on the demo's page in both languages: shown with what was signed, and told where they were changed.
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
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

test("an erased receipt and one that was changed on the way are shown with their signed amount, in English and Japanese", async () => {
  const issuer = await startIssuer();
  const context = await browser.newContext({ viewport: { width: 390, height: 800 } });
  try {
    const wallet = await openPage(context, issuer.url);
    await addAuthenticator(wallet);
    await enrol(wallet, { url: issuer.url, ...HANAKO });
    await wallet.click("#tab-pay");
    await wallet.click("#show-code");
    await wallet.locator("#code svg").waitFor();
    const text = await scan(wallet.locator("#code"));
    /** @type {(body: string) => string} */
    let change = () => "";
    await wallet.route("**/v1/sync", async (route) => {
      const response = await route.fetch();
      if (!response.ok()) return route.fulfill({ response });
      const answer = await response.json();
      for (const item of answer.receipts) item.body = change(item.body);
      return route.fulfill({ response, json: answer });
    });
    const till = await openPage(await browser.newContext(), `${issuer.url}/till.html`);
    await setUpTill(till, await readInbox(till.context(), issuer.url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/));
    assert.equal(await charge(till, text, "540"), "approved");
    await wallet.bringToFront();
    await wallet.click("#tab-history");
    const erased = wallet.locator('#history-list [data-kind="payment"]', { hasText: "540" }).first();
    await erased.locator(".missing").waitFor();
    assert.match(await erased.innerText(), /Payment[^]*540[^]*The details were erased\./);
    assert.equal(await wallet.locator('#alert-list [data-kind="unknown-use"]').count(), 0);

    // The next one is changed on the way.
    change = (body) => body.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    await wallet.click("#tab-pay");
    await wallet.click("#show-code");
    await wallet.locator("#code svg").waitFor();
    const again = await scan(wallet.locator("#code"));
    assert.equal(await charge(till, again, "100"), "approved");
    await wallet.bringToFront();
    const alert = wallet.locator('#alert-list [data-kind="receipt-forged"]').first();
    await alert.waitFor();
    assert.match(await alert.innerText(), /A receipt was changed on the way[^]*100/);
    assert.equal(await wallet.locator('#alert-list [data-kind="unknown-use"]').count(), 0);
    await wallet.click("#tab-history");
    const forged = wallet.locator('#history-list [data-kind="payment"]', { hasText: "100" }).first();
    assert.match(await forged.innerText(), /The details were changed on the way and are not shown\./);
    await wallet.click("#language");
    assert.match(await forged.innerText(), /支払い[^]*詳細が通信の途中で書き換えられたため、表示しません。/);
    assert.match(await erased.innerText(), /詳細は消去されました。/);
  } finally {
    await context.close();
    await issuer.stop();
  }
});
