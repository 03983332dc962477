// @ts-check
/** What this place can do, found out by doing it. Asks the user for nothing, needs no module, leaves nothing behind. */
import { bridgeTo } from "./host.js";
import { passkeysForbidden } from "./set-up.js";
// @ts-ignore -- a copy of src/browser/custody.js
import { seals } from "./wasm/page/browser/custody.js";
// @ts-ignore -- a copy of src/browser/page.js
import { isAtHome } from "./wasm/page/browser/page.js";

const PROBE = "jitsuin-probe";
const STORE = "wallet";
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
  const { Capacitor, webkit } = /** @type {any} */ (window);
  const agent = navigator.userAgent;
  if (Capacitor?.isNativePlatform?.()) return "capacitor";
  if (/; wv\)/.test(agent)) return "android";
  // Safari's own pages have the name; an app's view has the handlers.
  if (/iPhone|iPad|iPod/.test(agent) && !/Safari\//.test(agent)) return "wkwebview";
  return webkit?.messageHandlers && /AppleWebKit/.test(agent) && !/Safari\//.test(agent) ? "unknown" : null;
}

/** @param {NonNullable<ReturnType<typeof webview>>} where */
export const setting = (where) => SETTINGS[where];

export function hasWebAuthn() {
  return typeof PublicKeyCredential === "function" && typeof navigator.credentials?.create === "function";
}

/** What is missing where WebAuthn is, and what works all the same. */
export const withoutWebAuthn = () => ({ missing: Object.freeze(["webauthn"]), works: WITHOUT_WEBAUTHN });

/**
 * @param {IDBRequest | IDBTransaction} of
 * @returns {Promise<any>}
 */
function settled(of) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(of.error);
    if (of instanceof IDBTransaction) {
      of.oncomplete = () => resolve(undefined);
      of.onabort = fail;
    } else {
      of.onsuccess = () => resolve(of.result);
      of.onerror = fail;
    }
  });
}

/** A key is made, stored, read back and used. @returns {Promise<string | null>} the code of what does not work */
async function keysLast() {
  if (!globalThis.crypto?.subtle || typeof indexedDB !== "object" || !indexedDB) return "unsupported";
  /** @type {IDBDatabase | null} */
  let database = null;
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const request = indexedDB.open(PROBE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    const open = /** @type {IDBDatabase} */ (await settled(request));
    database = open;
    const slot = crypto.randomUUID();
    /** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} what */
    const run = async (mode, what) => {
      const transaction = open.transaction(STORE, mode);
      const asked = what(transaction.objectStore(STORE));
      await settled(transaction);
      return asked.result;
    };
    await run("readwrite", (store) => store.put(privateKey, slot));
    const back = await run("readonly", (store) => store.get(slot));
    await run("readwrite", (store) => store.delete(slot));
    const message = new Uint8Array(16);
    const signature = await crypto.subtle.sign(algorithm, back, message);
    return (await crypto.subtle.verify(algorithm, publicKey, signature, message)) ? null : "unsupported";
  } catch (error) {
    return /** @type {any} */ (error)?.name === "QuotaExceededError" ? "storage-full" : "unsupported";
  } finally {
    database?.close();
  }
}

/** @returns {Promise<"no-webassembly" | "wasm-blocked" | null>} */
async function runsWasm() {
  if (typeof WebAssembly !== "object") return "no-webassembly";
  // The smallest module there is: a policy that blocks it blocks all.
  const smallest = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  return WebAssembly.compile(smallest).then(() => null, () => "wasm-blocked");
}

/** @returns {Promise<{ passkey: boolean, prf: boolean | "unknown" }>} */
async function passkeys() {
  if (!hasWebAuthn()) return { passkey: false, prf: false };
  const of = /** @type {any} */ (PublicKeyCredential);
  const passkey = Boolean(await of.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false));
  const able = await of.getClientCapabilities?.().catch(() => null);
  return { passkey, prf: able?.["extension:prf"] ?? "unknown" };
}

/** Whether the host that the page named can be the key store: a key is made, used and erased there. @param {unknown} host @returns {Promise<string | null>} */
async function hostHolds(host) {
  try {
    await bridgeTo(host)?.prove();
    return null;
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    return name.startsWith("host-") ? name : "unsupported";
  }
}

/** @param {{ host?: import("./index.js").Host }} [options] @returns {Promise<import("./index.js").Capabilities>} */
export async function capabilities(options = {}) {
  /** @param {Omit<import("./index.js").Capabilities, "custody" | "missing">} able @param {import("./index.js").Custody[]} custody @param {import("./index.js").ErrorCode[]} missing */
  const found = (able, custody, missing) => Object.freeze({ ...able, custody: Object.freeze(custody), missing: Object.freeze(missing) });
  if (typeof window !== "object" || !window.isSecureContext) return found({ passkey: false, prf: false, webview: null }, [], ["unsupported"]);
  const host = Object.hasOwn(options, "host") ? options.host : undefined;
  const [wasm, keys, credentials, native, sealed] = await Promise.all([runsWasm(), keysLast(), passkeys(), hostHolds(host), seals()]);
  const where = webview();
  /** @type {Set<any>} */
  const missing = new Set();
  if (!isAtHome()) missing.add("wrong-origin");
  if (passkeysForbidden()) missing.add("passkeys-blocked");
  if (wasm) missing.add(wasm);
  if (keys) missing.add(keys);
  if (native) missing.add(native);
  if (!navigator.locks) missing.add("unsupported");
  /** @type {import("./index.js").Custody[]} */
  const custody = [...(host && !native ? /** @type {const} */ (["native"]) : []), ...(sealed ? /** @type {const} */ (["passkey"]) : []), "browser"];
  if (!hasWebAuthn()) missing.add(where ? "webview-not-linked" : "unsupported");
  return found({ ...credentials, webview: where }, keys || !navigator.locks ? [] : custody, [...missing]);
}
