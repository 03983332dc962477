// @ts-check
/**
 * The native side of a host bridge, for tests and to be read by whoever writes a real one: a key that can't be exported, the purposes it
 * knows, its own list of origins, a question to its user for every purpose but tokens and proofs, and a limit on the unasked ones.
 * docs/webview.md is the contract. It runs where the native side runs: a page reaches it only by messages.
 */

import { bind } from "../given.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const PROOF = "jitsuin/v1/key-proof\0";
/** Statements that a device key signs, by purpose. */
const STATEMENTS = /** @type {Record<string, string>} */ ({ enrolment: "enrol", "co-signature": "step-up", approval: "approval", freeze: "freeze" });
const MINUTE = 60_000;

/** @typedef {{ key: string, purpose: string, protected: Uint8Array, payload: Uint8Array, aad: Uint8Array }} ToSign */
/** @typedef {{ origin: string, topFrame: boolean }} Sender what the platform itself says of who called; never what the message says */

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
const joined = (/** @type {(Uint8Array | number[])[]} */ ...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const refused = (/** @type {string} */ why, name = "SecurityError") => new DOMException(why, name);
const base64 = (/** @type {Uint8Array} */ bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

/** A CBOR head of definite, shortest length. @param {number} major @param {number} size */
const head = (major, size) => (size < 24 ? [(major << 5) | size] : size < 256 ? [(major << 5) | 24, size] : [(major << 5) | 25, size >> 8, size & 255]);
const byteString = (/** @type {Uint8Array} */ of) => joined(head(2, of.length), of);
const textString = (/** @type {string} */ of) => joined(head(3, of.length), utf8(of));

const sha256 = async (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** RFC 9679: over the COSE_Key `{1: 2, -1: 1, -2: x, -3: y}`. @param {Uint8Array} point SEC1, uncompressed */
const thumbprint = (point) => sha256(joined([0xa4, 0x01, 0x02, 0x20, 0x01, 0x21], byteString(point.slice(1, 33)), [0x22], byteString(point.slice(33))));

/** Whether a protected header is exactly `{1: -7, 4: kid}`, or with `16: typ` for a statement. @param {Uint8Array} header @param {string} [name] */
function isHeader(header, name) {
  const kid = header.slice(5, 13);
  const type = name ? joined([0x10], textString(`application/vnd.jitsuin.${name}.v1+cose`)) : new Uint8Array();
  const expected = joined([name ? 0xa3 : 0xa2, 0x01, 0x26, 0x04, 0x48], kid, type);
  return kid.length === 8 && expected.length === header.length && expected.every((byte, at) => byte === header[at]);
}

/** The bytes to sign: only ever of a shape whose purpose is known. @param {ToSign} asked */
function signingInput({ purpose, protected: header, payload, aad }) {
  if (purpose === "proof") {
    if (payload.length !== 16 || header.length || aad.length) throw refused("a proof is over 16 bytes");
    return joined(utf8(PROOF), payload);
  }
  if (purpose === "dpop") {
    const { typ, alg } = JSON.parse(new TextDecoder().decode(header));
    if (typ !== "dpop+jwt" || alg !== "ES256" || aad.length) throw refused("not a proof of possession");
    return utf8(`${base64(header)}.${base64(payload)}`);
  }
  const name = STATEMENTS[purpose];
  if (!name && purpose !== "token") throw refused(`unknown purpose`);
  if (!isHeader(header, name) || (name ? aad.length !== 0 : aad.length !== 16)) throw refused(`not what a ${purpose} is`);
  return joined([0x84], textString("Signature1"), byteString(header), byteString(aad), byteString(payload));
}

export class ReferenceHost {
  /** @type {Map<string, { origin: string, pair: CryptoKeyPair }>} */ #keys = new Map();
  /** @type {Map<string, number[]>} */ #signed = new Map();
  #origins;
  #ask;
  #perMinute;
  #now;
  #root;

  /**
   * @param {{ origins: readonly string[], ask: (what: { purpose: string, origin: string, payload: Uint8Array }) => Promise<boolean>, perMinute?: { token: number, dpop: number }, now?: () => number, root?: CryptoKey }} options
   *   `ask`: the app's own prompt; `root`: stands for the platform's attestation, as the issuer's checker `RootSigned` reads it
   */
  constructor({ origins, ask, perMinute = { token: 10, dpop: 120 }, now = () => performance.now(), root }) {
    bind(this);
    this.#root = root;
    this.#origins = new Set(origins);
    this.#ask = ask;
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Every call passes here first. @param {Sender} sender */
  #admit({ origin, topFrame }) {
    if (!topFrame || !this.#origins.has(origin)) throw refused("not a page of this app");
  }

  /** @param {Sender} sender */
  async hello(sender) {
    this.#admit(sender);
    return { version: 1, origin: sender.origin, offers: ["key"] };
  }

  /** @param {Sender} sender */
  async makeKey(sender) {
    this.#admit(sender);
    const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]));
    const key = crypto.randomUUID();
    this.#keys.set(key, { origin: sender.origin, pair });
    return { key, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
  }

  /** @param {Sender} sender @param {ToSign} asked */
  async sign(sender, asked) {
    this.#admit(sender);
    const held = this.#keys.get(asked.key);
    if (held?.origin !== sender.origin) throw refused("no such key", "NotFoundError");
    const input = signingInput(asked);
    const limit = /** @type {Record<string, number>} */ (this.#perMinute)[asked.purpose];
    if (limit !== undefined) this.#pace(`${asked.key} ${asked.purpose}`, limit);
    else if (asked.purpose !== "proof" && !(await this.#ask({ purpose: asked.purpose, origin: sender.origin, payload: asked.payload }))) throw refused("the user said no", "NotAllowedError");
    return new Uint8Array(await crypto.subtle.sign(ES256, held.pair.privateKey, input));
  }

  /** @param {Sender} sender @param {{ key: string, nonce: Uint8Array }} asked */
  async attestKey(sender, { key, nonce }) {
    this.#admit(sender);
    const held = this.#keys.get(key);
    if (held?.origin !== sender.origin) throw refused("no such key", "NotFoundError");
    if (!this.#root || nonce.length !== 16) throw refused("nothing to say");
    const thumb = await thumbprint(new Uint8Array(await crypto.subtle.exportKey("raw", held.pair.publicKey)));
    const message = await sha256(joined(utf8("jitsuin/v1/attestation\0"), thumb, nonce));
    return new Uint8Array(await crypto.subtle.sign(ES256, this.#root, message));
  }

  /** @param {string} what @param {number} limit */
  #pace(what, limit) {
    const now = this.#now();
    const lately = (this.#signed.get(what) ?? []).filter((at) => now - at < MINUTE);
    if (lately.length >= limit) throw refused("too many in a minute", "QuotaExceededError");
    this.#signed.set(what, [...lately, now]);
  }

  /** @param {Sender} sender @param {string} key */
  async eraseKey(sender, key) {
    this.#admit(sender);
    if (this.#keys.get(key)?.origin === sender.origin) this.#keys.delete(key);
  }

  /** How many keys it keeps. */
  get size() {
    return this.#keys.size;
  }

  /** The same as a `Host` of one page, for where page and native side are one process. @param {Sender} sender */
  of(sender) {
    return Object.freeze({
      version: /** @type {const} */ (1),
      hello: () => this.hello(sender),
      makeKey: () => this.makeKey(sender),
      sign: (/** @type {ToSign} */ asked) => this.sign(sender, asked),
      attestKey: (/** @type {{ key: string, nonce: Uint8Array }} */ asked) => this.attestKey(sender, asked),
      eraseKey: (/** @type {string} */ key) => this.eraseKey(sender, key),
    });
  }
}
