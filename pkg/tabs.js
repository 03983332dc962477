// @ts-check
/** Every tab shows the same wallet: whoever changed the record says so, and whoever hears it, or comes back to the front, reads it again. */
// @ts-ignore -- a copy of src/browser/platform.js
import { tried } from "./wasm/page/browser/platform.js";
// @ts-ignore -- a copy of src/browser/deadline.js
import { SOON, within } from "./wasm/page/browser/deadline.js";

/**
 * @param {string} name of the wallet
 * @param {() => void} again reads the record again
 * @returns {{ tell(): void, stop(): void }}
 */
export function tabs(name, again) {
  const nobody = { tell() {}, stop() {} };
  if (typeof document !== "object") return nobody;
  const channel = tried(() => new BroadcastChannel(`jitsuin/${name}`));
  const shown = () => void (document.visibilityState === "visible" && again());
  channel?.addEventListener("message", again);
  document.addEventListener("visibilitychange", shown);
  // A page that was frozen or kept for going back missed what was said meanwhile.
  document.addEventListener("resume", again);
  window.addEventListener("pageshow", again);
  return {
    tell: () => tried(() => channel?.postMessage("changed")),
    stop() {
      channel?.close();
      document.removeEventListener("visibilitychange", shown);
      document.removeEventListener("resume", again);
      window.removeEventListener("pageshow", again);
    },
  };
}

let asked = false;
/** Asked once, after an enrolment: a browser may keep what it is asked to keep. Never waited for, and what it says or throws changes nothing. */
export function keepStorage() {
  if (asked || typeof navigator !== "object") return;
  asked = true;
  // Asked all the same by a browser that does not say whether it keeps it already.
  const kept = async () => within(SOON, navigator.storage.persisted());
  kept().catch(() => false).then((kept) => kept || navigator.storage.persist()).catch(() => {});
}
