// @ts-check
// Replays the incident of 2019 against this issuer and shows what stopped each step, and how many yen were lost.
import { formatMoney } from "/pkg/index.js";
import { BY_MESSAGES, BY_PASSWORD, readBooks, setTheScene, strike } from "/attack-steps.js";
import { byId, during, hasText, locale, make, quiet, speak, t, textOfCode } from "/page.js";

/** @typedef {{ code: string, heard?: string, lost: bigint }} Result */

/** What was recognised in the end: 808 people. */
const LOST_IN_2019 = 38_615_473n;
/** @type {Map<string, Result | "running">} */
const results = new Map();
/** @type {bigint | null} */
let total = null;

speak(draw);
byId("run").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), run));

async function run() {
  results.clear();
  total = null;
  let lost = 0n;
  for (const steps of [BY_PASSWORD, BY_MESSAGES]) {
    const scene = await setTheScene();
    let before = 0n;
    for (const { id, play } of steps) {
      results.set(id, "running");
      draw();
      const { code, heard } = await play(scene);
      // What left the account, and what a card was charged, by the issuer's own books.
      const { opened, balance, charged } = await readBooks(scene.victim);
      const gone = opened + charged - balance;
      results.set(id, { code, heard, lost: gone - before });
      before = gone;
      draw();
    }
    lost += before;
    await strike(scene);
  }
  total = lost;
  draw();
  byId("sum").focus();
}

function draw() {
  for (const [list, steps] of /** @type {const} */ ([["by-password", BY_PASSWORD], ["by-messages", BY_MESSAGES]])) {
    byId(list).replaceChildren(...steps.map(({ id }) => row(id)));
  }
  byId("sum").hidden = total === null;
  if (total !== null) byId("sum-text").textContent = t("attack.sum", { lost: yen(total), then: yen(LOST_IN_2019) });
  byId("sum").dataset.lost = total === null ? "" : String(total);
}

/** @param {string} id */
function row(id) {
  const result = results.get(id);
  const parts = [make("h3", {}, t(`attack.${id}`)), make("p", { class: "small" }, t(`attack.${id}.then`))];
  if (result === "running") parts.push(make("p", { class: "verdict" }, t("attack.running")));
  else if (result) {
    const stopped = result.lost === 0n;
    const verdict = !stopped ? "attack.capped" : result.heard === undefined ? "attack.refused" : "attack.heard";
    parts.push(make("p", { class: stopped ? "verdict good" : "verdict bad" }, t(verdict, { lost: yen(result.lost) })));
    const meaning = hasText(`attack.code.${result.code}`) ? t(`attack.code.${result.code}`) : textOfCode(result.code);
    parts.push(make("p", { class: "small" }, make("code", {}, result.code), ` ${result.heard === undefined ? meaning : t("attack.quoted", { heard: result.heard })}`));
  }
  /** @type {Record<string, string>} */
  const known = typeof result === "object" ? { "data-code": result.code, "data-lost": String(result.lost) } : {};
  return make("li", { "data-step": id, ...known }, ...parts);
}

/** @param {bigint} amount */
function yen(amount) {
  return formatMoney({ amount, currency: "JPY" }, locale());
}

quiet();
