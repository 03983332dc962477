// What the package makes, for readers written by others: a whole wallet (wasm, ports in memory) against the reference issuer over
// HTTP, every call recorded. `node tests/lib/made.mjs` prints it as JSON for the Python suite.
import { fileURLToPath } from "node:url";
import { createWorld } from "../../pkg/testing.js";
import { startIssuer } from "./issuer.mjs";

const JWKS = "/.well-known/jwks.json";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOGIN = "hanako";

/** @param {string} text */
export function fromBase32(text) {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
}

/** The byte strings of a map of CBOR, by key; what else stands in it is passed over. @param {Buffer} map */
function byteStrings(map) {
  let at = 0;
  /** @type {Map<number, Buffer>} */
  const found = new Map();
  const head = () => {
    const [major, low] = [map[at] >> 5, map[at] & 31];
    at += 1;
    const width = low < 24 ? 0 : 1 << (low - 24);
    const argument = width === 0 ? low : Number(BigInt(`0x${map.subarray(at, at + width).toString("hex")}`));
    at += width;
    return { major, argument };
  };
  const skip = () => {
    const { major, argument } = head();
    if (major === 2 || major === 3) at += argument;
    if (major === 4 || major === 5) for (let left = argument * (major - 3); left > 0; left -= 1) skip();
  };
  for (let left = head().argument; left > 0; left -= 1) {
    const { argument: key } = head();
    const start = at;
    const { major, argument } = head();
    if (major === 2) found.set(key, map.subarray(at, at + argument));
    at = start;
    skip();
  }
  return found;
}

/** The payload of a COSE_Sign1: its third item. @param {Buffer} cose */
function payload(cose) {
  let at = 2; // tag and array
  const string = () => {
    const low = cose[at] & 31;
    at += 1;
    const width = low < 24 ? 0 : 1 << (low - 24);
    const length = width === 0 ? low : cose.readUIntBE(at, width);
    at += width + length;
    return cose.subarray(at - length, at);
  };
  string();
  at += 1; // the empty map
  return string();
}

/**
 * @typedef {{ name: string, input: string, externalAad: string, key: JsonWebKey | null }} Made `key`: null where the issuer signed; the JWK
 *   set has that one
 * @typedef {{ proof: string, method: string, path: string }} Proof
 */

/** @returns {Promise<{ url: string, jwks: { keys: Record<string, unknown>[] }, statements: Made[], proofs: Proof[], stop(): Promise<void> }>} */
export async function made() {
  const issuer = await startIssuer({ origins: ["https://wallet.test"] });
  const world = await createWorld({ iKnowThisIsATest: true });
  const stop = async () => {
    await world.close();
    await issuer.stop();
  };
  try {
    /** @type {{ path: string, sent: any, got: any, jwk: JsonWebKey }[]} */
    const calls = [];
    /** @type {Proof[]} */
    const proofs = [];
    /** @param {Request} request */
    const record = async (request) => {
      const { pathname: path } = new URL(request.url);
      const body = request.method === "POST" ? await request.clone().json() : null;
      const proof = request.headers.get("DPoP");
      const answer = await fetch(request);
      const jwk = proof && JSON.parse(Buffer.from(proof.split(".")[0], "base64url").toString()).jwk;
      if (proof) proofs.push({ proof, method: request.method, path });
      if (answer.ok) calls.push({ path, sent: body, got: await answer.clone().json(), jwk });
      return answer;
    };
    /** @param {string} path @param {object} body */
    const demo = async (path, body) => {
      const answer = await fetch(issuer.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return answer.json();
    };
    /** @param {RegExp} pattern */
    const code = async (pattern) => {
      const found = (await demo("/demo/inbox", {})).map(({ text }) => pattern.exec(text)?.[1]).filter(Boolean);
      return found[found.length - 1];
    };

    const wallet = await world.wallet({ issuer: issuer.url, fetch: record });
    const { attempt } = await wallet.logIn({ login: LOGIN, password: `${LOGIN}-password` });
    const ticket = await wallet.enterCode({ attempt, code: await code(/(\d{8}) registers a device/) });
    await (await wallet.prepareEnrolment({ ticket, label: "Test device" })).confirm();
    await wallet.sync();
    const { proof } = await wallet.proveCard({ source: "card-1" });
    await demo("/demo/card", { proof, code: await code(/(\d{8}) lets your wallet charge/) });
    await wallet.sync();
    await (await wallet.prepareTopUp({ amount: 1000n, currency: "JPY", source: "card-1" })).confirm();
    const token = await wallet.paymentCode({ max: { amount: 540n, currency: "JPY" } });
    await wallet.sync();
    await wallet.freeze();

    /** @type {Made[]} */
    const statements = [];
    /** @param {string} name @param {string | undefined} bytes @param {JsonWebKey | null} key @param {Buffer} [aad] */
    const put = (name, bytes, key, aad = Buffer.alloc(0)) => {
      if (bytes === undefined) return;
      const input = Buffer.from(bytes, "base64url").toString("hex");
      if (!statements.some((made) => made.input === input)) statements.push({ name, input, externalAad: aad.toString("hex"), key });
    };
    for (const { path, sent, got, jwk } of calls) {
      if (path === "/v1/enrolment/confirm") put("enrol", sent.statement, jwk);
      if (path === "/v1/freeze") put("freeze", sent.statement, jwk);
      put("step-up", sent?.co_signature, jwk);
      put("allowance", got.allowance, null);
      put("time", got.time, null);
      put("head", got.head, null);
      put("state", got.state, null);
      for (const { receipt } of [...(got.receipts ?? []), ...(got.outcome === "done" ? [got.receipt] : [])]) put("receipt", receipt, null);
    }
    const wellKnown = await (await fetch(`${issuer.url}/.well-known/jitsuin`)).json();
    put("keyset", wellKnown.key_set.by_root, wellKnown.key_set.root);
    const enrolled = calls.find(({ path }) => path === "/v1/enrolment/confirm");
    const veil = byteStrings(payload(Buffer.from(enrolled?.got.allowance, "base64url"))).get(5);
    put("token", fromBase32(token.text.slice(3)).toString("base64url"), enrolled?.jwk ?? null, veil);
    const jwks = await (await fetch(issuer.url + JWKS)).json();
    return { url: issuer.url, jwks, statements, proofs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { stop, ...all } = await made();
  await stop();
  process.stdout.write(JSON.stringify(all));
}
