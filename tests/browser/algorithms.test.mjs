// Passkeys of each algorithm that the wallet asks for, made by Chromium's own authenticator: enrolled, sealed under, asked for a step-up,
// and checked by the issuer. An authenticator that has one algorithm alone is played by taking the others out of the question.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { coded, yen } from "../lib/words.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Runs in a page before its own scripts. */
function only(algorithm) {
  const own = navigator.credentials.create;
  globalThis.asked = [];
  globalThis.made = [];
  Object.defineProperty(navigator.credentials, "create", {
    configurable: true,
    value: async ({ publicKey, ...rest }) => {
      globalThis.asked.push(publicKey.pubKeyCredParams.map(({ alg }) => alg));
      const wanted = algorithm === null ? publicKey.pubKeyCredParams : [{ type: "public-key", alg: algorithm }];
      const credential = await own.call(navigator.credentials, { publicKey: { ...publicKey, pubKeyCredParams: wanted }, ...rest });
      globalThis.made.push(credential.response.getPublicKeyAlgorithm());
      return credential;
    },
  });
}

async function open(t, algorithm) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext();
  const page = await context.newPage();
  t.after(async () => {
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  await page.addInitScript(only, algorithm);
  const kit = await attach(page, { world });
  const owner = await world.issuer.account({ balance: yen(2000) });
  return { world, kit, page, owner, wallet: await kit.wallet({ custody: "auto" }) };
}

for (const [name, algorithm] of [["ES256", -7], ["RS256", -257], ["EdDSA", -8]]) {
  test(`${name} alone: enrols, is sealed and opened, pays and steps up`, async (t) => {
    const { world, kit, page, owner, wallet } = await open(t, algorithm);
    await kit.enrol(wallet, owner);
    assert.deepEqual(await page.evaluate(() => [globalThis.asked, globalThis.made]), [[[-7, -257, -8]], [algorithm]]);
    assert.equal((await wallet.state()).device.custody, "passkey");
    await wallet.lock();
    await wallet.unlock();
    const { text } = await wallet.paymentCode();
    assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
    await owner.proveCards(wallet);
    const source = (await wallet.state()).sources[0].id;
    await (await wallet.prepareTopUp({ ...yen(1000), source })).confirm();
    assert.deepEqual(await owner.balance(), yen(2460));

    // What the passkey signs counts: the same step-up with a signature that does not hold moves nothing.
    await world.issuer.clock.advance({ minutes: 11 });
    await wallet.sync();
    const next = await wallet.prepareTopUp({ ...yen(1000), source });
    await kit.authenticator.tamper("signature");
    await assert.rejects(next.confirm(), coded("assertion-refused"));
    assert.deepEqual(await owner.balance(), yen(2460));
  });
}

test("an authenticator that has all takes ES256, the first one", async (t) => {
  const { kit, page, owner, wallet } = await open(t, null);
  await kit.enrol(wallet, owner);
  assert.deepEqual(await page.evaluate(() => globalThis.made), [-7]);
});
