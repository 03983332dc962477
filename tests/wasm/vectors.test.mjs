// The shared vectors inside the module under Node: the same files as natively and in Chromium.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import init, { parseMerchantCode } from "../../pkg/codes.js";
import { isJitsuinError } from "../../pkg/index.js";
import { folders, same, vectors } from "../lib/vectors.mjs";
import start, { check_vector } from "../../pkg/wasm/testing/jitsuin.js";

before(async () => {
  await start({ module_or_path: readFileSync(new URL("../../pkg/wasm/testing/jitsuin_bg.wasm", import.meta.url)) });
  await init(readFileSync(new URL("../../pkg/wasm/codes/jitsuin_bg.wasm", import.meta.url)));
});

for (const [folder, count] of folders) {
  test(`${folder}: ${count} vectors are taken or refused as they say`, () => {
    const found = vectors(folder);
    assert.equal(found.length, count);
    for (const vector of found) same(JSON.parse(check_vector(folder, JSON.stringify(vector))), vector);
  });
}

test("a vector of an unknown folder is refused, so no folder passes by being skipped", () => {
  assert.equal(JSON.parse(check_vector("nothing", "{}")).expect, "no-vector");
});

test("parseMerchantCode: every shop code through the package's face", () => {
  for (const vector of vectors("shop-code")) {
    if (vector.expect === "ok") {
      assert.deepEqual(JSON.parse(JSON.stringify(parseMerchantCode(vector.input).raw)), vector.fields, vector.rule);
      continue;
    }
    assert.throws(
      () => parseMerchantCode(vector.input),
      (error) => {
        assert.ok(isJitsuinError(error, vector.expect === "bad-crc" ? "shop-code-bad-crc" : "shop-code-malformed"), vector.rule);
        assert.deepEqual({ ...error.details }, { reason: vector.expect, character: vector.at }, vector.rule);
        return true;
      },
    );
  }
});

test("parseMerchantCode: typed fields of a JPQR code and of one with an amount", () => {
  const jpqr = parseMerchantCode(vectors("shop-code").find(({ rule }) => rule === "sample 31 d15600000000").input);
  assert.equal(jpqr.pointOfInitiation, "static");
  assert.equal(jpqr.merchantAccount, "26");
  assert.deepEqual({ ...jpqr.jpqr }, { level1: "0000000000001", level2: "0001", level3: "000001", level4: "000001" });
  assert.deepEqual({ ...jpqr.languageTemplate }, { language: "JA", merchantName: "メルペイ カフェ", merchantCity: null });
  assert.deepEqual([jpqr.currency, jpqr.countryCode, jpqr.merchantCategoryCode, jpqr.amount], ["JPY", "JP", "4111", null]);
  const dynamic = parseMerchantCode(vectors("shop-code").find(({ rule }) => rule === "sample 09 d15600000000").input);
  assert.equal(dynamic.pointOfInitiation, "dynamic");
  assert.deepEqual({ ...dynamic.amount }, { amount: 2372n, currency: "CNY", text: "23.72" });
  assert.equal(dynamic.additionalData["07"], "A6008667");
  const part = parseMerchantCode(vectors("shop-code").find(({ rule }) => rule === "a part of a yen is kept as text").input);
  assert.equal(part.amount.amount, null);
  assert.equal(JSON.parse(JSON.stringify(dynamic)).amount.amount, "2372");
});
