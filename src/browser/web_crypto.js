// @ts-check
/** P-256 keys of WebCrypto that can't be exported. */
import { storedAndRead } from "./store.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** web platforms leave `crypto.subtle` out outside a secure context. */
function subtle() {
  if (!globalThis.crypto?.subtle) throw new DOMException("", "NotSupportedError");
  return crypto.subtle;
}

/** A signing key of this wallet: P-256, ECDSA, private, not extractable. Nothing else can be one. @param {unknown} value */
export function isKey(value) {
  if (!(value instanceof CryptoKey) || value.type !== "private" || value.extractable) return false;
  const { name, namedCurve } = /** @type {EcKeyAlgorithm} */ (value.algorithm);
  return name === ALGORITHM.name && namedCurve === ALGORITHM.namedCurve;
}

/** A key that was made now. */
export class NewKey {
  /** @param {CryptoKey} secret @param {Uint8Array} point */
  constructor(secret, point) {
    this.secret = secret;
    /** SEC1, uncompressed. */
    this.point = point;
  }
}

async function pair() {
  const keys = /** @type {CryptoKeyPair} */ (await subtle().generateKey(ALGORITHM, false, ["sign", "verify"]));
  if (!isKey(keys.privateKey)) throw new DOMException("", "NotSupportedError");
  return keys;
}

export async function make() {
  const { privateKey, publicKey } = await pair();
  return new NewKey(privateKey, new Uint8Array(await subtle().exportKey("raw", publicKey)));
}

/** The signature, r and s. @param {CryptoKey} key @param {Uint8Array<ArrayBuffer>} message */
export async function sign(key, message) {
  return new Uint8Array(await subtle().sign(SIGNING, key, message.slice()));
}

/** Some places refuse to store a key (Lockdown Mode), some hand back a husk of it: one is written, read back and used. */
export async function prove() {
  const { privateKey, publicKey } = await pair();
  const back = await storedAndRead(privateKey);
  const message = crypto.getRandomValues(new Uint8Array(16));
  const works = async () => isKey(back) && subtle().verify(SIGNING, publicKey, await subtle().sign(SIGNING, back, message), message);
  if (!(await works().catch(() => false))) throw new DOMException("", "NotSupportedError");
}
