// @ts-check
/** Who wants to hear of a wallet: of every change, or of what happens once. */
import { until } from "./given.js";

/** @typedef {import("./index.js").WalletEvents} WalletEvents */

export class Listeners {
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** By event, each with the way to leave its signal. @type {Map<string, Map<(event: any) => void, () => void>>} */ #handlers = new Map();

  /** @param {() => void} listener */
  subscribe(listener) {
    // A wrapper of its own, so that one function may be given twice and each return stops its own.
    const mine = () => listener();
    this.#listeners.add(mine);
    return () => void this.#listeners.delete(mine);
  }

  /**
   * @param {keyof WalletEvents} type
   * @param {(event: any) => void} listener
   * @param {{ signal?: AbortSignal }} [options]
   */
  on(type, listener, options) {
    const handlers = this.#handlers.get(type) ?? new Map();
    this.#handlers.set(type, handlers);
    const mine = (/** @type {any} */ event) => listener(event);
    const stop = () => {
      handlers.get(mine)?.();
      handlers.delete(mine);
    };
    if (options?.signal?.aborted) return stop;
    handlers.set(mine, until(options?.signal, stop));
    return stop;
  }

  changed() {
    for (const listener of [...this.#listeners]) this.#run(listener, undefined);
  }

  /**
   * @param {keyof WalletEvents} type
   * @param {any} event
   */
  emit(type, event) {
    for (const handler of [...(this.#handlers.get(type)?.keys() ?? [])]) this.#run(handler, event);
  }

  /** A page's listener that throws must not stop the others, nor the wallet. @param {(event: any) => void} listener @param {any} event */
  #run(listener, event) {
    try {
      listener(event);
    } catch (error) {
      reportError(error);
    }
  }

  clear() {
    this.#listeners.clear();
    for (const handlers of this.#handlers.values()) for (const leave of handlers.values()) leave();
    this.#handlers.clear();
  }
}
