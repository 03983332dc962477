// @ts-check
/** Codes that need no wallet. */
import { now } from "./load.js";
import { freeze, revive } from "./values.js";

/** @param {string} text */
export function qr(text) {
  return freeze(now((raw) => raw.qr(String(text))));
}

/** @param {string} text */
export function parseMerchantCode(text) {
  const code = now((raw) => raw.parse_merchant_code(String(text)));
  const { amount, currency } = code;
  const money = amount && freeze({ amount: amount.minorUnits === null ? null : BigInt(amount.minorUnits), currency, text: amount.text });
  return Object.freeze({ ...revive(code), amount: money });
}
