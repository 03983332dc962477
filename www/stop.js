// @ts-check
// Freezes an account from any machine: with a passkey, the stop code of a message, or login and contact code. Nothing happens
// before a tap, nothing stands in the address, and the key made here is gone with the page.
import { byId, currentLanguage, during, speak, t } from "/page.js";
import { canAskPasskey, freezeByPasskey, whyNot } from "/stop-passkey.js";
import { TillClient } from "/till-client.js";

const client = TillClient.passing();
let attempt = "";

speak(() => undefined);

/** @param {string} id */
function typed(id) {
  return /** @type {HTMLInputElement} */ (byId(id)).value;
}

/** @param {string} id */
function value(id) {
  return typed(id).trim();
}

/** @param {string} form @param {string} button @param {() => Promise<void>} work */
function onSubmit(form, button, work) {
  byId(form).addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId(button), () => work().catch(tell));
  });
}

byId("passkey-form").hidden = !canAskPasskey();
onSubmit("passkey-form", "passkey-submit", async () => {
  const here = await client;
  await freezeByPasskey((path, body) => here.change(path, body));
  done();
});

onSubmit("stop-form", "stop-submit", async () => {
  await (await client).change("/v1/freeze/code", { code: value("stop-code") });
  done();
});

onSubmit("login-form", "login-submit", async () => {
  const language = currentLanguage();
  const started = await (await client).change("/v1/login", { login: value("login"), password: typed("password"), language });
  attempt = started.attempt;
  byId("login-form").hidden = true;
  byId("code-form").hidden = false;
  byId("contact-code").focus();
});

onSubmit("code-form", "code-submit", async () => {
  const code = value("contact-code");
  const { ticket } = await (await client).change("/v1/login/code", { attempt, code });
  await (await client).change("/v1/freeze/ticket", { ticket });
  done();
});

function done() {
  for (const id of ["passkey-form", "stop-form", "login-form", "code-form", "why", "problem"]) byId(id).hidden = true;
  byId("next").hidden = false;
  const message = byId("message");
  message.textContent = t("stop.done");
  message.hidden = false;
  message.focus();
}

/** @param {unknown} error */
function tell(error) {
  const { code, text } = whyNot(error);
  const problem = byId("problem");
  problem.dataset.code = code;
  problem.textContent = text;
  problem.hidden = false;
  problem.focus();
}
