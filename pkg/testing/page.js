// @ts-check
/**
 * The kit's own page: an opened wallet behind one function that tests call from outside. It uses the package as any page does.
 * What crosses the process line is plain: bigints and dates survive it, errors and methods do not, so errors travel as values.
 */
import { Wallet, isJitsuinError } from "/jitsuin/index.js";

/** @type {Map<number, Wallet | import("../index.js").Ceremony<any> | import("../index.js").Presentation>} */
const held = new Map();
let last = 0;

/** @param {any} object */
function hold(object) {
  last += 1;
  held.set(last, object);
  return last;
}

/**
 * Methods and frozen prototypes can't be cloned.
 * @param {any} value
 * @returns {any}
 */
function plain(value) {
  if (typeof value === "function" || value === undefined) return undefined;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(plain);
  const members = Object.entries(value).map(([name, item]) => [name, plain(item)]);
  return Object.fromEntries(members.filter(([, item]) => item !== undefined));
}

/** @type {Record<string, (wallet: any, argument: any) => unknown>} */
const VERBS = {
  state: (wallet) => wallet.state,
  prepareEnrolment: async (wallet, options) => prepared(await wallet.prepareEnrolment(options)),
  prepareTopUp: async (wallet, options) => prepared(await wallet.prepareTopUp(options)),
  present: (wallet, options) => ({ id: hold(wallet.present(document.querySelector("#code"), options)) }),
  presentation: (presentation) => presentation.state,
  acknowledge: (wallet, id) => wallet.state.alerts.find((/** @type {any} */ alert) => alert.id === id)?.acknowledge(),
  until: (wallet, status) => settled(wallet, () => wallet.state.status === status),
  nextReceipt: (wallet) => new Promise((resolve) => wallet.on("receipt", resolve)),
  nextAlert: (wallet) => new Promise((resolve) => wallet.on("alert", resolve)),
};

/** @param {import("../index.js").Ceremony<any>} ceremony */
function prepared(ceremony) {
  return { id: hold(ceremony), intent: ceremony.intent };
}

/**
 * @param {Wallet} wallet
 * @param {() => boolean} is
 * @returns {Promise<void>}
 */
function settled(wallet, is) {
  return new Promise((resolve) => {
    if (is()) return resolve();
    const stop = wallet.subscribe(() => {
      if (!is()) return;
      stop();
      resolve();
    });
  });
}

/** @param {unknown} error */
function described(error) {
  if (!isJitsuinError(error)) return { message: String(error), code: null };
  const { code, message, details, confidence } = error;
  return { code, message, details: plain(details), confidence };
}

/**
 * Runs one verb of something held; never rejects.
 * @param {{ id: number, verb: string, argument?: any }} call
 */
async function call({ id, verb, argument }) {
  try {
    const target = /** @type {any} */ (held.get(id));
    const run = VERBS[verb] ?? ((/** @type {any} */ it, /** @type {any} */ options) => it[verb](options));
    return { value: plain(await run(target, argument)) };
  } catch (error) {
    return { error: described(error) };
  }
}

/** @param {import("../index.js").WalletOptions} options */
async function open(options) {
  try {
    return { value: hold(await Wallet.open(options)) };
  } catch (error) {
    return { error: described(error) };
  }
}

Object.defineProperty(globalThis, "jitsuinKit", { value: Object.freeze({ open, call }) });
