// @ts-check
/** The package's face. Importing it touches neither window, network nor storage. */
import init from "./load.js";

export default init;
export { init };
export { Wallet } from "./wallet.js";
export { isJitsuinError } from "./error.js";
export { bitmap, qr } from "./qr.js";
export { capabilities } from "./capabilities.js";
export { formatMoney, parseMoney } from "./money.js";

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
