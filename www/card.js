// @ts-check
// The demo card company's page: what 3-D Secure is to a real card.
import { byId, during, quiet, say, speak, t } from "/page.js";
import { ask } from "/demo-client.js";

const CARD_PROOF = "jitsuin-card-proof";
const proof = sessionStorage.getItem(CARD_PROOF);

speak(() => undefined);
if (proof === null) {
  byId("card-form").hidden = true;
  say(t("card.none"));
}

byId("card-form").addEventListener("submit", (event) => {
  event.preventDefault();
  during(byId("card-submit"), async () => {
    const field = /** @type {HTMLInputElement} */ (byId("card-code"));
    const answer = await ask("/demo/card", { proof, code: field.value });
    field.value = "";
    if (!answer.ok) {
      quiet();
      const problem = byId("problem");
      problem.dataset.code = answer.code;
      problem.textContent = t("card.refused");
      problem.hidden = false;
      return;
    }
    sessionStorage.removeItem(CARD_PROOF);
    byId("card-form").hidden = true;
    say(t("card.done"));
    byId("message").classList.add("good");
    byId("back").focus();
  });
});
