// A page that stays open for long: its memory is given back and used again, since a WebAssembly memory never shrinks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { keepMemory } from "../lib/memory.mjs";
import { yen } from "../lib/words.mjs";

test("a page that shows codes, is paid and syncs for long needs no more memory than at first", async () => {
  const world = await createWorld({ iKnowThisIsATest: true });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext();
    await context.addInitScript(keepMemory);
    const page = await context.newPage();
    const kit = await attach(page, { world });
    const owner = await world.issuer.account({ balance: yen(200_000) });
    const till = await world.issuer.till({});
    const wallet = await kit.wallet({ enrolled: true, account: owner });
    const size = () => page.evaluate(() => /** @type {any} */ (globalThis).memory.buffer.byteLength);
    const rounds = async (/** @type {number} */ count) => {
      for (let round = 0; round < count; round += 1) {
        // Once: the page's clock is the platform's, and a wallet makes only so many codes in a minute.
        if (round === 0) {
          const { text } = await wallet.paymentCode();
          assert.equal((await till.charge(text, yen(10))).outcome, "approved");
        }
        await wallet.sync();
        await wallet.receipts();
      }
      return size();
    };
    const early = await rounds(60);
    for (let times = 0; times < 5; times += 1) assert.equal(await rounds(60), early);
  } finally {
    await browser.close();
    await world.close();
  }
});
