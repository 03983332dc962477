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
  /** `null`: the payer types it. Never zero. */
  readonly amount: MerchantCodeAmount | null;
  /** What the shop asks beside `amount`: show both, or 100 is shown where 150 is asked. */
  readonly tip: MerchantCodeTip | null;
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

/** `amount` in minor units; `null`: the text can't be paid in this currency, such as a part of a yen. */
export interface MerchantCodeAmount {
  readonly amount: bigint | null;
  readonly currency: string;
  /** As it is written in the code. */
  readonly text: string;
}

/**
 * EMVCo ids 55 to 57. `asked`: ask the payer whether to add a tip. `fixed`: this fee comes on top of the amount. `percentage`: this share
 * of the amount comes on top of it, in hundredths of a percent (1 to 9,999); the specification does not say how it is rounded.
 */
export type MerchantCodeTip =
  | { readonly kind: "asked" }
  | { readonly kind: "fixed"; readonly fee: MerchantCodeAmount }
  | { readonly kind: "percentage"; readonly basisPoints: number; readonly text: string };
