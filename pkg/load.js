// @ts-check
/** Loads the module once, checks that it is the one this package was built with, and remembers when it stops. */
import { loader } from "./compile.js";
import { JitsuinError, formOf, isJitsuinError, refuse } from "./error.js";
import { until } from "./given.js";
import { onTheRoad } from "./set-up.js";
import { onTrap } from "./trap.js";
import { revive } from "./values.js";
// @ts-ignore -- generated; its shape is written down in raw.d.ts
import instantiate, * as glue from "./wasm/page/jitsuin.js";
// @ts-ignore -- generated
import { digest } from "./wasm/page/digest.js";

/** @typedef {import("./raw.js").Raw} Raw */

let raw = /** @type {Raw} */ (/** @type {unknown} */ (glue));
let ready = false;
let adopted = false;
let crashed = false;
/** Calls that would wait for ever if the module stopped. @type {Set<(error: Error) => void>} */
const waiting = new Set();

/** @param {unknown} [cause] */
function crash(cause) {
  crashed = true; // after a trap the module's memory can't be trusted
  const error = refuse("module-crashed", { cause });
  for (const reject of [...waiting]) reject(error);
  waiting.clear();
  return error;
}

const load = loader(instantiate, () => new URL("./wasm/page/jitsuin_bg.wasm", import.meta.url), digest, () => {
  onTrap("page", crash);
  ready = true;
});

/**
 * @param {unknown} source
 * @returns {Promise<void>}
 */
export default function init(source) {
  return ready ? Promise.resolve() : load(source);
}

/**
 * For the test kit: its module has all calls of this one and more, and takes its place.
 * @param {Raw} other
 */
export function adopt(other) {
  raw = other;
  adopted = true;
  onTrap("testing", crash);
  ready = true;
}

/** Whether the test kit's module is the one in use. */
export const isTestKit = () => adopted;

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
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "confidence" in thrown) {
    const fields = /** @type {import("./error.js").Fields & { details: any }} */ (thrown);
    const { cause, details } = fields.details?.url ? onTheRoad(fields.code, fields.details) : fields;
    return new JitsuinError({ ...fields, message: formOf(fields.code, details) ?? fields.message, details: revive(details), cause });
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
    let off = () => {};
    const done = () => {
      waiting.delete(fail);
      off();
    };
    /** @param {unknown} error */
    const fail = (error) => {
      done();
      reject(error instanceof Error && isJitsuinError(error) ? error : toError(error));
    };
    if (signal?.aborted) return cancel();
    waiting.add(fail);
    off = until(signal, cancel);
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
