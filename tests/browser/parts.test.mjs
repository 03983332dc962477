// The page's module in two parts: the whole main job needs the first alone, and a second that does not come, or is not the one
// that this package was built with, ends the call that asked for it and nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { keepMemory } from "../lib/memory.mjs";
import { coded, yen } from "../lib/words.mjs";

const FIRST = "jitsuin_bg.wasm";
const LATER = "later.wasm";
/** Where the stack begins, below all else; it grows down to 0 (scripts/wasm.sh). */
const STACK = 131_072;
/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** An enrolled wallet in a page that was loaded anew, and the names of the modules that it fetched: before, and since. */
async function open(t) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext();
  await context.addInitScript(keepMemory);
  const page = await context.newPage();
  t.after(async () => {
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  let fetched = [];
  page.on("request", (request) => fetched.push(...(/[^/]+\.wasm$/.exec(new URL(request.url()).pathname) ?? [])));
  const kit = await attach(page, { world });
  const owner = await world.issuer.account({ balance: yen(5000) });
  const wallet = await kit.wallet({ enrolled: true, account: owner });
  const before = fetched;
  fetched = [];
  await wallet.reload();
  if ((await wallet.state()).status === "locked") await wallet.unlock();
  return { world, page, owner, wallet, before, fetched };
}

/** What becomes of the second part on its way. @param {import("playwright-core").Page} page @param {(route: import("playwright-core").Route) => Promise<void>} how */
const onTheWay = (page, how) => page.route(`**/${LATER}`, how);

/** The lowest address that the stack ever reached. @param {import("playwright-core").Page} page */
const deepest = (page) => page.evaluate((stack) => new Uint8Array(/** @type {any} */ (globalThis).memory.buffer, 0, stack).findIndex((byte) => byte !== 0), STACK);

test("log in, enrol, open, unlock, pay, prove a card, top up, sync, lock and freeze need the first part alone, and half of its stack", async (t) => {
  const { world, page, wallet, owner, before, fetched } = await open(t);
  assert.deepEqual(before, [FIRST], "to log in and enrol");
  const till = await world.issuer.till({});
  const { text } = await wallet.paymentCode();
  assert.equal((await till.charge(text, yen(540))).outcome, "approved");
  await owner.proveCards({ ...wallet, state: wallet.state });
  const ceremony = await wallet.prepareTopUp({ ...yen(1000), source: (await wallet.state()).sources[0].id });
  assert.equal((await ceremony.confirm()).kind, "top-up");
  await wallet.lock();
  await wallet.unlock();
  await wallet.sync();
  assert.deepEqual((await wallet.receipts()).slice(0, 1).map(({ kind }) => kind), ["top-up"]);
  await wallet.freeze();
  assert.equal((await wallet.state()).status, "frozen");
  assert.deepEqual(fetched, [FIRST]);
  const reached = await deepest(page);
  t.diagnostic(`the stack reached ${reached} of ${STACK}, down to 0`);
  assert.ok(reached > STACK / 2);
});

test("what few need fetches the second part, once", async (t) => {
  const { wallet, fetched } = await open(t);
  await wallet.unlock({ reseal: true });
  await wallet.unlock({ reseal: true });
  assert.deepEqual(fetched, [FIRST, LATER]);
  assert.match((await wallet.paymentCode()).text, /^JT1/);
});

test("a second part that does not come is wasm-load-failed and leaves nothing half-done; the next try works", async (t) => {
  const { page, wallet } = await open(t);
  let lost = true;
  await onTheWay(page, (route) => (lost ? route.abort() : route.fallback()));
  const before = await wallet.state();
  await assert.rejects(wallet.unlock({ reseal: true }), coded("wasm-load-failed"));
  assert.deepEqual(await wallet.state(), before);
  assert.match((await wallet.paymentCode()).text, /^JT1/, "everything else goes on");
  lost = false;
  await wallet.unlock({ reseal: true });
});

test("a second part with one changed byte is wasm-digest and runs nothing", async (t) => {
  const { page, wallet } = await open(t);
  const body = readFileSync(new URL(`../../pkg/wasm/page/${LATER}`, import.meta.url));
  body[body.length >> 1] ^= 1;
  await onTheWay(page, (route) => route.fulfill({ status: 200, contentType: "application/wasm", body, headers: { "access-control-allow-origin": "*" } }));
  await assert.rejects(wallet.unlock({ reseal: true }), coded("wasm-digest"));
  assert.match((await wallet.paymentCode()).text, /^JT1/);
});
