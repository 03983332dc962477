// What the tests of `jitsuin/verifier` share.
import assert from "node:assert/strict";
import { isJitsuinError } from "../../pkg/index.js";

/** The package's entry for servers, as an address. */
export const ENTRY = new URL("../../pkg/verifier.js", import.meta.url).href;
export const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });
export const TILL = "t/1";
/** Whether an error has this code, and these details. */
export const coded = (code, details) => (error) => {
  assert.ok(isJitsuinError(error, code), `expected ${code}, got ${error?.code ?? error}: ${error?.message}`);
  if (details !== undefined) assert.deepEqual(error.details && { ...error.details }, details);
  return true;
};
