// split.mjs IN LIST FIRST LATER: parts a module in two, so that a page need not load at once what it needs later. IN is a module with its
// names, LIST names the functions that go, one a line, and with them goes what nothing else uses. FIRST and LATER are written as text.
//
// Both parts are one program, with one memory, one table and one stack. A function that goes leaves its place in the table empty until
// the later part is there: a call before that is a trap, and never a wrong call. Which functions go is a matter of size alone.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [input, list, first, later] = process.argv.slice(2);
const reader = fileURLToPath(new URL("../tests/node_modules/binaryen/bin/wasm-dis", import.meta.url));
const text = execFileSync(process.execPath, [reader, "--all-features", input], { encoding: "utf8", maxBuffer: 1 << 28 });

// ---- the module as binaryen writes it: one form for each thing in it, one blank in ---------------------------------------------

const forms = text.slice(text.indexOf("\n") + 1, text.lastIndexOf(")")).split(/^(?= \()/m);
const of = (kind) => forms.filter((form) => form.startsWith(` (${kind} `));
const NAME = String.raw`\$(?:"(?:[^"\\]|\\.)*"|[^\s()]+)`;
const names = (form, before = "") => [...form.matchAll(new RegExp(`${before}(${NAME})`, "g"))].map((match) => match[1]);
const called = (form) => names(form, String.raw`\((?:call|return_call|ref\.func) `);
const numbers = (form, type) => [...form.matchAll(new RegExp(String.raw`${type}\.const (-?\d+)`, "g"))].map((match) => BigInt.asUintN(64, BigInt(match[1])));
/** As Rust says it, without the crates' hashes. */
const readable = (name) => name.replace(/\[[0-9a-f]+\]/g, "").replace(/^\$|"/g, "");

const functions = new Map(of("func").map((form) => [names(form)[0], form]));
const table = of("table").find((form) => form.includes("funcref"));
const [tableName] = names(table);
const size = Number(/(\d+) \d+ funcref/.exec(table)[1]);

/** Who stands where in the table. */
const places = new Map();
for (const form of of("elem")) {
  const from = Number(numbers(form, "i32")[0]);
  names(form.slice(form.indexOf("const"))).forEach((name, index) => places.set(from + index, name));
}

/** The data as it lies in memory, by address, in words: the zeros between two forms, and those that a form ends without, are part of it. */
const data = of("data").map((form) => {
  const escaped = form.slice(form.indexOf('"') + 1, form.lastIndexOf('"'));
  const bytes = [...escaped.matchAll(/\\([0-9a-f]{2})|\\(.)|(.)/gs)].map(([, hex, short, plain]) => (hex ? parseInt(hex, 16) : ({ t: 9, n: 10, r: 13 }[short] ?? (short ?? plain).charCodeAt(0))));
  return { from: Number(numbers(form, "i32")[0]), bytes };
});
const end = Math.max(...data.map(({ from, bytes }) => from + bytes.length));
const memory = new DataView(new ArrayBuffer(end + 8));
for (const { from, bytes } of data) bytes.forEach((byte, index) => memory.setUint8(from + index, byte));
const words = new Map();
for (let at = Math.min(...data.map(({ from }) => from)) & ~3; at <= end; at += 4) words.set(at, memory.getUint32(at, true));

// ---- who can call whom ------------------------------------------------------------------------------------------------------

const DATA = "data, of which nobody knows who reads it";
/** Who holds a number that may be an address. */
const holders = new Map();
const hold = (number, who) => holders.set(Number(number), (holders.get(Number(number)) ?? new Set()).add(who));
for (const [name, form] of functions) {
  for (const number of numbers(form, "i32")) hold(number & 0xffffffffn, name);
  // A pointer and the vtable that goes with it are one number where both are known.
  for (const number of numbers(form, "i64")) for (const shift of [0n, 32n]) hold((number >> shift) & 0xffffffffn, name);
}
for (const word of words.values()) hold(word, DATA);

/** Where a vtable may begin that has a method or drop here (drop, size, alignment, methods), if anybody holds it. */
const vtables = (at) => [0, 3, 4, 5, 6, 7, 8].map((before) => at - 4 * before).filter((start) => holders.has(start) && [1, 2, 4, 8].includes(words.get(start + 8)));

const users = new Map([...functions.keys()].map((name) => [name, new Set()]));
for (const [caller, form] of functions) for (const name of called(form)) users.get(name)?.add(caller);
const kept = new Set(of("export").concat(of("start")).flatMap((form) => names(form)));
for (const [place, name] of places) {
  // A place is a number like no other (scripts/wasm.sh), so who holds it may call it.
  for (const who of holders.get(place) ?? []) if (who !== DATA) users.get(name)?.add(who);
}
for (const [at, word] of words) {
  const name = places.get(word);
  if (!name) continue;
  const starts = vtables(at);
  for (const start of starts) for (const who of holders.get(start)) users.get(name)?.add(who);
  if (starts.length === 0) kept.add(name);
}

// ---- who goes ---------------------------------------------------------------------------------------------------------------

const going = new Set();
for (const path of readFileSync(list, "utf8").split("\n").filter((line) => line && !line.startsWith("#"))) {
  // The function, what its future does, and what becomes of a future that is given up.
  const ends = [path, `${path}::{closure#0}`, `drop_in_place::<<jitsuin::wallet::${path}::{closure#0}>`, `${path}::<jitsuin::browser::Browser>`];
  const found = [...functions.keys()].filter((name) => !kept.has(name) && ends.some((end) => readable(name).endsWith(end)));
  if (found.length === 0) throw new Error(`${list}: the module has no function ${path}`);
  for (const name of found) going.add(name);
}
for (let before = -1; before !== going.size; ) {
  before = going.size;
  for (const [name, by] of users) if (!kept.has(name) && by.size > 0 && [...by].every((user) => going.has(user) || user === name)) going.add(name);
}
const staying = [...functions.keys()].filter((name) => !going.has(name));

// ---- the two parts ------------------------------------------------------------------------------------------------------------

const types = (form, kind) => [...form.slice(0, form.indexOf("\n")).matchAll(new RegExp(String.raw`\(${kind}(?: \$\S+)?((?: [a-z0-9]+)+)\)`, "g"))].flatMap((match) => match[1].trim().split(" "));
const signature = (form) => ["param", "result"].flatMap((kind) => types(form, kind).map((type) => `(${kind} ${type})`)).join(" ");

// A direct call goes by a new place in the table.
const doors = new Map();
for (const name of new Set(staying.flatMap((caller) => called(functions.get(caller))))) if (going.has(name)) doors.set(name, size + doors.size);
const door = ([name, place]) => {
  const form = functions.get(name);
  const given = types(form, "param").map((_, index) => `(local.get ${index})`);
  return ` (func ${name} ${signature(form)} (call_indirect ${tableName} ${signature(form)} ${given.join(" ")} (i32.const ${place})))\n`;
};
/** One form for each row of neighbours. */
const placed = (entries) => {
  const rows = [];
  for (const [place, name] of entries.sort(([a], [b]) => a - b)) {
    const row = rows.at(-1);
    if (row && row.from + row.names.length === place) row.names.push(name);
    else rows.push({ from: place, names: [name] });
  }
  return rows.map((row) => ` (elem (table ${tableName}) (i32.const ${row.from}) func ${row.names.join(" ")})\n`).join("");
};
const wide = table.replace(/\d+ \d+ funcref/, `${size + doors.size} ${size + doors.size} funcref`);

// What the later part uses of the first is lent under names that the glue's exports can't have.
const body = [...going].map((name) => functions.get(name)).join("");
const used = new Set(names(body));
const lent = [];
const lend = (kind, name, type) => lent.push([`.${lent.length.toString(36)}`, kind, name, type]);
for (const name of staying) if (used.has(name)) lend("func", name, signature(functions.get(name)));
for (const form of of("import")) {
  const [, kind, name, type] = new RegExp(String.raw`\((func|global|table|memory) (${NAME}) ?([^]*)\)\)`).exec(form);
  if (used.has(name)) lend(kind, name, type);
}
for (const form of of("global")) if (used.has(names(form)[0])) lend("global", names(form)[0], /\(mut [a-z0-9]+\)/.exec(form)?.[0] ?? form.split(" ")[3]);
for (const form of [...of("table").filter((form) => form !== table), wide, ...of("memory")]) {
  const [, kind, name, type] = new RegExp(String.raw`\((table|memory) (${NAME}) ([^]*)\)`).exec(form);
  if (used.has(name) || form === wide || kind === "memory") lend(kind, name, type);
}

const others = forms.filter((form) => form !== table && !/^ \((elem|func) /.test(form));
writeFileSync(first, [
  "(module\n", ...others, wide, placed([...places].filter(([, name]) => !going.has(name))),
  ...lent.map(([label, kind, name]) => ` (export "${label}" (${kind} ${name}))\n`), ...staying.map((name) => functions.get(name)), ...[...doors].map(door), ")\n",
].join(""));
writeFileSync(later, [
  "(module\n", ...of("type"), ...lent.map(([label, kind, name, type]) => ` (import "first" "${label}" (${kind} ${name} ${type}))\n`),
  placed([...[...places].filter(([, name]) => going.has(name)), ...[...doors].map(([name, place]) => [place, name])]), body, ")\n",
].join(""));
