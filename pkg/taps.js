// @ts-check
/** What the module has to know of a page's taps between two presentations, which come and go with the page's views. */

/** Each of them may come first, by finger, mouse, key or a screen reader. */
const TAPS = ["pointerdown", "pointerup", "touchend", "keydown", "click"];

/**
 * @param {(what: "tapped" | "blurred") => void} tell
 * @returns {() => void} stops it
 */
export function watchTaps(tell) {
  const stop = new AbortController();
  const { signal } = stop;
  // A script's own events are no taps.
  const tap = (/** @type {Event} */ event) => event.isTrusted && tell("tapped");
  // Before the page hears of it, which may open a presentation at once.
  for (const name of TAPS) window.addEventListener(name, tap, { capture: true, passive: true, signal });
  const blur = () => tell("blurred");
  window.addEventListener("blur", blur, { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState !== "visible" && blur(), { signal });
  return () => stop.abort();
}
