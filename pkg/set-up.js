// @ts-check
/** What is wrong with a page's set-up, told to its developer before a person types anything. docs/setting-up.md is the table. */
import { isJitsuinError, refuse } from "./error.js";
// @ts-ignore -- a copy of src/browser/transport.js
import { endOf, originOf } from "./wasm/page/browser/transport.js";

const FEATURES = ["publickey-credentials-create", "publickey-credentials-get"];
/** How long `open` waits for a new wallet's issuer, in milliseconds: whatever is wrong is told by the first call, too. */
const MEETING = 3_000;
/** What a page's developer, or whoever is at the network, must see to; anything else may pass by itself. */
const FAULTS = ["connect-blocked", "wrong-origin", "wrong-issuer", "wrong-rp", "foreign-answer"];

/** An address of IPv4 or IPv6, which WebAuthn takes for no domain. @param {string} host */
const isAddress = (host) => host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host);

/** That this is a page in which a wallet can be. */
export function demandPage() {
  if (typeof window !== "object" || typeof document !== "object") {
    throw refuse("unsupported", { details: Object.freeze({ missing: Object.freeze(["window"]) }), message: "There is no window here: open the wallet in a page, not in Node, a worker or while rendering on a server." });
  }
  const { protocol, host, hostname, port, pathname, origin } = location;
  if (window.isSecureContext === false) {
    throw refuse("insecure-page", { details: Object.freeze({ url: `https://${host}${pathname}` }), message: "Serve it over https; for development, http://localhost will do." });
  }
  if (isAddress(hostname)) {
    const own = `${protocol}//localhost${port && `:${port}`}${pathname}`;
    throw refuse("wrong-origin", { details: Object.freeze({ origin, url: own }), message: "WebAuthn takes no IP address: open the page by its name." });
  }
}

/** The header that lets a page ask for passkeys. */
export const PASSKEYS_HEADER = `Permissions-Policy: ${FEATURES.map((feature) => `${feature}=(self)`).join(", ")}`;

/** Whether the page's policy forbids passkeys, where the platform can be asked. */
export function passkeysForbidden() {
  try {
    const { permissionsPolicy, featurePolicy } = /** @type {any} */ (document);
    const policy = permissionsPolicy ?? featurePolicy;
    const known = policy?.features() ?? [];
    return FEATURES.some((feature) => known.includes(feature) && !policy.allowsFeature(feature));
  } catch {
    return false;
  }
}

/** @param {{ cause?: unknown, confidence?: string }} [more] */
export const passkeysBlocked = (more = {}) => refuse("passkeys-blocked", { ...more, details: Object.freeze({ header: PASSKEYS_HEADER }), message: `Send ${PASSKEYS_HEADER}` });

/**
 * Hears a new wallet's issuer for as long as `open` may take.
 * @param {() => Promise<unknown>} meet
 */
export async function met(meet) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, MEETING)));
  try {
    await Promise.race([meet(), late]);
  } catch (error) {
    if (isJitsuinError(error) && FAULTS.includes(error.code)) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What the platform knows of a call that failed, and what to set.
 * @param {string} code
 * @param {{ url: string }} details
 */
export function onTheRoad(code, details) {
  const { cause, ...answer } = endOf(details.url) ?? {};
  const told = { ...details, ...answer };
  const here = typeof location === "object" ? location.origin : "";
  const origin = originOf(details.url);
  /** @type {Record<string, object>} */
  const more = {
    "connect-blocked": { header: `Content-Security-Policy: connect-src 'self' ${origin}` },
    "wrong-origin": { origin: here, header: `Access-Control-Allow-Origin: ${here}` },
  };
  return { details: { ...told, ...more[code] }, cause };
}
