// @ts-check
// The demo till: an amount, a scanned code, one big answer.
import { formatMoney, parseMoney } from "/pkg/index.js";
import { agree, byId, during, fail, hasText, locale, quiet, speak, t } from "/page.js";
import { TillClient, TillError, idempotencyKey } from "/till-client.js";
import { cameraButton } from "/till-camera.js";

/** @typedef {import("/till-client.js").PaymentAnswer} PaymentAnswer */
/** @typedef {import("/till-client.js").Registration} Registration */

/** @type {TillClient | undefined} */
let client;
/** @type {Registration | null} */
let shop = null;
/** The sale whose answer is awaited. Charged again, it is the same sale: same key, same body.
 * @type {{ token: string, amount: string, currency: string, key: string } | undefined} */
let sale;
/** @type {PaymentAnswer | { outcome: "lost", amount: string, currency: string } | undefined} */
let answer;
let reversalKey = "";

speak(draw);
begin();

async function begin() {
  try {
    client = await TillClient.open();
    shop = await client.who();
    const pending = shop === null ? undefined : await client.pending();
    if (pending) await lookUp(pending);
  } catch (error) {
    tell(error);
  }
  forms();
  draw();
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
    const pending = await client?.pending();
    if (sale) await take(sale);
    else if (pending) await lookUp(pending);
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
  const token = input("scan").value.trim();
  const { amount } = parseMoney(input("amount").value.trim(), shop.currency);
  const asked = { token, amount: String(amount), currency: shop.currency };
  const same = sale !== undefined && sale.token === token && sale.amount === asked.amount;
  sale = { ...asked, key: same && sale ? sale.key : idempotencyKey() };
  input("scan").value = "";
  await take(sale);
}

/** @param {NonNullable<typeof sale>} asked */
async function take(asked) {
  try {
    answer = await client?.take(asked);
    sale = undefined;
  } catch (error) {
    if (error instanceof TillError && isLost(error)) {
      answer = { outcome: "lost", amount: asked.amount, currency: asked.currency };
    } else {
      await client?.clear();
      sale = undefined;
      answer = refused(error, asked);
    }
  }
  draw();
  byId("result-title").focus();
}

/** @param {import("/till-client.js").Pending} pending */
async function lookUp(pending) {
  try {
    answer = await client?.lookUp(pending.key);
  } catch (error) {
    if (error instanceof TillError && error.code === "not-found") {
      // The issuer never heard of it: nothing was paid.
      await client?.clear();
      answer = { outcome: "not-made", amount: pending.amount, currency: pending.currency, at: 0 };
    } else {
      answer = { outcome: "lost", amount: pending.amount, currency: pending.currency };
    }
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
  else answer = done;
  draw();
}

function next() {
  quiet();
  answer = undefined;
  sale = undefined;
  reversalKey = "";
  input("amount").value = "";
  input("scan").value = "";
  draw();
  input("amount").focus();
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
  const good = answer.outcome === "approved" || answer.outcome === "reversed";
  const key = hasText(`outcome.${answer.outcome}`) ? `outcome.${answer.outcome}` : "outcome.declined";
  byId("result").dataset.outcome = good ? "good" : "bad";
  byId("result").dataset.answer = answer.outcome;
  byId("result-mark").textContent = answer.outcome === "reversed" ? "↩" : good ? "✓" : answer.outcome === "lost" ? "?" : "✕";
  byId("result-title").textContent = t(key);
  byId("result-amount").textContent = money(answer);
  byId("result-text").textContent = t(`${key}.text`);
  byId("retry").hidden = answer.outcome !== "lost";
  byId("next").hidden = answer.outcome === "lost";
  byId("reverse").hidden = !(answer.outcome === "approved" && "payment" in answer && answer.payment);
}

/** @param {unknown} error @param {{ amount: string, currency: string }} asked @returns {PaymentAnswer} */
function refused(error, asked) {
  const code = error instanceof TillError ? error.code : "declined";
  if (!(error instanceof TillError)) fail(error);
  return { outcome: code, amount: asked.amount, currency: asked.currency, at: 0 };
}

/** @param {TillError} error */
function isLost(error) {
  return error.code === "offline" || error.code === "issuer-unavailable" || error.code === "timed-out";
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
