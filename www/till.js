// @ts-check
// The demo till: an amount, a scanned code, one big answer.
import { formatMoney, parseMoney } from "/pkg/index.js";
import { agree, byId, during, fail, hasText, locale, quiet, speak, t } from "/page.js";
import { TillClient, TillError, idempotencyKey } from "/till-client.js";
import { cameraButton } from "/till-camera.js";

/** @typedef {import("/till-client.js").PaymentAnswer} PaymentAnswer */
/** @typedef {import("/till-client.js").Sale} Sale */
/** @typedef {import("/till-client.js").Registration} Registration */

/** @type {TillClient | undefined} */
let client;
/** @type {Registration | null} */
let shop = null;
/** The sale on the screen. Charged again while its answer is not known, it is the same sale: same key, same body.
 * @type {Sale | undefined} */
let sale;
/** Whether another page began it: then it is only looked up, never sent again. */
let takenOver = false;
/** Sales of pages that were closed, after the one on the screen. @type {Sale[]} */
const waiting = [];
/** @type {PaymentAnswer | { outcome: "lost", amount: string, currency: string } | undefined} */
let answer;
let reversalKey = "";

speak(draw);
begin();

async function begin() {
  try {
    client = await TillClient.open();
    shop = await client.who();
    if (shop !== null) for (const key of await client.unfinished()) takeOver(client, key).catch(tell);
  } catch (error) {
    tell(error);
  }
  forms();
  draw();
}

/** Shows the sale of a page that was closed, as soon as nothing else is on the screen.
 * @param {TillClient} client @param {string} key */
async function takeOver(client, key) {
  const left = await client.takeOver(key);
  if (left === undefined) return;
  waiting.push(left);
  if (sale === undefined) await resume();
}

async function resume() {
  const left = waiting.shift();
  if (left === undefined) return;
  sale = left;
  takenOver = true;
  await lookUp(left);
}

function forms() {
  byId("till-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId("till-submit"), async () => {
      shop = (await client?.enrol(input("till-code").value.trim()).catch(tell)) ?? null;
      if (shop === null) return;
      input("till-code").value = "";
      draw();
      input("amount").focus();
    });
  });
  byId("sale-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during(byId("charge"), charge);
  });
  // A hand scanner types the code and Enter; while the amount is still open that must not look like a sale.
  input("amount").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || input("scan").value !== "") return;
    event.preventDefault();
    input("scan").focus();
  });
  byId("retry").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), async () => {
    if (sale) await (takenOver ? lookUp(sale) : take(sale));
  }));
  byId("next").addEventListener("click", next);
  byId("reverse").addEventListener("click", reverse);
  cameraButton((text) => {
    input("scan").value = text;
    if (input("amount").value === "") input("amount").focus();
    else /** @type {HTMLFormElement} */ (byId("sale-form")).requestSubmit();
  });
}

async function charge() {
  if (shop === null) return;
  // Scanners put a line end behind a code, and some of them their symbology before it.
  const token = input("scan").value.trim().replace(/^\]Q\d/, "");
  const { amount } = parseMoney(input("amount").value, shop.currency);
  sale = { token, amount: String(amount), currency: shop.currency, key: idempotencyKey() };
  takenOver = false;
  input("scan").value = "";
  await take(sale);
}

/** @param {Sale} asked */
async function take(asked) {
  try {
    answer = await client?.take(asked);
  } catch (error) {
    const lost = error instanceof TillError && isLost(error);
    answer = lost ? { outcome: "lost", amount: asked.amount, currency: asked.currency } : refused(error, asked);
  }
  draw();
  byId("result-title").focus();
}

/** @param {Sale} left */
async function lookUp(left) {
  try {
    answer = await client?.lookUp(left);
  } catch (error) {
    const { amount, currency } = left;
    // An answer that this till heard stands, also when the issuer no longer keeps it or can't be reached.
    if (left.answer) answer = left.answer;
    // The issuer never heard of it: nothing was paid, and nothing will be.
    else if (error instanceof TillError && error.code === "not-found") answer = { outcome: "not-made", amount, currency, at: 0 };
    else answer = { outcome: "lost", amount, currency };
  }
  draw();
}

async function reverse() {
  const made = answer;
  if (!made || !("payment" in made) || !made.payment) return;
  const payment = made.payment;
  if (reversalKey === "") reversalKey = idempotencyKey();
  const done = await agree({
    title: t("till.reverseTitle"), amount: money(made), text: t("till.reverseText"), button: t("till.reverse"), danger: true,
    confirm: async () => {
      try {
        return await client?.reverse(payment, reversalKey);
      } catch (error) {
        if (!(error instanceof TillError)) throw error;
        return error;
      }
    },
  });
  if (done === undefined) return;
  if (done instanceof TillError) tell(done);
  else {
    answer = done;
    if (sale) await client?.keep(sale, done);
  }
  draw();
}

/** Ends the sale whose answer was seen. */
async function next() {
  quiet();
  const seen = sale;
  answer = undefined;
  sale = undefined;
  reversalKey = "";
  input("amount").value = "";
  input("scan").value = "";
  draw();
  input("amount").focus();
  if (seen) await client?.forget(seen);
  if (sale === undefined) await resume();
}

function draw() {
  byId("till-form").hidden = client === undefined || shop !== null;
  byId("shop").hidden = shop === null;
  byId("sale-form").hidden = shop === null || answer !== undefined;
  byId("result").hidden = answer === undefined;
  if (shop !== null) {
    byId("shop-name").textContent = shop.name;
    byId("shop-place").textContent = [shop.place, shop.till].filter(Boolean).join(" · ");
  }
  if (answer === undefined) return;
  // This till charged the code before: the payment is shown, but it is not this sale's.
  const earlier = "used_here" in answer ? answer.used_here : undefined;
  const outcome = earlier ? "used-here" : answer.outcome;
  const good = outcome === "approved" || outcome === "reversed";
  const key = hasText(`outcome.${outcome}`) ? `outcome.${outcome}` : "outcome.declined";
  const paid = earlier ?? ("payment" in answer && answer.payment ? answer : undefined);
  byId("result").dataset.outcome = good ? "good" : "bad";
  byId("result").dataset.answer = outcome;
  byId("result-mark").textContent = outcome === "reversed" ? "↩" : good ? "✓" : outcome === "lost" ? "?" : "✕";
  byId("result-title").textContent = t(key);
  byId("result-amount").textContent = money(earlier ?? answer);
  byId("result-at").textContent = paid ? time(paid.at) : "";
  byId("result-text").textContent = t(`${key}.text`);
  byId("retry").hidden = outcome !== "lost";
  byId("next").hidden = outcome === "lost";
  byId("reverse").hidden = !(outcome === "approved" && paid);
}

/** @param {number} seconds since 1970 */
function time(seconds) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(seconds * 1000);
}

/** @param {unknown} error @param {{ amount: string, currency: string }} asked @returns {PaymentAnswer} */
function refused(error, asked) {
  const code = error instanceof TillError ? error.code : "declined";
  if (!(error instanceof TillError)) fail(error);
  return { outcome: code, amount: asked.amount, currency: asked.currency, at: 0 };
}

/** @param {TillError} error */
function isLost(error) {
  return ["offline", "issuer-unavailable", "issuer-busy"].includes(error.code);
}

/** @param {{ amount: string, currency: string }} of */
function money({ amount, currency }) {
  return formatMoney({ amount: BigInt(amount), currency }, locale());
}

/** @param {unknown} error */
function tell(error) {
  if (!(error instanceof TillError)) {
    fail(error);
    return;
  }
  const problem = byId("problem");
  problem.dataset.code = error.code;
  problem.textContent = t(hasText(`till.error.${error.code}`) ? `till.error.${error.code}` : "till.error.other");
  problem.hidden = false;
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}
