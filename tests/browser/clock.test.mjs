// Clocks that are wrong: what is learned comes only from the issuer's signed time, and no jump makes a counter or a moment come twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { openSite } from "../lib/site.mjs";
import { openEngine } from "../lib/three.mjs";
import { decodeToken } from "../lib/token.mjs";
import { coded, yen } from "../lib/words.mjs";

const NOON = new Date("2026-06-01T12:00:00Z");

test("a wall clock that jumps back or forward under an open page reuses and extends nothing", async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const { page, close } = await openEngine("chromium");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run((given) => kit.enrol(given), { login, password });
  const until = await page.run(async () => (await kit.wallet()).state.allowance.until.getTime());
  const made = [];
  const code = async () => {
    await site.world.issuer.clock.advance({ seconds: 7 });
    made.push(await page.run(() => (testClock.advance(7_000), kit.code({ max: { amount: 10n, currency: "JPY" } }))));
    return made.at(-1);
  };
  await code();
  for (const minutes of [-10, +10, -60, +60]) {
    await page.run((by) => testClock.jump(by * 60_000), minutes);
    const { value, error } = await code().then((value) => ({ value }), (error) => ({ error }));
    // Ahead of everybody, a code may be refused at the till; it is never one that was there before.
    if (error) assert.match(String(error), /too-fast|over-allowance/);
    await page.run(async () => (await kit.wallet()).sync());
    const { text } = value && minutes < 0 ? value : await code();
    assert.equal((await site.world.issuer.till().charge(text, yen(10))).outcome, "approved", `after a jump of ${minutes} minutes`);
    await site.world.issuer.clock.advance({ seconds: 61 });
    await page.run(async () => (testClock.advance(61_000), (await kit.wallet()).sync()));
  }
  const tokens = made.map(({ text }) => decodeToken(text));
  assert.equal(new Set(tokens.map(({ atc }) => atc)).size, tokens.length);
  assert.ok(tokens.every(({ exp, iat }) => exp - iat <= 120), "a code lives no longer");
  assert.equal(await page.run(async () => (await kit.wallet()).state.allowance.until.getTime()), until, "nor the allowance");
  await site.world.issuer.audit();
});

test("a page whose clock went wrong since its last sync tops up, raises its limit, renews its key and freezes, and one sync puts it right", async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const { page, close } = await openEngine("chromium");
  t.after(close);
  // Minutes that the issuer is ahead of both clocks of the page, and minutes that the page's wall clock jumps.
  for (const { stood = 0, jumped = 0, between = 0 } of [{ stood: 1 }, { jumped: 61 }, { jumped: -61 }, { between: 525_600 }, { jumped: 525_600 }]) {
    const of = JSON.stringify({ stood, jumped, between });
    const owner = await site.world.issuer.account({ balance: yen(2000) });
    const { login, password } = owner;
    await page.goto(`${site.url}/?injected&profile=${login}`);
    await page.run((given) => kit.enrol(given), { login, password });
    await owner.finishCardProof(await page.run(async () => {
      const wallet = await kit.wallet();
      return wallet.proveCard({ source: wallet.state.sources[0].id });
    }));
    await page.run(async () => {
      const wallet = await kit.wallet();
      await (await wallet.prepareLimit({ amount: 500n, currency: "JPY" })).confirm();
      await wallet.sync();
    });
    await site.world.issuer.clock.advance({ minutes: stood });
    await page.run((by) => testClock.jump(by * 60_000), jumped);
    for (const verb of ["topUp", "limit", "rotate"]) {
      const { value, error } = await page.run(async ({ verb, between }) => {
        const wallet = await kit.wallet();
        return kit.outcome(async () => {
          const ask = { topUp: () => kit.topUp(), limit: () => wallet.prepareLimit({ amount: 1000n, currency: "JPY" }), rotate: () => wallet.prepareRotation() };
          const ceremony = await ask[verb]();
          testClock.jump(between * 60_000);
          const done = await ceremony.confirm();
          return done.kind ?? done.status;
        });
      }, { verb, between });
      assert.equal(error, undefined, `${of}, ${verb}: ${JSON.stringify(error)}`);
      assert.equal(value, { topUp: "top-up", limit: "limits-changed", rotate: "active" }[verb], of);
    }
    await page.run(async () => (await kit.wallet()).sync());
    const { status, alerts } = await page.run(() => kit.state());
    assert.equal(status, "ready", of);
    assert.ok(alerts.every(({ kind }) => kind === "clock-skew"), `${of}: ${JSON.stringify(alerts)}`);
    await site.world.issuer.clock.advance({ minutes: 10 });
    await page.run(async () => (await kit.wallet()).freeze());
    assert.equal((await page.run(() => kit.state())).status, "frozen", of);
    await page.run((by) => testClock.jump(-by * 60_000), jumped + 3 * between);
  }
  await site.world.issuer.audit();
});

test("a script that moves the page's clock far ahead, draws a code and moves it back costs the owner one sync", async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const { page, close } = await openEngine("chromium");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run((given) => kit.enrol(given), { login, password });
  const DAY = 24 * 3600;
  const pass = async (seconds) => {
    await site.world.issuer.clock.advance({ seconds });
    await page.run((ms) => testClock.advance(ms), seconds * 1000);
  };
  const code = () => page.run(() => kit.outcome(() => kit.code({ max: { amount: 10n, currency: "JPY" } })));
  const moved = async (days) => {
    await page.run((ms) => testClock.jump(ms), days * DAY * 1000);
    const drawn = await code();
    await page.run((ms) => testClock.jump(-ms), days * DAY * 1000);
    return drawn;
  };
  const till = site.world.issuer.till();
  const outcome = async (text) => (await till.charge(text, yen(10))).outcome;

  // A year ahead, the allowance has ended: there is no code to steal. Six days ahead there is.
  assert.equal((await moved(365)).error.code, "over-allowance");
  const { value: stolen } = await moved(6);
  await pass(2);
  const { value: next } = await code();
  assert.equal(next.counter, stolen.counter + 1, "the counter goes on");
  assert.ok(Math.abs(decodeToken(next.text).iat - (decodeToken(stolen.text).iat - 6 * DAY)) <= 3, "dated by the issuer's clock");
  assert.equal(await outcome(next.text), "approved");
  assert.equal(await outcome(stolen.text), "token-expired", "not alive yet");

  // Without a network, the wallet says what it needs, and goes on by itself once there is one.
  await pass(61);
  await page.run(() => {
    globalThis.networkFetch = globalThis.fetch;
    globalThis.fetch = () => Promise.reject(new TypeError("no network"));
  });
  const { value: other } = await moved(1);
  await pass(2);
  const refused = await code();
  assert.equal(refused.error.code, "sync-needed");
  assert.ok(refused.error.details.retryAfterMs > 23 * 3_600_000 && refused.error.details.skewMs < 0, JSON.stringify(refused.error));
  await page.run(async () => {
    globalThis.fetch = globalThis.networkFetch;
    await (await kit.wallet()).sync();
  });
  assert.equal(await outcome((await code()).value.text), "approved");

  // The stranger waits until the codes come alive.
  await pass(DAY - 6);
  assert.equal(await outcome(other.text), "token-used");
  await pass(5 * DAY - 60);
  assert.equal(await outcome(stolen.text), "token-used");
  const { status, alerts } = await page.run(async () => {
    const wallet = await kit.wallet();
    await wallet.sync();
    return { status: wallet.state.status, alerts: wallet.state.alerts.filter(({ kind }) => kind !== "clock-skew").length };
  });
  assert.deepEqual([status, alerts], ["ready", 0]);
  await site.world.issuer.audit();
});

/** A wallet whose answers of this path go through `change`. */
async function between(t, change) {
  const world = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(() => world.close());
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await world.wallet({
    account: owner, enrolled: true,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const response = await world.issuer.fetch(request);
      if (!response.ok) return response;
      const body = await response.json();
      return new Response(JSON.stringify(change(pathname, body) ?? body), { status: 200, headers: response.headers });
    },
  });
  return { world, wallet };
}

test("a time statement that was seen before is refused, and its time is not taken", async (t) => {
  let old = null;
  let replay = false;
  const { world, wallet } = await between(t, (path, body) => {
    if (path !== "/v1/sync") return;
    old ??= body.time;
    return replay ? { ...body, time: old } : body;
  });
  const before = wallet.state.clockOffsetMs;
  await world.issuer.clock.advance({ minutes: 30 });
  replay = true;
  await assert.rejects(wallet.sync(), coded("issuer-untrusted"));
  assert.equal(wallet.state.clockOffsetMs, before);
  replay = false;
  await wallet.sync();
  assert.equal(Math.round((wallet.state.clockOffsetMs - before) / 60_000), 30);
});

test("the skew is in the error where the clock can't be learned, and in the alert where it was", async (t) => {
  const world = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(() => world.close());
  await world.issuer.clock.advance({ minutes: 10 });
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await world.wallet({ account: owner, enrolled: true });
  assert.equal(Math.round(wallet.state.clockOffsetMs / 60_000), 10);
  assert.equal(Math.round(wallet.state.alerts.find(({ kind }) => kind === "clock-skew").skewMs / 60_000), 10);
  const { text } = await wallet.paymentCode();
  assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
});
