// `jitsuin/verifier` takes or refuses every published vector of tokens and proofs as it says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Verifier, memorySingleUse } from "../../pkg/verifier.js";
import { decodeToken } from "../lib/token.mjs";
import { vectors } from "../lib/vectors.mjs";
import { TILL, coded, yen } from "../lib/verifying.mjs";

/** The code that a refusal by this name is for whoever calls. */
const said = (name) => {
  if (name === "bad-signature" || name === "wrong-statement" || name.startsWith("token-") || name === "clone-suspected") return name;
  return "malformed";
};

test("tokens: every vector is taken or refused as it says", async () => {
  for (const vector of vectors("token")) {
    const { fields, after = [], input, expect } = vector;
    let now = vector.now;
    const veil = Buffer.from(vector.externalAad, "hex");
    const device = { id: "device", account: "acc", custody: "browser", passkeys: [], publicKey: vector.publicKey, veil: veil.length === 16 ? veil : Buffer.alloc(16), perPayment: yen(2n ** 53n - 1n) };
    const verifier = await Verifier.create({
      issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], now: () => new Date(now * 1000),
      devicesByHandle: async () => [device], singleUse: memorySingleUse(),
    });
    const sale = { money: yen(fields?.amount ?? 540), till: fields?.audience ?? TILL };
    for (const earlier of after) {
      now = decodeToken(earlier).iat;
      // At another till: what its own till hears of it is no part of a vector.
      await verifier.redeem(earlier, { ...sale, till: "t/earlier" });
    }
    now = vector.now;
    if (expect !== "ok") {
      await assert.rejects(verifier.redeem(input, sale), coded(said(expect)), vector.rule);
      continue;
    }
    const { value } = await verifier.redeem(input, sale);
    const limit = value.limit === null ? "allowance" : value.exact ? "exact" : "up-to";
    const got = { limit, amount: value.limit && String(value.limit.amount), audience: value.till, issuedAt: value.issuedAt / 1000, expiresAt: value.expiresAt / 1000, atc: value.counter };
    assert.deepEqual(got, fields, vector.rule);
  }
});

test("a code for one till is no other till's, and for one amount no other's", async () => {
  const { input, publicKey, externalAad, now, fields } = vectors("token").find(({ rule }) => rule === "golden exact");
  const device = { id: "device", account: "acc", custody: "browser", passkeys: [], publicKey, veil: Buffer.from(externalAad, "hex"), perPayment: yen(10_000) };
  const verifier = await Verifier.create({
    issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], now: () => new Date(now * 1000),
    devicesByHandle: async () => [device], singleUse: memorySingleUse(),
  });
  const sale = { money: yen(fields.amount), till: fields.audience };
  await assert.rejects(verifier.redeem(input, { ...sale, till: "t/another" }), coded("wrong-till"));
  await assert.rejects(verifier.redeem(input, { ...sale, till: "t/another", merchant: "m/another" }), coded("wrong-till"));
  await assert.rejects(verifier.redeem(input, { ...sale, money: yen(539) }), coded("amount-mismatch"));
  await verifier.redeem(input, { ...sale, merchant: "m/another" });
});

test("proofs: every vector is taken or refused as it says", async () => {
  const verifier = await Verifier.create({
    issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"],
    devicesByHandle: async () => [], singleUse: memorySingleUse(),
  });
  for (const { rule, call, input: proof, publicKey: key, expect, fields } of vectors("dpop")) {
    const nonce = "bm9uY2U";
    const checked = verifier.checkProof({ ...call, proof, key, nonce });
    if (expect !== "ok") await assert.rejects(checked, coded("proof-refused"), rule);
    else if (fields.claims.nonce === "") await assert.rejects(checked, coded("use-dpop-nonce"), rule);
    else {
      const { jti, account, thumb } = (await checked).value;
      assert.deepEqual([jti, account, thumb], [fields.claims.jti, fields.claims.acc ?? null, fields.thumb], rule);
    }
  }
});
