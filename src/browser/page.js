// @ts-check
/** Facts about the page around the wallet, and its timers. */

/** The page's window, if this is one. */
export const ownWindow = () => globalThis.window;

/**
 * Whether every frame around this window is of its origin, at any height. The browser's own list is asked where there is one; the frames
 * are walked in any case: reading anything of a foreign location throws.
 */
export function isAtHome() {
  try {
    const { ancestorOrigins } = location;
    if (ancestorOrigins && [...ancestorOrigins].some((origin) => origin !== location.origin)) return false;
    /** @type {Window} */ let frame = window;
    while (frame !== frame.parent) {
      frame = frame.parent;
      if (frame.location.origin !== location.origin) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds since 1970 by the device's clock. */
export const now = () => Date.now();

/** Milliseconds since the page was opened; never goes back. */
export const running = () => globalThis.performance?.now() ?? 0;

export class Timer {
  #id;

  /** @param {number} ms */
  constructor(ms) {
    const { promise, resolve } = withResolver();
    this.rang = promise;
    this.#id = setTimeout(resolve, ms);
  }

  stop() {
    clearTimeout(this.#id);
  }
}

/** @returns {{ promise: Promise<void>, resolve: () => void }} */
function withResolver() {
  let resolve = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
