// @ts-check
/**
 * The native side of a webview as the wallet's key store: custody `native`. The page names its host; nothing is ever looked for. What the
 * wallet signs goes over in parts with its purpose, never as the bytes to sign, and every call settles. docs/webview.md is the contract.
 */

import { badArgument } from "./error.js";
// @ts-ignore -- a copy of src/browser/platform.js
import { bytesOf, tried } from "./wasm/page/browser/platform.js";
// @ts-ignore -- a copy of src/browser/deadline.js
import { isSilence, subtle, within } from "./wasm/page/browser/deadline.js";

/** @typedef {import("./index.js").Host} Host */
/** @typedef {import("./index.js").HostPurpose} Purpose */

/** How long the host may take where it asks nobody, and where it asks its user, in milliseconds. */
const SOON = 10_000;
const ASKING = 60_000;
/** Longest attestation that goes to the issuer, in bytes: the platforms' own are chains of certificates of a few kilobytes. */
const ATTESTATION = 16_384;
/** Signed without asking anybody, as the wallet does it all the time. @type {readonly string[]} */
const UNASKED = ["token", "dpop", "proof"];

/** Nothing else that is signed starts so. */
const PROOF = Uint8Array.from("jitsuin/v1/key-proof\0", (letter) => letter.charCodeAt(0));
const NONCE = 16;
const STATEMENT = /^application\/vnd\.jitsuin\.([a-z-]+)\.v1\+cose$/;
/** Purposes by the statement's name in its `typ`. @type {Record<string, Purpose>} */
const PURPOSES = { enrol: "enrolment", "step-up": "co-signature", approval: "approval", freeze: "freeze" };

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** Read by name in the module: which refusal it is. @param {string} name */
const refusal = (name) => new DOMException("", name);

/** A CBOR item of one major type: its bytes, and where the next one begins. @param {Uint8Array} from @param {number} at @param {number} major */
function item(from, at, major) {
  const [head, one = 0, two = 0] = from.subarray(at, at + 3);
  const short = head & 31;
  const extra = short < 24 ? 0 : short === 24 ? 1 : short === 25 ? 2 : -1;
  const length = extra === 0 ? short : extra === 1 ? one : (one << 8) | two;
  const begin = at + 1 + extra;
  const end = begin + length;
  if (head >> 5 !== major || extra < 0 || end > from.length) throw refusal("DataError");
  return { bytes: from.slice(begin, end), end };
}

/** The `typ` of a protected header `{1: -7, 4: kid, 16: typ}`, if it has one. @param {Uint8Array} header */
function typeOf(header) {
  const at = 13; // head of the map, algorithm, and an 8-byte kid
  return header.length > at ? new TextDecoder().decode(item(header, at + 1, 3).bytes) : null;
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

/**
 * What the wallet is about to sign, in parts and with its purpose. The host builds the signing input from them by itself.
 * @param {Uint8Array} message
 * @returns {{ purpose: Purpose, protected: Uint8Array, payload: Uint8Array, aad: Uint8Array }}
 */
export function partsOf(message) {
  const none = new Uint8Array();
  if (PROOF.every((byte, at) => message[at] === byte) && message.length === PROOF.length + NONCE) {
    return { purpose: "proof", protected: none, payload: message.slice(PROOF.length), aad: none };
  }
  // A Sig_structure (RFC 9052 section 4.4) is an array of four; a JWS signing input (RFC 7515) is text.
  if (message[0] !== 0x84) {
    const [header, claims, more] = new TextDecoder().decode(message).split(".");
    if (claims === undefined || more !== undefined) throw refusal("DataError");
    return { purpose: "dpop", protected: fromBase64(header), payload: fromBase64(claims), aad: none };
  }
  const context = item(message, 1, 3);
  const header = item(message, context.end, 2);
  const aad = item(message, header.end, 2);
  const payload = item(message, aad.end, 2);
  const type = typeOf(header.bytes);
  const purpose = type === null ? "token" : PURPOSES[STATEMENT.exec(type)?.[1] ?? ""];
  if (!purpose || payload.end !== message.length) throw refusal("DataError");
  return { purpose, protected: header.bytes, payload: payload.bytes, aad: aad.bytes };
}

/** A key in the host's store. Stored, only its name remains: private members are not cloned. */
class HostKey {
  #bridge;

  /** @param {Bridge} bridge @param {string} native */
  constructor(bridge, native) {
    this.#bridge = bridge;
    /** Its name in the host's store. */
    this.native = native;
  }

  /** @param {Uint8Array} message */
  sign(message) {
    return this.#bridge.sign(this.native, message);
  }

  /** @param {Uint8Array} nonce */
  attest(nonce) {
    return this.#bridge.attest(this.native, nonce);
  }
}

/** The host that the page named. */
export class Bridge {
  /** @type {Host} */ #host;
  /** Keys that it made or opened here. @type {Set<string>} */ #names = new Set();
  /** @type {Promise<void> | null} */ #proven = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
  }

  /** Settles in any case. @template T @param {string} what @param {any[]} given @param {number} [deadline] @returns {Promise<T>} */
  async #ask(what, given, deadline = SOON) {
    const requestId = crypto.randomUUID();
    try {
      return await within(deadline, /** @type {any} */ (this.#host)[what](...given, { requestId, deadline }), "TimeoutError");
    } catch (error) {
      // A host may throw anything.
      const name = tried(() => /** @type {any} */ (error).name);
      // The app was installed anew, or its user removed the key.
      if (name === "NotFoundError") throw refusal(name);
      if (name === "TimeoutError") {
        // Whatever the host does with it.
        Promise.resolve().then(() => this.#host.cancel?.(requestId)).catch(() => {});
        throw refusal("host-silent");
      }
      // Its user said no; else the host did.
      throw refusal(name === "AbortError" || name === "NotAllowedError" ? "AbortError" : "host-refused");
    }
  }

  /** A key that was made, used and erased again: what a host says is not believed before that. */
  prove() {
    return (this.#proven ??= this.#tried().catch((error) => {
      this.#proven = null;
      throw error;
    }));
  }

  async #tried() {
    const { name } = await this.#made();
    await this.#erase(name);
  }

  async make() {
    const { name, point } = await this.#made();
    const key = new HostKey(this, name);
    return { key, handle: key, point };
  }

  async #made() {
    const hello = await this.#ask("hello", []);
    if (!tried(() => hello.version === 1 && hello.offers.includes("key"))) throw refusal("NotSupportedError");
    // A host that thinks it serves another page would sign for that one.
    if (typeof location === "object" && tried(() => hello.origin) !== location.origin) throw refusal("host-untrusted");
    const made = await this.#ask("makeKey", []);
    const [name, point] = [tried(() => made.key), bytesOf(tried(() => made.publicKey))?.slice()];
    if (typeof name !== "string" || !name || !point) throw refusal("host-untrusted");
    const message = new Uint8Array([...PROOF, ...crypto.getRandomValues(new Uint8Array(NONCE))]);
    try {
      const key = await subtle().importKey("raw", point, CURVE, false, ["verify"]).catch((/** @type {unknown} */ error) => {
        // The browser's silence, not the host's lie.
        throw isSilence(error) ? error : refusal("host-untrusted");
      });
      if (!(await subtle().verify(ES256, key, await this.#signed(name, message), message))) throw refusal("host-untrusted");
    } catch (error) {
      await this.#erase(name);
      throw error;
    }
    this.#names.add(name);
    return { name, point };
  }

  /** A stored key, as one that signs. @param {{ native: string }} stored */
  open(stored) {
    this.#names.add(stored.native);
    return new HostKey(this, stored.native);
  }

  /** @param {string} key @param {Uint8Array} message */
  sign(key, message) {
    return this.#signed(key, message);
  }

  /** @param {string} key @param {Uint8Array} message @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async #signed(key, message) {
    const parts = partsOf(message);
    const signature = bytesOf(await this.#ask("sign", [{ key, ...parts }], UNASKED.includes(parts.purpose) ? SOON : ASKING));
    if (signature?.length !== 64) throw refusal("host-untrusted");
    return signature.slice();
  }

  /** The platform's word for a key. A host that has none to give, or gives none in time, leaves the key at a browser's limits. @param {string} key @param {Uint8Array} nonce */
  async attest(key, nonce) {
    if (typeof tried(() => this.#host.attestKey) !== "function") return undefined;
    const word = bytesOf(await this.#ask("attestKey", [{ key, nonce }], ASKING).catch(() => undefined));
    return word && word.length <= ATTESTATION ? word.slice() : undefined;
  }

  /** @param {string} name */
  async #erase(name) {
    this.#names.delete(name);
    // A key that stays in the host's store is nobody's: it was never registered, or no longer is.
    await this.#ask("eraseKey", [name]).catch(() => {});
  }

  /** Has every key erased that was made or opened here. */
  async forget() {
    await Promise.all([...this.#names].map((name) => this.#erase(name)));
  }
}

/** What a page gave as its host, if it is one in form; any other thing is refused. @param {unknown} given @returns {Bridge | undefined} */
export function bridgeTo(given) {
  if (given === undefined) return undefined;
  const host = /** @type {any} */ (given);
  const isOne = () => host.version === 1 && ["hello", "makeKey", "sign", "eraseKey"].every((name) => typeof host[name] === "function");
  if (tried(isOne)) return new Bridge(host);
  throw badArgument("host", "host is a Host of version 1.");
}
