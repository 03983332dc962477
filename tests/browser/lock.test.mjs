// Locking by itself, in a page: after a time without a touch, on hide, after a sleep; and what a locked wallet still does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { openSite } from "../lib/site.mjs";
import { openEngine } from "../lib/three.mjs";
import { coded, yen } from "../lib/words.mjs";


/** An enrolled wallet in Chromium, opened with these options. */
async function open(t, options) {
  const site = await openSite();
  t.after(() => site.close());
  const { page, close } = await openEngine("chromium");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run(async ([given, options]) => {
    const wallet = await kit.wallet(options);
    globalThis.locks = [];
    wallet.on("lock", ({ reason }) => locks.push(reason));
    await kit.enrol(given);
  }, [{ login, password }, options]);
  const seen = () => page.run(async () => ({ status: (await kit.wallet()).state.status, locks }));
  return { site, page, seen };
}

test("locks after its time without a touch, on the monotonic clock; a touch begins it anew, and unlock opens it", async (t) => {
  const { page, seen } = await open(t, { lockAfterSeconds: 60 });
  await page.run(() => testClock.advance(40_000));
  assert.deepEqual(await seen(), { status: "ready", locks: [] });
  await page.run(() => {
    document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    testClock.advance(45_000);
    testClock.jump(-3_600_000); // the wall clock is set back: nothing is gained
  });
  assert.deepEqual(await seen(), { status: "ready", locks: [] });
  await page.run(() => testClock.advance(16_000));
  assert.deepEqual(await seen(), { status: "locked", locks: ["time"] });
  assert.equal((await page.run(() => kit.outcome(() => kit.code()))).error.code, "locked");
  await page.run(async () => (await kit.wallet()).unlock());
  assert.equal((await seen()).status, "ready");
  await page.run(() => testClock.advance(61_000));
  assert.deepEqual(await seen(), { status: "locked", locks: ["time", "time"] });
});

for (const event of ["resume", "visibilitychange", "pageshow", "pointerdown"]) {
  test(`a device that slept through the time is locked by its ${event}, though no timer rang`, async (t) => {
    const { page, seen } = await open(t, { lockAfterSeconds: 60 });
    await page.run((event) => {
      testClock.freeze(); // as where the monotonic clock stops while the device sleeps
      testClock.jump(3_600_000);
      const target = event === "pageshow" ? window : document;
      target.dispatchEvent(new Event(event, { bubbles: true }));
    }, event);
    assert.deepEqual(await seen(), { status: "locked", locks: ["time"] });
  });
}

for (const [event, on] of [["visibilitychange", "document"], ["pagehide", "window"]]) {
  test(`locks on ${event} if asked to, and not otherwise`, async (t) => {
    const hide = (page) =>
      page.run(([event, on]) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
        globalThis[on].dispatchEvent(new Event(event));
        delete document.visibilityState;
      }, [event, on]);
    const asked = await open(t, { lockWhenHidden: true });
    await hide(asked.page);
    assert.deepEqual(await asked.seen(), { status: "locked", locks: ["hidden"] });
    const not = await open(t, {});
    await hide(not.page);
    assert.deepEqual(await not.seen(), { status: "ready", locks: [] });
  });
}

test("a locked wallet in a page hears what happens, shows its history and freezes", async (t) => {
  const { site, page, seen } = await open(t, {});
  const { text } = await page.run(() => kit.code());
  await page.run(async () => (await kit.wallet()).lock());
  assert.deepEqual(await seen(), { status: "locked", locks: ["asked"] });
  assert.equal((await site.world.issuer.till().charge(text, yen(540))).outcome, "approved");
  const heard = await page.run(async () => {
    const wallet = await kit.wallet();
    await wallet.sync();
    const [receipt] = await wallet.receipts();
    return { kind: receipt.kind, amount: String(receipt.money.amount), status: wallet.state.status };
  });
  assert.deepEqual(heard, { kind: "payment", amount: "540", status: "locked" });
  // A second shop offers the code that the first one took.
  await site.world.issuer.till({ name: "Elsewhere" }).charge(text, yen(540));
  const alerts = await page.run(async () => {
    const wallet = await kit.wallet();
    await wallet.sync();
    return { status: wallet.state.status, alerts: wallet.state.alerts.map(({ kind }) => kind) };
  });
  assert.deepEqual(alerts, { status: "locked", alerts: ["used-elsewhere"] });
  await page.run(async () => (await kit.wallet()).freeze());
  assert.equal((await seen()).status, "frozen");
  assert.equal((await page.run(() => kit.outcome(() => kit.code()))).error.code, "frozen");
  await site.world.issuer.audit();
});

test("the same in Node with custody software, and the key is gone from the wallet", async (t) => {
  const world = await createWorld({ iKnowThisIsATest: true });
  t.after(() => world.close());
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await world.wallet({ account: owner, enrolled: true, lockAfterSeconds: 0.02 });
  const reasons = [];
  // The wallet's own timer keeps no process alive, so this one does.
  const alive = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(alive));
  await new Promise((resolve) => {
    wallet.on("lock", ({ reason }) => resolve(reasons.push(reason)));
    if (wallet.state.status === "locked") resolve();
  });
  assert.equal(wallet.state.status, "locked");
  assert.equal((await wallet.report()).unlocked, false);
  await assert.rejects(wallet.paymentCode(), coded("locked"));
  await wallet.sync();
  assert.ok((await wallet.receipts()).length > 0);
  await wallet.freeze();
  assert.equal(wallet.state.status, "frozen");
});

for (const [options, what] of [[{ lockAfterSeconds: 0 }, "no time"], [{ lockAfterSeconds: "60" }, "a text"], [{ lockAfterSeconds: NaN }, "no number"], [{ lockWhenHidden: "yes" }, "a word"]]) {
  test(`a lock of ${what} is refused as bad-argument`, async (t) => {
    const world = await createWorld({ iKnowThisIsATest: true });
    t.after(() => world.close());
    await assert.rejects(world.wallet(options), coded("bad-argument"));
  });
}
