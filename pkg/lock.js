// @ts-check
/** When a wallet locks by itself: after a time in which nobody touched its page, or as soon as the page is hidden. Each page counts for itself. */
import { badArgument } from "./error.js";

/** Longer waits ring at once in every engine. */
const LONGEST_MS = 2 ** 31 - 1;
/** What shows that somebody is there. */
const TOUCHES = ["pointerdown", "keydown"];

/** @typedef {"time" | "hidden"} Reason */

/**
 * @param {{ lockAfterSeconds?: unknown, lockWhenHidden?: unknown }} options
 * @param {(reason: Reason) => void} lock drops the key; harmless where there is none
 * @returns {{ start(): void, stop(): void }} `start`: the key has come to be open
 */
export function autoLock({ lockAfterSeconds, lockWhenHidden = false }, lock) {
  const seconds = lockAfterSeconds ?? Infinity;
  if (typeof seconds !== "number" || !(seconds > 0)) throw badArgument("lockAfterSeconds", "lockAfterSeconds is a number of seconds above 0.");
  if (typeof lockWhenHidden !== "boolean") throw badArgument("lockWhenHidden", "lockWhenHidden is true or false.");
  const page = typeof document === "object" ? document : null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  /** @type {AbortController | null} */ let listening = null;
  let running = 0;
  let wall = 0;

  // The monotonic clock counts; some of them stop while the device sleeps, and then the wall clock is the one that went on. Setting that
  // back gains nothing, setting it ahead locks early.
  const left = () => seconds * 1000 - Math.max(performance.now() - running, Date.now() - wall);
  const count = () => {
    running = performance.now();
    wall = Date.now();
  };
  const look = () => {
    clearTimeout(timer);
    const ms = left();
    if (ms <= 0) return lock("time");
    if (ms === Infinity) return;
    timer = setTimeout(look, Math.min(ms, LONGEST_MS));
    // In Node a timer would keep the process alive.
    /** @type {any} */ (timer).unref?.();
  };
  // The first touch after a sleep may come before any timer or event: it must not buy more time.
  const touched = () => (left() > 0 ? count() : look());
  const hidden = () => (lockWhenHidden ? lock("hidden") : look());

  /** @param {Document} page */
  function listen(page) {
    listening = new AbortController();
    const { signal } = listening;
    for (const touch of TOUCHES) window.addEventListener(touch, touched, { capture: true, passive: true, signal });
    window.addEventListener("pageshow", look, { signal });
    window.addEventListener("pagehide", hidden, { signal });
    page.addEventListener("resume", look, { signal });
    page.addEventListener("visibilitychange", () => (page.visibilityState === "hidden" ? hidden() : look()), { signal });
  }

  return {
    start() {
      if (seconds === Infinity && !lockWhenHidden) return;
      count();
      if (!listening && typeof document === "object") listen(document);
      look();
    },
    stop() {
      clearTimeout(timer);
      listening?.abort();
      listening = null;
    },
  };
}
