// @ts-check
/** What a page gives, as the module takes it; what has another shape is refused here. */
import { refuse } from "./error.js";

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
export function text(value, name) {
  if (typeof value !== "string") throw refuse("bad-argument", { message: `${name} is a text.` });
  return value;
}

/**
 * @param {unknown} amount
 * @returns {string}
 */
export function minorUnits(amount) {
  if (typeof amount !== "bigint") throw refuse("bad-argument", { message: "amount is a bigint of minor units." });
  return amount.toString();
}

/**
 * The same for what may be left out.
 * @param {unknown} value
 * @param {string} name
 */
export const optional = (value, name) => (value === undefined ? undefined : text(value, name));

/**
 * A verb of the module and its arguments, as the one text that it reads. Half a pair of surrogates, as of a text that was cut, is written
 * as any encoder to UTF-8 would.
 * @param {...(string | undefined)} words
 */
export const asked = (...words) => JSON.stringify(words.map((word) => word?.replace(/\p{Surrogate}/gu, "\ufffd")));

/** @param {object} object */
export function bind(object) {
  const prototype = Object.getPrototypeOf(object);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (name !== "constructor" && typeof method === "function") Object.defineProperty(object, name, { value: method.bind(object) });
  }
}

/**
 * Has `stop` called once the signal is aborted. Returns the way to take it off again, for when the call that has the signal is over.
 * @param {AbortSignal | undefined} signal
 * @param {() => void} stop
 */
export function until(signal, stop) {
  signal?.addEventListener("abort", stop, { once: true });
  return () => signal?.removeEventListener("abort", stop);
}
