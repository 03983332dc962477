// @ts-check
/** No promise of the platform is waited for without end: browsers are known to leave some open for ever (an IndexedDB after its process died). */

/**
 * How long the platform itself may take, in milliseconds. A strict write takes less than one and a signature less still; a phone that
 * wakes its storage takes a second or two. Whoever waits longer waits for nothing.
 */
export const SOON = 8_000;

/** A page that slept hears its timers first and what came meanwhile after them: that still counts, in milliseconds. */
const GRACE = 1_000;

/** What a promise of the platform ends with that nobody settles: the name of the wallet's refusal too. */
export const SILENT = "platform-silent";

/** Whether it is the platform's silence, which says nothing of what was asked: neither that it is missing nor that it failed. @param {unknown} error */
export const isSilence = (error) => /** @type {any} */ (error)?.name === SILENT;

/**
 * What a promise ends with, or a DOMException of this name. What was given up may still be done, unheard.
 * @template T
 * @param {number} ms
 * @param {PromiseLike<T> | T} promise
 * @param {string} [name]
 * @returns {Promise<T>}
 */
export async function within(ms, promise, name = SILENT) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  /** @param {number} ms @returns {Promise<void>} */
  const rung = (ms) => new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  const late = rung(ms).then(() => rung(GRACE)).then(() => {
    throw new DOMException(`no answer in ${ms + GRACE} ms`, name);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** WebCrypto, each of its promises with its deadline. Web platforms leave it out outside a secure context. @returns {SubtleCrypto} */
export function subtle() {
  if (!globalThis.crypto?.subtle) throw new DOMException("", "NotSupportedError");
  return new Proxy(crypto.subtle, {
    get: (of, name) => async (/** @type {unknown[]} */ ...given) => within(SOON, /** @type {any} */ (of)[name](...given)),
  });
}
