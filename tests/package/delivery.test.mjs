// The kit's network delivers calls twice and loses answers: what a page built on the package sees of it, which is nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";

const NOON = new Date("2026-06-01T12:00:00Z");
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });

async function world(t) {
  const made = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(async () => {
    await made.issuer.audit();
    await made.close();
  });
  return made;
}

/** What a person does: the same again, as long as no answer comes. */
async function patiently(tap) {
  for (let taps = 1; ; taps += 1) {
    try {
      return { answer: await tap(), taps };
    } catch (error) {
      if (taps === 4 || !["offline", "proof-replayed"].includes(error.code)) throw error;
    }
  }
}

/** Mishaps of one call, one after another. */
const MISHAPS = [["delivered-twice"], ["answer-lost"], [["delivered-twice", "answer-lost"]], ["delivered-twice", "answer-lost"], ["delivered-twice", "delivered-twice"]];

for (const mishaps of MISHAPS) {
  const taps = mishaps.length === 1 && mishaps[0] === "delivered-twice" ? 1 : 2;
  test(`login, card, top-up, limit, sale and freeze under ${JSON.stringify(mishaps)}: each once, ${taps} taps`, async (t) => {
    const made = await world(t);
    const owner = await made.issuer.account({ balance: yen(2000) });
    const wallet = await made.wallet();
    const till = made.issuer.till();
    await till.id();
    const fail = (path) => mishaps.forEach((how) => made.issuer.failNext(how, path));
    const under = async (path, tap) => {
      fail(path);
      const { answer, taps: needed } = await patiently(tap);
      assert.equal(needed, taps, path);
      return answer;
    };
    const { attempt } = await under("/v1/login", () => wallet.logIn({ login: owner.login, password: owner.password }));
    assert.equal((await owner.inbox()).length, 1);
    const code = await owner.code();
    const ticket = await under("/v1/login/code", () => wallet.enterCode({ attempt, code }));
    const enrolment = await under("/v1/enrolment", () => wallet.prepareEnrolment({ ticket }));
    await under("/v1/enrolment/confirm", () => enrolment.confirm());
    await under("/v1/sync", () => wallet.sync());
    assert.equal(wallet.state.devices.length, 1);

    const [{ id: source }] = wallet.state.sources;
    const before = (await owner.inbox()).length;
    const started = await under("/v1/cards/prove", () => wallet.proveCard({ source }));
    assert.equal((await owner.inbox()).length, before + 1);
    await owner.finishCardProof(started);
    await wallet.sync();

    const prompts = made.authenticator.prompts.length;
    const topUp = await under("/v1/top-ups", () => wallet.prepareTopUp({ ...yen(1000), source }));
    assert.equal((await under("/v1/intents/confirm", () => topUp.confirm())).kind, "top-up");
    assert.equal(made.authenticator.prompts.length, prompts + 1);
    assert.deepEqual([await owner.balance(), wallet.state.balance], [yen(3000), yen(3000)]);

    const { text } = await wallet.paymentCode();
    assert.equal((await under("/v1/payments", () => till.charge(text, yen(540), { key: "a-key-of-the-till-1" }))).outcome, "approved");
    await wallet.sync();
    assert.deepEqual(wallet.state.balance, yen(2460));

    const limit = await under("/v1/limit/prepare", () => wallet.prepareLimit(yen(900)));
    await under("/v1/intents/confirm", () => limit.confirm());
    await wallet.sync();
    assert.equal((await wallet.receipts({ limit: 20 })).filter(({ kind }) => kind === "limits-changed").length, 1);

    await under("/v1/freeze", () => wallet.freeze());
    await assert.rejects(wallet.paymentCode(), (error) => isJitsuinError(error, "frozen"));
    await wallet.sync();
    assert.equal((await wallet.receipts({ limit: 20 })).filter(({ kind }) => kind === "frozen").length, 1);
  });
}

test("a till whose registration was lost is registered all the same", async (t) => {
  const made = await world(t);
  made.issuer.failNext(["delivered-twice", "answer-lost"], "/v1/tills");
  assert.equal(await made.issuer.till().id(), "t/1");
});

test("a failure that fetches a nonce alone is for the next call", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account();
  const wallet = await made.wallet();
  made.issuer.failNext("answer-lost", "/v1/login");
  // The first call of a key has no nonce yet: that one is answered.
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), (error) => isJitsuinError(error, "offline"));
  assert.equal((await owner.inbox()).length, 1);
  await wallet.logIn({ login: owner.login, password: owner.password });
  assert.equal((await owner.inbox()).length, 1);
});
