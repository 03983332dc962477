// report.mjs P256 FAST: both native programs, the modules and Node's own check in turn, ROUNDS times; prints one table. A round
// gives its fastest batch, since a busy machine only adds time; figures are medians over the rounds; a ratio is the median of the ratios inside one round, so that a machine whose speed drifts does not bend it.
import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import os from "node:os";
import init, { qr } from "../pkg/index.js";
import start, { RawMeasure } from "../pkg/wasm/testing/jitsuin.js";

const ROUNDS = 9;
const BATCHES = 80;
const BATCH_MS = 3;
const [p256, fast] = process.argv.slice(2);

const bytes = (name) => readFileSync(new URL(`../pkg/wasm/${name}/jitsuin_bg.wasm`, import.meta.url));
await start({ module_or_path: bytes("testing") });
await init(bytes("page"));

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Nanoseconds for one of `work`, which says whether all of them came out right. @param {(times: number) => boolean} work */
function measured(work) {
  const once = (times) => {
    const from = performance.now();
    if (!work(times)) throw new Error(`${work} failed`);
    return performance.now() - from;
  };
  let times = 1;
  while (once(times) < BATCH_MS) times *= 2;
  return Math.min(...Array.from({ length: BATCHES }, () => (once(times) * 1e6) / times));
}

const native = (program) => new Map(execFileSync(program, { encoding: "utf8" }).trim().split("\n").map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));

const measure = RawMeasure.make();
const text = measure.text();
const message = measure.message();
const signature = measure.signature();
const point = Buffer.from(measure.public_key());
const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: /** @type {const} */ ("ieee-p1363") };
const repeat = (work) => (times) => {
  for (let left = times; left > 0; left -= 1) if (!work()) return false;
  return true;
};
const inModule = {
  "signature-check": (times) => measure.check_signature(times),
  "token-check": (times) => measure.check_token(times),
  sign: (times) => measure.sign(times),
  encode: (times) => measure.encode(times),
  draw: (times) => measure.draw(times),
};

/** Column and subject -> one figure per round. */
const found = new Map();
const note = (column, subject, figure) => found.set(`${column} ${subject}`, [...(found.get(`${column} ${subject}`) ?? []), figure]);
for (let round = 1; round <= ROUNDS; round += 1) {
  process.stderr.write(`==> round ${round} of ${ROUNDS}\n`);
  for (const [column, program] of [["p256", p256], ["fast", fast]]) for (const [subject, figure] of native(program)) note(column, subject, figure);
  for (const [subject, work] of Object.entries(inModule)) note("wasm", subject, measured(work));
  note("node", "signature-check", measured(repeat(() => verify("sha256", message, key, signature))));
  note("wasm", "qr()", measured(repeat(() => qr(text).path.length > 0)));
}

const figure = (column, subject) => {
  const list = found.get(`${column} ${subject}`);
  return list ? `${(median(list) / 1000).toFixed(1)} (${(Math.min(...list) / 1000).toFixed(1)}–${(Math.max(...list) / 1000).toFixed(1)})` : "";
};
const ratio = (column, subject) => {
  const [list, base] = [found.get(`${column} ${subject}`), found.get(`p256 ${subject}`)];
  return list && base ? median(list.map((value, round) => value / base[round])).toFixed(2) : "";
};
const rows = [
  ["signature-check", "one ES256 signature"],
  ["token-check", "token check: text to believed token"],
  ["sign", "one ES256 signature made"],
  ["encode", "token text from claims and signature"],
  ["draw", "picture (SVG path) from the text"],
  ["qr()", "the same by the package's `qr()`"],
];
const columns = ["p256", "fast", "node", "wasm"];
console.log(`${os.cpus()[0]?.model.trim()}, ${os.platform()} ${os.arch()}, ${execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim()}, Node ${process.version}`);
console.log(`Microseconds: median of ${ROUNDS} rounds (lowest–highest), each its fastest of ${BATCHES} batches. x: ratio to p256 native inside one round.\n`);
console.log("| | p256 native | graviola native | x | Node `crypto.verify` | x | module in Node | x |");
console.log("|---|---|---|---|---|---|---|---|");
for (const [subject, name] of rows) {
  const cells = columns.flatMap((column) => (column === "p256" ? [figure(column, subject)] : [figure(column, subject), ratio(column, subject)]));
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
