/** For tests only: a pretend world whose secrets are anybody's. */
import type { Device, ErrorCode, Money, Wallet, WalletOptions, WalletState, WasmSource } from "./index.js";

/**
 * One pretend world in this process (Node 20.16 or newer, or a page): the issuer's real rules in wasm over a ledger in memory, wallets over
 * ports in memory, a soft authenticator, a clock you move. Its issuer is `https://issuer.test`, its wallet page `https://wallet.test`.
 * Codes: `bad-argument` unless `iKnowThisIsATest` is `true`; those of `init`.
 */
export function createWorld(options: WorldOptions): Promise<World>;
export interface WorldOptions {
  readonly iKnowThisIsATest: true;
  /** All random bytes of issuer and wallets follow from it. Default: the platform's. */
  readonly seed?: number;
  /** The clock stands here until it is moved. Default: the real time, which goes on. */
  readonly now?: Date;
  /** The issuer's limits. Default: the protocol's (section 8). */
  readonly policy?: Partial<Policy>;
  /** Whose signature the issuer believes as a platform's attestation of a key (P-256). Default: nobody's. */
  readonly attestedBy?: JsonWebKey;
  /** Origin of the wallet page, as browsers write it; else `bad-argument`. Default `https://wallet.test`. */
  readonly origin?: string;
  /** The kit's module, where it is not beside this file (`jitsuin/wasm/testing`). Default: the module beside this file. */
  readonly wasm?: WasmSource | PromiseLike<WasmSource>;
}
/** What one device may do; each figure alone may be given. */
export interface Policy {
  /** One payment. */
  readonly perPayment: Money;
  /** Payments of one device in 24 hours. */
  readonly perDay: Money;
  readonly topUpsPerDay: number;
  readonly coolOffHours: number;
}
export interface World {
  readonly issuer: TestIssuer;
  /** Of every wallet that this world opened. */
  readonly authenticator: SoftAuthenticator;
  /** Moves wallets and issuer alike. */
  readonly clock: TestClock;
  /** A wallet over ports in memory, custody `software`. `enrolled` walks the whole real enrolment first. */
  wallet(options?: WalletChoice): Promise<Wallet>;
  /** The whole enrolment of a wallet, as a person goes through it. */
  enrol(wallet: Wallet, account: TestAccount): Promise<Device>;
  /** The platform removes what every wallet of this world has stored. */
  evict(): Promise<void>;
  /** What every wallet of this world has stored is overwritten with bytes that are no record. */
  corrupt(): Promise<void>;
  /** Closes the wallets it opened. */
  close(): Promise<void>;
}
/**
 * `profile` names the storage: opening it again after `close` finds what was stored. Default: one of its own each time. `secret`: called
 * whenever a key of custody `software` is sealed or opened; gives the 32 bytes that it is sealed under, or nothing, which is `locked`.
 */
export type WalletChoice = { readonly enrolled?: boolean; readonly account?: TestAccount; readonly secret?: () => Uint8Array | null } & Partial<WalletOptions>;

/**
 * A card that a top-up charges: at once, never, 5 seconds late, with two answers, with none; after 3 minutes in which the processor knows
 * nothing of the charge; with a notice as its one answer.
 */
export type Card = "normal" | "declines" | "late" | "twice" | "never" | "queued" | "notifies";
export interface AccountOptions {
  readonly login?: string;
  readonly password?: string;
  /** What its owner knows it by. Default: the login. */
  readonly label?: string;
  /** Default 0. */
  readonly balance?: Money;
  /** Default `["normal"]`. */
  readonly cards?: readonly Card[];
  /** One that existed before has a cool-off, and its cards must be proved. Default `true`. */
  readonly openedWithWallet?: boolean;
}
export interface TestAccount {
  readonly id: string;
  readonly login: string;
  readonly password: string;
  readonly label: string;
  balance(): Promise<Money>;
  inbox(): Promise<readonly Message[]>;
  /** The code in its newest message that has one. */
  code(): Promise<string>;
  /** The card company's page: shows it the code from the inbox. Takes what `wallet.proveCard` gave. */
  finishCardProof(started: { readonly proof: string }): Promise<void>;
  /** Proves every card on this wallet's device, and syncs. Takes a wallet of this process or one in a driven page. */
  proveCards(wallet: Pick<Wallet, "proveCard" | "sync"> & { readonly state: WalletState | (() => Promise<Pick<WalletState, "sources">>) }): Promise<void>;
}
export interface Message {
  readonly to: string;
  readonly at: Date;
  readonly subject: string;
  readonly text: string;
  readonly code: string | null;
}
/**
 * How the next matching call fails. `"no-answer"`: it never arrives. `"answer-lost"`: the issuer does it and its answer is lost.
 * `"delivered-twice"`: the network below hands the same request to the issuer twice, as browsers do when a kept-alive connection dies
 * unanswered, and the sender hears the second answer alone. These two pass over a call that only fetches a nonce.
 * `"stale-nonce"`: it is refused with a new nonce. A code: it is refused so. A status: the answer is empty, as from a broken proxy.
 */
export type Failure = "no-answer" | "answer-lost" | "delivered-twice" | "stale-nonce" | ErrorCode | { readonly status: number };
export interface TestIssuer {
  readonly url: string;
  /** Give it to `Wallet.open({ fetch })`, or serve it. Rejects where no answer comes. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Serves it on loopback, at this port or a free one. In Node. Give the url as `endpoint`: it is still `https://issuer.test`. */
  listen(port?: number): Promise<{ readonly url: string; close(): Promise<void> }>;
  /**
   * `call`: a path such as `/v1/top-ups`. Default: whichever comes next. Each one is for one call: several of them meet one call after
   * another, and a list of `"delivered-twice"` and `"answer-lost"` meets the same call with both.
   */
  failNext(how: Failure | readonly Failure[], call?: string): void;
  account(options?: AccountOptions): Promise<TestAccount>;
  /** A till with a key of its own, registered by a one-time code at its first call. Its calls can be made to fail as well. */
  till(options?: { readonly name?: string; readonly place?: string | null; readonly placeId?: string | null; readonly merchant?: string }): TestTill;
  /** Every message to anybody, in order. */
  inbox(): Promise<readonly Message[]>;
  /** What a server does from time to time: asks the card processor about top-ups it has not answered. */
  sweep(): Promise<void>;
  /** Every movement sums to zero and every balance is the sum of its movements; rejects if not. */
  audit(): Promise<void>;
  /** The issuer's clock alone: its wallets are then wrong about the time. */
  readonly clock: TestClock;
}
export interface TestTill {
  /** `t/…` */
  id(): Promise<string>;
  /** `key`: the idempotency key, 16 to 64 characters. Default: a new one. */
  charge(token: string, money: Money, options?: { readonly key?: string }): Promise<Outcome>;
  lookUp(key: string): Promise<Outcome>;
  /** In full, within 15 minutes. `payment`: from the outcome. */
  reverse(payment: string, options?: { readonly key?: string }): Promise<Outcome>;
}
export interface Outcome {
  /**
   * All that a till hears. `"used-here"`: `token-used`, and this very till charged the code before, under another key. It is no sale.
   */
  readonly outcome: "approved" | "reversed" | "declined" | "token-expired" | "token-used" | "used-here" | "amount-over" | "try-again" | "till-blocked";
  readonly payment: string | null;
  readonly money: Money;
  readonly at: Date;
  /** With `"used-here"`: the payment that was made then. */
  readonly usedHere: { readonly payment: string; readonly money: Money; readonly at: Date } | null;
}
export interface TestClock {
  now(): Date;
  advance(by: { readonly days?: number; readonly hours?: number; readonly minutes?: number; readonly seconds?: number; readonly milliseconds?: number }): Promise<void>;
}
/** What the person and the platform do at a prompt. Sticks until changed. */
export interface SoftAuthenticator {
  readonly how: "soft";
  approve(): Promise<void>;
  /** The person closes the prompt. */
  deny(): Promise<void>;
  /** The person is not recognised. */
  uvFail(): Promise<void>;
  /** Nobody does anything: it ends when the clock is moved past the deadline, or is cancelled. */
  hang(): Promise<void>;
  /** There is no authenticator, and the platform never settles: the wallet's own deadline ends it. */
  noDevice(): Promise<void>;
  /** What is wrong with the next answers; `null`: nothing. */
  tamper(what: "signature" | "uv" | "up" | "challenge" | "origin" | "cross-origin" | "type" | "rp-id" | "user-handle" | null): Promise<void>;
  forgetPasskey(): Promise<void>;
  /** The prompts so far. */
  readonly prompts: readonly ("create" | "get")[];
}
