// Two shops within three minutes, through the package: what the page says that it has drawn, and the owner's word.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";

const NOON = new Date("2026-06-01T12:00:00Z");
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });

/** Pays at a shop, and a minute later at a second one; `between` is what the wallet does in the meantime. */
async function twoShops(t, second, between) {
  const made = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(async () => {
    await made.issuer.audit();
    await made.close();
  });
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet({ account: owner, enrolled: true });
  const [till, other] = [made.issuer.till({ placeId: "kyoto" }), made.issuer.till(second)];
  assert.equal((await till.charge((await wallet.paymentCode()).text, yen(540))).outcome, "approved");
  await wallet.sync();
  await between(wallet);
  await made.clock.advance({ seconds: 60 });
  assert.equal((await other.charge((await wallet.paymentCode()).text, yen(460))).outcome, "approved");
  await wallet.sync();
  return { made, wallet };
}

const drawn = (wallet) => wallet.shown({ sequence: wallet.state.recent[0].sequence });
const kinds = (wallet) => wallet.state.alerts.map(({ kind }) => kind);

test("a receipt that the page has drawn holds nothing", async (t) => {
  const { wallet } = await twoShops(t, { merchant: "m/2" }, drawn);
  assert.deepEqual(kinds(wallet), []);
  assert.equal(wallet.state.recent.some(({ kind }) => kind === "held"), false);
});

test("another text of the same place is no other place, another registered id is", async (t) => {
  const same = await twoShops(t, { place: "Osaka", placeId: "kyoto" }, () => {});
  assert.deepEqual(kinds(same.wallet), []);
  const other = await twoShops(t, { place: "Kyoto", placeId: "osaka" }, () => {});
  assert.deepEqual(kinds(other.wallet), ["used-elsewhere"]);
});

test("the owner says that both were theirs, once", async (t) => {
  const { wallet } = await twoShops(t, { merchant: "m/2" }, () => {});
  const [{ receipt }] = wallet.state.alerts;
  assert.equal(receipt.reason, "used-elsewhere");
  await assert.rejects(wallet.bothMine({ sequence: receipt.undoes }), (error) => isJitsuinError(error, "not-found"));
  await wallet.bothMine({ sequence: receipt.sequence });
  assert.deepEqual(kinds(wallet), []);
  assert.deepEqual([wallet.state.recent[0].kind, wallet.state.recent[0].undoes], ["released", receipt.undoes]);
});

test("a day after the wallet has heard of it, time releases it", async (t) => {
  const { made, wallet } = await twoShops(t, { merchant: "m/2" }, () => {});
  await made.clock.advance({ hours: 24, seconds: 1 });
  await made.issuer.sweep();
  await wallet.sync();
  assert.equal(kinds(wallet).includes("used-elsewhere"), false);
});
