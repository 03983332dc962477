// @ts-check
/**
 * `jitsuin/verifier`: the issuer's checks for servers in Node or any other runtime of ES modules. The checks are the module's; here is
 * what waits between them (the server's own look-ups) and the shape of what comes out. Nothing is remembered, nothing needs a page.
 */
import { loader } from "./compile.js";
import { JitsuinError, badArgument, formOf, isJitsuinError, refuse } from "./error.js";
import { onTrap } from "./trap.js";
import { freeze } from "./values.js";
// @ts-ignore -- generated; its calls are used below
import instantiate, * as raw from "./wasm/verifier/jitsuin.js";
// @ts-ignore -- generated
import { digest } from "./wasm/verifier/digest.js";

/** @typedef {import("./verifier.js").VerifierOptions} VerifierOptions */
/** @typedef {import("./verifier.js").Use} Use */

const LIFETIME = 120;
const LEEWAY = 30;

let crashed = false;
onTrap("verifier", () => {
  crashed = true;
});

const load = loader(instantiate, () => new URL("./wasm/verifier/jitsuin_bg.wasm", import.meta.url), digest);

/**
 * One call of the module.
 * @param {() => string} call
 * @returns {any}
 */
function ask(call) {
  if (crashed) throw refuse("module-crashed");
  let said;
  try {
    said = call();
  } catch (cause) {
    throw refuse("module-crashed", { cause });
  }
  const { taken, refused } = JSON.parse(said);
  if (refused) throw new JitsuinError({ ...refused, message: formOf(refused.code, refused.details) ?? refused.message });
  return taken;
}

/**
 * An error by its code, with what the module says of it.
 * @param {string} code
 * @param {{ details?: object, cause?: unknown }} [more]
 */
function coded(code, more = {}) {
  const { refused } = JSON.parse(raw.refused(code));
  return new JitsuinError({ ...refused, details: more.details ? Object.freeze(more.details) : null, cause: more.cause });
}

/**
 * What the server's own function answers; what it throws is the server's and no refusal of a payment.
 * @template T
 * @param {() => Promise<T> | T} callback
 * @returns {Promise<T>}
 */
async function theirs(callback) {
  try {
    return await callback();
  } catch (cause) {
    throw isJitsuinError(cause) ? cause : coded("issuer-unavailable", { cause });
  }
}

/** @param {string} argument @param {string} message @returns {never} */
function wrong(argument, message) {
  throw badArgument(argument, message);
}

/** @param {unknown} bytes @param {string} argument */
function base64(bytes, argument) {
  if (!(bytes instanceof Uint8Array)) return wrong(argument, `${argument} is no Uint8Array.`);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/** The members that are a public key, by its kind; what a store keeps beside them says nothing here. @type {Record<string, string[]>} */
const MEMBERS = { EC: ["crv", "kty", "x", "y"], RSA: ["kty", "n", "e"], OKP: ["crv", "kty", "x"] };

/** A JWK with those members alone. @param {any} key @param {string} argument */
function publicKey(key, argument) {
  if (typeof key !== "object" || key === null) return wrong(argument, `${argument} is no JWK.`);
  if ("d" in key) return wrong(argument, `${argument} is a private key, which a verifier never needs.`);
  const members = Object.hasOwn(MEMBERS, key.kty) ? MEMBERS[key.kty] : wrong(argument, `${argument} is of another kind than EC, RSA and OKP.`);
  return Object.fromEntries(members.map((name) => [name, key[name]]));
}

/** @param {any} money @param {string} argument */
function plain(money, argument) {
  if (typeof money?.amount !== "bigint" || typeof money.currency !== "string") return wrong(argument, `${argument} is no money: { amount: 540n, currency: "JPY" }.`);
  return { amount: String(money.amount), currency: money.currency };
}

/** @param {unknown} seconds @param {number} most @param {string} argument */
function narrowed(seconds, most, argument) {
  if (seconds === undefined) return most;
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 0 || seconds > most) return wrong(argument, `${argument} is a whole number up to ${most}: it can only be stricter than the protocol.`);
  return seconds;
}

const PRIVATE = Symbol();

export class Verifier {
  /** @type {VerifierOptions} */ #options;
  #settings;
  #limits;

  /**
   * @param {symbol} token
   * @param {VerifierOptions} options
   */
  constructor(token, options) {
    if (token !== PRIVATE) wrong("constructor", "Use Verifier.create().");
    const { issuer, rpId, origins, devicesByHandle, singleUse, now, maxTtlSeconds, leewaySeconds } = options;
    if (typeof devicesByHandle !== "function") wrong("devicesByHandle", "devicesByHandle is no function.");
    if (typeof singleUse?.claim !== "function") wrong("singleUse", "singleUse has no function claim.");
    if (now !== undefined && typeof now !== "function") wrong("now", "now is no function.");
    if (!Array.isArray(origins)) wrong("origins", "origins is no list.");
    this.#options = options;
    this.#settings = { issuer, rpId, origins: [...origins] };
    this.#limits = { maxTtlSeconds: narrowed(maxTtlSeconds, LIFETIME, "maxTtlSeconds"), leewaySeconds: narrowed(leewaySeconds, LEEWAY, "leewaySeconds") };
    ask(() => raw.check_settings(JSON.stringify(this.#settings)));
    for (const name of /** @type {const} */ (["redeem", "checkStepUp", "checkProof"])) Object.defineProperty(this, name, { value: this[name].bind(this) });
    Object.freeze(this);
  }

  /** @param {VerifierOptions} options */
  static async create(options) {
    if (typeof options !== "object" || options === null) wrong("options", "Verifier.create takes options.");
    await load(options.wasm);
    return new Verifier(PRIVATE, options);
  }

  #now() {
    const now = this.#options.now?.() ?? new Date();
    if (!(now instanceof Date) || Number.isNaN(now.getTime())) wrong("now", "now gave no Date.");
    return now;
  }

  /**
   * @param {string} text
   * @param {import("./verifier.js").Sale} sale
   */
  async redeem(text, sale) {
    const at = this.#now();
    if (typeof text !== "string") wrong("text", "The code is no text.");
    if (typeof sale !== "object" || sale === null) wrong("sale", "The sale is missing.");
    const money = plain(sale.money, "sale.money");
    const { handle } = ask(() => raw.handle_of(text));
    const found = await theirs(() => this.#options.devicesByHandle(bytesOf(handle)));
    if (!Array.isArray(found)) wrong("devicesByHandle", "devicesByHandle gave no list.");
    const devices = found.map(({ publicKey: key, veil, perPayment }) => ({
      key: publicKey(key, "device.publicKey"), veil: base64(veil, "device.veil"), perPayment: plain(perPayment, "device.perPayment"),
    }));
    const given = { text, devices, money, till: sale.till, merchant: sale.merchant ?? null, now: at.getTime(), ...this.#limits };
    const held = ask(() => raw.check_token(JSON.stringify(given)));
    const { device: place, counter, claims, till, exact } = held;
    const device = found[place];
    const random = bytesOf(held.random);
    const [issuedAt, expiresAt] = [new Date(held.issuedAt * 1000), new Date(held.expiresAt * 1000)];
    // Once it is past this, every clock refuses the token as expired.
    const until = new Date(expiresAt.getTime() + LEEWAY * 1000);
    /** @type {Use} */
    const use = Object.freeze({ device: device.id, counter, random, issuedAt, until, claims: bytesOf(claims), money: freeze({ ...sale.money }), till: sale.till, at });
    await this.#claim(use);
    const limit = held.limit && freeze({ amount: BigInt(held.limit.amount), currency: held.limit.currency });
    return verified(Object.freeze({ counter, random, issuedAt, expiresAt, till, limit, exact }), device, at);
  }

  /** @param {Use} use */
  async #claim(use) {
    const { device, counter } = use;
    const verdict = await theirs(() => this.#options.singleUse.claim(use));
    if (verdict === "first") return;
    if (verdict === "clone") throw coded("clone-suspected", { details: { device } });
    if (verdict === "used-here") throw coded("used-here", { details: { device, counter } });
    if (verdict !== "used" && verdict !== "too-old") wrong("singleUse", "singleUse.claim gave none of its words.");
    throw coded("token-used", { details: { device, counter } });
  }

  /**
   * @param {Uint8Array} intent
   * @param {import("./verifier.js").StepUpResponse} response
   */
  async checkStepUp(intent, response) {
    const at = this.#now();
    if (typeof response !== "object" || response === null) wrong("response", "The response is missing.");
    const { device, assertion, coSignature } = response;
    if (!Array.isArray(device?.passkeys)) wrong("device.passkeys", "The device has no list of passkeys.");
    const passkeys = device.passkeys.map(({ id, publicKey: key, backupEligible, userHandle }) => ({
      id, key: publicKey(key, "passkey.publicKey"), backupEligible, userHandle: userHandle ?? null,
    }));
    const given = {
      settings: this.#settings, account: device.account, key: publicKey(device.publicKey, "device.publicKey"), passkeys, intent: base64(intent, "intent"),
      assertion: json(assertion), coSignature: coSignature ? base64(coSignature, "coSignature") : "", now: at.getTime(),
    };
    const { credential, counter, backedUp } = ask(() => raw.check_step_up(JSON.stringify(given)));
    return verified(Object.freeze({ userVerified: /** @type {const} */ (true), credential, counter, backedUp }), device, at);
  }

  /** @param {import("./verifier.js").ProvedCall} call */
  async checkProof(call) {
    const at = this.#now();
    if (typeof call !== "object" || call === null) wrong("call", "The call is missing.");
    const { method, url, proof, nonce, key, body } = call;
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    if (!(bytes instanceof Uint8Array)) wrong("body", "The call's body is missing: the proof is over its bytes.");
    const nonces = typeof nonce === "string" ? [nonce] : nonce;
    const given = { issuer: this.#settings.issuer, method, url, proof, nonces, key: publicKey(key, "key") };
    const { jti, issuedAt, account, thumb } = ask(() => raw.check_proof(JSON.stringify(given), bytes));
    return verified(Object.freeze({ jti, issuedAt: new Date(issuedAt * 1000), account, thumb }), null, at);
  }
}

/** @param {unknown} assertion */
function json(assertion) {
  try {
    return JSON.stringify(assertion) ?? "";
  } catch {
    return "";
  }
}

/**
 * @template T, D
 * @param {T} value
 * @param {D} device
 * @param {Date} at
 * @returns {any}
 */
function verified(value, device, at) {
  return Object.freeze({ value, device, at });
}

/** @returns {import("./verifier.js").MemorySingleUse} */
export function memorySingleUse() {
  if (globalThis.process?.env?.NODE_ENV === "production") {
    wrong("singleUse", "memorySingleUse() forgets with its process: give the verifier your own singleUse under NODE_ENV=production.");
  }
  /** @type {{ claim(use: string): string, name(device: string, counter: number): boolean } | null} */
  let kept = null;
  return Object.freeze({
    async name(/** @type {string} */ device, /** @type {number} */ counter) {
      await load(undefined);
      if (typeof device !== "string") wrong("device", "The device is no text.");
      if (!Number.isInteger(counter) || counter < 0 || counter >= 2 ** 32) wrong("counter", "The counter is no number of 32 bits.");
      return (kept ??= new raw.RawSingleUse()).name(device, counter);
    },
    async claim(/** @type {Use} */ use) {
      await load(undefined);
      const seconds = (/** @type {Date} */ date) => Math.floor(date.getTime() / 1000);
      const given = JSON.stringify({
        device: use.device, counter: use.counter, random: base64(use.random, "random"), issuedAt: seconds(use.issuedAt), claims: base64(use.claims, "claims"),
        till: use.till, money: plain(use.money, "money"), at: seconds(use.at),
      });
      const windows = (kept ??= new raw.RawSingleUse());
      return ask(() => windows.claim(given)).verdict;
    },
  });
}
