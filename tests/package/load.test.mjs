// Loading: no side effects, a readable error before, one load, a retry after a failed one, and never another module.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const url = new URL("../../pkg/index.js", import.meta.url).href;
const bytes = readFileSync(new URL("../../pkg/wasm/page/jitsuin_bg.wasm", import.meta.url));
let copies = 0;
/** A fresh copy of the loader: modules are kept per address. */
const fresh = async () => import(`${new URL("../../pkg/load.js", import.meta.url).href}?copy=${(copies += 1)}`);

test("importing in Node touches neither network, window nor storage", () => {
  const script = `
    const touched = [];
    for (const name of ["fetch", "indexedDB", "localStorage", "window", "document"])
      Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return undefined; } });
    const package_ = await import(${JSON.stringify(url)});
    console.log(JSON.stringify({ touched, names: Object.keys(package_).sort(), supported: package_.isSupported() }));`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", cwd: fileURLToPath(new URL(".", import.meta.url)) });
  const { touched, names, supported } = JSON.parse(said);
  assert.deepEqual(touched.filter((name) => name !== "window"), []);
  assert.deepEqual(names, ["Wallet", "bitmap", "capabilities", "default", "formatMoney", "init", "isJitsuinError", "isSupported", "parseMoney", "qr"]);
  assert.equal(supported, false);
});

test("a call before loading says so", async () => {
  const { now } = await fresh();
  assert.throws(() => now((raw) => raw.qr("1")), (error) => error instanceof Error && error.code === "not-initialised" && error.fix === "page");
});

test("one changed byte is refused, and the next call may try again", async () => {
  const loader = await fresh();
  for (const at of [8, bytes.length >> 1, bytes.length - 1]) {
    const changed = Uint8Array.from(bytes);
    changed[at] ^= 1;
    await assert.rejects(loader.default(changed), { code: "wasm-digest", retryable: false });
  }
  await loader.default(bytes);
  assert.equal(loader.now((raw) => raw.qr("1")).size, 29);
});

test("a failed fetch is retried, and calls while loading share one", async () => {
  const loader = await fresh();
  let asked = 0;
  const fetch = globalThis.fetch;
  globalThis.fetch = async () => {
    asked += 1;
    if (asked === 1) throw new TypeError("no network");
    if (asked === 2) return new Response("", { status: 503 });
    return new Response(bytes);
  };
  try {
    await assert.rejects(loader.default("https://cdn.test/x.wasm"), { code: "wasm-load-failed", retryable: true });
    await assert.rejects(loader.default("https://cdn.test/x.wasm"), { code: "wasm-load-failed" });
    await Promise.all([loader.default("https://cdn.test/x.wasm"), loader.default("https://cdn.test/x.wasm")]);
    await loader.default("https://cdn.test/x.wasm");
    assert.equal(asked, 3);
  } finally {
    globalThis.fetch = fetch;
  }
});

test("bytes, views, responses, promises and compiled modules are taken", async () => {
  const padded = new Uint8Array(bytes.length + 5);
  padded.set(bytes, 5);
  const sources = [bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), padded.subarray(5), new Response(bytes), Promise.resolve(bytes), new WebAssembly.Module(bytes)];
  for (const source of sources) {
    const loader = await fresh();
    await loader.default(source);
    assert.equal(loader.now((raw) => raw.qr("1")).size, 29);
  }
});

test("without WebAssembly the browser is named", async () => {
  const loader = await fresh();
  const kept = globalThis.WebAssembly;
  try {
    // @ts-ignore
    delete globalThis.WebAssembly;
    await assert.rejects(loader.default(bytes), { code: "no-webassembly", fix: "host" });
  } finally {
    globalThis.WebAssembly = kept;
  }
});

test("a thrown object becomes a real error that is known across copies", async () => {
  const { default: init, qr, isJitsuinError } = await import(url);
  await init(bytes);
  const { isJitsuinError: other } = await import(`${new URL("../../pkg/error.js", import.meta.url).href}?copy=other`);
  try {
    qr("x".repeat(3000));
    assert.fail("a text that fits no code was drawn");
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.code, error.fix, error.retryable, error.confidence, error.details, error.docs], ["JitsuinError", "bad-argument", "page", false, "certain", null, "docs/errors.md#bad-argument"]);
    assert.ok(isJitsuinError(error) && other(error) && isJitsuinError(error, "bad-argument") && !isJitsuinError(error, "locked"));
  }
  assert.equal(isJitsuinError({ code: "locked" }), false);
  assert.equal(qr("HELLO").size, 29);
});
