// Names that people read: refused where they are registered, and never in the way of a history.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";

const NOON = new Date("2026-06-01T12:00:00Z");
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });
const coded = (code) => (error) => isJitsuinError(error, code) || assert.fail(`expected ${code}, got ${error?.code ?? error}`);
const UNREADABLE = ["Kado\nno Mise", "Kado\tno Mise", "Kado\u202eesiM on", "角".repeat(90), "a".repeat(61), "", "\u3164", "Ka\u00addo"];
const READABLE = ["角".repeat(60), "😀".repeat(60), "می\u200cخواهم", "👨\u200d👩\u200d👧\u200d👦", "\"Kado\" & <b>Söhne</b>\\"];

async function world(t) {
  const made = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(async () => {
    await made.issuer.audit();
    await made.close();
  });
  return made;
}

test("a name that no wallet could read is bad-label where it is registered", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet();
  const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  for (const name of UNREADABLE) {
    await assert.rejects(made.issuer.account({ label: name }), coded("bad-label"), name);
    await assert.rejects(made.issuer.till({ name }).charge("JT1", yen(1)), coded("bad-label"), name);
    await assert.rejects(made.issuer.till({ place: name }).charge("JT1", yen(1)), coded("bad-label"), name);
    // Without a name the device gets the usual one.
    if (name !== "") await assert.rejects(wallet.prepareEnrolment({ ticket, label: name }), coded("bad-label"), name);
  }
  // No prompt was shown, and the ticket is still good.
  await (await wallet.prepareEnrolment({ ticket, label: "  Cafe\u0301\u3000" })).confirm();
  assert.equal(wallet.state.device.label, "Café");
});

test("every registered name is read by the wallet, and a place may be absent", async (t) => {
  const made = await world(t);
  for (const name of READABLE) {
    const owner = await made.issuer.account({ balance: yen(2000), label: name });
    const wallet = await made.wallet();
    const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
    const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
    // The label is shown since the page expects it: one from the network alone is not.
    await (await wallet.prepareEnrolment({ ticket, account: name })).confirm();
    const till = made.issuer.till({ name, place: name === READABLE[0] ? null : name });
    assert.equal((await till.charge((await wallet.paymentCode()).text, yen(540))).outcome, "approved");
    await wallet.sync();
    const [newest] = wallet.state.recent;
    assert.deepEqual([newest.shop, newest.place, newest.missing], [name, name === READABLE[0] ? null : name, null]);
    assert.deepEqual([wallet.state.accountLabel, wallet.state.alerts], [name, []]);
  }
});

/** A wallet whose road changes the bodies of receipts while `change` is set. */
async function behind(made, owner) {
  const road = { change: null };
  const wallet = await made.wallet({
    account: owner, enrolled: true,
    async fetch(request) {
      const response = await made.issuer.fetch(request);
      if (!road.change || !request.url.endsWith("/v1/sync") || !response.ok) return response;
      const answer = await response.json();
      for (const item of answer.receipts) item.body = road.change(item.body);
      return new Response(JSON.stringify(answer), response);
    },
  });
  return { wallet, road };
}

test("an erased body and one that was changed on the way stop nothing: what was paid is signed by itself", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const { wallet, road } = await behind(made, owner);
  const till = made.issuer.till();
  const pay = async (amount) => {
    assert.equal((await till.charge((await wallet.paymentCode()).text, yen(amount))).outcome, "approved");
    await made.clock.advance({ seconds: 61 });
  };
  const newest = () => {
    const { kind, money, shop, place, by, missing } = wallet.state.recent[0];
    return { kind, money, shop, place, by, missing };
  };
  const seen = { kind: "payment", shop: null, place: null, by: "this-device" };

  await pay(100);
  road.change = () => "";
  await wallet.sync();
  assert.deepEqual(newest(), { ...seen, money: yen(100), missing: "erased" });
  assert.deepEqual(wallet.state.alerts, []);

  await pay(200);
  road.change = (body) => body.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  await assert.rejects(wallet.sync(), coded("receipt-forged"));
  assert.deepEqual(newest(), { ...seen, money: yen(200), missing: "forged" });
  assert.deepEqual(wallet.state.alerts.map(({ kind, cause }) => [kind, cause]), [["receipt-forged", null]]);
  assert.deepEqual(wallet.state.balance, yen(1700));

  road.change = null;
  await pay(300);
  await wallet.sync();
  assert.deepEqual(newest(), { ...seen, money: yen(300), shop: "Kissaten", place: "Kyoto", missing: null });
  assert.deepEqual(wallet.state.balance, yen(1400));
});
