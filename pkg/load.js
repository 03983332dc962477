// @ts-check
/** Loads the module once, checks that it is the one this package was built with, and remembers when it stops. */
import { JitsuinError, isJitsuinError, refuse } from "./error.js";
import { revive } from "./values.js";
// @ts-ignore -- generated; its shape is written down in raw.d.ts
import instantiate, * as glue from "./wasm/page/jitsuin.js";
// @ts-ignore -- generated
import { digest } from "./wasm/page/digest.js";

/** @typedef {import("./raw.js").Raw} Raw */

let raw = /** @type {Raw} */ (/** @type {unknown} */ (glue));
/** @type {Promise<void> | null} */
let loading = null;
let ready = false;
let crashed = false;
/** Calls that would wait for ever if the module stopped. @type {Set<(error: Error) => void>} */
const waiting = new Set();

/** @param {unknown} [cause] */
function crash(cause) {
  crashed = true;
  const error = refuse("module-crashed", { cause });
  for (const reject of [...waiting]) reject(error);
  waiting.clear();
  return error;
}

/**
 * @param {unknown} source
 * @returns {Promise<void>}
 */
export default function init(source) {
  if (ready) return Promise.resolve();
  loading ??= load(source).then(
    () => {
      ready = true;
    },
    (error) => {
      // Never keep a failure: the network may come back.
      loading = null;
      throw error;
    },
  );
  return loading;
}

/**
 * For the test kit: its module has all calls of this one and more, and takes its place.
 * @param {Raw} other
 */
export function adopt(other) {
  raw = other;
  raw.start(() => crash());
  ready = true;
}

/** @param {unknown} source */
async function load(source) {
  if (typeof WebAssembly !== "object") throw refuse("no-webassembly");
  const module = await compiled(await source);
  try {
    await instantiate({ module_or_path: module });
    raw.start(() => crash());
  } catch (cause) {
    throw refuse("wasm-load-failed", { cause });
  }
}

/** @param {unknown} source */
async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await fetched(source);
  if (!globalThis.crypto?.subtle) throw refuse("unsupported", { message: "There is no WebCrypto: open the page over https." });
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== digest) throw refuse("wasm-digest");
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    // The bytes are right, so what refused them is the page's policy. Browsers name 'unsafe-eval', which is more than is needed.
    const header = "Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'";
    const named = /unsafe-eval|Content Security|CSP/i.test(String(cause));
    throw refuse("wasm-blocked", { cause, details: { header }, confidence: named ? "certain" : "likely", message: `Add 'wasm-unsafe-eval' to script-src.` });
  }
}

/**
 * @param {unknown} source
 * @returns {Promise<ArrayBuffer>}
 */
async function fetched(source) {
  if (source instanceof ArrayBuffer) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice().buffer;
  try {
    const from = source ?? new URL("./wasm/page/jitsuin_bg.wasm", import.meta.url);
    const response = from instanceof Response ? from : await fetch(/** @type {RequestInfo | URL} */ (from));
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.arrayBuffer();
  } catch (cause) {
    throw refuse("wasm-load-failed", { cause });
  }
}

/** The module's calls. @returns {Raw} */
export function module() {
  if (crashed) throw refuse("module-crashed");
  if (!ready) throw refuse("not-initialised");
  return raw;
}

/**
 * @param {unknown} thrown
 * @returns {Error}
 */
export function toError(thrown) {
  if (isJitsuinError(thrown)) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "fix" in thrown) {
    const fields = /** @type {import("./error.js").Fields} */ (thrown);
    return new JitsuinError({ ...fields, details: revive(fields.details) });
  }
  // Nothing else leaves the module but a trap, after which its memory can't be trusted.
  return crash(thrown);
}

/**
 * Runs a call of the module: always settles, also when the module stops, and rejects with a `JitsuinError`.
 * @template T
 * @param {(raw: Raw) => T | Promise<T>} call
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function guarded(call, signal) {
  return new Promise((resolve, reject) => {
    const cancel = () => fail(refuse("cancelled", { cause: signal?.reason }));
    const done = () => {
      waiting.delete(fail);
      signal?.removeEventListener("abort", cancel);
    };
    /** @param {unknown} error */
    const fail = (error) => {
      done();
      reject(error instanceof Error && isJitsuinError(error) ? error : toError(error));
    };
    if (signal?.aborted) return cancel();
    waiting.add(fail);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      Promise.resolve(call(module())).then((value) => {
        done();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/**
 * The same for calls that do not wait.
 * @template T
 * @param {(raw: Raw) => T} call
 * @returns {T}
 */
export function now(call) {
  try {
    return call(module());
  } catch (error) {
    throw toError(error);
  }
}
