// @ts-check
/** P-256 keys of WebCrypto that can't be exported: stored as they are, or sealed; and names of keys in a host's key store. */
import { subtle } from "./deadline.js";
import { draft, inputOf, isSealed } from "./seal.js";

export { inputOf, subtle };

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
export const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** A signing key of this wallet: P-256, ECDSA, private, not extractable. Nothing else can be one. @param {unknown} value @returns {value is CryptoKey} */
export function isKey(value) {
  if (!(value instanceof CryptoKey) || value.type !== "private" || value.extractable) return false;
  const { name, namedCurve } = /** @type {EcKeyAlgorithm} */ (value.algorithm);
  return name === ALGORITHM.name && namedCurve === ALGORITHM.namedCurve;
}

/** @typedef {{ native: string, sign?: (message: Uint8Array) => Promise<Uint8Array> }} Native */

/** The name of a key in a host's key store. @param {any} value @returns {value is Native} */
export const isNative = (value) => typeof value?.native === "string";

/** What the store may keep of a key. Nothing else can be one. @param {unknown} value */
export const isHandle = (value) => isKey(value) || isSealed(value) || isNative(value);

/** A key that was made now. */
export class NewKey {
  /** @param {CryptoKey} key @param {unknown} handle @param {Uint8Array} point */
  constructor(key, handle, point) {
    this.key = key;
    this.handle = handle;
    /** SEC1, uncompressed. */
    this.point = point;
  }
}

export async function pair() {
  const keys = /** @type {CryptoKeyPair} */ (await subtle().generateKey(ALGORITHM, false, ["sign", "verify"]));
  if (!isKey(keys.privateKey)) throw new DOMException("", "NotSupportedError");
  return keys;
}

/** @param {CryptoKey} key */
const pointOf = async (key) => new Uint8Array(await subtle().exportKey("raw", key));

/** @param {boolean} sealed whether it is to be sealed: then it can't be stored until it is */
export async function make(sealed) {
  if (sealed) {
    const made = await draft();
    return new NewKey(await made.draft.key(false), made.draft, await pointOf(made.publicKey));
  }
  const { privateKey, publicKey } = await pair();
  return new NewKey(privateKey, privateKey, await pointOf(publicKey));
}

/** The signature, r and s. @param {CryptoKey | Required<Native>} key @param {Uint8Array<ArrayBuffer>} message */
export async function sign(key, message) {
  if (isNative(key)) return key.sign(message.slice());
  return new Uint8Array(await subtle().sign(SIGNING, key, message.slice()));
}
