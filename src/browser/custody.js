// @ts-check
/** Which custody this place offers, and keys of it: made, stored, opened. A custody is believed only after a key was written, read back and used. */
import { SOON, isSilence, within } from "./deadline.js";
import { Draft, draft, again as drafted, isSealed, seal, unseal } from "./seal.js";
import { storedAndRead } from "./store.js";
import { SIGNING, isKey, isNative, make, pair, sign, subtle } from "./web_crypto.js";

/** Nothing else that is signed starts so. */
const PROBE = Uint8Array.from("jitsuin/v1/probe", (letter) => letter.charCodeAt(0));

/** What a place fails with that does not store keys. */
const NO_PLACE = ["DataCloneError", "SecurityError", "NotSupportedError"];

/** Keys of WebCrypto, and of the host that the page named, if it named one. */
export class KeyMaker {
  #host;
  #proven = false;

  /** @param {any} host */
  constructor(host) {
    this.#host = host;
  }

  /** The custody that a key made now will have, strongest first proven to work. */
  async custody() {
    if (await this.#hasHost()) return "native";
    await this.#prove();
    return (await seals()) ? "passkey" : "browser";
  }

  /** @param {string} custody */
  async make(custody) {
    const native = custody === "native" && this.#host;
    if (!native && custody !== "browser" && custody !== "passkey") throw new DOMException("", "NotSupportedError");
    // A host proves each key as it makes it; the channel key is stored here in any custody.
    await this.#prove();
    return native ? native.make() : make(custody === "passkey");
  }

  /**
   * A key that signs. Whether it is the one that was asked for its next signature tells.
   * @param {unknown} handle @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
   */
  async open(handle, secret, rpId, thumb, bound) {
    if (isNative(handle)) {
      if (!this.#host) throw new DOMException("", "NotSupportedError");
      // The wallet's own round trip proves a host's key; it signs nothing else than proofs of that form.
      return this.#host.open(handle);
    }
    if (isSealed(handle) && secret === undefined) throw new DOMException("", "locked");
    const key = isSealed(handle) ? await unseal(handle, secret, rpId, thumb.slice(), bound.slice()) : /** @type {CryptoKey} */ (handle);
    await sign(key, PROBE).catch((error) => {
      throw isSilence(error) ? error : new DOMException("", "NotFoundError");
    });
    return key;
  }

  /** Whether a host is named and can be the key store. One whose signatures do not hold is never passed over in silence. */
  async #hasHost() {
    try {
      await this.#host?.prove();
      return Boolean(this.#host);
    } catch (error) {
      if (/** @type {any} */ (error)?.name === "host-untrusted" || isSilence(error)) throw error;
      return false;
    }
  }

  async #prove() {
    if (this.#proven) return;
    await prove().catch((error) => {
      throw isSilence(error) ? error : new DOMException("", NO_PLACE.includes(error?.name) ? "NotSupportedError" : "UnknownError");
    });
    this.#proven = true;
  }
}

/** The platform's word for a host's key, if there is one. @param {any} handle @param {Uint8Array} nonce @returns {Promise<Uint8Array | undefined>} */
export const attested = async (handle, nonce) => (isNative(handle) ? /** @type {any} */ (handle).attest?.(nonce.slice()) : undefined);

/**
 * The form to store of a key that was to be sealed: sealed, or without a secret as any other key.
 * @param {unknown} handle @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export async function keep(handle, secret, rpId, thumb, bound) {
  if (!(handle instanceof Draft)) return handle;
  return secret === undefined ? handle.key(false) : seal(handle, secret, rpId, thumb.slice(), bound.slice());
}

/**
 * A sealed key to be sealed again.
 * @param {any} handle @param {unknown} secret @param {string} rpId @param {Uint8Array} thumb @param {Uint8Array} bound
 */
export const again = (handle, secret, rpId, thumb, bound) => drafted(handle, secret, rpId, thumb.slice(), bound.slice());

/** Some places refuse to store a key (Lockdown Mode), some hand back a husk of it: one is written, read back and used. */
async function prove() {
  const { privateKey, publicKey } = await pair();
  const back = await storedAndRead(privateKey);
  const message = crypto.getRandomValues(new Uint8Array(16));
  const works = async () => isKey(back) && subtle().verify(SIGNING, publicKey, await subtle().sign(SIGNING, back, message), message);
  const unusable = (/** @type {unknown} */ error) => {
    if (isSilence(error)) throw error;
    return false;
  };
  if (!(await works().catch(unusable))) throw new DOMException("", "NotSupportedError");
}

/**
 * Whether a key can be sealed here, as far as that is known without asking the user: one is, under a secret of no passkey, and opened. A
 * platform that does not answer is no lesser one: that is thrown.
 */
export async function seals() {
  try {
    const of = /** @type {any} */ (globalThis.PublicKeyCredential);
    if (!of || (await clientCapabilities())?.["extension:prf"] === false) return false;
    const part = crypto.getRandomValues(new Uint8Array(32));
    const { draft: key, publicKey } = await draft();
    const secret = await subtle().importKey("raw", part, "HKDF", false, ["deriveBits", "deriveKey"]);
    const sealed = await storedAndRead(await seal(key, secret, "probe", part, part));
    const back = isSealed(sealed) && (await unseal(sealed, secret, "probe", part, part));
    return isKey(back) && (await subtle().verify(SIGNING, publicKey, await subtle().sign(SIGNING, back, part), part));
  } catch (error) {
    if (isSilence(error)) throw error;
    return false;
  }
}

/** What the browser says that it can; null where it does not say, or not in time. @returns {Promise<Record<string, boolean> | null>} */
export async function clientCapabilities() {
  try {
    return (await within(SOON, /** @type {any} */ (globalThis).PublicKeyCredential?.getClientCapabilities?.())) ?? null;
  } catch {
    return null;
  }
}
