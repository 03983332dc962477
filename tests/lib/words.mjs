// What many tests say: an amount of yen, and which refusal they expect.
import assert from "node:assert/strict";
import { isJitsuinError } from "../../pkg/index.js";

/** @param {number} amount */
export const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });

/** For `assert.rejects`: a refusal with this code and no other. @param {string} code */
export const coded = (code) => (/** @type {any} */ error) => isJitsuinError(error, /** @type {any} */ (code)) || assert.fail(`expected ${code}, got ${error?.code ?? error}`);
