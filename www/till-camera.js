// @ts-check
// The camera as a scanner, where the browser can read codes by itself.
import { byId, fail } from "/page.js";

const EVERY_MS = 120;

/** Makes the camera button work, where it can. It stops at the first code, and when the page is hidden.
 * @param {(text: string) => void} found */
export function cameraButton(found) {
  const button = byId("camera");
  /** @type {any} */
  const Detector = Reflect.get(globalThis, "BarcodeDetector");
  const possible = Detector !== undefined && navigator.mediaDevices !== undefined;
  button.hidden = !possible;
  byId("no-camera").hidden = possible;
  if (!possible) return;
  /** @type {(() => void) | undefined} */
  let stop;
  document.addEventListener("visibilitychange", () => stop?.());
  button.addEventListener("click", async () => {
    if (stop) {
      stop();
      return;
    }
    try {
      stop = await scan(new Detector({ formats: ["qr_code"] }), (text) => {
        stop?.();
        found(text);
      }, () => {
        stop = undefined;
      });
    } catch (error) {
      fail(error);
    }
  });
}

/** @param {any} detector @param {(text: string) => void} found @param {() => void} ended */
async function scan(detector, found, ended) {
  const video = /** @type {HTMLVideoElement} */ (byId("viewfinder"));
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  let running = true;
  const look = async () => {
    if (!running) return;
    const [code] = await detector.detect(video).catch(() => []);
    if (!running) return;
    if (code) found(code.rawValue);
    else setTimeout(look, EVERY_MS);
  };
  look();
  return () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
    ended();
  };
}
