// What a page's module takes of memory: its stack is smaller than usual (scripts/wasm.sh), its heap a small one (src/browser.rs), and a
// WebAssembly memory never shrinks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { yen } from "../lib/words.mjs";

/** Where the stack begins, below all else; it grows down to 0. */
const STACK = 131_072;
/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Keeps the memory of a page's module as `memory`. Runs before the page's own scripts. */
function keepMemory() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (async (/** @type {any} */ source, /** @type {any} */ imports) => {
    const made = /** @type {any} */ (await instantiate(source, imports));
    Object.assign(globalThis, { memory: (made.instance ?? made).exports.memory });
    return made;
  });
}

/** A wallet that was enrolled in a page. @param {import("node:test").TestContext} t */
async function enrolled(t) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext();
  t.after(async () => {
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  await context.addInitScript(keepMemory);
  const page = await context.newPage();
  const kit = await attach(page, { world });
  const owner = await world.issuer.account({ balance: yen(5000) });
  return { page, owner, till: await world.issuer.till({}), wallet: await kit.wallet({ enrolled: true, account: owner }) };
}

/** The next code, as soon as a wallet makes one: at most one a second. */
async function nextCode(page, wallet) {
  for (;;) {
    try {
      return await wallet.paymentCode();
    } catch (error) {
      if (error.code !== "too-fast") throw error;
      await page.waitForTimeout(error.details.retryAfterMs);
    }
  }
}

test("a page that is paid and syncs for long needs no more memory than at first", async (t) => {
  const { page, till, wallet } = await enrolled(t);
  const rounds = async () => {
    assert.equal((await till.charge((await nextCode(page, wallet)).text, yen(10))).outcome, "approved");
    for (let round = 0; round < 60; round += 1) {
      await wallet.sync();
      await wallet.receipts();
    }
    return page.evaluate(() => /** @type {any} */ (globalThis).memory.buffer.byteLength);
  };
  const early = await rounds();
  for (let times = 0; times < 5; times += 1) assert.equal(await rounds(), early);
});

test("enrolling, paying, proving a card, topping up and freezing need less than half of the stack", async (t) => {
  const { page, owner, till, wallet } = await enrolled(t);
  assert.equal((await till.charge((await wallet.paymentCode()).text, yen(540))).outcome, "approved");
  await owner.proveCards({ ...wallet, state: wallet.state });
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: (await wallet.state()).sources[0].id });
  assert.equal((await topUp.confirm()).kind, "top-up");
  await wallet.sync();
  await wallet.freeze();
  // The lowest address that was ever written to.
  const reached = await page.evaluate((stack) => new Uint8Array(/** @type {any} */ (globalThis).memory.buffer, 0, stack).findIndex((byte) => byte !== 0), STACK);
  t.diagnostic(`${STACK - reached} bytes of ${STACK}`);
  assert.ok(reached > STACK / 2);
});
