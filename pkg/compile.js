// @ts-check
/** From what `init` is given to a compiled module. */
import { refuse } from "./error.js";
// @ts-ignore -- a copy of src/browser/deadline.js
import { SOON, isSilence, subtle, within } from "./wasm/page/browser/deadline.js";

/** How long a module may take to come, in milliseconds: as long as 200 kB take where a connection is of any use. */
const LOADING = 60_000;

/**
 * Loads once; calls while it loads share it.
 * @param {(source: unknown) => Promise<void>} load
 * @returns {(source?: unknown) => Promise<void>}
 */
export function once(load) {
  /** @type {Promise<void> | null} */
  let loading = null;
  return (source) => {
    loading ??= load(source).catch((error) => {
      // Never keep a failure: the network may come back.
      loading = null;
      throw error;
    });
    return loading;
  };
}

/**
 * The module that a package's entry was built with, and no other.
 * @param {unknown} given what the caller gave `init`
 * @param {() => URL} address where it is if the caller gave nothing
 * @param {string} digest its SHA-256
 */
export async function compiled(given, address, digest) {
  if (typeof WebAssembly !== "object") throw refuse("no-webassembly");
  const source = await promised(given);
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await fetched(source, address);
  if (!globalThis.crypto?.subtle) throw refuse("unsupported", { message: "There is no WebCrypto: open the page over https." });
  const hash = new Uint8Array(await answered(subtle().digest("SHA-256", bytes)));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== digest) throw refuse("wasm-digest");
  try {
    return await within(LOADING, WebAssembly.compile(bytes));
  } catch (cause) {
    if (isSilence(cause)) throw refuse("platform-silent", { cause });
    // The bytes are right, so what refused them is the page's policy. Browsers name 'unsafe-eval', which is more than is needed.
    const header = "Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'";
    const named = /unsafe-eval|Content Security|CSP/i.test(String(cause));
    throw refuse("wasm-blocked", { cause, details: { header }, confidence: named ? "certain" : "likely", message: `Add 'wasm-unsafe-eval' to script-src.` });
  }
}

/** @param {unknown} given */
async function promised(given) {
  try {
    return await within(LOADING, given, "TimeoutError");
  } catch (cause) {
    throw refuse("wasm-load-failed", { cause });
  }
}

/**
 * @param {unknown} source
 * @param {() => URL} address
 * @returns {Promise<ArrayBuffer>}
 */
async function fetched(source, address) {
  if (source instanceof ArrayBuffer) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice().buffer;
  try {
    const from = source ?? address();
    return await within(LOADING, downloaded(from), "TimeoutError");
  } catch (cause) {
    throw refuse("wasm-load-failed", { cause });
  }
}

/** @param {unknown} from */
async function downloaded(from) {
  const response = from instanceof Response ? from : await fetch(/** @type {RequestInfo | URL} */ (from));
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.arrayBuffer();
}

/**
 * Starts a compiled module, once.
 * @param {(source: { module_or_path: unknown }) => Promise<unknown>} instantiate the glue's own
 * @returns {(module: unknown) => Promise<void>}
 */
export function starter(instantiate) {
  /** @type {Promise<unknown> | null} */
  let starting = null;
  return async (module) => {
    // Where no answer came, the same one is waited for again: a second start that the first one follows would put an empty memory in the
    // place of one that is in use.
    starting ??= instantiate({ module_or_path: module }).catch((cause) => {
      starting = null;
      throw refuse("wasm-load-failed", { cause });
    });
    await answered(starting, LOADING);
  };
}

/**
 * What the platform answers, or the refusal that says that it does not.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} [ms]
 * @returns {Promise<T>}
 */
const answered = (promise, ms = SOON) =>
  within(ms, promise).catch((/** @type {unknown} */ cause) => {
    throw isSilence(cause) ? refuse("platform-silent", { cause }) : cause;
  });
