// The main job in Node: the issuer's rules and a whole wallet, both in wasm, in one process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";

const NOON = new Date("2026-06-01T12:00:00Z");
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });
const coded = (code) => (error) => isJitsuinError(error, code) || assert.fail(`expected ${code}, got ${error?.code ?? error}`);

/** A world that ends with its test, whose books balance then. */
async function world(t, options = {}) {
  const made = await createWorld({ iKnowThisIsATest: true, now: NOON, ...options });
  t.after(async () => {
    await made.issuer.audit();
    await made.close();
  });
  return made;
}

async function enrolled(t, account = {}) {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000), ...account });
  const wallet = await made.wallet({ account: owner, enrolled: true });
  return { world: made, owner, wallet };
}

test("a world says that it is a test, or is none", async () => {
  await assert.rejects(createWorld({}), coded("bad-argument"));
});

test("log in, contact code, enrol, pay, top up", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ login: "hanako", password: "hanako-password", label: "Hanako", balance: yen(2000) });
  const wallet = await made.wallet();
  assert.equal(wallet.state.status, "new");

  const { attempt } = await wallet.logIn({ login: "hanako", password: "hanako-password" });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  const enrolment = await wallet.prepareEnrolment({ ticket, label: "\u3000Hanako's phone ", account: "Hanako" });
  assert.deepEqual([enrolment.intent.kind, enrolment.intent.accountLabel], ["enrol", "Hanako"]);
  const device = await enrolment.confirm();
  assert.deepEqual([device.custody, device.label, device.here], ["software", "Hanako's phone", true]);
  assert.deepEqual(made.authenticator.prompts, ["create", "get"]);
  assert.equal(wallet.state.status, "ready");
  await wallet.sync();
  assert.deepEqual(wallet.state.balance, yen(2000));

  const code = await wallet.paymentCode();
  assert.match(code.text, /^JT1[A-Z2-7]{172,252}$/);
  const till = made.issuer.till();
  const first = await till.charge(code.text, yen(540));
  assert.deepEqual([first.outcome, first.money], ["approved", yen(540)]);
  assert.deepEqual(await owner.balance(), yen(1460));

  await wallet.sync();
  const [receipt] = wallet.state.recent;
  assert.deepEqual([receipt.kind, receipt.money, receipt.counter, receipt.by, receipt.shop], ["payment", yen(540), code.counter, "this-device", "Kissaten"]);
  assert.deepEqual(wallet.state.balance, yen(1460));

  await owner.proveCards(wallet);
  const [source] = wallet.state.sources;
  const topUp = await wallet.prepareTopUp({ ...yen(5000), source: source.id });
  assert.deepEqual([topUp.intent.kind, topUp.intent.money, topUp.intent.source.label], ["top-up", yen(5000), source.label]);
  const landed = await topUp.confirm();
  assert.deepEqual([landed.kind, landed.money], ["top-up", yen(5000)]);
  assert.deepEqual(await owner.balance(), yen(6460));
  assert.deepEqual(wallet.state.alerts, []);
});

test("what a page gives in another shape is refused or read as well as can be, and harms nothing", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet();
  const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  // A label that was cut inside a character.
  const device = await (await wallet.prepareEnrolment({ ticket, label: "Phone \u{1F4F1}".slice(0, 7) })).confirm();
  assert.equal(device.label, "Phone \ufffd");
  for (const form of [1n, 1, {}, { toJSON: () => assert.fail() }, "JT2"]) await assert.rejects(wallet.paymentCode({ form }), coded("bad-argument"));
  await wallet.sync();
  const { length } = await wallet.receipts();
  for (const wide of [{ before: 2n ** 63n }, { limit: 2 ** 60 }, { limit: Infinity }]) assert.equal((await wallet.receipts(wide)).length, length);
  assert.ok(length > 0);
  assert.match((await wallet.paymentCode()).text, /^JT1/);
});

test("the same code again: its own till hears used-here with its payment, another till that it was used", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  const { text } = await wallet.paymentCode();
  const [till, other] = [made.issuer.till(), made.issuer.till({ name: "Other shop", merchant: "m/2" })];
  const first = await till.charge(text, yen(540));
  const { payment, money, at } = first;
  assert.equal(first.usedHere, null);
  for (const amount of [540, 541]) {
    const again = await till.charge(text, yen(amount));
    assert.deepEqual([again.outcome, again.payment, again.money], ["used-here", null, yen(amount)]);
    assert.deepEqual(again.usedHere, { payment, money, at });
  }
  const elsewhere = await other.charge(text, yen(540));
  assert.deepEqual([elsewhere.outcome, elsewhere.usedHere], ["token-used", null]);
  assert.deepEqual(await owner.balance(), yen(1460));
});

test("a till whose answer was lost looks its payment up, and may reverse it", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  const { text } = await wallet.paymentCode();
  const till = made.issuer.till();
  const key = "sale-0001-attempt-0001";
  await till.id();
  made.issuer.failNext("answer-lost", "/v1/payments");
  await assert.rejects(till.charge(text, yen(540), { key }), coded("offline"));
  const found = await till.lookUp(key);
  assert.equal(found.outcome, "approved");
  assert.deepEqual(await till.charge(text, yen(540), { key }), found);
  assert.equal((await till.reverse(found.payment)).outcome, "reversed");
  assert.deepEqual(await owner.balance(), yen(2000));
});

test("an expired code is refused and takes nothing", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  const { text } = await wallet.paymentCode();
  await made.clock.advance({ seconds: 71 });
  assert.equal((await made.issuer.till().charge(text, yen(540))).outcome, "token-expired");
  assert.deepEqual(await owner.balance(), yen(2000));
});

test("a card that never answers leaves the top-up pending; one that answers twice credits once", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t, { cards: ["never", "twice"] });
  await owner.proveCards(wallet);
  const [never, twice] = wallet.state.sources;
  const pending = await (await wallet.prepareTopUp({ ...yen(1000), source: never.id })).confirm();
  assert.equal(pending.kind, "pending");
  await made.issuer.sweep();
  assert.deepEqual(await owner.balance(), yen(2000));
  await made.clock.advance({ minutes: 11 });
  const done = await (await wallet.prepareTopUp({ ...yen(3000), source: twice.id })).confirm();
  assert.equal(done.kind, "top-up");
  await made.issuer.sweep();
  await made.issuer.sweep();
  assert.deepEqual(await owner.balance(), yen(5000));
});

test("a card in a queue is credited minutes later, and one that answers by a notice alone is credited by it", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t, { cards: ["queued", "notifies"] });
  await owner.proveCards(wallet);
  const [queued, notifies] = wallet.state.sources;
  const topUp = async (source) => (await (await wallet.prepareTopUp({ ...yen(1000), source: source.id })).confirm()).kind;
  assert.equal(await topUp(queued), "pending");
  await made.clock.advance({ seconds: 170 });
  await made.issuer.sweep();
  assert.deepEqual(await owner.balance(), yen(2000));
  await made.clock.advance({ seconds: 10 });
  await made.issuer.sweep();
  assert.deepEqual(await owner.balance(), yen(3000));
  await made.clock.advance({ minutes: 11 });
  assert.equal(await topUp(notifies), "pending");
  await made.issuer.sweep();
  assert.deepEqual(await owner.balance(), yen(4000));
});

test("prompts that are refused, not verified, left alone, or lie", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  await owner.proveCards(wallet);
  const [source] = wallet.state.sources;
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: source.id });
  await made.authenticator.deny();
  await assert.rejects(topUp.confirm(), coded("cancelled"));
  await made.authenticator.hang();
  const waiting = assert.rejects(topUp.confirm(), coded("timed-out"));
  await made.clock.advance({ minutes: 3 });
  await waiting;
  await made.authenticator.approve();
  await made.authenticator.tamper("uv");
  await assert.rejects(topUp.confirm(), coded("user-not-verified"));
  assert.deepEqual(await owner.balance(), yen(2000));
});

test("taps while a confirm runs share its one prompt and result; cancel is safe before, while and after", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  await owner.proveCards(wallet);
  const [source] = wallet.state.sources;
  const prepare = () => wallet.prepareTopUp({ ...yen(1000), source: source.id });
  const prompts = made.authenticator.prompts.length;

  const shared = await prepare();
  const [first, second] = await Promise.all([shared.confirm(), shared.confirm()]);
  assert.equal(first, second);
  assert.equal(made.authenticator.prompts.length, prompts + 1);
  assert.deepEqual(await owner.balance(), yen(3000));
  await shared.cancel();

  await made.clock.advance({ minutes: 11 });
  const given = await prepare();
  await Promise.all([given.cancel(), given.cancel()]);
  assert.equal(made.authenticator.prompts.length, prompts + 1, "nobody is asked about what was given up");
  assert.equal(wallet.state.ceremony, null);
  // Until there is another tap.
  assert.equal((await given.confirm()).kind, "top-up");
  assert.equal(made.authenticator.prompts.length, prompts + 2);
  await assert.rejects(given.confirm(), coded("intent-expired"));

  await made.clock.advance({ minutes: 11 });
  const open = await prepare();
  await made.authenticator.hang();
  const waiting = assert.rejects(open.confirm(), coded("cancelled"));
  await open.cancel();
  await waiting;
  await open.cancel();
  assert.equal(wallet.state.ceremony, null);
  assert.deepEqual(await owner.balance(), yen(4000));
});

test("calls that fail: no answer, a stale nonce, a broken proxy, a refusal", async (t) => {
  const { world: made, wallet } = await enrolled(t);
  made.issuer.failNext("no-answer", "/v1/sync");
  await assert.rejects(wallet.sync(), coded("offline"));
  assert.equal(wallet.state.online, false);
  made.issuer.failNext("stale-nonce", "/v1/sync");
  await wallet.sync();
  made.issuer.failNext({ status: 503 }, "/v1/sync");
  await assert.rejects(wallet.sync(), coded("issuer-unavailable"));
  made.issuer.failNext("over-limit", "/v1/top-ups");
  await assert.rejects(wallet.prepareTopUp({ ...yen(1000), source: wallet.state.sources[0].id }), coded("over-limit"));
  await wallet.sync();
  assert.equal(wallet.state.online, true);
});

test("an account that existed before: its device cools off, its card must be proved", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t, { openedWithWallet: false });
  const [source] = wallet.state.sources;
  assert.equal(source.usableFrom, null);
  await assert.rejects(wallet.prepareTopUp({ ...yen(1000), source: source.id }), coded("cooling-off"));
  await made.clock.advance({ hours: 25 });
  await wallet.sync();
  await assert.rejects(wallet.prepareTopUp({ ...yen(1000), source: source.id }), coded("card-proof-needed"));
  await owner.finishCardProof(await wallet.proveCard({ source: source.id }));
  await wallet.sync();
  const done = await (await wallet.prepareTopUp({ ...yen(1000), source: source.id })).confirm();
  assert.equal(done.kind, "top-up");
  assert.deepEqual(await owner.balance(), yen(3000));
});

test("what was stored outlives the wallet; what was evicted is lost and not new", async (t) => {
  const made = await world(t);
  const account = await made.issuer.account({ balance: yen(2000) });
  const first = await made.wallet({ profile: "phone", account, enrolled: true });
  const { counter } = await first.paymentCode();
  await first.close();
  const second = await made.wallet({ profile: "phone" });
  assert.equal(second.state.status, "ready");
  await made.clock.advance({ seconds: 2 });
  assert.ok((await second.paymentCode()).counter > counter);
  await second.close();
  await made.evict();
  const third = await made.wallet({ profile: "phone" });
  assert.equal(third.state.status, "key-lost");
  await assert.rejects(third.paymentCode(), coded("key-lost"));
});

test("the same seed makes the same world", async (t) => {
  const text = async (seed) => {
    const made = await world(t, { seed });
    const account = await made.issuer.account({ login: "hanako", balance: yen(2000) });
    return (await (await made.wallet({ account, enrolled: true })).paymentCode()).text;
  };
  assert.equal(await text(7), await text(7));
  assert.notEqual(await text(7), await text(8));
});

test("a damaged record is storage-corrupt and never a new identity", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  await made.corrupt();
  await assert.rejects(wallet.paymentCode(), coded("storage-corrupt"));
  assert.equal(wallet.state.status, "storage-corrupt");
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), coded("storage-corrupt"));
  await wallet.forget();
  assert.equal(wallet.state.status, "new");
});

test("no authenticator: the wallet's own deadline ends a prompt that nothing ends", async (t) => {
  const { world: made, owner, wallet } = await enrolled(t);
  await owner.proveCards(wallet);
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: wallet.state.sources[0].id });
  await made.authenticator.noDevice();
  const ended = assert.rejects(topUp.confirm(), coded("timed-out"));
  for (let step = 0; step < 14; step += 1) await made.clock.advance({ seconds: 10 });
  await ended;
});

test("the issuer's limits are a test's to choose", async (t) => {
  const made = await world(t, { policy: { perPayment: yen(300), coolOffHours: 1 } });
  const owner = await made.issuer.account({ balance: yen(2000), openedWithWallet: false });
  const wallet = await made.wallet({ account: owner, enrolled: true });
  assert.deepEqual(wallet.state.allowance.perPayment, yen(300));
  assert.equal(wallet.state.device.coolOffUntil.getTime(), NOON.getTime() + 3_600_000);
  assert.equal((await made.issuer.till().charge((await wallet.paymentCode()).text, yen(301))).outcome, "amount-over");
});

test("an issuer that listens is reached at its endpoint, under its own name", async (t) => {
  const made = await world(t);
  const { url, close } = await made.issuer.listen();
  t.after(close);
  const known = await (await fetch(`${url}/.well-known/jitsuin`)).json();
  assert.equal(known.issuer, made.issuer.url);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet({ endpoint: url, fetch: (request) => fetch(request), account: owner, enrolled: true });
  assert.equal(wallet.state.status, "ready");
  assert.deepEqual(wallet.state.balance, yen(2000));
});
