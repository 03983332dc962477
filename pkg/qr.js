// @ts-check
/** Any text as a QR picture. */
import { badArgument } from "./error.js";
import { now } from "./load.js";
import { freeze } from "./values.js";

/** @param {string} text */
export function qr(text) {
  return freeze(now((raw) => raw.qr(String(text))));
}

/**
 * @param {{ size: number, path: string }} picture
 * @param {{ scale?: number }} [options]
 */
export function bitmap({ size, path }, { scale = 4 } = {}) {
  if (!Number.isInteger(scale) || scale < 1 || scale > 64) throw badArgument("scale", "scale is a whole number from 1 to 64.");
  const width = size * scale;
  // Four bytes at once: white, and black where the path has a run of dark modules.
  const pixels = new Uint32Array(width * width).fill(0xffffffff);
  const black = new Uint32Array(new Uint8Array([0, 0, 0, 255]).buffer)[0];
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    const start = Number(x) * scale;
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) pixels.fill(black, row * width + start, row * width + start + Number(run) * scale);
  }
  return Object.freeze({ width, height: width, data: new Uint8ClampedArray(pixels.buffer) });
}
