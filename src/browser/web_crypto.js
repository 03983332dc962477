// @ts-check
/** P-256 keys of WebCrypto that can't be exported: stored as they are, or sealed; and names of keys in a host's key store. */
import { Draft, again, draft, inputOf, isSealed, seal, unseal } from "./seal.js";
import { storedAndRead } from "./store.js";

export { again, inputOf };

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** web platforms leave `crypto.subtle` out outside a secure context. */
function subtle() {
  if (!globalThis.crypto?.subtle) throw new DOMException("", "NotSupportedError");
  return crypto.subtle;
}

/** A signing key of this wallet: P-256, ECDSA, private, not extractable. Nothing else can be one. @param {unknown} value @returns {value is CryptoKey} */
function isKey(value) {
  if (!(value instanceof CryptoKey) || value.type !== "private" || value.extractable) return false;
  const { name, namedCurve } = /** @type {EcKeyAlgorithm} */ (value.algorithm);
  return name === ALGORITHM.name && namedCurve === ALGORITHM.namedCurve;
}

/** @typedef {{ native: string, sign?: (message: Uint8Array) => Promise<Uint8Array> }} Native */

/** The name of a key in a host's key store. @param {any} value @returns {value is Native} */
export const isNative = (value) => typeof value?.native === "string";

/** What the store may keep of a key. Nothing else can be one. @param {unknown} value */
export const isHandle = (value) => isKey(value) || isSealed(value) || isNative(value);

/** @param {unknown} handle @param {any} host */
export const reached = (handle, host) => (host && isNative(handle) ? host.open(handle) : handle);

/** The platform's word for a host's key, if there is one. @param {any} handle @param {Uint8Array} nonce @returns {Promise<Uint8Array | undefined>} */
export const attested = async (handle, nonce) => (isNative(handle) ? /** @type {any} */ (handle).attest?.(nonce.slice()) : undefined);

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

async function pair() {
  const keys = /** @type {CryptoKeyPair} */ (await subtle().generateKey(ALGORITHM, false, ["sign", "verify"]));
  if (!isKey(keys.privateKey)) throw new DOMException("", "NotSupportedError");
  return keys;
}

/** @param {CryptoKey} key */
const pointOf = async (key) => new Uint8Array(await subtle().exportKey("raw", key));

/** @param {boolean} sealed whether it is to be sealed: then it can't be stored until it is @param {any} host that makes it */
export async function make(sealed, host) {
  if (host) return host.make();
  if (sealed) {
    const made = await draft();
    return new NewKey(await made.draft.key(false), made.draft, await pointOf(made.publicKey));
  }
  const { privateKey, publicKey } = await pair();
  return new NewKey(privateKey, privateKey, await pointOf(publicKey));
}

/**
 * The form to store of a key that was to be sealed: sealed, or without a secret as any other key.
 * @param {unknown} handle @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export async function keep(handle, secret, rpId, thumb, bound) {
  if (!(handle instanceof Draft)) return handle;
  return secret === undefined ? handle.key(false) : seal(handle, secret, rpId, thumb, bound);
}

/**
 * A key that signs. Its first signature tells whether it does.
 * @param {unknown} handle @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export async function open(handle, secret, rpId, thumb, bound) {
  if (isNative(handle) && !handle.sign) throw new DOMException("", "NotSupportedError");
  if (!isSealed(handle)) return handle;
  if (secret === undefined) throw new DOMException("", "locked");
  return unseal(handle, secret, rpId, thumb, bound);
}

/** The signature, r and s. @param {CryptoKey | Required<Native>} key @param {Uint8Array<ArrayBuffer>} message */
export async function sign(key, message) {
  if (isNative(key)) return key.sign(message.slice());
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

/** Whether a key can be sealed here, as far as that is known without asking the user: one is, under a secret of no passkey, and opened. */
export async function seals() {
  const of = /** @type {any} */ (globalThis.PublicKeyCredential);
  if (!of || (await of.getClientCapabilities?.().catch(() => null))?.["extension:prf"] === false) return false;
  const part = crypto.getRandomValues(new Uint8Array(32));
  try {
    const { draft: key, publicKey } = await draft();
    const secret = await subtle().importKey("raw", part, "HKDF", false, ["deriveBits", "deriveKey"]);
    const sealed = await storedAndRead(await seal(key, secret, "probe", part, part));
    const back = isSealed(sealed) && (await unseal(sealed, secret, "probe", part, part));
    return isKey(back) && (await subtle().verify(SIGNING, publicKey, await subtle().sign(SIGNING, back, part), part));
  } catch {
    return false;
  }
}
