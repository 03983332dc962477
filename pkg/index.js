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
  try {
    return (
      typeof window === "object" &&
      window.isSecureContext === true &&
      typeof WebAssembly === "object" &&
      Boolean(globalThis.crypto?.subtle) &&
      Boolean(globalThis.indexedDB) &&
      Boolean(navigator.locks) &&
      Boolean(navigator.credentials)
    );
  } catch {
    // Some places throw where one only looks, such as Firefox at `indexedDB` where cookies are blocked.
    return false;
  }
}
