// The package's own lists are the module's, and every code has something to say in both languages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CODES } from "../../pkg/code-table.js";
import { parseMoney } from "../../pkg/index.js";
import { en, explain, ja } from "../../pkg/messages.js";
import { BY_DECIMALS } from "../../pkg/money.js";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const codes = Object.keys(CODES);

test("the ErrorCode union is the table's list, in its order", () => {
  const union = /export type ErrorCode =([^;]*);/.exec(read("pkg/index.d.ts"))[1];
  assert.deepEqual([...union.matchAll(/"([^"]+)"/g)].map((found) => found[1]), codes);
});

test("the table's list is the source's", () => {
  const source = [...read("src/code.rs").matchAll(/^ {4}\w+ "([a-z-]+)" /gm)].map((found) => found[1]);
  assert.deepEqual(codes, source);
});

for (const [language, catalogue, script] of [["en", en, /^[\x20-\x7e]+$/], ["ja", ja, /[\u3040-\u30ff\u4e00-\u9fff]/]]) {
  test(`every code has a ${language} message and no other has`, () => {
    assert.deepEqual(Object.keys(catalogue), codes);
    for (const [code, { title, body, action }] of Object.entries(catalogue)) {
      assert.match(title, script, code);
      assert.match(body, script, code);
      assert.ok(action === null || script.test(action), code);
    }
  });
}

test("what a limit says names the time when it ends, in both languages", () => {
  const time = new Date("2030-01-02T03:04:05Z");
  // Rounded up: whoever comes at the named minute is not refused again.
  const shown = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(new Date("2030-01-02T03:05:00Z"));
  const limits = { "over-allowance": "resetsAt", "over-limit": "resetsAt", "cooling-off": "until", "too-many-attempts": "until", "too-fast": "until" };
  for (const [code, name] of Object.entries(limits)) {
    for (const catalogue of [en, ja]) {
      assert.ok(explain({ code, details: { [name]: time } }, catalogue, "en").body.includes(shown), code);
      assert.ok(!/[<>{}]/.test(explain({ code, details: null }, catalogue, "en").body), code);
    }
  }
});

test("a limit that says how long to wait is told with its end, not with a thousand minutes", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: new Date("2030-01-02T03:04:00Z") });
  const day = explain({ code: "too-many-attempts", details: { retryAfterMs: 86_400_000 } }, en, "en-u-hc-h23");
  assert.match(day.body, /Jan 3, 2030/);
  assert.doesNotMatch(day.body, /1,440/);
});

test("whoever may not try again is told that the passkey still stops the account, and a suspended device that its key can be renewed", () => {
  for (const [catalogue, passkey, renew] of /** @type {const} */ ([[en, /passkey has no limit/, /Renew its key/], [ja, /パスキーによるアカウントの停止は、いつでも/, /鍵を更新すると/]])) {
    for (const details of [null, { retryAfterMs: 60_000 }]) assert.match(explain({ code: "too-many-attempts", details }, catalogue, "en").body, passkey);
    const suspended = explain({ code: "suspended", details: null }, catalogue);
    assert.match(suspended.body, renew);
    assert.equal(suspended.action, catalogue["rotate-needed"].action);
  }
});

test("messages name figures where they are known and leave their sentences out where not", () => {
  const error = (details) => ({ code: "over-allowance", details });
  assert.equal(explain(error({ left: { amount: 1200n, currency: "JPY" } }), en, "en").body, "You can pay up to ¥1,200 now.");
  assert.equal(explain(error(null), en, "en").body, "");
  assert.match(explain(error({ left: { amount: 1200n, currency: "JPY" } }), ja, "ja").body, /1,200までです。$/);
  assert.equal(explain({ code: "of-a-later-version", details: null }, en).title, en["issuer-refused"].title);
});

test("who can't go on with a sync, or with this key, is told to renew the key", () => {
  for (const code of ["sync-needed", "rotate-needed"]) {
    assert.match(en[code].body, /\b[Rr]enew\b[^.]*\bkey\b/, code);
    assert.match(ja[code].body, /鍵を更新/, code);
  }
});

test("the currencies are the module's, with their decimals", () => {
  const source = /currencies! \{\n(.*?)\n\}/s.exec(read("src/wire/money.rs"))[1];
  const wanted = [...source.matchAll(/"([A-Z]{3})" \d+ (\d)/g)].map(([, name, digits]) => `${name} ${digits}`).sort();
  const ours = Object.entries(BY_DECIMALS).flatMap(([digits, names]) => names.split(" ").map((name) => `${name} ${digits}`)).sort();
  assert.deepEqual(ours, wanted);
});

test("money is exact, or refused", () => {
  assert.deepEqual({ ...parseMoney("12.30", "USD") }, { amount: 1230n, currency: "USD" });
  assert.equal(parseMoney("12.3", "USD").amount, 1230n);
  assert.equal(parseMoney("540", "JPY").amount, 540n);
  assert.equal(parseMoney("9007199254740991", "JPY").amount, 2n ** 53n - 1n);
  assert.equal(JSON.stringify(parseMoney("1.005", "KWD")), '{"amount":"1005","currency":"KWD"}');
  for (const [text, currency] of [["12.345", "USD"], ["1.5", "JPY"], ["-1", "JPY"], ["", "JPY"], ["1e3", "JPY"], ["9007199254740992", "JPY"], ["1", "XYZ"], ["1,000", "USD"]]) {
    assert.throws(() => parseMoney(text, currency), { code: "bad-amount" }, `${text} ${currency}`);
  }
});

test("an amount is read in any width and script, and never filtered", () => {
  const read = [
    ["１２．３０", "USD", 1230n], ["\u3000540\n", "JPY", 540n], ["５４０", "JPY", 540n], ["٥٤٠", "JPY", 540n], ["۱۲٫۳۰", "USD", 1230n],
    ["१२.३", "USD", 1230n], ["𝟝𝟜𝟘", "JPY", 540n], ["\u{116da}\u{116e3}", "JPY", 9n],
  ];
  for (const [text, currency, amount] of read) assert.equal(parseMoney(text, currency).amount, amount, `${text} ${currency}`);
  // What a filter would make 1,230 of.
  const refused = ["12.30", "12．30", "１２．３０", "1,230", "1，230", "1 230", "1 230円", "¥1230", "－1230", "1٬230", "12。30", "½", "１e３", "1..2"];
  for (const text of refused) assert.throws(() => parseMoney(text, "JPY"), { code: "bad-amount" }, text);
  for (const text of ["12,30", "12 30", "12.300", "$12.30", "1,230.00"]) assert.throws(() => parseMoney(text, "USD"), { code: "bad-amount" }, text);
});
