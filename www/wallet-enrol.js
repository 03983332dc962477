// @ts-check
// From ID and password to a registered device.
import { isJitsuinError } from "/pkg/index.js";
import { byId, currentLanguage, during, fail, quiet, say, t } from "/page.js";

/** @typedef {import("/pkg/index.js").Wallet} OpenWallet */
/** @typedef {import("/pkg/index.js").Intent} Intent */

/** @param {OpenWallet} wallet */
export function enrolForms(wallet) {
  let account = "";
  let attempt = "";
  let ticket = "";
  /** @type {Awaited<ReturnType<OpenWallet["prepareEnrolment"]>> | undefined} */
  let ceremony;

  const show = (/** @type {"login" | "code" | "enrol"} */ step) => {
    for (const name of ["login", "code", "enrol"]) byId(`${name}-form`).hidden = name !== step;
    byId("enrol-agree").hidden = true;
    byId("enrol-submit").hidden = false;
    input("device-label").readOnly = false;
    byId(`${step}-form`).querySelector("input")?.focus();
  };
  const back = () => {
    ceremony?.cancel().catch(() => undefined);
    ceremony = undefined;
    attempt = ticket = "";
    input("contact-code").value = "";
    show("login");
  };

  on("login-form", "login-submit", async () => {
    const typed = input("login").value;
    // The demo's accounts are called as their logins, which are compared without width and case.
    account = typed.normalize("NFKC").trim().toLowerCase();
    ({ attempt } = await wallet.logIn({ login: typed, password: input("password").value, language: currentLanguage() }));
    input("password").value = "";
    show("code");
  });
  on("code-form", "code-submit", async () => {
    const code = input("contact-code").value;
    ticket = await wallet.enterCode({ attempt, code });
    input("contact-code").value = "";
    if (input("device-label").value === "") input("device-label").value = t("enrol.thisBrowser");
    show("enrol");
  });
  on("enrol-form", "enrol-submit", async () => {
    const label = input("device-label").value.trim();
    let text = "enrol.agree";
    try {
      ceremony = await wallet.prepareEnrolment({ ticket, label, account });
    } catch (error) {
      // The account has had a device: this one can only take its place, with its passkey.
      if (!isJitsuinError(error) || error.code !== "not-first-device") throw error;
      ceremony = await wallet.prepareRecovery({ ticket, label, account });
      text = "enrol.replace";
    }
    // Shown is what will be signed, not what was typed.
    const intent = /** @type {Extract<Intent, { kind: "enrol" }>} */ (ceremony.intent);
    byId("enrol-text").textContent = t(text, { label: intent.label, account: intent.accountLabel });
    byId("enrol-submit").hidden = true;
    input("device-label").readOnly = true;
    byId("enrol-agree").hidden = false;
    byId("enrol-confirm").focus();
  });
  byId("code-cancel").addEventListener("click", () => {
    quiet();
    back();
  });
  byId("enrol-cancel").addEventListener("click", () => {
    quiet();
    back();
  });
  byId("enrol-confirm").addEventListener("click", (event) => {
    const running = ceremony;
    if (running === undefined) return;
    during(/** @type {HTMLElement} */ (event.currentTarget), async () => {
      await running.confirm();
      ceremony = undefined;
      show("login");
      say(t("enrol.done"));
      byId("show-code").focus();
      await wallet.sync().catch(fail);
    });
  });
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/** @param {string} form @param {string} button @param {() => Promise<void>} work */
function on(form, button, work) {
  byId(form).addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId(button), work);
  });
}
