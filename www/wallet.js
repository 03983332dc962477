// @ts-check
// The demo wallet's page: thin, since everything that must be right is inside the package.
import { Wallet, formatMoney, isJitsuinError } from "/pkg/index.js";
import { ROOT } from "/issuer.js";
import { agree, byId, during, fail, keepForOffline, locale, make, quiet, say, speak, t, when } from "/page.js";
import { enrolForms } from "/wallet-enrol.js";
import { agreeToFreeze } from "/wallet-freeze.js";
import { drawLimit, limitForm } from "/wallet-limit.js";
import { drawAlerts, drawHistory, drawRows, historyButtons, noteShown } from "/wallet-history.js";
import { drawRenew, renewButtons } from "/wallet-renew.js";
import { drawSources, topUpForm } from "/wallet-top-up.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */

const PANELS = ["pay", "top-up", "history", "safety"];
const STOPPED = ["locked", "frozen", "suspended", "revoked", "key-lost", "storage-corrupt", "closed"];
const LOST = ["suspended", "revoked", "key-lost", "storage-corrupt"];
/** What can still be read when nothing can be paid. */
const READABLE = ["locked", "frozen", "suspended", "revoked"];

/** @type {OpenWallet | undefined} */
let wallet;
/** @type {{ stop(): void } | undefined} */
let presentation;
/** Counts presentations, so that what an ended one still says is not heard. */
let presented = 0;
/** @type {import("/pkg/index.js").Receipt | undefined} */
let paid;
let panel = PANELS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "pay";

speak(draw);
keepForOffline();
for (const name of PANELS) {
  byId(`tab-${name}`).addEventListener("click", () => {
    quiet();
    open(name);
  });
}
addEventListener("hashchange", () => open(location.hash.slice(1)));
begin();

async function begin() {
  try {
    wallet = await Wallet.open({ issuer: location.origin, root: ROOT });
  } catch (error) {
    byId("opening").hidden = true;
    fail(error);
    if (isJitsuinError(error) && error.code === "issuer-untrusted") offerNewStart();
    return;
  }
  wallet.subscribe(draw);
  enrolForms(wallet);
  topUpForm(wallet);
  limitForm(wallet);
  renewButtons(wallet);
  historyButtons(wallet);
  buttons(wallet);
  byId("opening").hidden = true;
  draw();
  if (wallet.state.status !== "new") wallet.sync().catch(() => undefined);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && wallet?.state.status !== "new") wallet?.sync().catch(() => undefined);
    draw();
  });
}

/** What this browser keeps is of an issuer with another root: the demo's, before its ledger was deleted. */
function offerNewStart() {
  byId("view-stopped").hidden = false;
  byId("stopped-title").textContent = t("stopped.other-issuer");
  byId("stopped-text").textContent = t("stopped.other-issuer.text");
  for (const id of ["unlock", "renew-suspended"]) byId(id).hidden = true;
  byId("start-over").hidden = false;
  startOver(() => Wallet.open({ issuer: location.origin }));
}

/** @param {() => Promise<OpenWallet>} opened */
function startOver(opened) {
  byId("start-over").addEventListener("click", () => agree({
    title: t("wallet.startOver"), text: t("wallet.startOverText"), button: t("wallet.erase"), danger: true,
    confirm: async () => {
      await (await opened()).forget();
      location.reload();
    },
  }));
}

/** @param {string} name */
function open(name) {
  if (!PANELS.includes(name)) return;
  panel = name;
  if (location.hash.slice(1) !== name) history.replaceState(null, "", `#${name}`);
  if (name !== "pay") hideCode();
  draw();
  scrollTo(0, 0);
}

function draw() {
  if (wallet === undefined) return;
  const state = wallet.state;
  const ready = state.status === "ready";
  const stopped = STOPPED.includes(state.status);
  document.body.dataset.status = state.status;
  byId("view-new").hidden = state.status !== "new";
  byId("offline").hidden = state.online;
  byId("tabs").hidden = !(ready || READABLE.includes(state.status));
  const shown = ready || ["history", "safety"].includes(panel) ? panel : "safety";
  for (const name of PANELS) {
    byId(`panel-${name}`).hidden = byId("tabs").hidden || shown !== name;
    const tab = byId(`tab-${name}`);
    if (shown === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
    tab.hidden = !ready && (name === "pay" || name === "top-up");
  }
  byId("unfreeze-form").hidden = state.status !== "frozen";
  byId("freeze-card").hidden = state.status === "frozen";
  drawStopped(state.status, stopped);
  drawMoney(state);
  drawDevice(state);
  drawLimit(state);
  drawRenew(state.status);
  drawAlerts(wallet);
  drawRows(byId("recent"), state.recent.slice(0, 3), state);
  drawHistory(state);
  if (["pay", "history"].includes(shown) && !byId("tabs").hidden) noteShown(wallet);
  drawSources(wallet);
  drawCode();
}

/** @param {string} status @param {boolean} stopped */
function drawStopped(status, stopped) {
  byId("view-stopped").hidden = !stopped;
  if (!stopped) return;
  byId("stopped-title").textContent = t(`stopped.${status}`);
  byId("stopped-text").textContent = t(`stopped.${status}.text`);
  byId("unlock").hidden = status !== "locked";
  byId("start-over").hidden = !LOST.includes(status);
  byId("freeze-card").hidden = status === "frozen";
  byId("lock").hidden = status !== "ready";
}

/** @param {OpenWallet["state"]} state */
function drawMoney(state) {
  const { balance, allowance } = state;
  byId("money").hidden = state.status === "new" || balance === null;
  if (balance !== null) byId("balance").textContent = formatMoney(balance, locale());
  byId("allowance").textContent = allowance === null || state.status !== "ready" ? "" : left(allowance);
  byId("as-of").textContent = byId("allowance").textContent === "" || allowance === null ? "" : t("wallet.asOf", { time: when(allowance.asOf) });
  byId("lock").hidden = state.status !== "ready";
}

/** @param {import("/pkg/index.js").Allowance} allowance */
function left({ left, perPayment, countLeft, resetsAt }) {
  if (left.amount === 0n && presentation === undefined) return t("wallet.held", { time: when(resetsAt) });
  if (left.amount === 0n) return "";
  return t("wallet.allowance", { left: formatMoney(left, locale()), each: formatMoney(perPayment, locale()), count: String(countLeft) });
}

/** @param {OpenWallet["state"]} state */
function drawDevice(state) {
  const { device, syncedAt } = state;
  if (device === null) return;
  const facts = [["safety.name", device.label], ["safety.custody", t(`custody.${device.custody}`)], ["safety.added", when(device.addedAt)]];
  if (device.coolOffUntil) facts.push(["safety.coolOff", when(device.coolOffUntil)]);
  if (syncedAt) facts.push(["safety.synced", when(syncedAt)]);
  byId("device").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, t(name)), make("dd", {}, value)]));
  byId("device").dataset.custody = device.custody;
}

function drawCode() {
  const showing = presentation !== undefined;
  byId("code").hidden = !showing;
  byId("hide-code").hidden = !showing;
  byId("show-code").hidden = showing;
  byId("paid").hidden = paid === undefined || showing;
  byId("code-hint").hidden = showing || paid !== undefined;
  byId("show-code").textContent = t(paid === undefined ? "pay.show" : "pay.again");
  if (paid?.money) {
    byId("paid-amount").textContent = formatMoney(paid.money, locale());
    byId("paid-shop").textContent = paid.shop === null ? t("pay.done") : t("pay.paid", { shop: paid.shop });
  }
}

function hideCode() {
  presented += 1;
  const ended = presentation;
  presentation = undefined;
  ended?.stop();
  paid = undefined;
  byId("code").replaceChildren();
  drawCode();
}

/** @param {OpenWallet} wallet */
function showCode(wallet) {
  quiet();
  hideCode();
  const mine = presented;
  let broughtIntoView = false;
  byId("code").hidden = false;
  presentation = wallet.present(byId("code"), {
    label: t("pay.label"),
    onChange: (state) => {
      if (mine !== presented) return;
      if ("cause" in state && !broughtIntoView) {
        // On a short screen a part of it may lie below the fold or under the tabs.
        broughtIntoView = true;
        byId("code").scrollIntoView({ block: "center" });
      }
      if (state.phase === "paid") {
        hideCode();
        paid = state.receipt;
        drawCode();
        byId("show-code").focus();
      } else if (state.phase === "stopped") {
        hideCode();
      }
      if ("error" in state && state.error) fail(state.error);
    },
  });
  // What stopped before it began has nothing to show.
  if (mine !== presented) presentation = undefined;
  drawCode();
  byId("code").scrollIntoView({ block: "nearest" });
}

/** @param {OpenWallet} wallet */
function buttons(wallet) {
  byId("show-code").addEventListener("click", () => {
    try {
      showCode(wallet);
    } catch (error) {
      hideCode();
      fail(error);
    }
  });
  byId("hide-code").addEventListener("click", () => {
    hideCode();
    byId("show-code").focus();
  });
  byId("lock").addEventListener("click", () => {
    hideCode();
    wallet.lock();
  });
  byId("unlock").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), () => wallet.unlock()));
  byId("sync").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), async () => {
    await wallet.sync();
    say(t("safety.syncDone"));
  }));
  byId("freeze").addEventListener("click", async () => {
    const done = await agreeToFreeze(wallet, { title: t("safety.freezeTitle"), text: t("safety.freezeText"), button: t("safety.freezeNow") });
    if (done) hideCode();
  });
  let attempt = "";
  byId("unfreeze-send").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), async () => {
    // The device key asks for it: one that is locked is opened by this tap first.
    await wallet.unlock();
    const ceremony = await wallet.prepareUnfreeze();
    const sent = await agree({
      title: t("safety.unfreezeTitle"), text: t("safety.unfreezeText"), button: t("safety.unfreezeNow"),
      confirm: () => ceremony.confirm(), cancel: () => ceremony.cancel(),
    });
    if (sent === undefined) return;
    ({ attempt } = sent);
    byId("unfreeze-enter").hidden = false;
    byId("unfreeze-code").focus();
  }));
  byId("unfreeze-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId("unfreeze-submit"), async () => {
      const field = /** @type {HTMLInputElement} */ (byId("unfreeze-code"));
      await wallet.unfreeze({ attempt, code: field.value });
      field.value = "";
      byId("unfreeze-enter").hidden = true;
      say(t("safety.unfrozen"));
    });
  });
  startOver(async () => wallet);
}
