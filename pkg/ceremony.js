// @ts-check
/** A thing the user must agree to: prepared with all network work, confirmed inside a tap. */
import { setting, webview } from "./capabilities.js";
import { isJitsuinError, refuse } from "./error.js";
import { asked } from "./given.js";
import { guarded } from "./load.js";
import { passkeysBlocked } from "./set-up.js";
import { Shared } from "./shared.js";
import { keepStorage } from "./tabs.js";
import { revive } from "./values.js";

/**
 * @param {import("./raw.js").RawConfirmed} confirmed
 * @returns {any}
 */
function result(confirmed) {
  switch (confirmed.outcome) {
    case "enrolled":
      keepStorage();
      return revive(confirmed.device);
    case "receipt":
      return revive(confirmed.receipt);
    case "code-sent":
      return Object.freeze({ kind: "code-sent", attempt: confirmed.attempt });
    default:
      return Object.freeze({ kind: "pending", topUp: confirmed.id });
  }
}

/**
 * A webview whose app is not linked to the site is refused by the platform as a wrong origin, or has no WebAuthn: the cure is native.
 * @param {unknown} error
 * @returns {never}
 */
function explain(error) {
  // Where the platform can't be asked, its refusal tells.
  if (isJitsuinError(error, "passkeys-blocked")) throw passkeysBlocked({ cause: error, confidence: error.confidence });
  const where = webview();
  if (where && (isJitsuinError(error, "wrong-origin") || isJitsuinError(error, "unsupported"))) {
    throw refuse("webview-not-linked", { cause: error, confidence: "likely", details: { setting: setting(where) } });
  }
  throw error;
}

/**
 * @param {import("./raw.js").RawWallet} raw
 * @param {import("./raw.js").RawCeremony} prepared
 * @returns {import("./index.js").Ceremony<any>}
 */
export function ceremony(raw, prepared) {
  const id = String(prepared.id);
  const end = () => guarded(() => raw.call(asked("cancel", id)));
  const prompt = new Shared(
    () => guarded(() => raw.call(asked("confirm", id))).then(result, explain),
    () => void end().catch(() => {}),
  );
  const cancel = () => {
    // A tap that follows at once asks again; it does not share what is being ended.
    prompt.leave();
    return end();
  };

  /** @param {{ signal?: AbortSignal }} [options] */
  const confirm = ({ signal } = {}) => prompt.join(signal);
  return Object.freeze({ intent: revive(prepared.intent), confirm, cancel });
}
