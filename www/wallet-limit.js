// @ts-check
// The owner's own limit, changed by a step-up.
import { formatMoney, parseMoney } from "/pkg/index.js";
import { agree, byId, during, locale, say, t } from "/page.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */
/** @typedef {import("/pkg/index.js").Money} Money */

/** @param {OpenWallet} wallet */
export function limitForm(wallet) {
  byId("limit-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId("limit-submit"), () => change(wallet));
  });
}

/** @param {OpenWallet["state"]} state */
export function drawLimit({ limit, status }) {
  byId("limit-form").hidden = limit === null || status !== "ready";
  if (limit !== null) byId("limit-now").textContent = t("limit.now", { limit: formatMoney(limit, locale()) });
}

/** @param {OpenWallet} wallet */
async function change(wallet) {
  const { limit } = wallet.state;
  if (limit === null) return;
  const field = /** @type {HTMLInputElement} */ (byId("limit-new"));
  const wanted = parseMoney(field.value, limit.currency);
  const done = await ask(wallet, wanted);
  if (done === undefined) return;
  field.value = "";
  say(t("limit.done", { limit: formatMoney(wanted, locale()) }));
}

/** @param {OpenWallet} wallet @param {Money} wanted */
async function ask(wallet, wanted) {
  const ceremony = await wallet.prepareLimit(wanted);
  // Shown is what will be signed, not what was typed.
  const intent = /** @type {Extract<import("/pkg/index.js").Intent, { kind: "limit" }>} */ (ceremony.intent);
  const money = (/** @type {Money} */ amount) => formatMoney(amount, locale());
  const which = intent.new.amount < intent.old.amount ? "lower" : "raise";
  return agree({
    title: t(`limit.${which}Title`), amount: money(intent.new), text: t(`limit.${which}Text`, { old: money(intent.old), new: money(intent.new) }),
    button: t(`limit.${which}Now`), confirm: () => ceremony.confirm(), cancel: () => ceremony.cancel(),
  });
}
