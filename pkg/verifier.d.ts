/**
 * `jitsuin/verifier`: the issuer's checks of payment tokens, step-ups and proofs of possession, for servers in Node 20.16 or newer and other
 * runtimes of ES modules. A server that keeps accounts of its own needs no more of the issuer's side than this. See docs/verifier.md.
 */
import type { Custody, Money, WasmSource } from "./index.js";

/** A device key of an account, as your store has it. */
export interface RegisteredDevice {
  /** Your name for it; the wallet calls it by the thumbprint of its key. */
  readonly id: string;
  /** The account, as in its intents. */
  readonly account: string;
  /** P-256. */
  readonly publicKey: JsonWebKey;
  readonly custody: Custody;
  readonly passkeys: readonly Passkey[];
}
/** A registered passkey of ES256, RS256 or EdDSA. */
export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string;
  /** Of ES256 (`EC`, P-256), RS256 (`RSA`, 2,048 to 4,096 bits, e = 65,537) or EdDSA (`OKP`, Ed25519). Another one is `bad-argument`. */
  readonly publicKey: JsonWebKey;
  /** BE at its registration: an answer with another one is refused. */
  readonly backupEligible: boolean;
  /** The user handle of its registration, base64url: compared where the platform gives one. */
  readonly userHandle?: string;
}
/** A device whose live allowance has the handle that was asked for. */
export interface LiveDevice extends RegisteredDevice {
  /** That allowance's, 16 bytes. */
  readonly veil: Uint8Array;
  /** What that allowance lets one payment take. */
  readonly perPayment: Money;
}

export interface VerifierOptions {
  /** Who you are: stands in intents and in the URL of every proof. */
  readonly issuer: string;
  /** The wallet page's relying party id. */
  readonly rpId: string;
  /**
   * Origins whose passkey answers count, as browsers write them: `https://wallet.example`, `capacitor://localhost`, and
   * `android:apk-key-hash:` with the base64url of 32 bytes. A path, a slash at the end, `:443` or a capital is `bad-argument`.
   */
  readonly origins: readonly string[];
  /** Default: the module beside this file. */
  readonly wasm?: WasmSource | PromiseLike<WasmSource>;
  /** Default: the system's clock. Asked once for each check, as it begins. */
  readonly now?: () => Date;
  /** A token counts as ended this long after it was made. At most 120, the protocol's figure and the default. */
  readonly maxTtlSeconds?: number;
  /** How far clocks may differ. At most 30, and 10 after a token's end, which are the protocol's figures and the default. */
  readonly leewaySeconds?: number;
  /** The devices whose live allowance has this 8-byte handle; leave out what is frozen, suspended or revoked. At most 4 are tried. */
  readonly devicesByHandle: (handle: Uint8Array) => Promise<readonly LiveDevice[]>;
  readonly singleUse: SingleUse;
}

/** One use of a token whose every check held. */
export interface Use {
  /** `RegisteredDevice.id` */
  readonly device: string;
  /** ATC, 32 bits. */
  readonly counter: number;
  /** 4 bytes beside the counter. */
  readonly random: Uint8Array;
  readonly issuedAt: Date;
  /** From then on the token is refused as expired, How long to keep uses: docs/verifier.md, *Single use*. */
  readonly until: Date;
  /** 32 bytes that stand for everything the token says: the same only for the same token. */
  readonly claims: Uint8Array;
  readonly till: string;
  readonly money: Money;
  /** When the till's request came. */
  readonly at: Date;
}
/**
 * - `"first"`: this counter was not used.
 * - `"used-here"`: the same claims, from the till that used them, whatever the amount. It is no sale.
 * - `"used"`: the same claims, from another till.
 * - `"clone"`: the same counter with other claims, counters and dates in different order by more than 160 seconds, or a counter more than
 *   65,536 ahead.
 * - `"too-old"`: 64 or more behind the highest counter and not kept, or a counter that the wallet named (docs/verifier.md, *Named counters*).
 */
export type Claimed = "first" | "used-here" | "used" | "clone" | "too-old";
export interface SingleUse {
  /** One atomic step of your store, in the transaction that moves the money. */
  claim(use: Use): Promise<Claimed>;
}
export interface MemorySingleUse extends SingleUse {
  /** Counts every counter of a device up to this one as used, and as evidence of nothing; `false`, and nothing is done, if it is more than 65,536 ahead. */
  name(device: string, counter: number): Promise<boolean>;
}
/** The issuer's own rules in memory: a reference for tests and one process. Forgets everything when the process ends, so `NODE_ENV=production` is `bad-argument`. */
export function memorySingleUse(): MemorySingleUse;

declare const made: unique symbol;
/** Only `Verifier` makes one. `device` is the very object that your store gave. */
export interface Verified<T, D = RegisteredDevice> {
  readonly value: T;
  readonly device: D;
  readonly at: Date;
  readonly [made]: true;
}

/** What a till asks for: names from its login with you, never from the body of its request. */
export interface Sale {
  readonly money: Money;
  /** `t/…` */
  readonly till: string;
  /** `m/…`, if a code may be made for the whole shop. */
  readonly merchant?: string;
}
/** What a payment token says. */
export interface Token {
  readonly counter: number;
  readonly random: Uint8Array;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** Whom it is for: `t/…` or `m/…`; `null`: any till. */
  readonly till: string | null;
  /** `null`: the allowance's. */
  readonly limit: Money | null;
  /** Whether `limit` is the amount itself rather than a bound. */
  readonly exact: boolean;
}

export interface StepUpResponse {
  /** The passkey's answer, as `toJSON()` gives it and with empty `clientExtensionResults`. */
  readonly assertion: unknown;
  readonly coSignature: Uint8Array;
  /** The device that asked for the intent. */
  readonly device: RegisteredDevice;
}
export interface StepUp {
  readonly userVerified: true;
  /** The passkey that answered. */
  readonly credential: string;
  /** Its signature counter: one that does not grow may be a copy. 0 where it has none. */
  readonly counter: number;
  /** BS now. */
  readonly backedUp: boolean;
}

export interface ProvedCall {
  readonly method: string;
  /** Your public URL of the call, whatever proxy it came through; query and fragment are cut off. */
  readonly url: string;
  /** The `DPoP` header. */
  readonly proof: string;
  /** The nonces that you gave out and that still live. None may be empty. */
  readonly nonce: string | readonly string[];
  /** The key of the device, channel or till that must have made the call. */
  readonly key: JsonWebKey;
  /** The body as it came: every proof of this protocol is over its bytes (`bdy`). Empty for a call without one. */
  readonly body: Uint8Array | string;
}
export interface Proof {
  /** To be kept, with the key, until its nonce ends; one that is there already is a replay. */
  readonly jti: string;
  /** By the caller's clock. */
  readonly issuedAt: Date;
  /** The account that the proof names; tills name none. */
  readonly account: string | null;
  /** Thumbprint of the key (RFC 9679), base64url. */
  readonly thumb: string;
}

/** Every refusal is a rejection with a `JitsuinError`; no check answers with a boolean. Methods are bound. */
export class Verifier {
  private constructor();
  /** Loads the module at the first call. Codes: `bad-argument`, and those of `jitsuin`'s `init`. */
  static create(options: VerifierOptions): Promise<Verifier>;
  /**
   * Checks a payment code ("JT1…" or the EMVCo envelope) and claims its single use, which is the last thing it does: nothing of yours
   * changes before the signature, the time, the audience and the amount held.
   *
   * Codes: `malformed`, `token-unknown`, `bad-signature`, `token-ahead`, `token-expired`, `wrong-till`, `currency-mismatch`,
   * `amount-mismatch`, `amount-over`; `token-used` and `used-here`, both with `details: { device, counter }`: you name to the till
   * of `used-here` the payment it made, and approve nothing; `clone-suspected` with `details: { device }`, which you suspend; `bad-argument`, `bad-amount`;
   * `issuer-unavailable` with the `cause` for what your own functions throw.
   */
  redeem(text: string, sale: Sale): Promise<Verified<Token>>;
  /**
   * Checks the passkey's answer, then the device key's co-signature, over an intent: your own stored copy, never one the client sent. Its
   * single use, limits and balance are yours to check, in the transaction that has the effect.
   *
   * Codes: `malformed`, `intent-mismatch`, `intent-expired`, `credential-unknown`, `assertion-refused`, `wrong-origin`, `wrong-rp`,
   * `user-not-verified`, `prf-leaked`, `co-signature-missing`, `co-signature-refused`, `bad-argument`.
   */
  checkStepUp(intent: Uint8Array, response: StepUpResponse): Promise<Verified<StepUp>>;
  /**
   * Checks a proof of possession (RFC 9449) for one exact call. That `jti` comes once is yours to check.
   *
   * Codes: `proof-refused`; `use-dpop-nonce`, which you answer with a new nonce; `bad-argument`, also for a `url` that is not the issuer's.
   */
  checkProof(call: ProvedCall): Promise<Verified<Proof, null>>;
}
