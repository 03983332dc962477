// @ts-check
/** `jitsuin/codes`: scanned shop codes. An entry with a module of its own, so that a page without a scanner does not load it. */
import { loader } from "./compile.js";
import { refuse } from "./error.js";
import { onTrap } from "./trap.js";
import { freeze, revive } from "./values.js";
// @ts-ignore -- generated; its one call is used below
import instantiate, { parse_merchant_code } from "./wasm/codes/jitsuin.js";
// @ts-ignore -- generated
import { digest } from "./wasm/codes/digest.js";

let ready = false;
let crashed = false;
onTrap("codes", () => {
  crashed = true;
});

const init = loader(instantiate, () => new URL("./wasm/codes/jitsuin_bg.wasm", import.meta.url), digest, () => {
  ready = true;
});

export default init;
export { init };

/** @param {string} text */
export function parseMerchantCode(text) {
  if (!ready) throw refuse("not-initialised", { message: "This entry has an init() of its own." });
  if (crashed) throw refuse("module-crashed");
  const { taken, refused } = JSON.parse(answer(String(text)));
  if (refused) throw refuse(refused.code, { details: freeze({ reason: refused.reason, character: refused.character }) });
  const { amount, currency, tip } = taken;
  return Object.freeze({ ...revive(taken), amount: amount && money(amount, currency), tip: tip && extra(tip, currency) });
}

/** @param {{ minorUnits: string | null, text: string }} written @param {string} currency */
const money = ({ minorUnits, text }, currency) => freeze({ amount: minorUnits === null ? null : BigInt(minorUnits), currency, text });

/** @param {{ kind: string, fee?: { minorUnits: string | null, text: string }, text?: string, basisPoints?: number }} tip @param {string} currency */
function extra({ kind, fee, text, basisPoints }, currency) {
  if (fee) return Object.freeze({ kind, fee: money(fee, currency) });
  return Object.freeze(kind === "percentage" ? { kind, basisPoints, text } : { kind });
}

/** @param {string} text @returns {string} */
function answer(text) {
  try {
    return parse_merchant_code(text);
  } catch (cause) {
    throw refuse("module-crashed", { cause });
  }
}
