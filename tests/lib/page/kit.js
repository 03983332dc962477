// What tests say to a page, whichever browser it is in: the built package, opened as any page opens it. Answers are JSON.
import { Wallet, isJitsuinError, isSupported } from "/pkg/index.js";
import * as jitsuin from "/pkg/index.js";

const asked = new URLSearchParams(location.search);
const OPTIONS = { issuer: "https://issuer.test", endpoint: location.origin, updates: "manual", profile: asked.get("profile") ?? "default" };
/** @type {Promise<Wallet> | null} */
let opened = null;

/** An error as a value. @param {unknown} error */
function plain(error) {
  if (!isJitsuinError(error)) return { code: null, message: String(error?.stack ?? error) };
  const { code, confidence, details, retryable } = error;
  return { code, confidence, details, retryable };
}

/** Whatever comes of it. @param {() => Promise<any>} call */
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: plain(error) };
  }
}

const kit = {
  jitsuin,
  isSupported,
  outcome,
  plain,
  OPTIONS,

  /** @param {object} [options] */
  wallet(options) {
    return (opened ??= Wallet.open({ ...OPTIONS, ...options }));
  },

  /** Forgets the opened wallet without closing it. */
  drop() {
    opened = null;
  },

  async state() {
    const { status, device, alerts, balance, clockOffsetMs, ceremony } = (await kit.wallet()).state;
    return { status, device: device?.id ?? null, label: device?.label ?? null, alerts: alerts.map(({ kind, skewMs }) => ({ kind, skewMs })), balance: balance && String(balance.amount), clockOffsetMs, ceremony };
  },

  /** As far as the ceremony. @param {{ login: string, password: string, label?: string }} account */
  async prepare({ login, password, label = "Test device" }) {
    const wallet = await kit.wallet();
    const { attempt } = await wallet.logIn({ login, password });
    const code = await (await fetch(`/test/code?attempt=${encodeURIComponent(attempt)}`)).json();
    const ticket = await wallet.enterCode({ attempt, code });
    return wallet.prepareEnrolment({ ticket, label });
  },

  /** The whole of it. @param {{ login: string, password: string, label?: string }} account */
  async enrol(account) {
    const ceremony = await kit.prepare(account);
    return (await ceremony.confirm()).id;
  },

  /** Prepares a top-up of JPY 1,000 by the first card. */
  async topUp() {
    const wallet = await kit.wallet();
    return wallet.prepareTopUp({ amount: 1000n, currency: "JPY", source: wallet.state.sources[0].id });
  },

  /**
   * Confirms, with the platform doing this: what came of it, and what the platform itself said.
   * @param {{ confirm(): Promise<any> }} ceremony
   * @param {{ ends?: string | null, slowly?: boolean, tapped?: boolean, focused?: boolean, backup?: number, prf?: string }} how
   * @param {(ceremony: any) => unknown} [meanwhile] runs once the prompt is open
   */
  async confirmed(ceremony, how, meanwhile) {
    const authenticator = globalThis.testAuthenticator;
    const before = authenticator.calls.length;
    Object.assign(authenticator, { ends: null, slowly: true, tapped: true, focused: true, backup: 0, prf: "none" }, how);
    const running = kit.outcome(() => ceremony.confirm());
    while (authenticator.calls.length === before && !(await Promise.race([running.then(() => true), new Promise((resolve) => setTimeout(resolve, 5, false))])));
    await meanwhile?.(ceremony);
    const ended = await running;
    Object.assign(authenticator, { ends: null });
    const names = authenticator.calls.slice(before).map((/** @type {any} */ call) => call.name);
    return { ...ended, said: names.findLast((/** @type {any} */ name) => name !== null) ?? null, asked: names.length };
  },

  /** @param {object} [options] */
  async code(options) {
    const { text, counter, expiresAt } = await (await kit.wallet()).paymentCode(options);
    return { text, counter, madeFor: expiresAt.getTime() };
  },

  /** Another agent on the same origin: a frame. Answers its window. @param {string} [at] */
  async tab(at = location.href) {
    const frame = document.createElement("iframe");
    frame.src = at;
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    const view = /** @type {any} */ (frame.contentWindow);
    await view.testReady;
    return view;
  },

  /** The databases go, the rest stays: what a browser that needs room does. */
  async evict() {
    for (const { name } of await indexedDB.databases()) {
      const request = indexedDB.deleteDatabase(String(name));
      await new Promise((resolve, reject) => {
        request.onsuccess = resolve;
        request.onerror = () => reject(request.error);
      });
    }
  },
};

Object.assign(globalThis, { kit });
globalThis.testKitReady();

// A page nobody drives: it does what its address says, and reports.
const task = asked.get("task");
if (task) {
  const argument = JSON.parse(asked.get("argument") ?? "null");
  const done = await outcome(() => kit[task](argument));
  await fetch("/test/report", { method: "POST", body: JSON.stringify(done) });
}
