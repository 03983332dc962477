// @ts-check
// What the demo's pages share: elements, languages, notices, the dialog that asks for agreement.
import { isJitsuinError } from "/pkg/index.js";
import { en, ja, explain } from "/pkg/messages.js";
import { strings } from "/strings.js";

/** @typedef {"ja" | "en"} Language */

const KEPT = "jitsuin-demo-language";
/** @type {Language} */
let language = firstLanguage();
/** @type {Set<() => void>} */
const redraws = new Set();

/** The element with this id. It stands in the page, or the page is broken.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T} */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no #${id} in this page`);
  return /** @type {T} */ (element);
}

/** An element with attributes and children. Text is only ever set as text.
 * @param {string} tag
 * @param {Record<string, string | boolean>} [attributes]
 * @param {...(Node | string)} children */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A text of the page in the chosen language.
 * @param {string} key
 * @param {Record<string, string>} [values] put in place of `{name}` */
export function t(key, values = {}) {
  const text = strings[language][key] ?? strings.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there is a text of this name.
 * @param {string} key */
export function hasText(key) {
  return key in strings.en;
}

/** The locale for `Intl`. */
export function locale() {
  return language === "ja" ? "ja-JP" : "en";
}

/** @returns {Language} */
export function currentLanguage() {
  return language;
}

/** @param {Date} date */
export function when(date) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Writes every text of the page in the chosen language, now and after each change; then calls `redraw`.
 * @param {() => void} redraw draws what the page made itself */
export function speak(redraw) {
  redraws.add(redraw);
  const button = byId("language");
  button.addEventListener("click", () => {
    language = language === "ja" ? "en" : "ja";
    try {
      localStorage.setItem(KEPT, language);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    translate();
    for (const draw of redraws) draw();
  });
  translate();
}

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {HTMLElement} */ (element).dataset.t ?? "");
  }
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(/** @type {HTMLElement} */ (element).dataset.tLabel ?? ""));
  }
  document.title = t(document.body.dataset.title ?? "wallet.title");
  const button = byId("language");
  const other = language === "ja" ? "en" : "ja";
  button.textContent = other === "ja" ? "日本語" : "English";
  button.lang = other;
}

/** @returns {Language} */
function firstLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // Storage may be closed to this page.
  }
  if (kept === "ja" || kept === "en") return kept;
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

/** Says that something went well; nothing takes it back.
 * @param {string} text */
export function say(text) {
  quiet();
  const message = byId("message");
  message.textContent = text;
  message.hidden = text === "";
}

/** Takes back what was said. */
export function quiet() {
  byId("problem").hidden = true;
  byId("message").hidden = true;
}

/** A failure that is none of the package's, with what its user is told. */
export class PageError extends Error {
  /** @param {string} code @param {string} text */
  constructor(code, text) {
    super(text);
    this.name = "PageError";
    this.code = code;
  }
}

/** What a user is told of an error.
 * @param {unknown} error
 * @returns {{ title: string, body: string }} */
function textOf(error) {
  if (isJitsuinError(error)) return explain(error, language === "ja" ? ja : en, locale());
  return { title: t("error.title"), body: error instanceof PageError ? error.message : t("error.other") };
}

/** What a code is called, where it stands in a receipt.
 * @param {string} code */
export function textOfCode(code) {
  /** @type {Record<string, { title: string } | undefined>} */
  const catalogue = language === "ja" ? ja : en;
  return catalogue[code]?.title ?? code;
}

/** Says what went wrong. The code stands in `data-code`, for support and for tests.
 * @param {unknown} error
 * @param {HTMLElement} [where] */
export function fail(error, where = byId("problem")) {
  const { title, body } = textOf(error);
  where.replaceChildren(make("strong", {}, title), "\n", body);
  const isTold = isJitsuinError(error) || error instanceof PageError;
  where.dataset.code = isTold ? error.code : "unknown";
  where.hidden = false;
  if (!isTold) console.error(error);
  where.scrollIntoView({ block: "nearest" });
}

/** Runs what a button asks for: once at a time, said when it fails.
 * @template T
 * @param {HTMLElement} button
 * @param {() => Promise<T>} work
 * @param {HTMLElement} [where] where a failure is told
 * @returns {Promise<T | undefined>} nothing after a failure */
export async function during(button, work, where) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  quiet();
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    fail(error, where);
    return undefined;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Asks for agreement in a dialog: shows all that is agreed to, and runs `confirm` inside the tap.
 * @template T
 * @param {{ title: string, amount?: string, text: string, button: string, danger?: boolean, confirm: () => Promise<T>, cancel?: () => Promise<unknown>,
 *   instead?: { code: string, button: string, confirm: () => Promise<T> } }} ask `instead` is what the button does once `confirm` was refused with that code
 * @returns {Promise<T | undefined>} nothing if the user went back */
export function agree(ask) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("agree"));
  const confirm = byId("agree-confirm");
  const problem = byId("agree-problem");
  byId("agree-title").textContent = ask.title;
  byId("agree-amount").textContent = ask.amount ?? "";
  byId("agree-amount").hidden = ask.amount === undefined;
  byId("agree-text").textContent = ask.text;
  confirm.textContent = ask.button;
  confirm.classList.toggle("danger", ask.danger === true);
  problem.hidden = true;
  let work = ask.confirm;
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (/** @type {T | undefined} */ value) => {
      listening.abort();
      dialog.close();
      resolve(value);
    };
    const back = () => {
      ask.cancel?.().catch(() => undefined);
      end(undefined);
    };
    const on = { signal: listening.signal };
    confirm.addEventListener("click", () => {
      if (confirm.getAttribute("aria-busy") === "true") return;
      problem.hidden = true;
      confirm.setAttribute("aria-busy", "true");
      // Called at once, with nothing awaited before it: a passkey prompt needs the tap.
      work().then(end, (error) => {
        fail(error, problem);
        if (ask.instead === undefined || !isJitsuinError(error) || error.code !== ask.instead.code) return;
        confirm.textContent = ask.instead.button;
        work = ask.instead.confirm;
      }).finally(() => confirm.removeAttribute("aria-busy"));
    }, on);
    byId("agree-cancel").addEventListener("click", back, on);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      back();
    }, on);
    dialog.showModal();
  });
}

/** Keeps the pages for the road. The one script address that this page vouches for is a constant. */
export function keepForOffline() {
  if (!("serviceWorker" in navigator)) return;
  const worker = "/sw.js";
  /** @type {any} */
  const types = Reflect.get(globalThis, "trustedTypes");
  const policy = types?.createPolicy("jitsuin-pages", {
    createScriptURL: (/** @type {string} */ url) => {
      if (url !== worker) throw new TypeError("not a script of this page");
      return url;
    },
  });
  navigator.serviceWorker.register(policy?.createScriptURL(worker) ?? worker, { updateViaCache: "none" }).catch(() => undefined);
}
