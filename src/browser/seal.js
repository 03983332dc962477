// @ts-check
/**
 * Custody `passkey` (*Seal v1*): the device key at rest under a key that a passkey derives (WebAuthn's PRF). No private byte and no
 * byte of the PRF output enters the module: WebCrypto makes, wraps and unwraps, and what is handed on can't be read.
 */
import { bytesOf } from "./platform.js";
import { isSilence, subtle } from "./deadline.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const AES = { name: "AES-GCM", length: 256 };
/** @type {["wrapKey", "unwrapKey"]} */
const WRAPS = ["wrapKey", "unwrapKey"];

/** @param {number} length */
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
/** Named as the wallet's refusals are. @param {string} name */
const refusal = (name) => new DOMException("", name);

/** @param {(string | Uint8Array)[]} parts @returns {Uint8Array<ArrayBuffer>} */
function joined(...parts) {
  const encoder = new TextEncoder();
  return Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? encoder.encode(part) : part)]));
}

/** @param {Uint8Array} iv @param {Uint8Array} [additionalData] */
const gcm = (iv, additionalData = new Uint8Array()) => ({ name: AES.name, iv: iv.slice(), additionalData: additionalData.slice() });

/**
 * @param {Uint8Array} wrapped @param {CryptoKey} under @param {ReturnType<typeof gcm>} how @param {boolean} extractable
 */
const unwrapped = (wrapped, under, how, extractable) => subtle().unwrapKey("pkcs8", wrapped.slice(), under, how, CURVE, extractable, ["sign"]);

/** A device key that is not stored yet: wrapped under a key of this page's memory. The structured clone of it is a husk. */
export class Draft {
  #wrapped;
  #under;
  #how;
  /** What the passkey is asked about. */
  #input = random(32);

  /** @param {Uint8Array} wrapped @param {CryptoKey} under @param {ReturnType<typeof gcm>} how */
  constructor(wrapped, under, how) {
    this.#wrapped = wrapped;
    this.#under = under;
    this.#how = how;
  }

  get input() {
    return this.#input;
  }

  /** @param {boolean} extractable for the instant of sealing alone */
  key(extractable) {
    return unwrapped(this.#wrapped, this.#under, this.#how, extractable);
  }
}

/** @param {() => Promise<CryptoKey>} source of an extractable key, which is wrapped before anything else is done */
async function drafted(source) {
  const how = gcm(random(12));
  const under = await subtle().generateKey(AES, false, WRAPS);
  const wrapped = await subtle().wrapKey("pkcs8", await source(), under, how);
  return new Draft(new Uint8Array(wrapped), under, how);
}

/** A new key pair. */
export async function draft() {
  /** @type {CryptoKey[]} */
  const publicKeys = [];
  const made = await drafted(async () => {
    const pair = /** @type {CryptoKeyPair} */ (await subtle().generateKey(CURVE, true, ["sign", "verify"]));
    publicKeys.push(pair.publicKey);
    return pair.privateKey;
  });
  return { draft: made, publicKey: publicKeys[0] };
}

/** @typedef {{ v: 1, input: Uint8Array, salt: Uint8Array, check: Uint8Array, nonce: Uint8Array, key: Uint8Array }} Sealed */

/** Whether a stored value is a sealed key of this version. @param {any} value @returns {value is Sealed} */
export function isSealed(value) {
  const sizes = Object.entries({ input: 32, salt: 32, check: 16, nonce: 12 });
  return value?.v === 1 && value.key instanceof Uint8Array && sizes.every(([name, size]) => value[name] instanceof Uint8Array && value[name].length === size);
}

/** What the passkey must be asked about; nothing: it need not be asked. @param {unknown} handle @returns {Uint8Array | undefined} */
export const inputOf = (handle) => (handle instanceof Draft || isSealed(handle) ? handle.input : undefined);

/**
 * The PRF output as a key that derives and can't be read, its bytes overwritten; null if they are no secret; nothing if there is none, or
 * none that can be used here.
 * @param {unknown} output
 */
export async function secretOf(output) {
  const bytes = bytesOf(output);
  if (!bytes) return undefined;
  try {
    if (bytes.length !== 32 || bytes.every((byte) => byte === 0)) return null;
    return await subtle().importKey("raw", bytes, "HKDF", false, ["deriveBits", "deriveKey"]);
  } catch (error) {
    if (isSilence(error)) throw error;
    return undefined;
  } finally {
    bytes.fill(0);
  }
}

/**
 * The sealing key, and the check value, which is compared before anything is opened and is never made with the cipher.
 * @param {unknown} secret @param {Uint8Array} salt @param {string} rpId @param {Uint8Array} thumb
 */
export async function derived(secret, salt, rpId, thumb) {
  if (!(secret instanceof CryptoKey)) throw refusal("prf-unusable");
  /** @param {...(string | Uint8Array)} info */
  const hkdf = (...info) => ({ name: "HKDF", hash: "SHA-256", salt: salt.slice(), info: joined(...info) });
  const key = await subtle().deriveKey(hkdf("jitsuin/v1/seal\0", rpId, "\0", thumb), secret, AES, false, WRAPS);
  const check = await subtle().deriveBits(hkdf("jitsuin/v1/seal-check\0", thumb), secret, 128);
  return { key, check: new Uint8Array(check) };
}

/**
 * The form to store. Salt and nonce are new, so a sealing key is used once.
 * @param {Draft} draft @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 * @returns {Promise<Sealed>}
 */
export async function seal(draft, secret, rpId, thumb, bound) {
  const [salt, nonce] = [random(32), random(12)];
  const { key, check } = await derived(secret, salt, rpId, thumb);
  const wrapped = await subtle().wrapKey("pkcs8", await draft.key(true), key, gcm(nonce, bound));
  return { v: 1, input: draft.input, salt, check, nonce, key: new Uint8Array(wrapped) };
}

/**
 * The key, signing only and not extractable.
 * @param {Sealed} sealed @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export const unseal = (sealed, secret, rpId, thumb, bound) => opened(sealed, secret, rpId, thumb, bound, false);

/**
 * A sealed key to be sealed again, with an input of its own.
 * @param {Sealed} sealed @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export const again = (sealed, secret, rpId, thumb, bound) => drafted(() => opened(sealed, secret, rpId, thumb, bound, true));

/**
 * @param {Sealed} sealed @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 * @param {boolean} extractable
 */
async function opened(sealed, secret, rpId, thumb, bound, extractable) {
  const { key, check } = await derived(secret, sealed.salt, rpId, thumb);
  if (check.some((byte, at) => byte !== sealed.check[at])) throw refusal("seal-mismatch");
  return unwrapped(sealed.key, key, gcm(sealed.nonce, bound), extractable).catch((error) => {
    throw isSilence(error) ? error : refusal("seal-broken");
  });
}
