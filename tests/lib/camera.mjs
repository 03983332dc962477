// A camera in front of a screen: the drawn modules, turned, blurred, pale and noisy, at a width in pixels. The same each time.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import jsQR from "jsqr";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { vectors } from "./vectors.mjs";

const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer } });

/** Numbers from 0 to 1 that come out the same each time (mulberry32). */
function draws(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The dark modules of a picture's path, quiet zone included.
 * @param {{ size: number, path: string }} picture
 */
export function modules({ size, path }) {
  const dark = new Uint8Array(size * size);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) dark.fill(1, Number(y) * size + Number(x), Number(y) * size + Number(x) + Number(run));
  return { size, dark };
}

/**
 * What a camera sees.
 * @param {{ size: number, dark: Uint8Array }} code
 * @param {{ width: number, degrees?: number, blur?: number, noise?: number, contrast?: number, seed?: number }} how width of the code in
 *   pixels, quiet zone included; blur in pixels; noise and contrast of 255
 */
export function photograph({ size, dark }, { width, degrees = 0, blur = 0, noise = 0, contrast = 255, seed = 1 }) {
  const side = Math.ceil(width * 1.3);
  const random = draws(seed);
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [middle, scale, shiftX, shiftY] = [side / 2, size / width, random(), random()];
  const light = new Float32Array(side * side);
  // Each pixel gathers light from 5 by 5 points of a square that blur makes wider than the pixel.
  const spread = 1 + blur;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      let sum = 0;
      for (let point = 0; point < 25; point += 1) {
        const dx = x + shiftX - middle + (((point % 5) - 2) / 5) * spread;
        const dy = y + shiftY - middle + ((Math.floor(point / 5) - 2) / 5) * spread;
        const column = Math.floor((dx * cos + dy * sin) * scale + size / 2);
        const row = Math.floor((dy * cos - dx * sin) * scale + size / 2);
        const inside = column >= 0 && row >= 0 && column < size && row < size;
        sum += inside && dark[row * size + column] ? 0 : 1;
      }
      light[y * side + x] = sum / 25;
    }
  }
  const data = new Uint8ClampedArray(side * side * 4);
  for (let at = 0; at < light.length; at += 1) {
    const value = 128 + (light[at] - 0.5) * contrast + (random() + random() - 1) * noise;
    data.set([value, value, value, 255], at * 4);
  }
  return { data, width: side, height: side, colorSpace: /** @type {const} */ ("srgb") };
}

/** @typedef {{ data: Uint8ClampedArray, width: number, height: number }} Pixels */

/** @param {Pixels} image */
export async function zxing(image) {
  const found = await readBarcodes(/** @type {ImageData} */ (image), { formats: ["QRCode"], tryHarder: true });
  return found.find((code) => code.isValid)?.text ?? null;
}

/** @param {Pixels} image */
export const jsqr = (image) => jsQR(image.data, image.width, image.height)?.data ?? null;

/** @param {Pixels} image */
export function pgm({ data, width, height }) {
  return Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), Buffer.from(data.filter((_, at) => at % 4 === 0))]);
}

/** Ten photographs, none of them good. */
const SHOTS = Array.from({ length: 10 }, (_, shot) => ({
  degrees: [-12, -8, -5, -2, 0, 1, 3, 6, 9, 14][shot],
  blur: [0.4, 1.2, 0.8, 0.2, 1, 0.6, 1.4, 0.3, 0.9, 0.7][shot],
  noise: [20, 40, 10, 60, 30, 50, 25, 45, 15, 35][shot],
  contrast: [200, 120, 160, 90, 220, 140, 180, 110, 150, 100][shot],
  seed: shot + 1,
}));
export const STEP = 5;

/**
 * The smallest width at which at least 9 of the 10 photographs are read, there and at the next two widths.
 * @param {{ size: number, path: string }} picture
 * @param {string} text
 */
export async function smallestWidth(picture, text) {
  const code = modules(picture);
  let good = 0;
  for (let width = 100; width <= 400; width += STEP) {
    let read = 0;
    for (const shot of SHOTS) read += Number((await zxing(photograph(code, { ...shot, width }))) === text);
    good = read >= 9 ? good + 1 : 0;
    if (good === 3) return width - 2 * STEP;
  }
  throw new Error("never read");
}

/** The same claims three ways. The JWT's signature is not checked here: only its length counts. */
export function contents() {
  const golden = (folder) => vectors(folder).find(({ rule }) => rule === "golden exact");
  const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const random = draws(7);
  const { fields } = golden("token");
  const claims = { aud: fields.audience, exp: fields.expiresAt, iat: fields.issuedAt, jti: part("01234567"), amt: 540, cur: "JPY" };
  const jwt = `${part({ alg: "ES256", kid: part("abcdefgh") })}.${part(claims)}.${Buffer.from(Array.from({ length: 64 }, () => random() * 256)).toString("base64url")}`;
  return { "Jitsuin token": golden("token").input, "JWT, ES256, same claims": jwt, "EMVCo envelope, same token": golden("till-code").input };
}

/** @param {(text: string) => { size: number, path: string }} qr */
export async function table(qr) {
  const rows = [];
  for (const [name, text] of Object.entries(contents())) {
    const picture = qr(text);
    rows.push({ name, characters: text.length, version: (picture.size - 8 - 17) / 4, modules: picture.size, width: await smallestWidth(picture, text) });
  }
  return rows;
}

/** @param {Awaited<ReturnType<typeof table>>} rows */
export function page(rows) {
  const lines = rows.map(({ name, characters, version, modules: side, width }) => `| ${name} | ${characters} | ${version} | ${side} | ${width} |`);
  return `# The picture

A payment code is one QR symbol: level M, one segment (alphanumeric for tokens, which base32 makes possible), the smallest version that
holds it, 4 light modules around it, black on white also on a dark page. The mask is fixed: token bytes are random, so no mask is better
than another, and the search for one would take most of the drawing time.

It comes as an SVG path (\`path\`, with \`svg\` the whole picture) and, by \`bitmap(picture, { scale })\`, as pixels for a canvas or a printer.
The form \`emvco\` draws the same token in an EMVCo envelope ([wire.md](wire.md) section 6): a byte segment, hence the larger symbol.

How small may it get on a shop's camera? Ten photographs of each size, turned by up to 14 degrees, blurred by up to 1.4 pixels, with noise
and down to a third of the contrast; the width is the smallest at which zxing reads at least nine, there and at the next two sizes
(steps of ${STEP} pixels). The same claims as a JWT and in the EMVCo envelope stand beside it.

| content | characters | QR version | modules a side, with quiet zone | smallest width in pixels |
|---|---|---|---|---|
${lines.join("\n")}

A simulation, not a camera: it compares contents on equal terms and promises no distance. \`tests/third-party/picture.test.mjs\` computes it
anew and holds this page equal (\`JITSUIN_WRITE_DOCS=1\` writes it). The same test has zxing, zbar and jsqr each read the drawn codes back.
`;
}
