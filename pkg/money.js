// @ts-check
/** Money as text. The list is ISO 4217's, by decimals; a test holds it equal to the module's. */
import { refuse } from "./error.js";
import { freeze } from "./values.js";

const MOST = 2n ** 53n - 1n;
/** @type {Readonly<Record<number, string>>} */
export const BY_DECIMALS = Object.freeze({
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
  2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG",
  3: "BHD IQD JOD KWD LYD OMR TND",
});
const DECIMALS = new Map(Object.entries(BY_DECIMALS).flatMap(([digits, names]) => names.split(" ").map((name) => [name, Number(digits)])));

/** @param {string} currency */
function decimalsOf(currency) {
  const decimals = DECIMALS.get(currency);
  if (decimals === undefined) throw refuse("bad-amount", { message: "The currency is not one of ISO 4217." });
  return decimals;
}

const DIGIT = /\p{Nd}/u;

/** The digit's value. Unicode keeps the ten digits of each script in a row, from zero on.
 * @param {string} digit */
function valueOf(digit) {
  const at = /** @type {number} */ (digit.codePointAt(0));
  let before = 0;
  while (DIGIT.test(String.fromCodePoint(at - before - 1))) before += 1;
  return String(before % 10);
}

/** An amount as it is typed: in any width, with the digits of any script and the Arabic decimal separator. Nothing is left out of it.
 * @param {string} text */
function plain(text) {
  return text.normalize("NFKC").trim().replace(/\p{Nd}/gu, valueOf).replace("\u066b", ".");
}

/**
 * @param {string} text
 * @param {string} currency
 */
export function parseMoney(text, currency) {
  const decimals = decimalsOf(currency);
  const parts = /^(\d{1,16})(?:\.(\d{1,4}))?$/.exec(plain(String(text)));
  const fraction = parts?.[2] ?? "";
  if (!parts || fraction.length > decimals) throw refuse("bad-amount");
  const amount = BigInt(parts[1] + fraction.padEnd(decimals, "0"));
  if (amount > MOST) throw refuse("bad-amount");
  return freeze({ amount, currency });
}

/**
 * @param {{ amount: bigint, currency: string }} money
 * @param {string} [locale]
 */
export function formatMoney(money, locale) {
  const decimals = decimalsOf(money.currency);
  const digits = money.amount.toString().padStart(decimals + 1, "0");
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: money.currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  // Text, not number: `format` keeps every digit of a decimal text.
  return format.format(/** @type {any} */ (text));
}
