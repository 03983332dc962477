// @ts-check
// Receipts and alerts, as the wallet checked them.
import { formatMoney } from "/pkg/index.js";
import { byId, during, hasText, locale, make, say, t, textOfCode, when } from "/page.js";
import { agreeToFreeze } from "/wallet-freeze.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */
/** @typedef {import("/pkg/index.js").Receipt} Receipt */

const INCOMING = ["refund", "top-up", "opening"];
/** After these the owner may say that it was not them. */
const DOUBTFUL = ["unknown-use", "used-elsewhere", "new-device", "device-suspended", "limits-changed", "unfrozen", "contact-changed", "recovery-started"];
const PAGE = 20;
/** @type {Receipt[]} */
let older = [];
/** The newest receipt that the wallet was told of as shown. */
let told = 0n;
/** Alerts already on the page, so that drawing again does not read them out again. */
let drawn = "";

/** @param {OpenWallet} wallet */
export function historyButtons(wallet) {
  const more = byId("history-more");
  more.addEventListener("click", () => during(more, async () => {
    const known = [...wallet.state.recent, ...older];
    const last = known.reduce((least, { sequence }) => (sequence < least ? sequence : least), known[0]?.sequence ?? 0n);
    const next = await wallet.receipts({ before: last, limit: PAGE });
    older = [...older, ...next];
    more.hidden = next.length < PAGE;
    drawHistory(wallet.state);
  }));
}

/** The receipts that are here, newest first. @param {OpenWallet["state"]} state */
function all(state) {
  const newest = new Set(state.recent.map(({ id }) => id));
  return [...state.recent, ...older.filter(({ id }) => !newest.has(id))];
}

/** @param {OpenWallet["state"]} state */
export function drawHistory(state) {
  if (state.recent.length < PAGE) byId("history-more").hidden = true;
  drawRows(byId("history-list"), all(state), state);
}

/** Says what is drawn where its owner sees it. @param {OpenWallet} wallet */
export function noteShown(wallet) {
  const newest = wallet.state.recent[0]?.sequence ?? 0n;
  if (newest <= told || document.visibilityState !== "visible") return;
  const before = told;
  told = newest;
  wallet.shown({ sequence: newest }).catch(() => (told = before));
}

/** @param {HTMLElement} list @param {readonly Receipt[]} receipts @param {OpenWallet["state"]} state */
export function drawRows(list, receipts, state) {
  const known = all(state);
  list.replaceChildren(...receipts.map((receipt) => row(receipt, known)));
  if (receipts.length === 0) list.append(make("li", { class: "none" }, make("span", { class: "small" }, t("history.none"))));
}

/** @param {Receipt} receipt @param {readonly Receipt[]} known */
function row(receipt, known) {
  const item = make("li", { "data-kind": receipt.kind, "data-sequence": String(receipt.sequence) });
  item.append(make("span", { class: "what" }, what(receipt, known)));
  if (receipt.money) {
    const comesIn = INCOMING.includes(receipt.kind);
    const sign = comesIn ? "+" : receipt.kind === "payment" ? "−" : "";
    item.append(make("span", { class: comesIn ? "much in" : "much" }, sign + formatMoney(receipt.money, locale())));
  } else {
    item.append(make("span", { class: "much" }));
  }
  const why = receipt.reason ? ` · ${textOfCode(receipt.reason)}` : "";
  item.append(make("span", { class: "small" }, when(receipt.at) + why));
  const other = elsewhere(receipt);
  if (other !== "") item.append(make("span", { class: "small elsewhere" }, other));
  item.append(make("span", { class: "small after" }, t("history.balance", { money: formatMoney(receipt.balance, locale()) })));
  if (receipt.missing !== null) {
    const key = `history.missing.${receipt.missing}`;
    item.append(make("span", { class: "small missing" }, t(hasText(key) ? key : "history.missing.unreadable")));
  }
  return item;
}

/** @param {Receipt} receipt @param {readonly Receipt[]} known */
function what(receipt, known) {
  const kind = hasText(`receipt.${receipt.kind}`) ? t(`receipt.${receipt.kind}`) : receipt.kind;
  const shop = shopOf(receipt, known);
  const other = receipt.by === "other-device" ? ` · ${receipt.deviceLabel ?? t("history.otherDevice")}` : "";
  return (shop === "" ? kind : receipt.kind === "payment" ? shop : `${kind} · ${shop}`) + other;
}

/**
 * The shop whose money the receipt is about. A held payment's receipt names the other shop, where the code or the device turned up:
 * its own shop stands in the receipt of the payment.
 * @param {Receipt} receipt @param {readonly Receipt[]} known
 */
function shopOf(receipt, known) {
  if (receipt.kind !== "held") return receipt.shop ?? "";
  return known.find(({ sequence }) => sequence === receipt.undoes)?.shop ?? "";
}

/** Where the code or the device of a held payment turned up. @param {Receipt} receipt */
function elsewhere(receipt) {
  return receipt.kind === "held" && receipt.shop ? t("receipt.held.elsewhere", { shop: receipt.shop }) : "";
}

/** @param {OpenWallet} wallet */
export function drawAlerts(wallet) {
  const alerts = wallet.state.alerts;
  byId("alerts").hidden = alerts.length === 0;
  const now = document.documentElement.lang + wallet.state.status + alerts.map(({ id }) => id).join();
  if (now === drawn) return;
  drawn = now;
  byId("alert-list").replaceChildren(...alerts.map((alert) => {
    const seen = make("button", { type: "button", class: "quiet acknowledge" }, t("alerts.seen"));
    seen.addEventListener("click", () => during(seen, () => alert.acknowledge()));
    const buttons = [seen];
    if (DOUBTFUL.includes(alert.kind) && wallet.state.status !== "frozen") {
      const notMe = make("button", { type: "button", class: "quiet danger not-me" }, t("alerts.notMe"));
      notMe.addEventListener("click", () => itWasNotMe(wallet, alert));
      buttons.unshift(notMe);
    }
    const held = alert.kind === "used-elsewhere" && alert.receipt?.kind === "held" ? alert.receipt : null;
    if (held?.reason === "used-elsewhere" && wallet.state.status === "ready") {
      const both = make("button", { type: "button", class: "quiet both-mine" }, t("alerts.bothMine"));
      both.addEventListener("click", () => during(both, async () => {
        await wallet.bothMine({ sequence: held.sequence });
        say(t("bothMine.done"));
      }));
      buttons.unshift(both);
    }
    const key = hasText(`alert.${alert.kind}`) ? `alert.${alert.kind}` : "alert.other";
    const { receipt } = alert;
    const more = receipt?.money ? `${what(receipt, all(wallet.state))} ${formatMoney(receipt.money, locale())}` : "";
    const other = receipt ? elsewhere(receipt) : "";
    const why = `${key}.${alert.cause ?? held?.reason}`;
    const cause = hasText(why) ? why : `${key}.text`;
    return make("li", { "data-kind": alert.kind, "data-alert": alert.id },
      make("strong", {}, t(key)), make("span", {}, t(cause)),
      ...[more, other].filter((text) => text !== "").map((text) => make("span", {}, text)),
      make("span", { class: "small" }, when(alert.at)), ...buttons);
  }));
}

/** Freezes everything and says how to go on; starts nothing by itself.
 * @param {OpenWallet} wallet @param {import("/pkg/index.js").Alert} alert */
async function itWasNotMe(wallet, { receipt }) {
  // A held payment's receipt names the payment that waits.
  const sequence = receipt === null ? undefined : receipt.kind === "held" ? (receipt.undoes ?? undefined) : receipt.sequence;
  const done = await agreeToFreeze(wallet, { title: t("notMe.title"), text: t("notMe.text"), button: t("notMe.now") }, sequence);
  if (done) say(t("notMe.next"));
}
