/** The built package in a real Chromium, driven by playwright-core or @playwright/test. For tests only. */
import type { Frame, Locator, Page } from "playwright-core";
import type { Alert, Device, Intent, PaymentCode, PresentationState, PresentOptions, Receipt, Status, Wallet, WalletOptions, WalletState } from "../index.js";
import type { TestAccount, TestIssuer, World } from "../testing.js";

/**
 * Routes `https://issuer.test` to the world's issuer, `https://wallet.test` to the package's own files behind the headers that a wallet page
 * must send, and gives the page a platform authenticator. Call it before `goto`. A page of your own stands in with `wallet: false`.
 */
export function attach(page: Page, options: AttachOptions): Promise<Kit>;
export interface AttachOptions {
  readonly world: World;
  /** An independent reader of the QR codes in a PNG, for `scan`. */
  readonly read?: (png: Uint8Array) => Promise<string | readonly string[]> | string | readonly string[];
  /** Whether `https://wallet.test` is served. Default `true`. */
  readonly wallet?: boolean;
}
export interface Kit {
  readonly page: Page;
  readonly issuer: TestIssuer;
  readonly authenticator: ChromiumAuthenticator;
  /** The kit's own page with an opened wallet. Goes there first if the page is elsewhere. `enrolled` walks the whole real enrolment. */
  wallet(options?: OpenOptions): Promise<RemoteWallet>;
  enrol(wallet: RemoteWallet, account: TestAccount): Promise<Device>;
  /** Removes IndexedDB under the open page, as a browser that needs room does. The page hears nothing. */
  evict(): Promise<void>;
  /** Overwrites what the wallet has stored with bytes that are no record. The page hears nothing. */
  corrupt(): Promise<void>;
  /** Sets the page's `Date` only, from its next load on; timers and the monotonic clock go on. */
  skewClock(by: { readonly minutes: number }): Promise<void>;
  offline(on: boolean): Promise<void>;
  /** The same wallet opened once more on the same storage, locks and authenticator: in a same-origin frame, since a real second page would have an authenticator of its own. */
  secondTab(wallet: RemoteWallet): Promise<RemoteWallet>;
  /** The one code in a real screenshot, by the reader given to `attach`. Rejects if there is none or there are several. */
  scan(target: { screenshot(): Promise<Uint8Array> }): Promise<string>;
}
export type OpenOptions = { readonly enrolled?: boolean; readonly account?: TestAccount } & Partial<Omit<WalletOptions, "fetch" | "wasm">>;

/** Sticks until changed. */
export interface ChromiumAuthenticator {
  /** `"cdp"`: Chromium's own WebAuthn with a virtual authenticator. `"injected"`: the page's `navigator.credentials` is replaced, as `deny` does. */
  readonly how: "cdp" | "injected";
  /** `prf`: what the authenticator derives from now on. One that is changed is another authenticator with the same passkeys, without their PRF. */
  approve(options?: { prf?: "get" | "none" }): Promise<void>;
  /** The person is there and not recognised. `approve` then goes on with another authenticator that has the same passkeys, without their PRF. */
  uvFail(): Promise<void>;
  /** The person closes the prompt. Headless Chromium can't show one, so this is injected into the frames that are open now. */
  deny(): Promise<void>;
  /** No authenticator at all: the call never settles by itself, not even at its time-out. Its passkeys come back with `approve`, without their PRF. */
  noDevice(): Promise<void>;
  /** The call never settles by itself; in Chromium that is what no authenticator does. */
  hang(): Promise<void>;
  /** An authenticator that nobody touches: the platform ends the call at its time-out. */
  noPresence(): Promise<void>;
  forgetPasskey(): Promise<void>;
  /** What is wrong with the next answers; `null`: nothing. */
  tamper(what: "signature" | "uv" | "up" | null): Promise<void>;
  /** The prompts that were answered. */
  readonly prompts: readonly { readonly operation: "create" | "get"; readonly at: Date }[];
}

type Driven = "logIn" | "enterCode" | "unlock" | "lock" | "paymentCode" | "proveCard" | "sync" | "receipts" | "freeze" | "forget" | "report" | "close";
type Remote<F> = F extends (...given: infer A) => infer R ? (...given: A) => Promise<Awaited<R>> : never;
export interface RemoteCeremony<T> {
  readonly intent: Intent;
  confirm(): Promise<T>;
  cancel(): Promise<void>;
}
/** The wallet in the page. Bigints and dates cross as they are, errors as a `JitsuinError` with their code; signals and functions do not cross. */
export type RemoteWallet = { readonly [K in Driven]: Remote<Wallet[K]> } & {
  readonly page: Page;
  readonly frame: Frame;
  readonly options: object;
  prepareEnrolment(options: Parameters<Wallet["prepareEnrolment"]>[0]): Promise<RemoteCeremony<Device>>;
  prepareTopUp(options: Parameters<Wallet["prepareTopUp"]>[0]): Promise<RemoteCeremony<Awaited<ReturnType<Awaited<ReturnType<Wallet["prepareTopUp"]>>["confirm"]>>>>;
  /** Draws codes in the kit's page. `picture` is what to take a screenshot of. */
  present(options?: Omit<PresentOptions, "onChange" | "signal">): Promise<{ readonly picture: Locator; state(): Promise<PresentationState>; stop(): Promise<void> }>;
  state(): Promise<Omit<WalletState, "alerts"> & { readonly alerts: readonly Omit<Alert, "acknowledge">[] }>;
  acknowledge(alert: string): Promise<void>;
  until(status: Status): Promise<void>;
  nextReceipt(): Promise<Receipt>;
  nextAlert(): Promise<Omit<Alert, "acknowledge">>;
  /** Loads the page again and opens the wallet from what is stored. */
  reload(): Promise<void>;
};
export type { PaymentCode };
