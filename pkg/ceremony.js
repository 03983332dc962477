// @ts-check
/** A thing the user must agree to: prepared with all network work, confirmed inside a tap. */
import { guarded } from "./load.js";
import { revive } from "./values.js";

/**
 * @param {import("./raw.js").RawConfirmed} confirmed
 * @returns {any}
 */
function result(confirmed) {
  switch (confirmed.outcome) {
    case "enrolled":
      return revive(confirmed.device);
    case "receipt":
      return revive(confirmed.receipt);
    default:
      return Object.freeze({ kind: "pending", topUp: confirmed.id });
  }
}

/**
 * @param {import("./raw.js").RawWallet} raw
 * @param {import("./raw.js").RawCeremony} prepared
 * @returns {import("./index.js").Ceremony<any>}
 */
export function ceremony(raw, prepared) {
  /** @type {Promise<any> | null} */
  let running = null;
  const cancel = () => guarded(() => raw.call("cancel", String(prepared.id)));

  /** @param {{ signal?: AbortSignal }} [options] */
  const confirm = ({ signal } = {}) => {
    // Calls while one runs share its result; after a refusal the next tap may try again.
    running ??= guarded(() => raw.call("confirm", String(prepared.id)), signal)
      .then(result)
      .finally(() => {
        running = null;
      });
    signal?.addEventListener("abort", () => void cancel().catch(() => {}), { once: true });
    return running;
  };
  return Object.freeze({ intent: revive(prepared.intent), confirm, cancel });
}
