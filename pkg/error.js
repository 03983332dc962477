// @ts-check
/** Errors of the package: one class, and one brand that holds across frames and copies. */
import { CODES } from "./code-table.js";

const BRAND = Symbol.for("jitsuin.error");

/**
 * What the module throws, and what this package throws in its place. The rest goes with the code.
 * @typedef {{ code: string, confidence: string, details: object | null, message?: string, cause?: unknown }} Fields
 */

export class JitsuinError extends Error {
  /** @param {Fields} fields */
  constructor(fields) {
    const [fix, retryable, text] = CODES[fields.code] ?? CODES["issuer-refused"];
    super(fields.message ?? text, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "JitsuinError";
    this.code = fields.code;
    this.retryable = retryable;
    this.fix = fix;
    this.confidence = fields.confidence;
    this.details = fields.details;
    this.docs = `docs/errors.md#${fields.code}`;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * An error that needs no module.
 * @param {keyof typeof CODES} code
 * @param {{ cause?: unknown, details?: object | null, confidence?: string, message?: string }} [more]
 */
export function refuse(code, more = {}) {
  const message = more.message && `${CODES[code][2]} ${more.message}`;
  return new JitsuinError({ code, confidence: more.confidence ?? "certain", details: more.details ?? null, message, cause: more.cause });
}

const HOST = "https://host or https://host:port, in lower case, without a path, a slash at the end or :443";
/** What a setting has to look like that the modules read. @type {Readonly<Record<string, string>>} */
const FORMS = Object.freeze({
  issuer: `issuer is ${HOST}; or http://localhost with a port.`,
  origins: `origins is a list of at least one, each ${HOST}; or http://localhost with a port, an app's capacitor://localhost, or android:apk-key-hash: with the base64url of 32 bytes.`,
  origin: `origin is ${HOST}; or http://localhost with a port.`,
  cardOrigins: `cardOrigins is a list, each ${HOST}.`,
  rpId: "rpId is a domain in lower case, such as wallet.example: no address, no https://, no port.",
  root: "root is the base64url of 32 bytes, without padding.",
  custody: 'custody is "auto", "native", "passkey", "browser" or "software".',
});

/**
 * What a module's refusal says more than its code: the form of the argument that it names.
 * @param {string} code
 * @param {unknown} details
 */
export function formOf(code, details) {
  const { argument } = /** @type {{ argument?: string }} */ (details ?? {});
  const form = code === "bad-argument" && argument !== undefined && Object.hasOwn(FORMS, argument) ? FORMS[argument] : undefined;
  return form && `${CODES[code][2]} ${form}`;
}

/**
 * An argument of the wrong shape, by its name.
 * @param {string} argument
 * @param {string} message what it has to be
 */
export const badArgument = (argument, message) => refuse("bad-argument", { details: Object.freeze({ argument }), message });

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
