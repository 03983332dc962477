// `jitsuin/codes`: scanned shop codes. It has a module of its own, which a page without a scanner does not load.
import type { WasmSource } from "./index.js";

/** This entry's own: loads its module once. Codes: those of `jitsuin`'s `init`. */
declare function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;
export default init;
export { init };
/**
 * An EMVCo merchant-presented code, JPQR included, taken apart. Nothing in it is proved: show the name that the issuer's quote says,
 * never this one. Needs this entry's `init`. Codes: `shop-code-malformed`, `shop-code-bad-crc`.
 */
export function parseMerchantCode(text: string): MerchantCode;
export interface MerchantCode {
  /** `null` where the code does not say. */
  readonly pointOfInitiation: "static" | "dynamic" | null;
  /** By id, 02 to 51: a text, or the objects of a template. */
  readonly merchantAccounts: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** The id of the account to use: JPQR's, else the lowest template, else the lowest id. */
  readonly merchantAccount: string;
  readonly merchantCategoryCode: string | null;
  /** ISO 4217 letters. */
  readonly currency: string;
  /** `null`: the payer types it. `amount: null`: the text can't be paid in this currency, such as a part of a yen. */
  readonly amount: { readonly amount: bigint | null; readonly currency: string; readonly text: string } | null;
  readonly countryCode: string;
  readonly merchantName: string | null;
  readonly merchantCity: string | null;
  readonly postalCode: string | null;
  readonly additionalData: Readonly<Record<string, string>>;
  readonly languageTemplate: { readonly language: string; readonly merchantName: string; readonly merchantCity: string | null } | null;
  /** The four levels of a JPQR store id. */
  readonly jpqr: { readonly level1: string; readonly level2: string; readonly level3: string; readonly level4: string } | null;
  /** Every object by id, known or not. */
  readonly raw: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}
