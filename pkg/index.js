// @ts-check
/** The package's face. Importing it touches neither window, network nor storage. */
import init, { now } from "./load.js";
import { freeze } from "./values.js";

export default init;
export { init };
export { Wallet } from "./wallet.js";
export { isJitsuinError } from "./error.js";
export { formatMoney, parseMoney } from "./money.js";

/** @param {string} text */
export function qr(text) {
  return freeze(now((raw) => raw.qr(String(text))));
}

export function isSupported() {
  return (
    typeof window === "object" &&
    window.isSecureContext &&
    typeof WebAssembly === "object" &&
    Boolean(globalThis.crypto?.subtle) &&
    typeof indexedDB === "object" &&
    Boolean(navigator.locks) &&
    Boolean(navigator.credentials)
  );
}
