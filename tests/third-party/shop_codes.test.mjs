// promptparse takes the same codes apart. It counts UTF-16 units and reads ASCII, so only ASCII codes are compared.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { parse } from "promptparse";
import init, { parseMerchantCode } from "../../pkg/codes.js";
import { vectors } from "../lib/vectors.mjs";

before(() => init(readFileSync(new URL("../../pkg/wasm/codes/jitsuin_bg.wasm", import.meta.url))));

/** Its tags in the shape of `raw`: nested exactly where ours are. */
function theirs(text, raw) {
  const read = parse(text, true, true);
  if (!read) return null;
  const plain = ({ id, value, subTags }) => [id, typeof raw[id] === "object" ? Object.fromEntries((subTags ?? []).map(plain)) : value];
  return Object.fromEntries(read.getTags().map(plain));
}

const ascii = (text) => /^[\x20-\x7e]*$/.test(text);

test("promptparse reads every code we take, to the same fields", (t) => {
  const good = vectors("shop-code").filter(({ expect, input }) => expect === "ok" && ascii(input));
  for (const { rule, input } of good) {
    const { raw } = parseMerchantCode(input);
    assert.deepEqual(theirs(input, raw), JSON.parse(JSON.stringify(raw)), rule);
  }
  t.diagnostic(`${good.length} codes`);
  assert.ok(good.length >= 27);
});

test("promptparse and we refuse every wrong CRC", () => {
  const bad = vectors("shop-code").filter(({ expect, input, rule }) => expect === "bad-crc" && ascii(input) && rule !== "crc in lower case");
  assert.ok(bad.length >= 4);
  for (const { rule, input } of bad) {
    assert.equal(parse(input, true, true), null, rule);
    assert.throws(() => parseMerchantCode(input), { code: "shop-code-bad-crc" }, rule);
  }
});
