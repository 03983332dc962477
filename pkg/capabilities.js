// @ts-check
/** What this place can do, found out by doing it. Asks the user for nothing, needs no module, leaves nothing behind. */
import { bridgeTo } from "./host.js";
import { passkeysForbidden } from "./set-up.js";
// @ts-ignore -- a copy of src/browser/custody.js
import { clientCapabilities, seals } from "./wasm/page/browser/custody.js";
// @ts-ignore -- a copy of src/browser/deadline.js
import { SOON, isSilence, subtle, within } from "./wasm/page/browser/deadline.js";
// @ts-ignore -- a copy of src/browser/store.js
import { storedAndRead } from "./wasm/page/browser/store.js";
// @ts-ignore -- a copy of src/browser/page.js
import { isAtHome } from "./wasm/page/browser/page.js";
// @ts-ignore -- a copy of src/browser/platform.js
import { tried } from "./wasm/page/browser/platform.js";

/** What a wallet does without WebAuthn, once it is enrolled. */
const WITHOUT_WEBAUTHN = Object.freeze(["paymentCode", "present", "sync", "receipts", "freeze", "forget"]);
/** The native setting that lets a webview use the site's passkeys. */
const SETTINGS = Object.freeze({
  wkwebview: "the app's Associated Domains entitlement with webcredentials:<domain>, and the domain's apple-app-site-association",
  android: "WebSettingsCompat.setWebAuthenticationSupport(WEB_AUTHENTICATION_SUPPORT_FOR_APP), and the domain's assetlinks.json",
  capacitor: "Associated Domains (iOS) or Digital Asset Links and setWebAuthenticationSupport (Android) in the native project",
  unknown: "the host app's link to the site's domain",
});

/** The app around the page, if there is one. @returns {null | "wkwebview" | "android" | "capacitor" | "unknown"} */
export function webview() {
  if (typeof navigator !== "object" || typeof window !== "object") return null;
  const page = /** @type {any} */ (window);
  const agent = navigator.userAgent;
  if (tried(() => page.Capacitor.isNativePlatform())) return "capacitor";
  if (/; wv\)/.test(agent)) return "android";
  // Safari's own pages have the name; an app's view has the handlers.
  if (/iPhone|iPad|iPod/.test(agent) && !/Safari\//.test(agent)) return "wkwebview";
  return tried(() => page.webkit.messageHandlers) && /AppleWebKit/.test(agent) && !/Safari\//.test(agent) ? "unknown" : null;
}

/** @param {NonNullable<ReturnType<typeof webview>>} where */
export const setting = (where) => SETTINGS[where];

export function hasWebAuthn() {
  return tried(() => typeof PublicKeyCredential === "function" && typeof navigator.credentials.create === "function") ?? false;
}

/** What is missing where WebAuthn is, and what works all the same. */
export const withoutWebAuthn = () => ({ missing: Object.freeze(["webauthn"]), works: WITHOUT_WEBAUTHN });

/** A key is made, stored, read back and used. @returns {Promise<string | null>} the code of what does not work */
async function keysLast() {
  // Where storage is forbidden, the very name of it may throw.
  if (!tried(() => globalThis.crypto.subtle && indexedDB)) return "unsupported";
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const { privateKey, publicKey } = await subtle().generateKey(algorithm, false, ["sign", "verify"]);
    const back = await storedAndRead(privateKey);
    const message = new Uint8Array(16);
    const signature = await subtle().sign(algorithm, back, message);
    return (await subtle().verify(algorithm, publicKey, signature, message)) ? null : "unsupported";
  } catch (error) {
    if (isSilence(error)) return "platform-silent";
    return /** @type {any} */ (error)?.name === "QuotaExceededError" ? "storage-full" : "unsupported";
  }
}

/** @returns {Promise<"no-webassembly" | "wasm-blocked" | "platform-silent" | null>} */
async function runsWasm() {
  if (typeof WebAssembly !== "object") return "no-webassembly";
  // The smallest module there is: a policy that blocks it blocks all.
  const smallest = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  return within(SOON, WebAssembly.compile(smallest)).then(() => null, (/** @type {unknown} */ error) => (isSilence(error) ? "platform-silent" : "wasm-blocked"));
}

/** @returns {Promise<{ passkey: boolean, prf: boolean | "unknown", silent: boolean }>} `silent`: whether the device can verify its user was not answered */
async function passkeys() {
  if (!hasWebAuthn()) return { passkey: false, prf: false, silent: false };
  const of = /** @type {any} */ (PublicKeyCredential);
  let silent = false;
  const able = clientCapabilities();
  const asked = async () => within(SOON, of.isUserVerifyingPlatformAuthenticatorAvailable?.());
  const passkey = await asked().catch((/** @type {unknown} */ error) => {
    silent = isSilence(error);
    return false;
  });
  const prf = (await able)?.["extension:prf"];
  return { passkey: Boolean(passkey), prf: typeof prf === "boolean" ? prf : "unknown", silent };
}

/** Whether the host that the page named can be the key store: a key is made, used and erased there. @param {unknown} host @returns {Promise<string | null>} */
async function hostHolds(host) {
  try {
    await bridgeTo(host)?.prove();
    return null;
  } catch (error) {
    // A host may throw anything.
    const name = tried(() => String(/** @type {any} */ (error).name)) ?? "";
    return name.startsWith("host-") || isSilence(error) ? name : "unsupported";
  }
}

/** @param {{ host?: import("./index.js").Host }} [options] @returns {Promise<import("./index.js").Capabilities>} */
export async function capabilities(options = {}) {
  /** @param {Omit<import("./index.js").Capabilities, "custody" | "missing">} able @param {import("./index.js").Custody[]} custody @param {import("./index.js").ErrorCode[]} missing */
  const found = (able, custody, missing) => Object.freeze({ ...able, custody: Object.freeze(custody), missing: Object.freeze(missing) });
  if (typeof window !== "object" || !window.isSecureContext) return found({ passkey: false, prf: false, webview: null }, [], ["unsupported"]);
  const host = Object.hasOwn(options, "host") ? options.host : undefined;
  const sealing = seals().catch(() => "silent");
  const [wasm, keys, { silent, ...credentials }, native, sealed] = await Promise.all([runsWasm(), keysLast(), passkeys(), hostHolds(host), sealing]);
  const where = webview();
  /** @type {Set<any>} */
  const missing = new Set();
  if (!isAtHome()) missing.add("wrong-origin");
  if (passkeysForbidden()) missing.add("passkeys-blocked");
  if (wasm) missing.add(wasm);
  if (keys) missing.add(keys);
  if (native) missing.add(native);
  if (silent || sealed === "silent") missing.add("platform-silent");
  if (!navigator.locks) missing.add("unsupported");
  /** @type {import("./index.js").Custody[]} */
  const custody = [...(host && !native ? /** @type {const} */ (["native"]) : []), ...(sealed === true ? /** @type {const} */ (["passkey"]) : []), "browser"];
  if (!hasWebAuthn()) missing.add(where ? "webview-not-linked" : "unsupported");
  return found({ ...credentials, webview: where }, keys || !navigator.locks ? [] : custody, [...missing]);
}
