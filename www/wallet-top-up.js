// @ts-check
// Money in: an amount, a source, one agreement, one step-up.
import { formatMoney, parseMoney } from "/pkg/index.js";
import { agree, byId, during, locale, make, say, t, when } from "/page.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */
/** @typedef {import("/pkg/index.js").Intent} Intent */
/** @typedef {import("/pkg/index.js").Source} Source */

const CARD_PROOF = "jitsuin-card-proof";
const QUICK = [1000n, 5000n, 10000n];
let chosen = "";

/** @param {OpenWallet} wallet */
export function topUpForm(wallet) {
  byId("top-up-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId("top-up-submit"), () => topUp(wallet));
  });
}

/** @param {OpenWallet} wallet */
async function topUp(wallet) {
  const currency = wallet.state.balance?.currency ?? "JPY";
  const { amount } = parseMoney(input("top-up-amount").value, currency);
  const source = wallet.state.sources.find(({ id }) => id === chosen);
  if (source === undefined) return;
  const ceremony = await wallet.prepareTopUp({ amount, currency, source: source.id });
  // Shown is what will be signed, not what was typed.
  const intent = /** @type {Extract<Intent, { kind: "top-up" }>} */ (ceremony.intent);
  const money = formatMoney(intent.money, locale());
  const done = await agree({
    title: t("topUp.agreeTitle"), amount: money, text: t("topUp.agree", { source: intent.source.label }), button: t("topUp.confirm"),
    confirm: () => ceremony.confirm(), cancel: () => ceremony.cancel(),
  });
  if (done === undefined) return;
  input("top-up-amount").value = "";
  say(done.kind === "pending" ? t("topUp.pending") : t("topUp.done", { money }));
}

/** Draws the sources, and keeps what the user chose.
 * @param {OpenWallet} wallet */
export function drawSources(wallet) {
  const { sources, balance } = wallet.state;
  const currency = balance?.currency ?? "JPY";
  byId("top-up-quick").replaceChildren(...QUICK.map((amount) => {
    const button = make("button", { type: "button", class: "quiet", "data-amount": String(amount) }, formatMoney({ amount, currency }, locale()));
    button.addEventListener("click", () => {
      input("top-up-amount").value = String(amount);
      byId("top-up-submit").focus();
    });
    return button;
  }));
  const held = document.activeElement?.id;
  if (!sources.some(({ id }) => id === chosen)) chosen = sources[0]?.id ?? "";
  const fieldset = byId("top-up-sources");
  const legend = fieldset.querySelector("legend");
  fieldset.replaceChildren(...(legend === null ? [] : [legend]), ...sources.flatMap((source) => choice(wallet, source)));
  if (sources.length === 0) fieldset.append(make("p", { class: "small" }, t("topUp.noSource")));
  // Drawing again may not take the keyboard away from where it was.
  if (held && document.activeElement?.id !== held && fieldset.querySelector(`[id="${CSS.escape(held)}"]`)) byId(held).focus();
}

/** @param {OpenWallet} wallet @param {Source} source @returns {Node[]} */
function choice(wallet, source) {
  const radio = /** @type {HTMLInputElement} */ (make("input", { type: "radio", name: "source", id: `source-${source.id}`, value: source.id }));
  radio.checked = source.id === chosen;
  radio.addEventListener("change", () => {
    chosen = source.id;
    drawSources(wallet);
  });
  const from = source.usableFrom;
  const needsProof = from === undefined || from === null;
  const note = needsProof ? t("topUp.needsProof") : from > new Date() ? t("topUp.from", { time: when(from) }) : t("topUp.ready");
  const label = make("label", { class: "choice", for: radio.id }, radio, make("span", {}, source.label), make("span", { class: "small" }, note));
  if (!needsProof || source.id !== chosen) return [label];
  const prove = make("button", { type: "button", class: "quiet prove-card", id: `prove-${source.id}` }, t("topUp.prove", { source: source.label }));
  prove.addEventListener("click", () => during(prove, () => proveCard(wallet, source)));
  return [label, prove];
}

/** Hands the proof's name to the card company's page through storage: never in an address.
 * @param {OpenWallet} wallet @param {Source} source */
async function proveCard(wallet, source) {
  const { page, proof } = await wallet.proveCard({ source: source.id });
  const address = new URL(page, location.href);
  if (address.origin !== location.origin) throw new Error("the demo's card page is elsewhere");
  sessionStorage.setItem(CARD_PROOF, proof);
  location.assign(address.href);
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}
