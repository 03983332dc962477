// @ts-check
// A new key for this device: after signs of a copy, or whenever its owner wants one.
import { agree, byId, during, say, t } from "/page.js";

/** Both buttons do the same. */
const BUTTONS = ["renew-suspended", "renew"];

/** @param {import("/pkg/index.js").Wallet} wallet */
export function renewButtons(wallet) {
  for (const id of BUTTONS) byId(id).addEventListener("click", () => during(byId(id), () => renew(wallet)));
}

/** @param {string} status */
export function drawRenew(status) {
  byId("renew-suspended").hidden = status !== "suspended";
  // Also while the account is frozen, so that a copied key is dead before the account works again.
  byId("renew").hidden = status !== "ready" && status !== "frozen";
}

/** @param {import("/pkg/index.js").Wallet} wallet */
async function renew(wallet) {
  // The old key signs the new one in: one that is locked is opened by this tap first.
  await wallet.unlock();
  const ceremony = await wallet.prepareRotation();
  const done = await agree({
    title: t("renew.title"), text: t("renew.text"), button: t("renew.now"),
    confirm: () => ceremony.confirm(), cancel: () => ceremony.cancel(),
  });
  if (done) say(t("renew.done"));
}
