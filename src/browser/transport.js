// @ts-check
/** The road to the issuer: the page's `fetch`, or one that the page gave. */
import { Timer } from "./page.js";

/** How long a policy's word may take to come after the call that it stopped, in milliseconds. */
const SAYING = 100;
/** How long a server may take to show that it is there. */
const PROBING = 5_000;
const DEADLINE = 20_000;
/** Fifty receipts are far below this; more is not an issuer's answer. */
const LONGEST = 1 << 20;

/**
 * How the newest call to an address ended, for whoever has to mend it: an answer's status and type, or why there was none.
 * @typedef {{ status?: number, type?: string | null, cause?: unknown }} End
 */
/** @type {Map<string, End>} */
const ends = new Map();

/** @param {string} url @returns {End | undefined} */
export const endOf = (url) => ends.get(url);

/** When to come again, in seconds from now: a number of them, or a date (RFC 9110 section 10.2.3). @param {string | null} header */
function secondsTo(header) {
  const said = header?.trim() ?? "";
  // `Date.parse` takes much that is no date of HTTP, each engine in its own way.
  const date = / GMT$/.test(said) ? Date.parse(said) : NaN;
  const seconds = /^\d+$/.test(said) ? Number(said) : Math.max(0, Math.ceil((date - Date.now()) / 1000));
  return Number.isInteger(seconds) && seconds < 2 ** 32 ? seconds : undefined;
}

/** What the wallet reads of an answer. */
export class Reply {
  /** @param {number} status @param {Uint8Array} body @param {Headers} headers */
  constructor(status, body, headers) {
    this.status = status;
    this.body = body;
    this.nonce = headers.get("DPoP-Nonce") ?? undefined;
    this.retryAfter = secondsTo(headers.get("Retry-After"));
  }
}

/** The origin of an address, which may be one of the page's own without it. @param {string} url */
export const originOf = (url) => new URL(url, globalThis.location?.href).origin;

/** Whether a browser's report is of an address of this origin. @param {string} reported @param {string} origin */
function isOf(reported, origin) {
  try {
    return originOf(reported) === origin;
  } catch {
    return false;
  }
}

/** Hears whether the page's content policy stops a call to this address. @param {string} url */
function policy(url) {
  const origin = originOf(url);
  let stop = () => {};
  /** @type {Promise<"forbidden">} */
  const forbids = new Promise((resolve) => {
    if (typeof document !== "object") return;
    const heard = (/** @type {SecurityPolicyViolationEvent} */ { blockedURI, effectiveDirective, disposition, isTrusted }) => {
      if (isTrusted && disposition === "enforce" && effectiveDirective === "connect-src" && isOf(blockedURI, origin)) resolve("forbidden");
    };
    document.addEventListener("securitypolicyviolation", heard);
    stop = () => document.removeEventListener("securitypolicyviolation", heard);
  });
  return { forbids, stop };
}

/**
 * Whether something answers at this address whose answers the page may not read: told from a lost answer by asking once more, for what
 * anybody may have, with the headers that a call has and then in the way that gives nothing to read.
 * @param {string} url
 */
async function unreadable(url) {
  const controller = new AbortController();
  const timer = new Timer(PROBING);
  const late = timer.rang.then(() => controller.abort());
  // Where the wallet's own calls go, a path before theirs included.
  const description = url.replace(/\/(v1|\.well-known)\/[^?#]*$/, "/.well-known/jitsuin");
  /** @param {RequestInit} how */
  const comes = (how) => fetch(description, { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", signal: controller.signal, ...how }).then(() => true, () => false);
  const found = async () => !(await comes({ headers: { DPoP: "", "Content-Type": "application/json" } })) && comes({ mode: "no-cors" });
  return Promise.race([found(), late.then(() => false)]).finally(() => timer.stop());
}

/**
 * Why no answer came. Only a device that says that it has no network is called offline.
 * @param {unknown} error @param {string} url @param {Promise<"forbidden">} forbids
 * @returns {Promise<"offline" | "silent" | "forbidden" | "unlisted">}
 */
async function why(error, url, forbids) {
  if (globalThis.navigator?.onLine !== true) return "offline";
  // Everything that a browser does not say is a TypeError.
  if (!(error instanceof TypeError)) return "silent";
  const timer = new Timer(SAYING);
  const said = await Promise.race([forbids, timer.rang]).finally(() => timer.stop());
  if (said) return said;
  const elsewhere = typeof location === "object" && originOf(url) !== location.origin;
  return elsewhere && (await unreadable(url)) ? "unlisted" : "silent";
}

/**
 * @param {((request: Request) => Promise<Response>) | undefined} given
 * @param {string} method @param {string} url @param {string | undefined} proof @param {Uint8Array<ArrayBuffer>} body
 */
export async function send(given, method, url, proof, body) {
  const controller = new AbortController();
  const { forbids, stop } = policy(url);
  const timer = new Timer(DEADLINE);
  const late = timer.rang.then(() => Promise.reject(new DOMException("", "TimeoutError")));
  try {
    const headers = new Headers({ Accept: "application/json" });
    if (proof !== undefined) headers.set("DPoP", proof);
    if (method !== "GET") headers.set("Content-Type", "application/json");
    const request = new Request(url, {
      method,
      headers,
      // A copy, since the bytes lie in the module's memory.
      body: method === "GET" ? undefined : body.slice(),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: controller.signal,
    });
    const response = await Promise.race([(given ?? fetch)(request), late]);
    const answer = new Uint8Array(await Promise.race([response.arrayBuffer(), late]));
    if (!response.status || answer.length > LONGEST) throw new DOMException("", "DataError");
    ends.set(url, { status: response.status, type: response.headers.get("Content-Type") });
    return new Reply(response.status, answer, response.headers);
  } catch (cause) {
    controller.abort();
    ends.set(url, { cause });
    throw new DOMException("", await why(cause, url, forbids));
  } finally {
    timer.stop();
    stop();
  }
}
