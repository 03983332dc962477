// @ts-check
/** Any text as a QR picture. */
import { now } from "./load.js";
import { freeze } from "./values.js";

/** @param {string} text */
export function qr(text) {
  return freeze(now((raw) => raw.qr(String(text))));
}
