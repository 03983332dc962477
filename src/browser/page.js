// @ts-check
/** Facts about the page around the wallet, and its timers. */

/** The page's window, if this is one. */
export const ownWindow = () => globalThis.window;

/** Whether the window, or the frame's topmost one, is of this origin. Reading anything of a foreign location throws. */
export function isAtHome() {
  try {
    return window.top?.location.origin === location.origin;
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
