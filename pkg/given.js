// @ts-check
/** What a page gives, as the module takes it; what has another shape is refused here. */
import { badArgument } from "./error.js";

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
export function text(value, name) {
  if (typeof value !== "string") throw badArgument(name, `${name} is a text.`);
  return value;
}

/**
 * @param {unknown} amount
 * @returns {string}
 */
export function minorUnits(amount) {
  if (typeof amount !== "bigint") throw badArgument("amount", "amount is a bigint of minor units.");
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

/**
 * Binds an object's methods and getters to itself: what has private members also works when it is called through a proxy (Vue, MobX) or
 * taken out of the object.
 * @param {object} object
 */
export function bind(object) {
  const prototype = Object.getPrototypeOf(object);
  for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get) Object.defineProperty(object, name, { get: get.bind(object) });
    else if (name !== "constructor" && typeof value === "function") Object.defineProperty(object, name, { value: value.bind(object) });
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
