// @ts-check
/** How every entry of the package loads its module: read or fetched, checked by its digest, compiled, instantiated, once. */
import { refuse } from "./error.js";
// @ts-ignore -- a copy of src/browser/deadline.js
import { SOON, isSilence, subtle, within } from "./wasm/page/browser/deadline.js";

/** How long a module may take to come, in milliseconds: as long as 200 kB take where a connection is of any use. */
const LOADING = 60_000;

/** Where the settings of bundlers and runtimes stand, in the package. */
const GUIDE = "docs/bundlers.md";

/**
 * Make the function that loads one module. Calls while it loads share it.
 * @param {(given: { module_or_path: WebAssembly.Module }) => Promise<unknown>} instantiate the glue's own
 * @param {() => URL} address where the module is if the caller gives nothing
 * @param {string} digest its SHA-256, in hex
 * @param {() => void} [loaded] called once the module can be used
 * @returns {(source?: unknown) => Promise<void>}
 */
export function loader(instantiate, address, digest, loaded) {
  const start = starter(instantiate);
  return once(async (source) => {
    await start(await compiled(source, address, digest));
    loaded?.();
  });
}

/**
 * Loads once; calls while it loads share it.
 * @param {(source: unknown) => Promise<void>} load
 * @returns {(source?: unknown) => Promise<void>}
 */
function once(load) {
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
 * @param {() => URL} address
 * @param {string} digest
 */
async function compiled(given, address, digest) {
  if (typeof WebAssembly !== "object") throw refuse("no-webassembly");
  if (typeof TextDecoder !== "function" || typeof TextEncoder !== "function") {
    throw refuse("unsupported", { message: `There is no TextDecoder or no TextEncoder: see ${GUIDE} for test runners that take them away.` });
  }
  const source = await promised(given);
  if (is(source, "WebAssembly.Module")) return /** @type {WebAssembly.Module} */ (source);
  const { bytes, url } = await fetched(source, address);
  if (!globalThis.crypto?.subtle) throw refuse("unsupported", { message: "There is no WebCrypto: open the page over https." });
  const hash = new Uint8Array(await answered(subtle().digest("SHA-256", bytes)));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== digest) throw refuse("wasm-digest", { details: Object.freeze({ url }) });
  try {
    return await within(LOADING, WebAssembly.compile(bytes));
  } catch (cause) {
    if (isSilence(cause)) throw refuse("platform-silent", { cause });
    throw blocked(cause);
  }
}

/** The bytes are right, so what refused to compile them is a policy. @param {unknown} cause */
function blocked(cause) {
  if (!inBrowser()) return refuse("wasm-blocked", { cause, message: `This runtime compiles nothing: give it a compiled WebAssembly.Module (${GUIDE}).` });
  // Browsers name 'unsafe-eval', which is more than is needed.
  const header = "Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'";
  const named = /unsafe-eval|Content Security|CSP/i.test(String(cause));
  return refuse("wasm-blocked", { cause, details: { header }, confidence: named ? "certain" : "likely", message: `Add 'wasm-unsafe-eval' to script-src.` });
}

/** @param {unknown} given */
async function promised(given) {
  try {
    return await within(LOADING, given, "TimeoutError");
  } catch (cause) {
    throw failed({ ...NOTHING }, cause);
  }
}

/** What came, and from where. @typedef {{ url: string | null, status: number | null, type: string | null }} Came */
/** @type {Came} */
const NOTHING = Object.freeze({ url: null, status: null, type: null });

/**
 * @param {unknown} source
 * @param {() => URL} address
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, url: string | null }>}
 */
async function fetched(source, address) {
  const came = { ...NOTHING };
  /** @type {Uint8Array<ArrayBuffer>} */
  let bytes;
  try {
    bytes = await within(LOADING, read(source ?? address(), came), "TimeoutError");
  } catch (cause) {
    throw failed(came, cause);
  }
  // A page in its place is a wrong address, not another module.
  if (!isWasm(bytes)) throw failed(came);
  return { bytes, url: came.url };
}

/**
 * @param {unknown} from
 * @param {Came} came filled in as it becomes known
 * @returns {Promise<Uint8Array<ArrayBuffer>>} a copy, which nobody changes once it is checked
 */
async function read(from, came) {
  if (is(from, "ArrayBuffer")) return new Uint8Array(/** @type {ArrayBuffer} */ (from)).slice();
  if (ArrayBuffer.isView(from)) return new Uint8Array(from.buffer, from.byteOffset, from.byteLength).slice();
  if (typeof from === "string" || is(from, "URL")) came.url = String(from);
  // Node's `fetch` takes no address of a file.
  const files = came.url?.startsWith("file:") ? builtin("fs/promises") : undefined;
  if (files) return new Uint8Array(await files.readFile(new URL(String(came.url))));
  const response = is(from, "Response") ? /** @type {Response} */ (from) : await fetch(/** @type {RequestInfo | URL} */ (from));
  came.url = response.url || came.url;
  came.status = response.status;
  came.type = response.headers.get("content-type");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * @param {Came} came
 * @param {unknown} [cause]
 */
function failed(came, cause) {
  const answer = [came.status, came.type].filter((part) => part !== null).join(" ");
  const what = cause === undefined ? "is no WebAssembly" : "did not come";
  const said = `${came.url ?? "What was given"} ${what}${answer && ` (${answer})`}.`;
  return refuse("wasm-load-failed", { cause, details: Object.freeze(came), message: `${said} ${remedy(came.url)}` });
}

/** @param {string | null} url */
function remedy(url) {
  // Up to version 7, Vite's development server moves a package's scripts there and leaves its wasm behind.
  if (url && /\/\.vite\/(?:.*\/)?deps/.test(url)) return `In vite.config: optimizeDeps: { exclude: ["jitsuin"] } (${GUIDE}).`;
  if (!inBrowser() && !builtin("fs")) return `Give a compiled WebAssembly.Module here (${GUIDE}).`;
  return `Settings by bundler and runtime: ${GUIDE}.`;
}

/** A page or a worker of a browser. */
const inBrowser = () => typeof window === "object" || typeof (/** @type {any} */ (globalThis).importScripts) === "function";

/** Also an object of another realm, as test runners make them. @param {unknown} value @param {string} kind */
const is = (value, kind) => Object.prototype.toString.call(value) === `[object ${kind}]`;

/** @param {Uint8Array} bytes */
const isWasm = (bytes) => String.fromCharCode(...bytes.subarray(0, 4)) === "\0asm";

/** A module of Node's own, where there is one. No bundler looks for it. @param {string} name @returns {any} */
export function builtin(name) {
  return /** @type {any} */ (globalThis).process?.getBuiltinModule?.(`node:${name}`);
}

/**
 * Starts a compiled module, once.
 * @param {(given: { module_or_path: WebAssembly.Module }) => Promise<unknown>} instantiate
 * @returns {(module: WebAssembly.Module) => Promise<void>}
 */
function starter(instantiate) {
  /** @type {Promise<unknown> | null} */
  let starting = null;
  return async (module) => {
    // Where no answer came, the same one is waited for again: a second start that the first one follows would put an empty memory in the
    // place of one that is in use.
    starting ??= instantiate({ module_or_path: module }).catch((cause) => {
      starting = null;
      // What does not link was given compiled, where no digest can be checked: it is of another release. The rest is want of memory.
      const another = cause instanceof WebAssembly.LinkError || cause instanceof TypeError;
      throw refuse(another ? "wasm-digest" : "wasm-load-failed", { cause });
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
