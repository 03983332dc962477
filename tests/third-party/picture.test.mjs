// The drawn code read back by three independent readers, and how small it may get beside the same claims written otherwise.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import init, { bitmap, isJitsuinError, qr } from "../../pkg/index.js";
import { contents, jsqr, modules, page, pgm, photograph, table, zxing } from "../lib/camera.mjs";
import { vectors } from "../lib/vectors.mjs";

before(() => init(readFileSync(new URL("../../pkg/wasm/page/jitsuin_bg.wasm", import.meta.url))));

function zbar(image) {
  const folder = mkdtempSync(join(tmpdir(), "jitsuin-zbar-"));
  try {
    const file = join(folder, "code.pgm");
    writeFileSync(file, pgm(image));
    return execFileSync("zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).replace(/\n$/, "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("zxing, zbar and jsqr read every golden token, the JWT and the envelope", async () => {
  const tokens = vectors("token").filter(({ expect }) => expect === "ok").map(({ input }) => input);
  const texts = new Set([...tokens, ...Object.values(contents())]);
  assert.ok(texts.size >= 7);
  for (const text of texts) {
    const code = modules(qr(text));
    const image = photograph(code, { width: code.size * 4 });
    assert.equal(await zxing(image), text);
    assert.equal(jsqr(image), text);
    assert.equal(zbar(image), text);
  }
});

test("the bitmap: zxing, zbar and jsqr read it at two scales, and it is the path's own modules", async () => {
  for (const text of Object.values(contents())) {
    const picture = qr(text);
    const code = modules(picture);
    for (const scale of [3, 8]) {
      const image = bitmap(picture, { scale });
      assert.deepEqual([image.width, image.height, image.data.length], [code.size * scale, code.size * scale, (code.size * scale) ** 2 * 4]);
      assert.equal(await zxing(image), text);
      assert.equal(jsqr(image), text);
      assert.equal(zbar(image), text);
    }
    const small = bitmap(picture, { scale: 1 });
    code.dark.forEach((dark, at) => assert.deepEqual([...small.data.subarray(at * 4, at * 4 + 4)], dark ? [0, 0, 0, 255] : [255, 255, 255, 255]));
  }
  assert.equal(bitmap(qr("JITSUIN")).width, (21 + 8) * 4);
  for (const scale of [0, 65, 1.5, "4", Number.NaN]) assert.throws(() => bitmap(qr("JITSUIN"), { scale }), (error) => isJitsuinError(error, "bad-argument"));
});

test("a changed module is still read, a covered quarter is not", async () => {
  const text = contents()["Jitsuin token"];
  const code = modules(qr(text));
  const scratched = { ...code, dark: code.dark.slice() };
  scratched.dark[20 * code.size + 20] ^= 1;
  assert.equal(await zxing(photograph(scratched, { width: code.size * 4 })), text);
  const covered = { ...code, dark: code.dark.slice() };
  for (let row = 16; row < 45; row += 1) covered.dark.fill(1, row * code.size + 16, row * code.size + 40);
  assert.equal(await zxing(photograph(covered, { width: code.size * 4 })), null);
});

test("the picture: 4 light modules around, level M, smallest version, one alphanumeric segment", () => {
  const shortest = vectors("token").find(({ rule }) => rule === "golden plain").input;
  assert.equal(shortest.length, 175);
  const picture = qr(shortest);
  // Version 7 at level M holds 178 alphanumeric characters and 122 bytes: 175 fit only in the one, and in no smaller version.
  assert.equal(picture.size, 45 + 8);
  const { size, dark } = modules(picture);
  for (let at = 0; at < size * size; at += 1) {
    const [x, y] = [at % size, Math.floor(at / size)];
    if (Math.min(x, y, size - 1 - x, size - 1 - y) < 4) assert.equal(dark[at], 0);
  }
  // Format information beside the finder pattern starts with the level, under the mask 10 of ISO/IEC 18004: 00 is M.
  const bit = (x) => dark[(4 + 8) * size + 4 + x];
  assert.deepEqual([bit(0) ^ 1, bit(1) ^ 0], [0, 0]);
});

test("our token needs fewer pixels than a JWT or the envelope, and the page says how many", async () => {
  const rows = await table(qr);
  const [ours, ...others] = rows;
  for (const other of others) assert.ok(ours.width < other.width, JSON.stringify(rows));
  const file = new URL("../../docs/picture.md", import.meta.url);
  if (process.env.JITSUIN_WRITE_DOCS) writeFileSync(file, page(rows));
  assert.equal(readFileSync(file, "utf8"), page(rows));
});
