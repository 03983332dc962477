// @ts-check
/** Draws payment codes where the page wants them. When one may be drawn is decided in the module; this tells it what happens and paints. */
import { drawing } from "./drawing.js";
import { isJitsuinError } from "./error.js";
import { asked } from "./given.js";
import { guarded, now } from "./load.js";
import { revive } from "./values.js";
// @ts-ignore -- a copy of src/browser/platform.js
import { tried } from "./wasm/page/browser/platform.js";

const TICK_MS = 250;
const SYNC_MS = 2_000;

/**
 * @param {import("./wallet.js").Wallet} wallet
 * @param {import("./raw.js").RawPresentation} raw
 * @param {Element} target
 * @param {import("./index.js").PresentOptions & { bound?: string }} options
 * @param {Set<() => void>} stops what the wallet calls when it is closed
 * @returns {import("./index.js").Presentation}
 */
export function present(wallet, raw, target, options, stops) {
  /** @type {import("./index.js").PresentationState} */
  let state = Object.freeze({ phase: "paused", reason: "start" });
  /** @type {any} */
  let code = null;
  /** @type {any} */
  let failure = null;
  /** @type {any} */
  let receipt = null;
  let making = false;
  /** Whether the code is on screen, or was. */
  let drawn = false;
  let stopped = false;
  let lastSync = 0;
  /** @type {WakeLockSentinel | null} */
  let awake = null;
  const page = target.ownerDocument;
  const view = drawing(target, { label: options.label, language: options.language, onTap: tap });
  view.code(null);

  /** @param {any} next */
  function change(next) {
    const same = next.phase === state.phase && "code" in next === "code" in state && JSON.stringify(next) === JSON.stringify(state);
    if (same) return;
    state = Object.freeze(next);
    try {
      options.onChange?.(state);
    } catch (error) {
      reportError(error);
    }
  }

  function tap() {
    if (stopped) return;
    failure = receipt = null;
    paint(now(() => raw.tell("tapped")));
  }

  /** A place that was opened inside a tap needs no second one, unless something demanded one after that tap: the module knows. */
  function open() {
    paint(now(() => raw.tell(tried(() => navigator.userActivation.isActive) ? "opened" : "at")));
  }

  async function make() {
    if (making) return;
    making = true;
    try {
      code = revive(await guarded(() => raw.make(asked(options.bound, options.form))));
      drawn = false;
    } catch (error) {
      // The module asks again by itself after `too-fast`: a person who was quick gets the code a moment later.
      failure = isJitsuinError(error) && error.code !== "too-fast" ? error : null;
    } finally {
      making = false;
    }
    tick();
  }

  /** @param {import("./raw.js").RawView} what */
  function paint(what) {
    if (stopped) return;
    if (what.phase === "waiting") return wait(what.reason);
    const cause = code && view.hindrance(code.size);
    if (cause) {
      // No further code is made for a place where none can be read.
      view.unreadable();
      view.say("unreadable");
      rest();
      change({ phase: "paused", reason: "unreadable", cause });
    } else if (what.phase === "showing") {
      if (code) show(what.secondsLeft);
    } else {
      // The code on screen stays until the next one is made.
      view.say(code ? "showing" : "making", true);
      if (!code && what.phase === "soon") view.soon(what.secondsLeft);
      if (!code) change({ phase: "making" });
      if (what.phase === "making") void make();
    }
  }

  /** @param {number} secondsLeft */
  function show(secondsLeft) {
    if (!drawn) now(() => raw.tell("drawn"));
    drawn = true;
    view.code(code, secondsLeft);
    view.say("showing");
    change({ phase: "showing", code, secondsLeft });
    void stayAwake();
    refresh();
  }

  /** @param {import("./raw.js").Wait} reason */
  function wait(reason) {
    code = null;
    view.code(null);
    rest();
    if (reason === "paid" && receipt) {
      view.say("paid");
      change({ phase: "paid", receipt });
    } else {
      view.say(reason === "declined" || reason === "failed" ? reason : "paused");
      change({ phase: "paused", reason, ...(reason === "failed" && failure ? { error: failure } : {}) });
    }
  }

  function tick() {
    if (stopped) return;
    try {
      paint(now(() => raw.tell("at")));
    } catch (error) {
      stop(error);
    }
  }

  /** While a code can be scanned, the news that it was paid should come at once. */
  function refresh() {
    const time = performance.now();
    if (time - lastSync < SYNC_MS) return;
    lastSync = time;
    wallet.sync().catch(() => {});
  }

  function news() {
    if (stopped) return;
    const { status } = wallet.state;
    if (status !== "ready") return stop();
    const ended = now(() => raw.tell("news"));
    if (ended) receipt = revive(ended);
    tick();
  }

  function blur() {
    if (!stopped) paint(now(() => raw.tell("blurred")));
  }

  function hidden() {
    if (page.visibilityState !== "visible") blur();
  }

  async function stayAwake() {
    if (awake || !("wakeLock" in navigator)) return;
    try {
      awake = await navigator.wakeLock.request("screen");
      awake.addEventListener("release", () => {
        awake = null;
      });
      if (stopped || state.phase !== "showing") rest();
    } catch {
      // A low battery refuses it: the screen may dim, nothing else changes.
    }
  }

  function rest() {
    void awake?.release().catch(() => {});
    awake = null;
  }

  /** @param {unknown} [error] */
  function stop(error) {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    unsubscribe();
    stops.delete(end);
    window.removeEventListener("blur", blur);
    page.removeEventListener("visibilitychange", hidden);
    options.signal?.removeEventListener("abort", end);
    code = null;
    view.code(null);
    rest();
    view.say("stopped");
    change(error === undefined ? { phase: "stopped" } : { phase: "stopped", error });
    view.remove();
  }
  const end = () => stop();

  const timer = setInterval(tick, TICK_MS);
  const unsubscribe = wallet.subscribe(news);
  stops.add(end);
  window.addEventListener("blur", blur);
  page.addEventListener("visibilitychange", hidden);
  options.signal?.addEventListener("abort", end, { once: true });
  if (options.signal?.aborted || wallet.state.status !== "ready") end();
  else open();

  return Object.freeze({
    get state() {
      return state;
    },
    stop: end,
  });
}
