// @ts-check
// Freezes by any passkey of the account: no wallet need ever have been on this machine, and none of its keys is left here.
import { t } from "/page.js";
import { NO_ANSWER, base64url } from "/proof.js";
import { TillError } from "/till-client.js";

/** @typedef {{ nonce: string }} Prepared */
/** @typedef {{ issuer: string, rp_id: string }} Names */

/** A challenge lives for five minutes; it is used for so long, by the monotonic clock, since this device's date may be wrong. */
const FRESH_MS = 240_000;
/** A challenge that no passkey has signed yet: after a prompt that was cancelled, the next tap needs no network first. @type {Prepared | undefined} */
let held;
/** When it came, by the monotonic clock. */
let heldSince = 0;
/** What the passkey signed, until it was answered. @type {{ nonce: string, assertion: object } | undefined} */
let signed;
/** Who the issuer is. @type {Names | undefined} */
let names;

/** Whether this browser can ask for a passkey at all. */
export function canAskPasskey() {
  return typeof navigator.credentials?.get === "function" && "PublicKeyCredential" in window;
}

/** Asks for a passkey over a fresh challenge, and gives it to the issuer.
 * @param {(path: string, body: object) => Promise<any>} change sends a call that changes something */
export async function freezeByPasskey(change) {
  if (held === undefined || performance.now() - heldSince > FRESH_MS) {
    held = await change("/v1/freeze/passkey", {});
    heldSince = performance.now();
  }
  const { nonce } = /** @type {Prepared} */ (held);
  names ??= await (await fetch("/.well-known/jitsuin", { credentials: "omit" })).json();
  // What was signed and not answered is sent again as it is, without a second prompt.
  signed ??= { nonce, assertion: await ask(/** @type {Names} */ (names), nonce) };
  try {
    await change("/v1/freeze/passkey/confirm", signed);
  } catch (error) {
    if (NO_ANSWER.includes(String(Reflect.get(/** @type {object} */ (error), "code")))) throw error;
    held = signed = undefined;
    throw error;
  }
  held = signed = undefined;
}

/** Why a freeze without a wallet failed: a code, for tests and support, and what its user is told.
 * @param {unknown} error */
export function whyNot(error) {
  // A prompt that was closed, or for which the tap no longer counted, says no more than that.
  const ended = error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name);
  const code = error instanceof TillError ? error.code : ended ? "cancelled" : "unknown";
  const known = { "code-refused": "stop.refused", "ticket-expired": "stop.refused", "assertion-refused": "stop.noPasskey", "intent-expired": "stop.noPasskey", cancelled: "stop.cancelled", "too-many-attempts": "till.error.too-many-attempts" };
  return { code, text: t(known[/** @type {keyof typeof known} */ (code)] ?? "stop.other") };
}

/** @param {Names} names @param {string} nonce */
async function ask({ issuer, rp_id: rpId }, nonce) {
  const challenge = await taggedHash("jitsuin/v1/freeze", [fromBase64url(nonce), utf8(`${issuer}\0${rpId}`)]);
  // No list of credentials: whoever lost everything may not even say whose account it is.
  const given = await navigator.credentials.get({ publicKey: { rpId, challenge, userVerification: "required", timeout: 120_000 } });
  const credential = /** @type {PublicKeyCredential | null} */ (given);
  if (credential === null) throw new DOMException("", "NotAllowedError");
  const { clientDataJSON, authenticatorData, signature, userHandle } = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
  return {
    id: credential.id, rawId: text(credential.rawId), type: "public-key", clientExtensionResults: {},
    response: userHandle === null ? response : { ...response, userHandle: text(userHandle) },
  };
}

/** SHA-256 under a purpose (docs/wire.md). @param {string} tag @param {Uint8Array<ArrayBuffer>[]} parts */
async function taggedHash(tag, parts) {
  const bytes = new Uint8Array(await new Blob([utf8(tag), new Uint8Array(1), ...parts]).arrayBuffer());
  return crypto.subtle.digest("SHA-256", bytes);
}

/** @param {ArrayBuffer} bytes */
function text(bytes) {
  return base64url(new Uint8Array(bytes));
}

/** @param {string} from */
function utf8(from) {
  return new TextEncoder().encode(from);
}

/** @param {string} from */
function fromBase64url(from) {
  return Uint8Array.from(atob(from.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}
