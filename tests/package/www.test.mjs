// The demo's pages, read as files: every text in both languages, every file kept for the road, nothing inline.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { Prover, makeKeys } from "../../www/proof.js";
import { strings } from "../../www/strings.js";

const folder = new URL("../../www/", import.meta.url);
const files = readdirSync(folder);
const read = (/** @type {string} */ name) => readFileSync(new URL(name, folder), "utf8");

test("each text of the pages is there in English and Japanese, with the same figures", () => {
  assert.deepEqual(Object.keys(strings.ja).sort(), Object.keys(strings.en).sort());
  const figures = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(([figure]) => figure).sort();
  for (const [key, text] of Object.entries(strings.en)) {
    assert.notEqual(strings.ja[key].trim(), "", key);
    assert.deepEqual(figures(strings.ja[key]), figures(text), key);
  }
});

test("each text that a page asks for exists", () => {
  let asked = 0;
  for (const name of files.filter((file) => /\.(html|js)$/.test(file))) {
    for (const [, attribute, call] of read(name).matchAll(/data-(?:t|t-label|title)="([^"]+)"|\bt\("([^"]+)"/g)) {
      assert.ok((attribute ?? call) in strings.en, `${name}: ${attribute ?? call}`);
      asked += 1;
    }
  }
  assert.ok(asked > 100, `only ${asked} found: the pattern has gone stale`);
});

test("each receipt and alert kind has a text, and each stop of the wallet", () => {
  const types = readFileSync(new URL("../../pkg/index.d.ts", import.meta.url), "utf8");
  const union = (/** @type {RegExp} */ pattern) => [...(types.match(pattern)?.[1] ?? "").matchAll(/"([a-z-]+)"/g)].map(([, kind]) => kind);
  const receipts = union(/type ReceiptKind =([^;]+);/);
  const alerts = union(/interface Alert \{[^}]*?kind: ([^;]+);/);
  const stops = union(/type Status = ([^;]+);/).filter((status) => status !== "new" && status !== "ready");
  assert.ok(receipts.length > 10 && alerts.length > 5 && stops.length > 5);
  for (const kind of receipts) assert.ok(`receipt.${kind}` in strings.en, kind);
  for (const kind of alerts) assert.ok(`alert.${kind}` in strings.en && `alert.${kind}.text` in strings.en, kind);
  for (const status of stops) assert.ok(`stopped.${status}` in strings.en && `stopped.${status}.text` in strings.en, status);
});

test("the service worker keeps no answer of the issuer", () => {
  for (const path of ["/v1/", "/demo/", "/.well-known/"]) assert.ok(read("sw.js").includes(`"${path}"`), path);
});

test("pages have labels for their fields and ids once", () => {
  for (const name of files.filter((file) => file.endsWith(".html"))) {
    const page = read(name);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
    for (const [, id] of page.matchAll(/<input id="([^"]+)"/g)) assert.ok(page.includes(`<label for="${id}"`), `${name}: #${id}`);
  }
});

test("the worker keeps the module that the demo builds, and asks for no other: one that is missing would leave nothing kept", () => {
  const other = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const built = /^scripts\/pkg\.sh (.+)$/m.exec(other("scripts/demo.sh"))?.[1].split(" ");
  const leftOut = new RegExp(/!\/(.+)\/\.test\(file\)/.exec(read("sw.js"))?.[1] ?? "nothing was found");
  const kept = JSON.parse(other("pkg/package.json")).files.filter((/** @type {string} */ file) => /\.(js|wasm)$/.test(file) && !leftOut.test(file));
  const modules = new Set(kept.flatMap((/** @type {string} */ file) => /^wasm\/(\w+)\//.exec(file)?.[1] ?? []));
  assert.deepEqual([...modules], built);
});

test("fields of codes take every spelling that the issuer reads, and suggest the keyboard of digits", () => {
  const spellings = ["12345678", "1234 5678", "1234-5678", "１２３４５６７８", "1234－5678", "1234ー5678", "١٢٣٤٥٦٧٨", "۱۲۳۴ ۵۶۷۸", "𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "\u30001234\u20105678\u00a0"];
  const wrong = ["", "1234567", "1234567O", "+12345678", "12.345.678"];
  let seen = 0;
  for (const name of files.filter((file) => file.endsWith(".html"))) {
    for (const [field] of read(name).matchAll(/<input [^>]*autocomplete="one-time-code"[^>]*>/g)) {
      const pattern = new RegExp(`^(?:${/ pattern="([^"]+)"/.exec(field)?.[1]})$`, "v");
      const most = Number(/ maxlength="(\d+)"/.exec(field)?.[1]);
      for (const spelling of spellings) assert.ok(pattern.test(spelling) && spelling.length <= most, `${name}: ${spelling}`);
      for (const text of wrong) assert.ok(!pattern.test(text), `${name}: ${text}`);
      assert.match(field, / inputmode="numeric"/, name);
      seen += 1;
    }
  }
  assert.equal(seen, 4);
});

test("pages send what was typed: no script drops characters of a code, an amount or a password", () => {
  for (const name of files.filter((file) => file.endsWith(".js"))) {
    for (const [line] of read(name).matchAll(/^.*\b(?:code|amount|password)\b.*$/gim)) {
      assert.ok(!/(?:value|password"?\)?)[^,;]*\.replace\(/.test(line), `${name}: ${line}`);
    }
  }
  // A space at either end is part of a password.
  assert.ok(!/value\("password"\)/.test(read("stop.js")));
});

test("a page's call that is not answered keeps its name for two minutes from its first sending", async (t) => {
  const sent = [];
  let now = 0;
  t.mock.method(performance, "now", () => now);
  t.mock.method(globalThis, "fetch", async (_, { body }) => {
    sent.push(JSON.parse(body).call);
    throw new TypeError("the network is away");
  });
  const prover = new Prover("https://issuer.example", await makeKeys());
  for (now of [0, 100_000, 119_999, 120_000, 200_000]) assert.equal((await prover.change("/v1/login", { login: "hanako" })).code, "offline");
  assert.equal(new Set(sent.slice(0, 3)).size, 1);
  assert.notEqual(sent[3], sent[2]);
  assert.equal(sent[4], sent[3]);
});

test("a call that ran out of time or met a fault on its way keeps its name; one that was refused does not", async (t) => {
  /** @type {string[]} */
  const sent = [];
  let answer = () => new Response();
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ _path, /** @type {{ body: string }} */ { body }) => {
    sent.push(JSON.parse(body).call);
    return answer();
  });
  const prover = new Prover("https://issuer.example", await makeKeys());
  /** @type {[number, string, string, boolean][]} */
  const heard = [
    [408, "timed-out", "issuer-busy", true], [503, "issuer-busy", "issuer-busy", true], [503, "issuer-unavailable", "issuer-unavailable", true],
    [504, "upstream", "issuer-unavailable", true], [403, "over-limit", "over-limit", false], [408, "timed-out", "issuer-busy", true],
  ];
  for (const [status, code, told, isKept] of heard) {
    answer = () => Response.json({ code }, { status });
    assert.equal((await prover.change("/v1/login", { login: "hanako" })).code, told, code);
    assert.equal((await prover.change("/v1/login", { login: "hanako" })).code, told, code);
    assert.equal(sent.at(-1) === sent.at(-2), isKept, `${status} ${code}`);
  }
});
