// Settings that name an origin, in one form for all of them; what would match nothing is refused and named.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";
import { Verifier, memorySingleUse } from "../../pkg/verifier.js";

const APK = "android:apk-key-hash:sO4hJ3nJ3d4cVbq0cPp1bq0cPp1bq0cPp1bq0cPp1bA";
const NEVER_WRITTEN = ["", "https://a.example/", "https://a.example:443", "https://A.example", "https://a.example/x", "http://a.example", "null", "android:apk-key-hash:", `${APK}=`];

const names = (argument) => (error) => {
  assert.ok(isJitsuinError(error, "bad-argument"), `${error?.code ?? error}`);
  assert.deepEqual({ ...error.details }, { argument });
  // What it has to be, and not only that it is wrong.
  assert.ok(error.message.length > "An argument has the wrong shape.".length && error.message.includes(argument), error.message);
  return true;
};

const verifier = (changed) => Verifier.create({
  issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse: memorySingleUse(), ...changed,
});

test("a verifier takes the origins that browsers and apps write", async () => {
  await verifier({ origins: ["https://wallet.example", "http://localhost:8787", "capacitor://localhost", APK] });
});

test("a verifier names the setting that no browser would match", async () => {
  for (const origin of NEVER_WRITTEN) await assert.rejects(verifier({ origins: ["https://wallet.example", origin] }), names("origins"), origin);
  for (const origins of [[], "https://wallet.example", [1]]) await assert.rejects(verifier({ origins }), names("origins"));
  for (const issuer of ["https://a.example/", "https://a.example:443", APK, "capacitor://localhost", "", undefined]) await assert.rejects(verifier({ issuer }), names("issuer"), issuer);
  for (const rpId of ["https://wallet.example", "127.0.0.1", "Wallet.example", "", undefined]) await assert.rejects(verifier({ rpId }), names("rpId"), rpId);
  await assert.rejects(verifier({ devicesByHandle: undefined }), names("devicesByHandle"));
  await assert.rejects(verifier({ singleUse: {} }), names("singleUse"));
  await assert.rejects(verifier({ leewaySeconds: 31 }), names("leewaySeconds"));
});

test("a test world names its option", async () => {
  for (const origin of NEVER_WRITTEN) await assert.rejects(createWorld({ iKnowThisIsATest: true, origin }), names("origin"), origin);
  await assert.rejects(createWorld({}), names("iKnowThisIsATest"));
});

test("a wallet names its option", async (t) => {
  const world = await createWorld({ iKnowThisIsATest: true });
  t.after(() => world.close());
  for (const origin of NEVER_WRITTEN) await assert.rejects(world.wallet({ cardOrigins: [origin] }), names("cardOrigins"), origin);
  await assert.rejects(world.wallet({ root: "short" }), names("root"));
  await assert.rejects(world.wallet({ custody: "vault" }), names("custody"));
  await assert.rejects(world.wallet({ lockAfterSeconds: 0 }), names("lockAfterSeconds"));
  const wallet = await world.wallet({ cardOrigins: ["https://pay.example"] });
  await assert.rejects(wallet.prepareTopUp({ amount: 5, currency: "JPY", source: "card-1" }), names("amount"));
});
