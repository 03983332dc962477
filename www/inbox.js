// @ts-check
// What the issuer sent to people, readable by anyone: so only in a demo, and only on this machine.
import { byId, during, make, speak, t, when } from "/page.js";
import { ask } from "/demo-client.js";

/** @typedef {{ to: string, subject: string, text: string, at: number }} Message */

const EVERY_MS = 2000;
/** @type {Message[]} */
let messages = [];
let drawn = "";

speak(() => {
  drawn = "";
  draw();
});
byId("refresh").addEventListener("click", (event) => during(/** @type {HTMLElement} */ (event.currentTarget), look));
look();
setInterval(() => {
  if (document.visibilityState === "visible") look();
}, EVERY_MS);

async function look() {
  const answer = await ask("/demo/inbox", {});
  const problem = byId("problem");
  problem.hidden = answer.ok;
  if (!answer.ok) {
    problem.dataset.code = answer.code;
    problem.textContent = t("inbox.unreachable");
    return;
  }
  messages = answer.body;
  draw();
}

function draw() {
  const now = JSON.stringify(messages);
  if (now === drawn) return;
  drawn = now;
  byId("empty").hidden = messages.length > 0;
  const people = [...new Set(messages.map(({ to }) => to))].sort();
  byId("messages").replaceChildren(...people.map((to) => {
    // Newest first, also of one second.
    const own = messages.filter((message) => message.to === to).reverse().sort((a, b) => b.at - a.at);
    return make("section", { "data-to": to }, make("h2", {}, to), make("ul", {}, ...own.map(item)));
  }));
}

/** @param {Message} message */
function item({ subject, text, at }) {
  const date = new Date(at * 1000);
  return make("li", {}, make("strong", {}, subject), make("time", { datetime: date.toISOString() }, when(date)), make("p", { class: "text" }, text));
}
