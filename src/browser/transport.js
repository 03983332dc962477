// @ts-check
/** The road to the issuer: the page's `fetch`, or one that the page gave. */
import { Timer } from "./page.js";

const DEADLINE = 20_000;
/** Fifty receipts are far below this; more is not an issuer's answer. */
const LONGEST = 1 << 20;

/** What the wallet reads of an answer. */
export class Reply {
  /** @param {number} status @param {Uint8Array} body @param {Headers} headers */
  constructor(status, body, headers) {
    this.status = status;
    this.body = body;
    this.nonce = headers.get("DPoP-Nonce") ?? undefined;
    const seconds = Number(headers.get("Retry-After") ?? NaN);
    this.retryAfter = Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 32 ? seconds : undefined;
  }
}

/**
 * @param {((request: Request) => Promise<Response>) | undefined} given
 * @param {string} method @param {string} url @param {string | undefined} proof @param {Uint8Array<ArrayBuffer>} body
 */
export async function send(given, method, url, proof, body) {
  const controller = new AbortController();
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
    return new Reply(response.status, answer, response.headers);
  } catch (error) {
    controller.abort();
    throw error;
  } finally {
    timer.stop();
  }
}
