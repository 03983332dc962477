// What the package really makes, over HTTP against the reference issuer, checked by @auth0/cose and jose: every kind of statement that
// this version sends or is sent, with the issuer's keys found where outside tools find them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sign1 } from "@auth0/cose";
import { EmbeddedJWK, createRemoteJWKSet, importJWK, jwtVerify } from "jose";
import { made } from "../lib/made.mjs";

const BY_ISSUER = { allowance: "allowance", receipt: "receipt", head: "receipt", state: "receipt", time: "time" };

/** @type {Awaited<ReturnType<typeof made>>} */
let all;
/** @type {ReturnType<typeof createRemoteJWKSet>} */
let remote;
before(async () => {
  all = await made();
  remote = createRemoteJWKSet(new URL("/.well-known/jwks.json", all.url));
});
after(() => all?.stop());

/** The key that a message names, as outside tools find it. @param {Sign1} message */
const published = (message) => remote({ alg: "ES256", kid: Buffer.from(message.protectedHeaders.get(4)).toString("base64url") }, /** @type {any} */ ({}));

/** @param {import("../lib/made.mjs").Made} statement @param {Uint8Array} [bytes] */
async function verify({ input, externalAad, key }, bytes = Buffer.from(input, "hex")) {
  const message = Sign1.decode(bytes);
  const found = key ? await importJWK({ ...key, alg: "ES256" }, "ES256") : await published(message);
  await message.verify(found, { externalAAD: Buffer.from(externalAad, "hex"), algorithms: [-7] });
}

test("every kind of statement of this version is among what was made", () => {
  const kinds = new Set(all.statements.map(({ name }) => name));
  assert.deepEqual([...kinds].sort(), ["allowance", "enrol", "freeze", "head", "keyset", "receipt", "state", "step-up", "time", "token"]);
  assert.ok(all.statements.filter(({ name }) => name === "receipt").length >= 3);
});

test("the issuer serves its keys as a JWK set, one for each use, and nothing private", async () => {
  const answer = await fetch(new URL("/.well-known/jwks.json", all.url));
  assert.equal(answer.headers.get("content-type"), "application/jwk-set+json");
  const { keys } = await answer.json();
  assert.deepEqual(keys.map(({ purpose }) => purpose).sort(), ["allowance", "quote", "receipt", "time"]);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).sort(), ["alg", "crv", "exp", "kid", "kty", "nbf", "purpose", "use", "x", "y"]);
    assert.deepEqual([key.kty, key.crv, key.alg, key.use], ["EC", "P-256", "ES256", "sig"]);
    assert.ok(key.nbf * 1000 <= Date.now() && Date.now() < key.exp * 1000);
    assert.equal((await remote({ alg: "ES256", kid: key.kid }, /** @type {any} */ ({}))).type, "public");
  }
  await assert.rejects(async () => remote({ alg: "ES256", kid: "AAAAAAAAAAA" }, /** @type {any} */ ({})), { code: "ERR_JWKS_NO_MATCHING_KEY" });
});

test("@auth0/cose takes each statement, the issuer's under the key of its own purpose", async () => {
  for (const statement of all.statements) {
    await verify(statement);
    const purpose = BY_ISSUER[/** @type {keyof typeof BY_ISSUER} */ (statement.name)];
    assert.equal(statement.key === null, purpose !== undefined, statement.name);
    if (purpose === undefined) continue;
    const kid = Buffer.from(Sign1.decode(Buffer.from(statement.input, "hex")).protectedHeaders.get(4)).toString("base64url");
    assert.equal(all.jwks.keys.find((key) => key.kid === kid)?.purpose, purpose, statement.name);
  }
});

test("@auth0/cose refuses each with one bit changed, or a token without its veil", async () => {
  for (const statement of all.statements) {
    const bytes = Buffer.from(statement.input, "hex");
    for (const at of [bytes.length - 1, bytes.length - 40, bytes.length - 70]) {
      const changed = Uint8Array.from(bytes);
      changed[at] ^= 1;
      await assert.rejects(() => verify(statement, changed), `${statement.name}, byte ${at}`);
    }
    if (statement.name === "token") await assert.rejects(() => verify({ ...statement, externalAad: "" }));
  }
});

test("jose takes every proof of possession that was sent, and none with a changed claim", async () => {
  assert.ok(all.proofs.length >= 10);
  for (const { proof, method, path } of all.proofs) {
    const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"], maxTokenAge: 300 });
    assert.deepEqual([payload.htm, payload.htu], [method, all.url + path]);
    const [header, claims, signature] = proof.split(".");
    const other = Buffer.from(JSON.stringify({ ...payload, htm: "GET" })).toString("base64url");
    assert.notEqual(other, claims);
    await assert.rejects(jwtVerify([header, other, signature].join("."), EmbeddedJWK, { typ: "dpop+jwt" }), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  }
});
