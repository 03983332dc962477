// @ts-check
// Calls with a proof of possession (RFC 9449, with the body's hash), by any key of this page.

/** A key that can't be exported. */
export function makeKeys() {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

/** What is no answer of the issuer to this call, which may have had its effect. */
export const NO_ANSWER = ["offline", "issuer-unavailable", "issuer-busy", "proof-replayed"];

/** A call that was not answered keeps its name for so long, in milliseconds: what its answer names may have ended then. */
const PATIENCE = 120_000;

/** One key, its nonce, its calls. */
export class Prover {
  /** @type {string} */ #issuer;
  /** @type {CryptoKeyPair} */ #keys;
  /** @type {string | undefined} */ #account;
  #nonce = "";
  /** Names of calls that were not answered, by what they say: the same again is the same call. @type {Map<string, { call: string, since: number }>} */
  #unanswered = new Map();

  /** @param {string} issuer @param {CryptoKeyPair} keys @param {string} [account] whose it says it is */
  constructor(issuer, keys, account) {
    this.#issuer = issuer;
    this.#keys = keys;
    this.#account = account;
  }

  /** Sends a call that changes something, under a name that the issuer knows a second delivery by.
   * @param {string} path @param {object} body
   * @returns {Promise<{ code: string | null, body: any }>} */
  async change(path, body) {
    const said = path + JSON.stringify(body);
    const held = this.#unanswered.get(said);
    const goesOn = held !== undefined && performance.now() < held.since + PATIENCE;
    const { call, since } = goesOn ? held : { call: base64url(crypto.getRandomValues(new Uint8Array(16))), since: performance.now() };
    this.#unanswered.set(said, { call, since });
    const answer = await this.post(path, JSON.stringify({ ...body, call }));
    if (!NO_ANSWER.includes(String(answer.code))) this.#unanswered.delete(said);
    return answer;
  }

  /** Sends a body; the code of a refusal is `null` where there was none. Once more if the issuer wants another nonce, and once more
   * under a new proof if the network has delivered the call twice and the second answer is the one that came.
   * @param {string} path @param {string} text
   * @returns {Promise<{ code: string | null, body: any }>} */
  async post(path, text) {
    const again = new Set(["use-dpop-nonce", "proof-replayed"]);
    for (;;) {
      const answer = await this.#once(path, text);
      if (!again.delete(String(answer.code))) return answer;
    }
  }

  /** @param {string} path @param {string} text */
  async #once(path, text) {
    const proof = await this.#proof(path, text);
    let response;
    let body;
    try {
      response = await fetch(path, {
        method: "POST", headers: { "Content-Type": "application/json", DPoP: proof }, body: text, credentials: "omit", cache: "no-store",
        signal: AbortSignal.timeout(15_000),
      });
      body = await response.json();
    } catch {
      return { code: "offline", body: null };
    }
    this.#nonce = response.headers.get("DPoP-Nonce") ?? this.#nonce;
    if (response.ok) return { code: null, body };
    const code = String(body?.code ?? "issuer-unavailable");
    // Out of time, or a fault of whoever stands before the issuer: nobody knows whether the call had its effect.
    const unheard = response.status === 408 ? "issuer-busy" : response.status >= 500 ? "issuer-unavailable" : code;
    return { code: NO_ANSWER.includes(code) ? code : unheard, body };
  }

  /** @param {string} path @param {string} text */
  async #proof(path, text) {
    const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", this.#keys.publicKey);
    const bdy = await crypto.subtle.digest("SHA-256", utf8(text));
    const header = { typ: "dpop+jwt", alg: "ES256", jwk: { crv, kty, x, y } };
    const claims = {
      htm: "POST", htu: this.#issuer + path, iat: Math.floor(Date.now() / 1000), jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
      nonce: this.#nonce, bdy: base64url(new Uint8Array(bdy)), ...(this.#account === undefined ? {} : { acc: this.#account }),
    };
    const input = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(claims)))}`;
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#keys.privateKey, utf8(input));
    return `${input}.${base64url(new Uint8Array(signature))}`;
  }
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array} bytes */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
