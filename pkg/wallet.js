// @ts-check
/** The wallet as a page sees it: counted instances, frozen snapshots, events, polling. What is allowed is decided in the module. */
import { capabilities, hasWebAuthn, setting, webview, withoutWebAuthn } from "./capabilities.js";
import { ceremony } from "./ceremony.js";
import { badArgument, refuse } from "./error.js";
import { asked, bind, minorUnits, optional, text } from "./given.js";
import { bridgeTo } from "./host.js";
import { Listeners } from "./listeners.js";
import init, { guarded, isTestKit, now } from "./load.js";
import { autoLock } from "./lock.js";
import { News } from "./news.js";
import { present } from "./present.js";
import { demandPage, met, passkeysBlocked, passkeysForbidden } from "./set-up.js";
import { Shared } from "./shared.js";
import { tabs } from "./tabs.js";
import { watchTaps } from "./taps.js";
import { freeze, revive } from "./values.js";

/** @typedef {import("./index.js").WalletState} WalletState */
/** @typedef {import("./index.js").WalletEvents} WalletEvents */
/** @typedef {import("./raw.js").RawWallet} RawWallet */

const INSIDE = Symbol("inside");
/** Opened wallets by issuer and profile. @type {Map<string, { wallet: Promise<Wallet>, count: number }>} */
const opened = new Map();

export class Wallet {
  /** @type {RawWallet | null} */ #raw = null;
  /** @type {WalletState} */ #state;
  #seen = "";
  #closed = false;
  #refreshing = false;
  #watchesTaps = false;
  #reseals = false;
  /** A second tap while the prompt is open shares its end. @type {Shared<void>} */
  #unlocking = new Shared(
    () => this.#call((raw) => raw.call(asked(this.#reseals ? "reseal" : "unlock"))),
    () => this.#stopUnlocking(),
  );
  #listeners = new Listeners();
  /** @type {Set<() => void>} */ #stops = new Set();
  /** @type {string} */ #key;
  /** The other tabs. */
  #others = { tell() {}, stop() {} };
  /** @type {import("./host.js").Bridge | undefined} */ #bridge;
  #timer = { start() {}, stop() {} };
  /** @type {import("./index.js").WalletEvents["lock"]["reason"]} */ #why = "asked";

  /**
   * @param {symbol} inside
   * @param {string} key
   */
  constructor(inside, key) {
    if (inside !== INSIDE) throw badArgument("constructor", "Use Wallet.open().");
    bind(this);
    this.#key = key;
    this.#state = /** @type {WalletState} */ (Object.freeze({ status: "new" }));
  }

  /** @param {import("./index.js").WalletOptions} options */
  static async open(options) {
    const { issuer, profile = "default" } = options ?? {};
    const key = JSON.stringify([text(issuer, "issuer"), text(profile, "profile")]);
    let entry = opened.get(key);
    if (!entry) {
      entry = { wallet: Wallet.#first(key, options), count: 0 };
      opened.set(key, entry);
    }
    const mine = entry;
    mine.count += 1;
    try {
      return await mine.wallet;
    } catch (error) {
      // A failed open is never kept.
      if (opened.get(key) === mine) opened.delete(key);
      throw error;
    }
  }

  /**
   * @param {string} key
   * @param {import("./index.js").WalletOptions} options
   */
  static async #first(key, options) {
    const { issuer, profile = "default", endpoint, root, custody, cardOrigins, label, fetch, updates = "auto", wasm } = options;
    if (!isTestKit()) demandPage();
    const wallet = new Wallet(INSIDE, key);
    // Of its own, so that nobody slips one in by a prototype.
    wallet.#bridge = Object.hasOwn(options, "host") ? bridgeTo(options.host) : undefined;
    wallet.#timer = autoLock(options, (why) => wallet.#lock(why));
    wallet.#stops.add(wallet.#timer.stop);
    await init(wasm);
    const chosen = { issuer, profile, endpoint, root, custody: custody === "auto" ? undefined : custody, cardOrigins, label };
    const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined && value !== null));
    const news = updates === "manual" ? null : new News(fetch);
    wallet.#raw = await guarded((raw) => raw.RawWallet.open(JSON.stringify(given), news?.fetch ?? fetch, () => wallet.#changed(), wallet.#bridge));
    wallet.#refresh(false);
    if (!isTestKit() && wallet.#state.status === "new") {
      await wallet.#meet().catch(async (error) => {
        wallet.#timer.stop();
        await guarded(() => wallet.#raw?.call(asked("close"))).catch(() => {});
        throw error;
      });
    }
    wallet.#others = tabs(`${issuer}/${profile}`, () => wallet.#reread());
    wallet.#stops.add(wallet.#others.stop);
    if (news) wallet.#hear(news, updates === "auto");
    return wallet;
  }

  /** A new wallet can do nothing in a page that is set up wrong: its developer is told now. */
  async #meet() {
    if (passkeysForbidden()) throw passkeysBlocked();
    await met(() => this.#call((raw) => raw.call(asked("meet"))));
  }

  /** The raw wallet, while there is one. */
  #open() {
    if (this.#closed || !this.#raw) throw refuse("closed");
    return this.#raw;
  }

  /**
   * @template T
   * @param {(raw: RawWallet) => Promise<T>} call
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<T>}
   */
  async #call(call, options) {
    const raw = this.#open();
    try {
      return await guarded(() => call(raw), options?.signal);
    } finally {
      this.#refresh();
    }
  }

  // ---- state ---------------------------------------------------------------------------------------------------

  get state() {
    return this.#state;
  }

  /** Many changes in one step make one snapshot. */
  #changed() {
    if (this.#refreshing) return;
    this.#refreshing = true;
    queueMicrotask(() => {
      this.#refreshing = false;
      if (this.#refresh()) this.#others.tell();
    });
  }

  /** What another tab or the platform did to the record is taken for the truth. What hinders it will hinder the next call, and be said there. */
  #reread() {
    if (this.#closed || !this.#raw) return;
    guarded(() => this.#open().call(asked("reread"))).catch(() => {}).finally(() => this.#refresh());
  }

  #refresh(tell = true) {
    const raw = this.#raw;
    if (!raw) return false;
    const plain = this.#closed ? { ...JSON.parse(this.#seen || "{}"), status: "closed", ceremony: null } : now(() => raw.ask(asked("state")));
    const seen = JSON.stringify(plain);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    const before = this.#state;
    const next = revive(plain);
    const alerts = next.alerts.map((/** @type {any} */ alert) => {
      const acknowledge = () => this.#call((wallet) => wallet.call(asked("acknowledge", alert.id)));
      return freeze(Object.defineProperty({ ...alert }, "acknowledge", { value: acknowledge }));
    });
    this.#state = Object.freeze({ ...next, alerts: Object.freeze(alerts) });
    if (before.status !== "ready" && this.#state.status === "ready") this.#timer.start();
    if (tell) this.#tell(before);
    return true;
  }

  /** @param {WalletState} before */
  #tell(before) {
    this.#listeners.changed();
    /** @param {readonly { id: string }[] | undefined} items */
    const ids = (items) => new Set(items?.map((item) => item.id));
    const [receipts, alerts] = [ids(before.recent), ids(before.alerts)];
    for (const receipt of [...this.#state.recent].reverse()) if (!receipts.has(receipt.id)) this.#listeners.emit("receipt", receipt);
    for (const alert of this.#state.alerts) if (!alerts.has(alert.id)) this.#listeners.emit("alert", alert);
    if (before.status === "ready" && this.#state.status === "locked") this.#listeners.emit("lock", Object.freeze({ reason: this.#why }));
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    return this.#listeners.subscribe(listener);
  }

  /**
   * @param {keyof WalletEvents} type
   * @param {(event: any) => void} listener
   * @param {{ signal?: AbortSignal }} [options]
   */
  on(type, listener, options) {
    return this.#listeners.on(type, listener, options);
  }

  /** @param {News} news @param {boolean} open whether an answer may stay open */
  #hear(news, open) {
    const ready = () => !["new", "storage-corrupt"].includes(this.#state.status);
    const follow = open ? () => this.#call((raw) => raw.call(asked("follow_news"))) : undefined;
    this.#stops.add(news.stop);
    news.start({ ready, sync: () => this.sync(), follow });
  }

  async close() {
    const entry = opened.get(this.#key);
    if (this.#closed || !entry) return;
    entry.count -= 1;
    if (entry.count > 0) return;
    opened.delete(this.#key);
    const raw = this.#raw;
    this.#closed = true;
    for (const stop of [...this.#stops]) stop();
    this.#stops.clear();
    this.#refresh();
    this.#listeners.clear();
    if (raw) await guarded(() => raw.call(asked("close")));
  }

  // ---- enrolment -----------------------------------------------------------------------------------------------

  /** Said before a person types or taps anything: without passkeys nothing can be agreed to here. */
  #needWebAuthn() {
    // The test kit brings an authenticator of its own, also to jsdom, which has a window and no passkeys.
    if (isTestKit() || typeof window !== "object") return;
    if (passkeysForbidden()) throw passkeysBlocked();
    if (hasWebAuthn()) return;
    const where = webview();
    if (where) throw refuse("webview-not-linked", { details: { setting: setting(where) } });
    throw refuse("unsupported", { details: withoutWebAuthn(), message: "There is no WebAuthn, so no device can be enrolled and nothing agreed to here." });
  }

  /** @param {{ login: string, password: string, language?: string, signal?: AbortSignal }} options */
  async logIn(options) {
    const { login, password, language = "en" } = options;
    this.#needWebAuthn();
    const attempt = await this.#call((raw) => raw.call(asked("log_in", text(login, "login"), text(password, "password"), text(language, "language"))), options);
    return Object.freeze({ attempt });
  }

  /** @param {{ attempt: string, code: string, signal?: AbortSignal }} options */
  async enterCode(options) {
    return this.#call((raw) => raw.call(asked("enter_code", text(options.attempt, "attempt"), text(options.code, "code"))), options);
  }

  /** @param {{ ticket: string, label?: string, account?: string, signal?: AbortSignal }} options */
  async prepareEnrolment(options) {
    return this.#enrol("prepare_enrolment", options);
  }

  /** @param {{ ticket: string, label?: string, account?: string, signal?: AbortSignal }} options */
  async prepareRecovery(options) {
    return this.#enrol("prepare_recovery", options);
  }

  /** @param {string} verb @param {{ ticket: string, label?: string, account?: string, signal?: AbortSignal }} options */
  async #enrol(verb, options) {
    const { ticket, label = "", account } = options;
    const expected = optional(account, "account");
    // Trimmed here too: the module knows ASCII's white space alone, since a table of all of it is large there.
    return this.#prepare((raw) => raw.call(asked(verb, text(ticket, "ticket"), text(label, "label"), expected)), options);
  }

  /**
   * @param {(raw: RawWallet) => Promise<import("./raw.js").RawCeremony>} call
   * @param {{ signal?: AbortSignal }} options
   */
  async #prepare(call, options) {
    const raw = this.#open();
    this.#needWebAuthn();
    const { signal } = options;
    const opened = async (/** @type {RawWallet} */ raw) => {
      const prepared = await call(raw);
      // Nobody waits for it any more.
      if (signal?.aborted) await raw.call(asked("cancel", String(prepared.id)));
      return prepared;
    };
    return ceremony(raw, await this.#call(opened, options));
  }

  /** @param {{ signal?: AbortSignal, reseal?: boolean }} [options] */
  unlock(options) {
    if (!this.#unlocking.runs) this.#reseals = options?.reseal === true;
    return this.#unlocking.join(options?.signal);
  }

  /** What is being opened stays as it is. */
  #stopUnlocking() {
    guarded(() => this.#open().call(asked("stop_unlock"))).catch(() => {});
  }

  lock() {
    this.#open();
    this.#lock("asked");
  }

  /** @param {import("./index.js").WalletEvents["lock"]["reason"]} why */
  #lock(why) {
    const raw = this.#raw;
    if (this.#closed || !raw) return;
    this.#why = why;
    try {
      now(() => raw.ask(asked("lock")));
      // The module hears it before an unlock of this same step: that one is stopped after it was begun.
      if (this.#unlocking.runs) this.#stopUnlocking();
      this.#refresh();
    } catch (error) {
      // A module that has stopped holds nothing open; only who asked is told.
      if (why === "asked") throw error;
    }
  }

  // ---- paying --------------------------------------------------------------------------------------------------

  /** @param {{ max?: import("./index.js").Money, form?: import("./index.js").CodeForm, signal?: AbortSignal }} [options] */
  async paymentCode(options) {
    const [max, form] = [this.#bound(options?.max), optional(options?.form ?? undefined, "form")];
    return revive(await this.#call((raw) => raw.call(asked("payment_code", max, form)), options));
  }

  /** @param {import("./index.js").Money} [max] */
  #bound(max) {
    if (max === undefined) return undefined;
    const currency = this.#state.balance?.currency;
    if (currency !== undefined && max.currency !== currency) throw refuse("bad-amount", { message: "The account has another currency." });
    return minorUnits(max.amount);
  }

  /**
   * @param {Element} target
   * @param {import("./index.js").PresentOptions} [options]
   */
  present(target, options = {}) {
    const raw = this.#open();
    const max = this.#bound(options.max);
    // Refused before anything is drawn.
    optional(options.form ?? undefined, "form");
    if (!this.#watchesTaps) {
      this.#watchesTaps = true;
      this.#stops.add(watchTaps((what) => void guarded(async () => raw.ask(asked(what))).catch(() => {})));
    }
    return present(this, now(() => raw.presentation()), target, { ...options, bound: max }, this.#stops);
  }

  // ---- the rest ------------------------------------------------------------------------------------------------

  /** @param {import("./index.js").Money & { source: string, signal?: AbortSignal }} options */
  async prepareTopUp(options) {
    const { amount, currency, source } = options;
    return this.#prepare((raw) => raw.call(asked("prepare_top_up", minorUnits(amount), text(currency, "currency"), text(source, "source"))), options);
  }

  /** @param {{ signal?: AbortSignal }} [options] */
  async prepareRefill(options = {}) {
    return this.#prepare((raw) => raw.call(asked("prepare_refill")), options);
  }

  /** @param {{ custody?: import("./index.js").Custody, signal?: AbortSignal }} [options] */
  async prepareRotation(options = {}) {
    const custody = optional(options.custody, "custody");
    return this.#prepare((raw) => raw.call(asked("prepare_rotation", custody)), options);
  }

  /** @param {import("./index.js").Money & { signal?: AbortSignal }} options */
  async prepareLimit(options) {
    return this.#prepare((raw) => raw.call(asked("prepare_limit", this.#bound(options))), options);
  }

  /** @param {{ source: string, signal?: AbortSignal }} options */
  async proveCard(options) {
    return revive(await this.#call((raw) => raw.call(asked("prove_card", text(options.source, "source"))), options));
  }

  /** @param {{ signal?: AbortSignal }} [options] */
  async sync(options) {
    return this.#call((raw) => raw.call(asked("sync")), options);
  }

  /** @param {{ before?: bigint, limit?: number, signal?: AbortSignal }} [options] */
  async receipts({ before, limit = 50, signal } = {}) {
    // No receipt has a higher number than the module reads.
    const below = before === undefined || before > Number.MAX_SAFE_INTEGER ? undefined : before.toString();
    return revive(await this.#call(async (raw) => raw.ask(asked("receipts", below, String(Math.min(limit, Number.MAX_SAFE_INTEGER)))), { signal }));
  }

  /** @param {{ notMine?: bigint, signal?: AbortSignal }} [options] */
  async freeze(options) {
    const notMine = options?.notMine;
    return this.#call((raw) => (notMine === undefined ? raw.call(asked("freeze")) : raw.call(asked("not_mine", String(notMine)))), options);
  }

  /** @param {{ sequence: bigint, signal?: AbortSignal }} options */
  async shown(options) {
    return this.#call((raw) => raw.call(asked("shown", String(options.sequence))), options);
  }

  /** @param {{ sequence: bigint, signal?: AbortSignal }} options */
  async bothMine(options) {
    return this.#call((raw) => raw.call(asked("both_mine", String(options.sequence))), options);
  }

  /** @param {{ signal?: AbortSignal }} [options] */
  async prepareUnfreeze(options = {}) {
    return this.#prepare((raw) => raw.call(asked("prepare_unfreeze")), options);
  }

  /** @param {{ attempt: string, code: string, signal?: AbortSignal }} options */
  async unfreeze(options) {
    const [attempt, code] = [text(options.attempt, "attempt"), text(options.code, "code")];
    return revive(await this.#call((raw) => raw.call(asked("unfreeze", attempt, code)), options));
  }

  async forget() {
    await this.#call((raw) => raw.call(asked("forget")));
    await this.#bridge?.forget();
  }

  async report() {
    const said = await this.#call(async (raw) => /** @type {object} */ (raw.ask(asked("report"))));
    return revive({ ...said, capabilities: await capabilities() });
  }
}

