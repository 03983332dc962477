// @ts-check
/** What users read. Texts only; the codes' meaning stands in the module's table. */
import { formatMoney } from "./money.js";

export { en } from "./messages/en.js";
export { ja } from "./messages/ja.js";

/**
 * The figures a text may name in braces; a sentence whose figure is missing is left out.
 * @param {Record<string, any>} details
 * @param {string} [locale]
 */
function figures(details, locale) {
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  /** @type {Record<string, string>} */
  const known = {};
  const waits = typeof details.retryAfterMs === "number";
  const when = details.until ?? details.resetsAt ?? (waits ? Date.now() + details.retryAfterMs : undefined);
  if (details.left) known.left = formatMoney(details.left, locale);
  // Up to the next whole minute: whoever comes back then is not refused again.
  if (when) known.time = time.format(new Date(Math.ceil(Number(when) / 60_000) * 60_000));
  if (waits) known.minutes = new Intl.NumberFormat(locale).format(Math.max(1, Math.ceil(details.retryAfterMs / 60_000)));
  if (typeof details.skewMs === "number") known.minutes = new Intl.NumberFormat(locale).format(Math.max(1, Math.round(Math.abs(details.skewMs) / 60_000)));
  return known;
}

/**
 * @param {string} text
 * @param {Record<string, string>} known
 */
function fill(text, known) {
  // Sentences that depend on a figure stand between < and >.
  return text
    .replace(/<([^<>]*)>/g, (_, sentence) => ([...sentence.matchAll(/\{(\w+)\}/g)].every(([, name]) => name in known) ? sentence : ""))
    .replace(/\{(\w+)\}/g, (_, name) => known[name] ?? "")
    .trim();
}

/**
 * @param {import("./index.js").JitsuinError} error
 * @param {import("./messages.js").Catalogue} catalogue
 * @param {string} [locale]
 */
export function explain(error, catalogue, locale) {
  const text = catalogue[error.code] ?? catalogue["issuer-refused"];
  const known = figures(error.details ?? {}, locale);
  return Object.freeze({ title: text.title, body: fill(text.body, known), action: text.action });
}
