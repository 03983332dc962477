// Seal v1 by the page's own half (src/browser/seal.js) over Node's WebCrypto, on the vector that Python and Rust read too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Draft, again, derived, draft, inputOf, isSealed, seal, secretOf, unseal } from "../../src/browser/seal.js";

const VECTOR = JSON.parse(readFileSync(new URL("../vectors/seal.json", import.meta.url), "utf8"));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (of) => Buffer.from(of).toString("hex");
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** CBOR of {1: 1, 2: issuer, 3: account, 4: thumb, 5: credential}, short lengths only. */
function bound({ issuer, account, thumb, credential }) {
  const head = (major, length) => Buffer.from(length < 24 ? [(major << 5) | length] : [(major << 5) | 24, length]);
  const text = (value) => Buffer.concat([head(3, value.length), Buffer.from(value)]);
  const string = (value) => Buffer.concat([head(2, value.length), value]);
  return new Uint8Array(Buffer.concat([Buffer.from([0xa5, 1, 1, 2]), text(issuer), Buffer.from([3]), text(account), Buffer.from([4]), string(bytes(thumb)), Buffer.from([5]), string(bytes(credential))]));
}

const { expect } = VECTOR;
const sealedOf = (of) => ({ v: 1, input: bytes(of.input), salt: bytes(of.salt), check: bytes(expect.check), nonce: bytes(of.nonce), key: bytes(of.sealed) });
const whole = { ...VECTOR, sealed: expect.sealed };
const open = async (of) => unseal(sealedOf(of), await secretOf(bytes(of.prf)), of.rpId, bytes(of.thumb), bound(of));

test("the vector: check value, additional data and sealed key are these, and the key signs and can't be exported", async () => {
  assert.equal(hex(bound(VECTOR)), expect.bound);
  const { key, check } = await derived(await secretOf(bytes(VECTOR.prf)), bytes(VECTOR.salt), VECTOR.rpId, bytes(VECTOR.thumb));
  assert.equal(hex(check), expect.check);
  assert.equal(key.extractable, false);
  assert.equal(isSealed(sealedOf(whole)), true);
  const opened = await open(whole);
  assert.equal(opened.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", opened));
  const point = bytes(`04${VECTOR.publicKey.x}${VECTOR.publicKey.y}`);
  const publicKey = await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  assert.equal(await crypto.subtle.verify(ES256, publicKey, await crypto.subtle.sign(ES256, opened, bytes("01")), bytes("01")), true);
});

test("every change is refused by its name", async () => {
  for (const { change, expect: name } of VECTOR.refused) await assert.rejects(open({ ...whole, ...change }), { name }, JSON.stringify(change));
});

test("the PRF output is overwritten, and what is handed on can't be read", async () => {
  const output = bytes(VECTOR.prf);
  const secret = await secretOf(output.buffer);
  assert.equal(hex(output), "00".repeat(32));
  assert.equal(secret.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", secret));
  // No byte at all is how some platforms say that there is none.
  for (const none of [undefined, null, "text", 5, {}, new ArrayBuffer(0), new Uint8Array(0)]) assert.equal(await secretOf(none), undefined);
  for (const bad of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(33).fill(1)]) assert.equal(await secretOf(bad.buffer), null);
});

test("a new key seals, opens, seals again under another input, and its first form can't be cloned", async () => {
  const { draft: made, publicKey } = await draft();
  assert.ok(made instanceof Draft);
  assert.equal(isSealed(structuredClone(made)), false);
  assert.deepEqual(Object.keys(made), []);
  assert.equal(JSON.stringify(made), "{}");
  const [thumb, aad] = [bytes(VECTOR.thumb), bytes(expect.bound)];
  const secret = () => secretOf(bytes(VECTOR.prf));
  const works = async (key) => crypto.subtle.verify(ES256, publicKey, await crypto.subtle.sign(ES256, key, aad), aad);
  const first = await seal(made, await secret(), "wallet.example", thumb, aad);
  assert.equal(isSealed(structuredClone(first)), true);
  assert.equal(await works(await unseal(first, await secret(), "wallet.example", thumb, aad)), true);
  const second = await seal(await again(first, await secret(), "wallet.example", thumb, aad), await secret(), "wallet.example", thumb, aad);
  for (const part of ["input", "salt", "check", "nonce", "key"]) assert.notEqual(hex(first[part]), hex(second[part]), part);
  assert.equal(await works(await unseal(second, await secret(), "wallet.example", thumb, aad)), true);
  assert.deepEqual([inputOf(first), inputOf(second), inputOf({})].map((input) => input?.length), [32, 32, undefined]);
  for (const husk of [{}, null, 1, { ...first, v: 2 }, { ...first, salt: first.salt.slice(1) }, { ...first, key: "text" }]) assert.equal(isSealed(husk), false);
});
