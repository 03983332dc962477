// @ts-check
/** From the module's plain values (decimal texts, milliseconds) to what a page gets: bigints, dates, frozen objects. */

const DATES = new Set(["at", "addedAt", "lastUsedAt", "coolOffUntil", "usableFrom", "resetsAt", "until", "asOf", "syncedAt", "madeAt", "expiresAt", "expiresAtHere"]);
const BIGINTS = new Set(["sequence", "undoes"]);

/** @this {Record<string, unknown>} */
function toJSON() {
  return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]));
}

/**
 * Frozen; `JSON.stringify` writes its bigints as decimal texts.
 * @template {object} T
 * @param {T} object
 * @returns {Readonly<T>}
 */
export function freeze(object) {
  if (Object.values(object).some((value) => typeof value === "bigint")) Object.defineProperty(object, "toJSON", { value: toJSON });
  return Object.freeze(object);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {unknown}
 */
function member(name, value) {
  if (typeof value === "number" && DATES.has(name)) return new Date(value);
  if (typeof value === "number" && BIGINTS.has(name)) return BigInt(value);
  return revive(value);
}

/**
 * @param {unknown} value
 * @returns {any}
 */
export function revive(value) {
  if (Array.isArray(value)) return Object.freeze(value.map(revive));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const isMoney = entries.length === 2 && "amount" in value && "currency" in value;
  if (isMoney) return freeze({ amount: BigInt(/** @type {string} */ (value.amount)), currency: value.currency });
  return freeze(Object.fromEntries(entries.map(([name, item]) => [name, member(name, item)])));
}
