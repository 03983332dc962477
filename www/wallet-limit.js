// @ts-check
// The owner's own limit: lowered by a tap, raised by a step-up.
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
  const done = wanted.amount < limit.amount ? await lower(wallet, wanted) : await raise(wallet, wanted);
  if (done === undefined) return;
  field.value = "";
  say(t("limit.done", { limit: formatMoney(wanted, locale()) }));
}

/** @param {OpenWallet} wallet @param {Money} wanted */
function lower(wallet, wanted) {
  return agree({
    title: t("limit.lowerTitle"), amount: formatMoney(wanted, locale()), text: t("limit.lowerText"), button: t("limit.lowerNow"),
    confirm: () => wallet.lowerLimit(wanted).then(() => true),
  });
}

/** @param {OpenWallet} wallet @param {Money} wanted */
async function raise(wallet, wanted) {
  const ceremony = await wallet.prepareLimit(wanted);
  // Shown is what will be signed, not what was typed.
  const intent = /** @type {Extract<import("/pkg/index.js").Intent, { kind: "limit" }>} */ (ceremony.intent);
  const money = (/** @type {Money} */ amount) => formatMoney(amount, locale());
  return agree({
    title: t("limit.raiseTitle"), amount: money(intent.new), text: t("limit.raiseText", { old: money(intent.old), new: money(intent.new) }),
    button: t("limit.raiseNow"), confirm: () => ceremony.confirm(), cancel: () => ceremony.cancel(),
  });
}
