// @ts-check
/** Errors of the package: one class, one brand that holds across frames and copies, one table for what is said without the module. */

const BRAND = Symbol.for("jitsuin.error");

/**
 * What the package itself says, also when the module is not there to ask. A test holds it equal to the module's own table.
 * @type {Readonly<Record<string, readonly [fix: "user" | "page" | "host" | "issuer", retryable: boolean, text: string]>>}
 */
export const SAID_HERE = Object.freeze({
  "not-initialised": ["page", false, "The module is not loaded: await init() or Wallet.open() first."],
  "wasm-load-failed": ["page", true, "The module could not be fetched."],
  "wasm-blocked": ["page", false, "The page's content policy blocks WebAssembly."],
  "wasm-digest": ["page", false, "The module is not the one this package was built with."],
  "no-webassembly": ["host", false, "This browser has no WebAssembly."],
  "module-crashed": ["page", false, "The module stopped: reload the page."],
  unsupported: ["host", false, "This place lacks something that the call needs."],
  "webview-not-linked": ["host", false, "The app around this page is not linked to the site's passkeys."],
  cancelled: ["user", true, "The user closed the prompt."],
  closed: ["page", false, "The wallet was closed."],
  "bad-argument": ["page", false, "An argument has the wrong shape."],
  "bad-amount": ["page", false, "The amount is not one the currency can write."],
  "shop-code-malformed": ["user", false, "The text is not a merchant-presented code of EMVCo."],
  "shop-code-bad-crc": ["user", true, "The scanned code is damaged: its check value is that of another text."],
});

/**
 * What the module throws, and what this package throws in its place.
 * @typedef {{ code: string, retryable: boolean, fix: string, confidence: string, message: string, details: object | null, cause?: unknown }} Fields
 */

export class JitsuinError extends Error {
  /** @param {Fields} fields */
  constructor(fields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "JitsuinError";
    this.code = fields.code;
    this.retryable = fields.retryable;
    this.fix = fields.fix;
    this.confidence = fields.confidence;
    this.details = fields.details;
    this.docs = `docs/errors.md#${fields.code}`;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * An error that needs no module.
 * @param {string} code one of `SAID_HERE`
 * @param {{ cause?: unknown, details?: object | null, confidence?: string, message?: string }} [more]
 */
export function refuse(code, more = {}) {
  const [fix, retryable, text] = SAID_HERE[code];
  const message = more.message ? `${text} ${more.message}` : text;
  return new JitsuinError({ code, fix, retryable, confidence: more.confidence ?? "certain", details: more.details ?? null, message, cause: more.cause });
}

/**
 * @param {unknown} value
 * @param {string} [code]
 * @returns {value is JitsuinError}
 */
export function isJitsuinError(value, code) {
  if (typeof value !== "object" || value === null) return false;
  const error = /** @type {Record<PropertyKey, unknown>} */ (value);
  return error[BRAND] === true && (code === undefined || error.code === code);
}
