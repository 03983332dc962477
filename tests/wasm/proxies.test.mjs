// Every public object through proxies, as frameworks of state hand them out: `new Proxy(object, {})` and Vue's `reactive`. Private members
// do not exist on a proxy, so each method and getter has to be bound to the object itself.
// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { reactive } from "vue";
import { createWorld } from "../../pkg/testing.js";
import { ReferenceHost } from "../../pkg/testing/host.js";
import { Verifier, memorySingleUse } from "../../pkg/verifier.js";
import { yen } from "../lib/words.mjs";

const NOON = new Date("2026-06-01T12:00:00Z");
const WAYS = /** @type {const} */ ([["a plain proxy", (/** @type {any} */ object) => new Proxy(object, {})], ["Vue's reactive", (/** @type {any} */ object) => reactive(object)]]);

for (const [name, proxy] of WAYS) {
  test(`${name}: world, account, till, wallet, ceremony and alerts`, async (t) => {
    const world = proxy(await createWorld({ iKnowThisIsATest: true, now: NOON }));
    t.after(() => world.close());
    const owner = proxy(await proxy(world.issuer).account({ balance: yen(2000) }));
    const wallet = proxy(await world.wallet());
    assert.equal(wallet.state.status, "new");
    let changes = 0;
    const stop = wallet.subscribe(() => (changes += 1));
    const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
    const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
    const enrolment = proxy(await wallet.prepareEnrolment({ ticket, label: "Phone" }));
    assert.equal(enrolment.intent.kind, "enrol");
    assert.equal((await enrolment.confirm()).here, true);
    await wallet.sync();
    const { text } = await wallet.paymentCode();
    assert.equal((await proxy(world.issuer.till()).charge(text, yen(540))).outcome, "approved");
    await wallet.sync();
    assert.deepEqual((await wallet.receipts())[0].money, yen(540));
    assert.deepEqual(wallet.state.balance, yen(1460));
    assert.ok(changes > 0);
    stop();
    wallet.lock();
    assert.equal(wallet.state.status, "locked");
    await world.authenticator.approve();
    await wallet.unlock();
    assert.deepEqual(world.authenticator.prompts[0], "create");
    await wallet.freeze();
    await wallet.close();
    assert.equal(wallet.state.status, "closed");
  });

  test(`${name}: verifier`, async () => {
    const options = { issuer: "https://issuer.test", rpId: "wallet.test", origins: ["https://wallet.test"], devicesByHandle: () => [], singleUse: proxy(memorySingleUse()) };
    const verifier = proxy(await Verifier.create(proxy(options)));
    await assert.rejects(verifier.redeem("JT1", { money: yen(1), till: "t/1" }), { name: "JitsuinError", code: "malformed" });
    await assert.rejects(verifier.checkStepUp(new Uint8Array(), {}), { code: "bad-argument" });
    await assert.rejects(verifier.checkProof({ method: "POST", url: "/", proof: "", nonce: "", key: {} }), { code: "bad-argument" });
  });
}

test("nothing public is left unbound", async (t) => {
  const world = await createWorld({ iKnowThisIsATest: true, now: NOON });
  t.after(() => world.close());
  const verifier = await Verifier.create({ issuer: "https://issuer.test", rpId: "wallet.test", origins: ["https://wallet.test"], devicesByHandle: () => [], singleUse: memorySingleUse() });
  const host = new ReferenceHost({ origins: [], ask: async () => true });
  for (const object of [world, await world.wallet(), verifier, host]) {
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== "constructor");
    assert.notEqual(names.length, 0);
    for (const name of names) assert.ok(Object.hasOwn(object, name), `${object.constructor.name}.${name}`);
  }
});
