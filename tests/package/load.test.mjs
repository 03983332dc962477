// Loading, by every entry in the same way: no side effects, a readable error before, one load, a retry after a failed one, never another
// module, and nothing else than a module called one that was changed.
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

const ENTRIES = ["index.js", "codes.js", "messages.js", "webview.js", "verifier.js", "testing.js"];

/** What a fresh Node says after this script, as JSON. @param {string} script */
const inNode = (script) =>
  JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", cwd: fileURLToPath(new URL(".", import.meta.url)) }));

for (const entry of ENTRIES) {
  test(`importing ${entry} touches nothing that a platform gives`, () => {
    // All of Node's globals but the language's own, and a browser's.
    const touched = inNode(`
      import { runInNewContext } from "node:vm";
      const language = new Set(runInNewContext("Object.getOwnPropertyNames(globalThis)"));
      const browser = ["window", "document", "indexedDB", "localStorage", "location", "isSecureContext", "PublicKeyCredential", "BroadcastChannel"];
      const names = [...Object.getOwnPropertyNames(globalThis), ...browser, "WebAssembly"].filter((name) => !language.has(name) || name === "WebAssembly");
      const touched = [];
      const say = console.log;
      for (const name of new Set(names)) Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return undefined; } });
      await import(${JSON.stringify(new URL(`../../pkg/${entry}`, import.meta.url).href)});
      const told = [...touched];
      say(JSON.stringify(told));`);
    assert.deepEqual(touched, []);
  });
}

test("the package's face has these names", async () => {
  const names = Object.keys(await import(url)).sort();
  assert.deepEqual(names, ["Wallet", "bitmap", "capabilities", "default", "formatMoney", "init", "isJitsuinError", "isSupported", "parseMoney", "qr"]);
});

test("isSupported is a boolean, whatever the place has or throws", () => {
  const places = inNode(`
    const { isSupported } = await import(${JSON.stringify(url)});
    const place = (name, get) => Object.defineProperty(globalThis, name, { configurable: true, get });
    const said = { node: isSupported() };
    place("window", () => globalThis);
    said.jsdom = isSupported();
    place("isSecureContext", () => true);
    said.withoutNavigator = isSupported();
    place("navigator", () => ({ locks: {}, credentials: {} }));
    place("indexedDB", () => null);
    said.withoutStorage = isSupported();
    place("indexedDB", () => { throw new DOMException("no cookies", "SecurityError"); });
    said.throwing = isSupported();
    place("indexedDB", () => ({}));
    said.browser = isSupported();
    place("window", () => null);
    said.noWindow = isSupported();
    console.log(JSON.stringify(Object.fromEntries(Object.entries(said).map(([name, is]) => [name, is === undefined ? "undefined" : is]))));`);
  assert.deepEqual(places, { node: false, jsdom: false, withoutNavigator: false, withoutStorage: false, throwing: false, browser: true, noWindow: false });
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

/** The entries that load a module: how each is told to, and the module's folder. @type {[string, string, (entry: any) => (wasm?: unknown) => Promise<unknown>][]} */
const LOADING = [
  ["index.js", "page", ({ init }) => init],
  ["codes.js", "codes", ({ init }) => init],
  ["verifier.js", "verifier", ({ Verifier, memorySingleUse }) => (wasm) =>
    Verifier.create({ wasm, issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse: memorySingleUse() })],
  ["testing.js", "testing", ({ createWorld }) => (wasm) => createWorld({ iKnowThisIsATest: true, wasm })],
];
/**
 * What a script says in a process where nothing was loaded yet; in it are `outcome(source)` and the module's `folder`, `at` and `bytes`.
 * @param {string} entry @param {string} script
 */
function loadedWith(entry, script) {
  const [, folder, open] = LOADING.find(([name]) => name === entry) ?? assert.fail(entry);
  return inNode(`
    import { readFileSync } from "node:fs";
    const folder = ${JSON.stringify(folder)};
    const open = (${String(open)})(await import(${JSON.stringify(new URL(`../../pkg/${entry}`, import.meta.url).href)}));
    const at = (name) => new URL("../../pkg/wasm/" + name + "/jitsuin_bg.wasm", ${JSON.stringify(import.meta.url)});
    const bytes = (name) => readFileSync(at(name));
    const outcome = (wasm) => open(wasm).then(() => "open", ({ code, details, message, name }) => (name === "JitsuinError" ? { code, details, message } : name));
    ${script}`);
}

for (const [entry, folder] of LOADING) {
  const another = folder === "page" ? "codes" : "page";

  test(`${entry}: what is no module is not called one that was changed`, () => {
    const html = "<!doctype html><title>The page for every path</title>";
    const said = loadedWith(entry, `
      const asked = [];
      globalThis.fetch = async (from) => {
        asked.push(String(from));
        const answers = { html: [${JSON.stringify(html)}, 200, "text/html"], gone: ["", 404, "text/plain"], empty: ["", 200, "application/wasm"], pre: [${JSON.stringify(html)}, 200, "text/html"] };
        const [body, status, type] = answers[new URL(from).pathname.split("/").at(-1)] ?? answers.pre;
        return new Response(body, { status, headers: { "content-type": type } });
      };
      const said = {};
      for (const name of ["html", "gone", "empty"]) said[name] = await outcome("https://cdn.test/" + name);
      said.vite = await outcome("http://localhost:5173/node_modules/.vite/deps/wasm/x.wasm");
      said.bytes = await outcome(new TextEncoder().encode(${JSON.stringify(html)}));
      said.none = await outcome(new Uint8Array());
      said.file = await outcome(new URL("none.wasm", ${JSON.stringify(import.meta.url)}));
      said.rejected = await outcome(Promise.reject(new Error("the bundler's own")));
      console.log(JSON.stringify(said));`);
    for (const [name, { code, message }] of Object.entries(said)) {
      assert.equal(code, "wasm-load-failed", name);
      assert.match(message, /docs\/bundlers\.md/, name);
    }
    const details = Object.fromEntries(Object.entries(said).map(([name, one]) => [name, one.details]));
    assert.deepEqual(details, {
      html: { url: "https://cdn.test/html", status: 200, type: "text/html" },
      gone: { url: "https://cdn.test/gone", status: 404, type: "text/plain" },
      empty: { url: "https://cdn.test/empty", status: 200, type: "application/wasm" },
      vite: { url: "http://localhost:5173/node_modules/.vite/deps/wasm/x.wasm", status: 200, type: "text/html" },
      bytes: { url: null, status: null, type: null },
      none: { url: null, status: null, type: null },
      file: { url: new URL("none.wasm", import.meta.url).href, status: null, type: null },
      rejected: { url: null, status: null, type: null },
    });
    assert.match(said.html.message, /https:\/\/cdn\.test\/html is no WebAssembly \(200 text\/html\)/);
    assert.match(said.vite.message, /optimizeDeps: \{ exclude: \["jitsuin"\] \}/);
  });

  test(`${entry}: a module of another release is, by its bytes and as it links`, () => {
    const said = loadedWith(entry, `
      const changed = Uint8Array.from(bytes(folder));
      changed[changed.length >> 1] ^= 1;
      globalThis.fetch = async () => new Response(changed, { headers: { "content-type": "application/wasm" } });
      const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 8, 1, 1, 0x78, 1, 0x79, 3, 0x7f, 0));
      console.log(JSON.stringify({ bytes: await outcome(changed), fetched: await outcome("https://cdn.test/x.wasm"), other: await outcome(bytes(${JSON.stringify(another)})), compiled: await outcome(empty) }));`);
    for (const [name, { code, message }] of Object.entries(said)) {
      assert.equal(code, "wasm-digest", name);
      assert.match(message, /reload/, name);
    }
    assert.deepEqual(said.fetched.details, { url: "https://cdn.test/x.wasm" });
  });

  test(`${entry}: in Node the module is read from its file, and nothing is fetched`, () => {
    const said = loadedWith(entry, `
      globalThis.fetch = () => { throw new Error("fetched"); };
      const failed = [];
      for (const wasm of [new Uint8Array(4), at("none")]) failed.push((await outcome(wasm)).code);
      console.log(JSON.stringify([...failed, await outcome()]));`);
    assert.deepEqual(said, ["wasm-load-failed", "wasm-load-failed", "open"]);
    for (const given of ["at(folder)", "at(folder).href", "bytes(folder)", "new WebAssembly.Module(bytes(folder))", "Promise.resolve(new Response(bytes(folder)))"]) {
      assert.equal(loadedWith(entry, `console.log(JSON.stringify(await outcome(${given})));`), "open", given);
    }
  });

  test(`${entry}: objects of another realm are taken, as test runners make them`, () => {
    const said = loadedWith(entry, `
      import { runInNewContext } from "node:vm";
      const theirs = runInNewContext("(bytes) => Uint8Array.from(bytes).buffer");
      console.log(JSON.stringify(await outcome(theirs(bytes(folder)))));`);
    assert.equal(said, "open");
  });

  test(`${entry}: a runtime that compiles nothing and has no files asks for a compiled module, and takes it`, () => {
    const said = loadedWith(entry, `
      const module = new WebAssembly.Module(bytes(folder));
      const raw = Uint8Array.from(bytes(folder));
      delete globalThis.process;
      const { compile } = WebAssembly;
      // Node's own \`fetch\` brings a module too.
      WebAssembly.compile = (bytes) => bytes.byteLength === raw.length ? Promise.reject(new WebAssembly.CompileError("Wasm code generation disallowed by embedder")) : compile(bytes);
      globalThis.fetch = () => Promise.reject(new TypeError("no such address"));
      console.log(JSON.stringify([await outcome(), await outcome(raw), await outcome(module)]));`);
    assert.deepEqual([said[0].code, said[1].code, said[2]], ["wasm-load-failed", "wasm-blocked", "open"]);
    for (const { message } of said.slice(0, 2)) assert.match(message, /compiled WebAssembly\.Module/);
  });

  for (const lacking of ["TextDecoder", "TextEncoder"]) {
    test(`${entry}: a place without ${lacking} is named`, () => {
      const { code, message } = loadedWith(entry, `
        delete globalThis.${lacking};
        console.log(JSON.stringify(await outcome(bytes(folder))));`);
      assert.equal(code, "unsupported");
      assert.match(message, new RegExp(lacking));
    });
  }
}

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
