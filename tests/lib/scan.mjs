// Independent readers of QR codes: zxing (C++ compiled to wasm) and zbar (C), each given a real screenshot.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer } });

/**
 * The texts of the QR codes in a PNG, as zxing reads them.
 * @param {Uint8Array} png
 * @returns {Promise<string[]>}
 */
export async function readWithZxing(png) {
  const found = await readBarcodes(png, { formats: ["QRCode"], tryHarder: true });
  return found.filter((code) => code.isValid).map((code) => code.text);
}

/**
 * The texts of the QR codes in a PNG, as zbar reads them.
 * @param {Uint8Array} png
 * @returns {string[]}
 */
export function readWithZbar(png) {
  const folder = mkdtempSync(join(tmpdir(), "jitsuin-scan-"));
  try {
    const file = join(folder, "code.png");
    writeFileSync(file, png);
    const text = execFileSync("zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file], { encoding: "utf8" });
    return text.split("\n").filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The one code of a screenshot; both readers must agree.
 * @param {{ screenshot(): Promise<Uint8Array> }} target
 * @returns {Promise<string>}
 */
export async function scan(target) {
  const png = await target.screenshot();
  const [zxing, zbar] = [await readWithZxing(png), readWithZbar(png)];
  if (zxing.length !== 1 || zbar.length !== 1 || zxing[0] !== zbar[0]) {
    throw new Error(`the readers disagree: zxing read ${zxing.length} codes, zbar ${zbar.length}`);
  }
  return zxing[0];
}
