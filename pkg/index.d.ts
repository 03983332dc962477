/**
 * Public types. Rules that hold everywhere: money is `bigint` minor units; times are `Date`; every promise settles; every rejection is a
 * `JitsuinError`; every method is bound (`const { subscribe } = wallet` works); nothing at import touches `window`, network or storage.
 * Objects handed out are frozen and `JSON.stringify` writes their bigints as decimal strings (a hidden `toJSON`).
 */

// ---- loading -----------------------------------------------------------------------------------------------------

/**
 * Where the wasm comes from. Left out: the file beside the package's scripts, which Node reads and other places fetch. All but a compiled
 * `Module` are checked by SHA-256. What each bundler and runtime needs: docs/bundlers.md.
 */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;
/**
 * Loads the module once; calls while loading share one promise; after a failed load the next call tries again. `Wallet.open` calls it,
 * so a page needs it only to choose a source or to preload. Codes: `wasm-load-failed`, `wasm-digest`, `wasm-blocked`, `no-webassembly`, `unsupported`.
 */
declare function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;
export default init;
export { init };
/** Synchronous, needs no `init`: a window, a secure context, WebAssembly, WebCrypto, IndexedDB, Web Locks, WebAuthn. `false` while rendering on a server, in workers and in jsdom. Never throws. */
export function isSupported(): boolean;
/**
 * What this place can do, by real round trips; asks the user for nothing, needs no `init`. `missing` names what a page or a host app must
 * change; `platform-silent` in it: something was not answered in time, so what is left out may be there.
 */
export function capabilities(options?: { readonly host?: Host }): Promise<Capabilities>;
export interface Capabilities {
  /** Those proven to work here, strongest first. `passkey`: keys can be sealed here; whether a passkey gives the secret is known once it is asked. */
  readonly custody: readonly Custody[];
  /** Whether this device itself can verify its user. */
  readonly passkey: boolean;
  readonly prf: boolean | "unknown";
  readonly webview: null | "wkwebview" | "android" | "capacitor" | "unknown";
  readonly missing: readonly ErrorCode[];
}

// ---- nouns -------------------------------------------------------------------------------------------------------

/** Where the device key lives while it can sign. */
export type Custody = "native" | "passkey" | "browser" | "software";
/** `amount` in minor units of `currency` (ISO 4217 letters): 540 yen is `{ amount: 540n, currency: "JPY" }`. */
export interface Money {
  readonly amount: bigint;
  readonly currency: string;
}
/**
 * "12.30", "USD" -> 1230n. Reads full-width characters and the digits of any script; give it the text as it was typed. Refuses more decimals than
 * the currency has, and whatever else is no amount: "12.30", "JPY" is not 1,230 yen. Needs no `init`. Code: `bad-amount`.
 */
export function parseMoney(text: string, currency: string): Money;
/** Needs no `init`. Code: `bad-amount` for a currency that is not in use. */
export function formatMoney(money: Money, locale?: string): string;

export interface Device {
  /** Thumbprint of its key (RFC 9679), base64url. */
  readonly id: string;
  readonly label: string;
  readonly custody: Custody;
  readonly here: boolean;
  readonly status: "active" | "suspended" | "revoked" | "frozen";
  readonly addedAt: Date;
  readonly lastUsedAt: Date | null;
  /** When its cool-off ends, if that is still to come. */
  readonly coolOffUntil: Date | null;
}
export interface Source {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  /** When this device may use it; `null`: it must first be proved here (`proveCard`). */
  readonly usableFrom: Date | null;
}
/** What is left to pay with, at worst: codes whose outcome is unknown count as used. */
export interface Allowance {
  readonly left: Money;
  readonly perPayment: Money;
  readonly countLeft: number;
  readonly resetsAt: Date;
  readonly until: Date;
  readonly asOf: Date;
}
export type ReceiptKind =
  | "payment"
  | "refund"
  | "declined"
  | "top-up"
  | "held"
  | "released"
  | "top-up-failed"
  | "opening"
  | "device-added"
  | "device-revoked"
  | "device-suspended"
  | "frozen"
  | "unfrozen"
  | "recovery-started"
  | "contact-changed"
  | "limits-changed"
  | "refilled"
  | "card-proved";
/** One checked receipt. */
export interface Receipt {
  readonly id: string;
  readonly sequence: bigint;
  readonly at: Date;
  readonly kind: ReceiptKind;
  /** The balance after it. */
  readonly balance: Money;
  /** What moved: the difference of two signed balances, or what was asked for where nothing moved. */
  readonly money: Money | null;
  /** The registered name of the shop. Of a `held` receipt the other shop, where the code or the device turned up; `money` is the held payment's. */
  readonly shop: string | null;
  /** Where the till stands, if a place is registered; only on the device that paid. */
  readonly place: string | null;
  readonly source: string | null;
  readonly device: string | null;
  readonly deviceLabel: string | null;
  /** The code's counter. */
  readonly counter: number | null;
  readonly by: "this-device" | "other-device" | null;
  /** Sequence of the receipt that this one undoes, holds or releases. */
  readonly undoes: bigint | null;
  /** Code of a refusal. */
  readonly reason: string | null;
  /**
   * Why shop, place, source, label, `undoes` and reason are not here, or `null` where nothing is missing. `erased`: the issuer erased them.
   * `unreadable`: this version can't read what the issuer signed. `forged`: whoever carried the answer changed them. Amount, balance, device
   * and counter are signed by themselves and hold in all three cases.
   */
  readonly missing: "erased" | "unreadable" | "forged" | null;
}
/** What the wallet must tell its owner; stays in `state.alerts` until acknowledged. */
export interface Alert {
  readonly id: string;
  readonly at: Date;
  readonly kind: "unknown-use" | "new-device" | "device-suspended" | "frozen" | "unfrozen" | "recovery-started" | "contact-changed" | "limits-changed" | "used-elsewhere" | "low-allowance" | "receipts-late" | "receipt-forged" | "clock-skew" | "rotate-needed";
  /** Why, for `unknown-use`. */
  readonly cause: "never-made-here" | "gap" | "fork" | "forged" | null;
  readonly receipt: Receipt | null;
  readonly skewMs: number | null;
  acknowledge(): Promise<void>;
}
/** What the user is about to agree to: show all of it. Formatting is the page's, with `Intl`. */
export type Intent =
  | { readonly kind: "enrol"; readonly accountLabel: string; readonly label: string; readonly custody: Custody; readonly expiresAt: Date }
  | { readonly kind: "top-up"; readonly money: Money; readonly source: Source; readonly device: string; readonly expiresAt: Date }
  | { readonly kind: "refill"; readonly perPayment: Money; readonly total: Money; readonly count: number; readonly until: Date; readonly device: string; readonly expiresAt: Date }
  | { readonly kind: "limit"; readonly old: Money; readonly new: Money; readonly device: string; readonly expiresAt: Date }
  | { readonly kind: "rotate"; readonly custody: Custody; readonly device: string; readonly expiresAt: Date }
  | { readonly kind: "unfreeze"; readonly device: string; readonly expiresAt: Date };
/** A thing the user must agree to, with all network work done. Call `confirm` synchronously inside a tap (Safari's rule). */
export interface Ceremony<T> {
  readonly intent: Intent;
  /** Calls while one runs share its result; a signal ends its own call alone, and the prompt with the last one. After `cancelled` (also by a signal or `cancel()`, before or during the prompt), `timed-out`, `tap-again`, `not-focused`, `uv-failed`, `offline`, `issuer-unreachable`, `foreign-answer` or `proof-replayed` it may be called again: what was signed is sent again, without a prompt. A newer preparation makes it `superseded`. */
  confirm(options?: Cancellable): Promise<T>;
  /** Ends the prompt, and settles when it is closed; `confirm` may be called again. Safe at any time, also from an effect's clean-up. */
  cancel(): Promise<void>;
}
export interface Cancellable {
  /** Ends this call with `cancelled`; without effect once the call has ended. */
  readonly signal?: AbortSignal;
}
/** A contact code is on its way, or one that was sent before still lives. */
export interface CodeSent {
  readonly kind: "code-sent";
  /** For `unfreeze`. */
  readonly attempt: string;
}
/** The card processor has not answered: a receipt will say how it ended. Do not simply try again. */
export interface PendingTopUp {
  readonly kind: "pending";
  /** For support. */
  readonly topUp: string;
}

// ---- the wallet --------------------------------------------------------------------------------------------------

export type Status = "new" | "locked" | "ready" | "frozen" | "suspended" | "revoked" | "key-lost" | "storage-corrupt" | "closed";
/** One frozen snapshot; a new object only when something changed, so it fits `useSyncExternalStore` and Vue's `shallowRef`. */
export interface WalletState {
  readonly status: Status;
  readonly device: Device | null;
  readonly devices: readonly Device[];
  readonly accountLabel: string | null;
  readonly balance: Money | null;
  readonly sources: readonly Source[];
  readonly allowance: Allowance | null;
  /** What all devices together may pay in 24 hours: the owner's own limit, or else the issuer's. */
  readonly limit: Money | null;
  /** Newest first, at most 20. */
  readonly recent: readonly Receipt[];
  readonly alerts: readonly Alert[];
  readonly ceremony: Intent["kind"] | "unlock" | null;
  readonly syncedAt: Date | null;
  readonly online: boolean;
  /** Issuer's clock less this device's. */
  readonly clockOffsetMs: number;
}
export interface WalletOptions {
  /** Who the issuer is: an https origin (or http://localhost). Signed into every proof, whatever `endpoint` is. */
  readonly issuer: string;
  /** Where calls go when your own backend stands in front. Default: `issuer`. */
  readonly endpoint?: string;
  /** Sends one call: add cookies, CSRF headers, tracing of your own. Pass body and `DPoP` header on as they are. Default: `fetch` with `credentials: "omit"`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** RFC 9679 thumbprint of the issuer's root key, base64url: a constant of the page. Everything that the issuer signs is checked from it, so
   *  that whoever carries the first call can't stand in for the issuer; another root is `issuer-untrusted`. Without it the first one that
   *  is seen over TLS is pinned. */
  readonly root?: string;
  /** Origins on which the card company's page may be, beside this page's own and the issuer's: `proveCard` gives no address elsewhere. As
   *  browsers write them: `https://pay.example`, without a path, without `:443`, in lower case; else `bad-argument`. */
  readonly cardOrigins?: readonly string[];
  /** How receipts come while the page is visible. `"auto"`: by an answer of the issuer that stays open, by asking every 15 s where none
   *  comes through. `"poll"`: by asking alone. `"manual"`: only when `sync` is called. Default "auto". */
  readonly updates?: "auto" | "poll" | "manual";
  /** The one custody the page accepts; `"auto"` takes the strongest proven. Default "auto". */
  readonly custody?: "auto" | Custody;
  /** The native side of the app around this page: custody `native`. Code of one whose signatures do not hold: `host-untrusted`. */
  readonly host?: Host;
  /** Locks once the page was not touched (no tap, no key) for so long: by the monotonic clock, or by the wall clock where that shows that
   *  the device slept. Default: never. Code: `bad-argument`. */
  readonly lockAfterSeconds?: number;
  /** Locks as soon as the page is hidden; a prompt that is open then ends in `locked`. Default false. */
  readonly lockWhenHidden?: boolean;
  /** Several wallets on one origin. Default "default". */
  readonly profile?: string;
  /** What this device is called if `prepareEnrolment` is given no label. */
  readonly label?: string;
  readonly wasm?: WasmSource | PromiseLike<WasmSource>;
}
export class Wallet {
  private constructor();
  /**
   * The same issuer and profile give the same instance, counted: StrictMode's second mount gets the first one's wallet. Never prompts.
   * A new wallet asks its issuer for its description and waits 3 s for it, so that a page that is set up wrong is told before anybody types
   * anything (docs/setting-up.md): `insecure-page`, `passkeys-blocked`, `connect-blocked`, `wrong-issuer`, `wrong-rp`, `foreign-answer`.
   * Codes: those of `init`; `bad-argument`, `wrong-origin` (a frame of another origin, an IP address, an origin that is not on the issuer's list),
   * `unsupported` (also in Node, workers and on servers, before anything is loaded), `storage-failed`, `issuer-untrusted`, `upgrade-needed`.
   *
   * Every call settles, whatever the browser does: `platform-silent` after 9 s in which it did not answer. What was asked may have been done
   * all the same; the same call again, also `confirm()` of the same ceremony, learns that and goes on from there.
   */
  static open(options: WalletOptions): Promise<Wallet>;
  /** Gives back one `open`. At the last: timers, listeners, prompts and keys are gone and `state.status` is "closed". Safe to repeat. */
  close(): Promise<void>;
  readonly state: WalletState;
  /** Called after every change of `state`; returns the way to stop. Nothing is lost before the first listener: alerts stay in `state.alerts`. */
  subscribe(listener: () => void): () => void;
  /** For things that happen once (a sound, a page change). Returns the way to stop. */
  on<K extends keyof WalletEvents>(type: K, listener: (event: WalletEvents[K]) => void, options?: Cancellable): () => void;
  /** Fetches and checks what is new. Works while locked. Codes: `not-enrolled`, `offline`, `issuer-untrusted`, `clock-skew`, `chain-gap`, `chain-fork`, `receipt-forged`. */
  sync(options?: Cancellable): Promise<void>;

  /**
   * Starts a login, making this device's keys first if there are none; the issuer sends a contact code if login and password are right, and answers
   * alike if not. `language`: of the issuer's messages, once a device is registered by this login. Give all texts as they were typed.
   */
  logIn(options: { login: string; password: string; language?: "en" | "ja" } & Cancellable): Promise<{ readonly attempt: string }>;
  /**
   * The contact code as it was typed: 8 digits in any width, script and grouping; anything else costs no try. Resolves with the ticket for
   * `prepareEnrolment`. Code: `code-refused`, alike for a wrong login, password or code.
   */
  enterCode(options: { attempt: string; code: string } & Cancellable): Promise<string>;
  /**
   * `label`: what the device is to be called, 1 to 60 visible characters. `account`: the label the user expects, and the one that is shown; another
   * one is `wrong-account`. Without it the account's id is shown, since a label from the network is not signed.
   * Codes: `bad-label` before anything is asked, `ticket-expired`, `not-first-device`, `already-enrolled`, `wrong-rp`.
   */
  prepareEnrolment(options: { ticket: string; label?: string; account?: string } & Cancellable): Promise<Ceremony<Device>>;
  /**
   * Puts this device in the place of one whose key is gone or suspended; its passkey must be here. The old key is dead at once, the new one
   * cools off for a day. Where the account has several devices, the passkey that answers says whose place it is, and is asked twice. Codes: as `prepareEnrolment`; `no-credential`, `credential-unknown`.
   */
  prepareRecovery(options: { ticket: string; label?: string; account?: string } & Cancellable): Promise<Ceremony<Device>>;
  /**
   * Opens the device key again, without network. A key of custody `passkey` asks for its passkey: call it inside a tap. `reseal` seals it
   * again as well, under another input: the passkey is then asked twice. Whatever is refused, the sealed key stays as it is. Codes: the
   * prompt's (a signal that is aborted meanwhile leaves the wallet as it was); `prf-unavailable`, `prf-unusable`, `seal-mismatch`, `seal-broken`, `key-lost`.
   */
  unlock(options?: Cancellable & { readonly reseal?: boolean }): Promise<void>;
  /** Drops the device key from memory. */
  lock(): void;
  /** One code, on disk as used before it is returned. Offline-capable. Codes: `locked`, `over-allowance`, `too-fast`, `sync-needed`, `frozen`, `suspended`, `rotate-needed` (renew the key: `prepareRotation`), `key-lost`, `storage-failed`; after a renewal it syncs first, and ends as `sync` does if that fails. */
  paymentCode(options?: { max?: Money; form?: CodeForm } & Cancellable): Promise<PaymentCode>;
  /**
   * Draws and renews codes in `target` (any element, also in a shadow root). Returns at once; stops by itself on lock, freeze, close. Drawn in a
   * shadow root: the page's rules reach its texts by `::part(countdown)`, `::part(status)` and `::part(button)`, and never the code, which
   * is as wide as `target`, at most 320 CSS pixels. Inside a tap the first code needs no second one. A code that an earlier `present` of this
   * wallet asked for and never drew (StrictMode, a quick change of route) is taken over if `max` and `form` are the same.
   */
  present(target: Element, options?: PresentOptions): Presentation;
  /** Codes: `bad-amount`, `source-unknown`, `card-proof-needed`, `cooling-off`, `over-limit`, `intent-mismatch`.
   * As for every `prepare…`: a clock that went wrong since the last sync costs one sync; `clock-skew`, with `skewMs`, only if that does not put it right. */
  prepareTopUp(options: Money & { source: string } & Cancellable): Promise<Ceremony<Receipt | PendingTopUp>>;
  /** A refill beyond the silent one a day: the same limits for as long again, never a new window. Codes: `cooling-off`, `clock-skew`. */
  prepareRefill(options?: Cancellable): Promise<Ceremony<Receipt>>;
  /**
   * A new device key, or another custody, signed in by the old one, which is dead then: also the cure of `suspended` and `rotate-needed`. Meters, counters and
   * the first day go along; stored cards are proved anew. A frozen account stays frozen: renew the key before the release if it may be copied. Its answer
   * may be lost: `confirm()` or the next sync asks again. Codes: `revoked`, `locked`, `unsupported`, `prf-unavailable`.
   */
  prepareRotation(options?: { custody?: Custody } & Cancellable): Promise<Ceremony<Device>>;
  /** Lowers or raises what all devices may pay in 24 hours (`state.limit`), within what the issuer allows. Codes: `bad-amount` for nothing or the same, `over-limit`, `cooling-off`; `clock-skew`. The limit may have changed since the last sync: `intent.old` is the one that the owner is asked about. */
  prepareLimit(options: Money & Cancellable): Promise<Ceremony<Receipt>>;
  /** Where the proof of a stored card on this device goes on: hand `proof` to `page` by POST or storage, never in a URL. `page` is on this page's
   *  origin, the issuer's or one of `cardOrigins`; any other is `issuer-untrusted`. */
  proveCard(options: { source: string } & Cancellable): Promise<{ readonly page: string; readonly proof: string }>;
  /** Checked receipts kept here, newest first. */
  receipts(options?: { before?: bigint; limit?: number } & Cancellable): Promise<readonly Receipt[]>;
  /** Stops every device of the account. Works while locked or suspended; asks nobody. `notMine`: sequence of a payment that was not its owner's; its money waits. Works with a clock that is off.
   *  Code `too-many-attempts`: this device's keys have no freeze left today, which a copy of them may have used up; offer the freeze by passkey, which has no limit. */
  freeze(options?: { notMine?: bigint } & Cancellable): Promise<void>;
  /** Says that the page has drawn the receipts up to this one where their owner sees them: call it while the page is visible. The issuer is told at
   *  once, offline at the next sync. A code made after that holds no earlier payment, whichever shop it is used at. Works while locked. */
  shown(options: { sequence: bigint } & Cancellable): Promise<void>;
  /** "Both were mine": releases the payment that a `held` receipt with the reason `used-elsewhere` is about; `sequence` is that receipt's. Codes: `locked`,
   *  `cooling-off`; `not-found` if it waits no more, or waits for a person of the issuer. */
  bothMine(options: { sequence: bigint } & Cancellable): Promise<void>;
  /** Starts the release of a frozen account: the passkey first. `confirm()` sends the contact code that `unfreeze` takes; while a code lives, it sends none. Codes: `not-found` if not frozen, `not-first-device` on a device from after the freeze (renewed or recovered, a key stands where the one before it stood), `cooling-off`, `code-refused` if the contact was changed within 30 days. */
  prepareUnfreeze(options?: Cancellable): Promise<Ceremony<CodeSent>>;
  /** Lets the account work again: the contact code second. Code: `code-refused`, also after three wrong codes, five minutes, or a freeze in between; then start again. */
  unfreeze(options: { attempt: string; code: string } & Cancellable): Promise<Receipt>;
  /** Erases all that is kept here: keys, receipts, alerts. An unlocked wallet signs the device off where the issuer can be reached. A locked one does not, and asks for no passkey: its device stays in the account's list without a key, so call `unlock()` first to sign it off. In both cases its passkey leads back (`prepareRecovery`). */
  forget(): Promise<void>;
  /** For support: versions, capabilities and state. No key, no token, no personal data. */
  report(): Promise<Record<string, unknown>>;
}
export interface WalletEvents {
  receipt: Receipt;
  alert: Alert;
  /** `time`: `lockAfterSeconds` are over; `hidden`: `lockWhenHidden`. */
  lock: { readonly reason: "asked" | "time" | "hidden" };
}
export interface PaymentCode {
  readonly text: string;
  readonly counter: number;
  /** By the issuer's clock. */
  readonly madeAt: Date;
  /** By the issuer's clock. */
  readonly expiresAt: Date;
  /** By this device's own clock, for a countdown. */
  readonly expiresAtHere: Date;
  /** Modules per side, quiet zone included. */
  readonly size: number;
  /** SVG path of the dark modules. Draw it on white. */
  readonly path: string;
  readonly svg: string;
}
/** What a code's text is: `jitsuin` (`JT1…`, the smaller picture) or `emvco` (the same token in an EMVCo consumer-presented envelope). Tills of this issuer read both. */
export type CodeForm = "jitsuin" | "emvco";
export interface PresentOptions extends Cancellable {
  /** Default "jitsuin". */
  readonly form?: CodeForm;
  /** Upper bound of the payment. */
  readonly max?: Money;
  /** Text alternative of the picture. The code itself is never read out. */
  readonly label?: string;
  /** Default: the document's language. */
  readonly language?: "en" | "ja";
  readonly onChange?: (state: PresentationState) => void;
}
export type PresentationState =
  | { readonly phase: "making" }
  | { readonly phase: "paused"; readonly reason: "start" | "paid" | "declined" | "blurred" | "rested" | "failed"; readonly error?: JitsuinError }
  /** A till could not read the code where it stands, so it is not drawn. It comes by itself once it can be read, within the code's life. */
  | { readonly phase: "paused"; readonly reason: "unreadable"; readonly cause: Unreadable }
  | { readonly phase: "showing"; readonly code: PaymentCode; readonly secondsLeft: number }
  | { readonly phase: "paid"; readonly receipt: Receipt }
  | { readonly phase: "stopped"; readonly error?: JitsuinError };
/**
 * What stands in the way of a code: `hidden`, it has no box or no visibility; `outside`, a part of it is out of view; `covered`, something lies over it or
 * clips it; `size`, less than 2 CSS pixels a module; `shape`, turned, mirrored or skewed. Of an element around it: `filter` (but `drop-shadow`),
 * `opacity` below 0.9, `blend` (`mix-blend-mode`), `mask` (or `clip-path`), `moving` (an animation or transition that runs). `colors`: the browser draws it
 * in other colours.
 */
export type Unreadable = "hidden" | "outside" | "covered" | "size" | "shape" | "filter" | "opacity" | "blend" | "mask" | "moving" | "colors";
export interface Presentation {
  readonly state: PresentationState;
  stop(): void;
}

/** Any text as a QR picture: level M, smallest version, white ground, 4-module quiet zone. Needs `init`. */
export function qr(text: string): { readonly size: number; readonly path: string; readonly svg: string };
/**
 * A picture of `qr` or a `PaymentCode` as pixels, `scale` of them a module (1 to 64, default 4): RGBA, as `new ImageData(data, width)` takes
 * them. Black on white, quiet zone included. Needs no `init`. Code: `bad-argument`.
 */
export function bitmap(picture: { readonly size: number; readonly path: string }, options?: { readonly scale?: number }): { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };

// ---- hybrid apps -------------------------------------------------------------------------------------------------

/** What a key in the host's store is asked to sign. The host knows these and refuses the rest. */
export type HostPurpose = "token" | "dpop" | "proof" | "enrolment" | "co-signature" | "approval" | "freeze";
export interface HostCall {
  readonly requestId: string;
  /** Milliseconds that the wallet waits for the answer. */
  readonly deadline: number;
}
/**
 * The native side of a webview, as the page names it in `Wallet.open({ host })`; it is never looked for. Contract: docs/webview.md. A
 * rejection named `AbortError` or `NotAllowedError` is the user's no (`cancelled`); any other is `host-refused`; none in time `host-silent`.
 */
export interface Host {
  readonly version: 1;
  hello(call: HostCall): Promise<{ readonly version: 1; readonly origin: string; readonly offers: readonly string[] }>;
  /** A new P-256 key of the OS key store: its name there, and its public half (SEC1, uncompressed, 65 bytes). */
  makeKey(call: HostCall): Promise<{ readonly key: string; readonly publicKey: Uint8Array }>;
  /** The host builds the signing input from the parts, never signs bytes it is given, and answers r and s in 64 bytes. `aad`: 16 bytes for a token, else none. */
  sign(asked: { readonly key: string; readonly purpose: HostPurpose; readonly protected: Uint8Array; readonly payload: Uint8Array; readonly aad: Uint8Array }, call: HostCall): Promise<Uint8Array>;
  /** The platform's word for a key that it keeps, for the issuer to check, over this nonce: at most 16 KiB. Without it the key has a browser's limits. */
  attestKey?(asked: { readonly key: string; readonly nonce: Uint8Array }, call: HostCall): Promise<Uint8Array>;
  eraseKey(key: string, call: HostCall): Promise<void>;
  /** The wallet no longer waits for it. */
  cancel?(requestId: string): void;
}

// ---- errors ------------------------------------------------------------------------------------------------------

/** The same list as `src/code.rs`; a test holds the two equal. */
export type ErrorCode =
  | "cancelled"
  | "timed-out"
  | "tap-again"
  | "superseded"
  | "no-credential"
  | "uv-failed"
  | "prf-unavailable"
  | "prf-unusable"
  | "seal-mismatch"
  | "seal-broken"
  | "unsupported"
  | "not-focused"
  | "webview-not-linked"
  | "host-silent"
  | "host-refused"
  | "host-untrusted"
  | "wrong-origin"
  | "insecure-page"
  | "passkeys-blocked"
  | "not-enrolled"
  | "already-enrolled"
  | "locked"
  | "frozen"
  | "suspended"
  | "revoked"
  | "key-lost"
  | "rotate-needed"
  | "closed"
  | "busy"
  | "storage-corrupt"
  | "storage-failed"
  | "storage-full"
  | "storage-blocked"
  | "over-allowance"
  | "over-limit"
  | "cooling-off"
  | "card-proof-needed"
  | "bad-amount"
  | "bad-argument"
  | "too-fast"
  | "platform-silent"
  | "no-entropy"
  | "offline"
  | "issuer-unreachable"
  | "foreign-answer"
  | "connect-blocked"
  | "wrong-issuer"
  | "issuer-unavailable"
  | "issuer-busy"
  | "issuer-untrusted"
  | "issuer-refused"
  | "clock-skew"
  | "sync-needed"
  | "upgrade-needed"
  | "use-dpop-nonce"
  | "proof-refused"
  | "proof-replayed"
  | "too-large"
  | "not-found"
  | "too-many-attempts"
  | "code-refused"
  | "ticket-expired"
  | "not-first-device"
  | "credential-taken"
  | "wrong-account"
  | "bad-label"
  | "login-taken"
  | "malformed"
  | "wrong-statement"
  | "wrong-key"
  | "bad-signature"
  | "token-expired"
  | "token-ahead"
  | "token-used"
  | "used-here"
  | "token-unknown"
  | "wrong-till"
  | "amount-mismatch"
  | "amount-over"
  | "currency-mismatch"
  | "balance-low"
  | "payments-paused"
  | "used-elsewhere"
  | "clone-suspected"
  | "approved"
  | "declined"
  | "try-again"
  | "till-blocked"
  | "idempotency-mismatch"
  | "reversal-too-late"
  | "intent-mismatch"
  | "intent-expired"
  | "co-signature-missing"
  | "co-signature-refused"
  | "assertion-refused"
  | "user-not-verified"
  | "credential-unknown"
  | "wrong-rp"
  | "prf-leaked"
  | "source-unknown"
  | "card-declined"
  | "chain-gap"
  | "chain-fork"
  | "receipt-forged"
  | "shop-code-malformed"
  | "shop-code-bad-crc"
  | "not-initialised"
  | "wasm-load-failed"
  | "wasm-blocked"
  | "wasm-digest"
  | "no-webassembly"
  | "module-crashed";
export interface ErrorDetails {
  "over-allowance": { readonly left?: Money; readonly resetsAt?: Date };
  "over-limit": { readonly left?: Money; readonly resetsAt?: Date };
  "cooling-off": { readonly until?: Date };
  "clock-skew": { readonly skewMs?: number };
  /** `skewMs`: how far ahead of now the newest code is dated, as a negative number. `retryAfterMs`: when codes go on without a sync. */
  "sync-needed": { readonly skewMs?: number; readonly retryAfterMs?: number };
  "token-ahead": { readonly skewMs?: number };
  /** Which argument or option has the wrong shape. */
  "bad-argument": { readonly argument?: string };
  /** From `jitsuin/verifier`. */
  "token-used": { readonly device: string; readonly counter: number };
  /** From `jitsuin/verifier`: the till that offers the code charged it before. */
  "used-here": { readonly device: string; readonly counter: number };
  /** From `jitsuin/verifier`. */
  "clone-suspected": { readonly device: string };
  "too-many-attempts": { readonly retryAfterMs?: number };
  "too-fast": { readonly retryAfterMs?: number };
  /** `url`: what was called; `status`, `type`: of what came, where the network answered and not the issuer. */
  "issuer-unavailable": { readonly retryAfterMs?: number; readonly url?: string; readonly status?: number; readonly type?: string | null };
  "issuer-busy": { readonly retryAfterMs?: number; readonly url?: string };
  "issuer-unreachable": { readonly url: string };
  "foreign-answer": { readonly url: string; readonly status?: number; readonly type?: string | null };
  /** `header`: what the page must send. */
  "connect-blocked": { readonly url: string; readonly header: string };
  "wrong-issuer": { readonly url: string };
  /** `url`: the call that no page of `origin` may read, and `header`, what its answer must have; or the same page by its name. */
  "wrong-origin": { readonly origin?: string; readonly url?: string; readonly header?: string };
  /** The page's address with https. */
  "insecure-page": { readonly url: string };
  "passkeys-blocked": { readonly header: string };
  /** `character`: where the refused object or value begins, counted in characters from 0. `reason`: docs/wire.md. */
  "shop-code-malformed": { readonly reason: string; readonly character: number };
  "shop-code-bad-crc": { readonly reason: string; readonly character: number };
  "wasm-blocked": { readonly header: string };
  /** What came in the place of the module: its address, HTTP status and content type, each where known. */
  "wasm-load-failed": { readonly url: string | null; readonly status: number | null; readonly type: string | null };
  "wasm-digest": { readonly url: string | null };
  /** What the host app's maker must set. */
  "webview-not-linked": { readonly setting: string };
  /** Where WebAuthn is missing: what an enrolled wallet does all the same. */
  unsupported: { readonly missing?: readonly string[]; readonly works?: readonly string[] };
}
type CodedError = { [C in ErrorCode]: { readonly code: C; readonly details: C extends keyof ErrorDetails ? ErrorDetails[C] | null : Readonly<Record<string, unknown>> | null } }[ErrorCode];
export interface JitsuinErrorFields {
  readonly fix: "user" | "page" | "host" | "issuer";
  readonly retryable: boolean;
  readonly confidence: "certain" | "likely" | "guess";
  /** The code's place in the documents that the package brings: a path from the package's folder, such as `docs/errors.md#offline`. */
  readonly docs: string;
}
/** A real `Error`. `message` is English, for logs; what the user reads comes from `jitsuin/messages`. `switch (error.code)` narrows `details`. */
export type JitsuinError = Error & JitsuinErrorFields & CodedError;
/** Works across two copies of the package and across frames, where `instanceof` does not. */
export function isJitsuinError<C extends ErrorCode = ErrorCode>(value: unknown, code?: C): value is JitsuinError & { readonly code: C };
