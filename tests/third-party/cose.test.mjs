// @auth0/cose and jose on what this package writes: statements, tokens, proofs of possession, the issuer's keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Sign1 } from "@auth0/cose";
import { EmbeddedJWK, calculateJwkThumbprint, createLocalJWKSet, importJWK, jwtVerify, SignJWT, exportJWK, generateKeyPair } from "jose";
import { vectors } from "../lib/vectors.mjs";

const STATEMENTS = ["enrol", "step-up", "approval", "freeze", "allowance", "receipt", "head", "state", "time", "keyset", "quote"];
// @auth0/cose 1.0.2 does not look at a fifth item behind the four of COSE_Sign1.
const LENIENT = new Set(["five items"]);
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function fromBase32(text) {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
}

const message = (vector) => (vector.input.startsWith("JT1") ? fromBase32(vector.input.slice(3)) : Buffer.from(vector.input, "hex"));
const key = (vector) => importJWK({ ...vector.publicKey, alg: "ES256" }, "ES256");

/** Verifies with @auth0/cose and gives the payload. */
async function payload(vector, bytes = message(vector)) {
  const read = Sign1.decode(bytes);
  await read.verify(await key(vector), { externalAAD: Buffer.from(vector.externalAad, "hex"), algorithms: [-7] });
  return Buffer.from(read.payload).toString("hex");
}

for (const folder of [...STATEMENTS, "token"]) {
  test(`@auth0/cose: ${folder}`, async (t) => {
    let accepted = 0;
    let refused = 0;
    let skipped = 0;
    for (const vector of vectors(folder)) {
      if (vector.others === "accept") {
        const found = await payload(vector);
        if (vector.fields?.payload) assert.equal(found, vector.fields.payload, vector.rule);
        accepted += 1;
      } else if (vector.others === "refuse" && !LENIENT.has(vector.rule)) {
        await assert.rejects(async () => payload(vector), `${folder}: ${vector.rule}`);
        refused += 1;
      } else {
        skipped += 1;
      }
    }
    assert.ok(accepted >= 2 && refused >= 3);
    t.diagnostic(`${accepted} accepted, ${refused} refused, ${skipped} left to our own stricter rules`);
  });

  test(`@auth0/cose: ${folder}, one changed bit in payload or signature is refused`, async () => {
    const golden = vectors(folder).find(({ rule }) => rule.startsWith("golden"));
    const bytes = message(golden);
    for (const at of [bytes.length - 1, bytes.length - 40, bytes.length - 70]) {
      const changed = Uint8Array.from(bytes);
      changed[at] ^= 1;
      await assert.rejects(async () => payload(golden, changed), `byte ${at}`);
    }
  });
}

test("@auth0/cose: a token without its veil is refused", async () => {
  const golden = vectors("token").find(({ rule }) => rule === "golden exact");
  await assert.rejects(() => payload({ ...golden, externalAad: "" }));
});

test("jose: the issuer's keys load as a JWKS and check what jose signs with their like", async () => {
  const set = vectors("keyset").find(({ rule }) => rule === "golden");
  const bytes = Buffer.from(await payload(set), "hex");
  // Each key stands as a byte string of 65 bytes that starts with 4: 58 41 04.
  const points = [];
  for (let at = bytes.indexOf("584104", 0, "hex"); at >= 0; at = bytes.indexOf("584104", at + 68, "hex")) points.push(bytes.subarray(at + 3, at + 67));
  assert.equal(points.length, 4);
  const keys = points.map((point, at) => ({
    kty: "EC", crv: "P-256", alg: "ES256", use: "sig", kid: String(at), x: point.subarray(0, 32).toString("base64url"), y: point.subarray(32).toString("base64url"),
  }));
  const own = await generateKeyPair("ES256", { extractable: true });
  const jwks = createLocalJWKSet({ keys: [...keys, { ...(await exportJWK(own.publicKey)), kid: "own", alg: "ES256" }] });
  for (const { kid } of keys) assert.equal((await jwks({ alg: "ES256", kid })).type, "public");
  const signed = await new SignJWT({}).setProtectedHeader({ alg: "ES256", kid: "own" }).sign(own.privateKey);
  await jwtVerify(signed, jwks);
  const claimed = await new SignJWT({}).setProtectedHeader({ alg: "ES256", kid: "0" }).sign(own.privateKey);
  await assert.rejects(() => jwtVerify(claimed, jwks), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
});

test("jose: proofs of possession", async (t) => {
  const count = { accept: 0, refuse: 0, skip: 0 };
  for (const vector of vectors("dpop")) {
    const check = () => jwtVerify(vector.input, EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"], currentDate: new Date(vector.now * 1000), maxTokenAge: 60 });
    count[vector.others] += 1;
    if (vector.others === "refuse") await assert.rejects(check, vector.rule);
    if (vector.others !== "accept") continue;
    const { payload, protectedHeader } = await check();
    assert.deepEqual(payload, vector.fields.claims, vector.rule);
    assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), await calculateJwkThumbprint(vector.publicKey));
  }
  t.diagnostic(`${count.accept} accepted, ${count.refuse} refused, ${count.skip} left to our own stricter rules`);
  assert.equal(count.accept, 3);
});
