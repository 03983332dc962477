// Other bundlers, test runners and runtimes, by the lines of docs/bundlers.md.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { ENTRIES, LOADED, MAIN, PAGE } from "./lib/entries.mjs";
import { said } from "./lib/page.mjs";
import { block, project, run, tools } from "./lib/project.mjs";

const FILES = { "src/main.js": MAIN, "src/entries.js": ENTRIES };
const GUIDE = "docs/bundlers.md";
const from = createRequire(join(tools, "x.js"));
const load = async (/** @type {string} */ name) => import(pathToFileURL(from.resolve(name)).href);

/**
 * A server of a built folder, as hosts have it: every path without a file gets the page.
 * @param {{ after(what: () => unknown): void }} t @param {string} folder @param {string} html
 */
async function host(t, folder, html) {
  const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer(({ url = "/" }, answer) => {
    const name = url.slice(1);
    const file = readdirSync(folder).includes(name);
    answer.writeHead(200, { "content-type": file ? types[extname(name)] : "text/html" }).end(file ? readFileSync(join(folder, name)) : html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return `http://localhost:${server.address().port}/`;
}

test("webpack 5: what it builds without a setting loads every entry, and it warns of nothing", async (t) => {
  const folder = project(FILES);
  const { default: webpack } = await load("webpack");
  const built = await new Promise((resolve, reject) => {
    webpack({ context: folder, mode: "production", entry: "./src/main.js", output: { path: join(folder, "dist") }, performance: { hints: false } }, (error, stats) => (error ? reject(error) : resolve(stats)));
  });
  assert.deepEqual(built.toJson({ all: false, errors: true, warnings: true }), { errors: [], warnings: [] });
  const url = await host(t, join(folder, "dist"), PAGE.replace("/src/main.js", "/main.js"));
  assert.deepEqual(await said(url), { ...LOADED, supported: true });
});

test("esbuild: a page in the module's place is told by its type, and the page's lines load it", async (t) => {
  const lines = block(GUIDE, 'import wasm from "jitsuin/wasm";');
  const folder = project({ ...FILES, "src/named.js": `${lines}\nimport { qr } from "jitsuin";\nglobalThis.said = qr("HELLO").size;\n` });
  const { build } = await load("esbuild");
  const options = { absWorkingDir: folder, bundle: true, format: "esm", outdir: "dist", logLevel: "silent", loader: { ".wasm": "file" }, supported: { "top-level-await": true } };
  const { warnings } = await build({ ...options, entryPoints: ["src/main.js", "src/named.js"] });
  assert.deepEqual(warnings, []);
  const place = join(folder, "dist");
  const { code, details, message } = (await said(await host(t, place, PAGE.replace("/src/main.js", "/main.js")))).page;
  assert.deepEqual([code, details.status, details.type], ["wasm-load-failed", 200, "text/html"]);
  assert.match(message, /docs\/bundlers\.md/);
  assert.equal(await said(await host(t, place, PAGE.replace("/src/main.js", "/named.js"))), 29);
});

const JEST = ["--experimental-vm-modules", "--no-warnings", join(tools, "jest/bin/jest.js"), "--ci"];
const jest = (/** @type {object} */ more) => ({ "package.json": JSON.stringify({ name: "a-user", private: true, type: "module", jest: { transform: {}, ...more } }) });

test("Jest under jsdom: every entry is imported where there is no TextEncoder, and none is supported", async () => {
  const folder = project({
    ...jest({ testEnvironment: "jest-environment-jsdom" }),
    "all.test.js": `
      test("imports", async () => {
        expect([typeof TextEncoder, typeof TextDecoder]).toEqual(["undefined", "undefined"]);
        for (const entry of ["codes", "messages", "webview", "verifier", "testing"]) expect(Object.keys(await import("jitsuin/" + entry)).length).toBeGreaterThan(0);
        const { init, isSupported } = await import("jitsuin");
        expect(isSupported()).toBe(false);
        await expect(init()).rejects.toMatchObject({ name: "JitsuinError", code: "unsupported", message: expect.stringContaining("docs/bundlers.md") });
      });`,
  });
  const { ok, said } = await run(folder, JEST);
  assert.ok(ok, said);
});

test("Jest: with the page's lines under jsdom, and in its environment for Node, a payment is made", async () => {
  const pays = `
    import { init, qr } from "jitsuin";
    import { createWorld } from "jitsuin/testing";
    test("pays", async () => {
      await init();
      expect(qr("HELLO").size).toBe(29);
      const world = await createWorld({ iKnowThisIsATest: true });
      const account = await world.issuer.account({ balance: { amount: 2000n, currency: "JPY" } });
      const wallet = await world.wallet({ account, enrolled: true });
      const { outcome } = await world.issuer.till().charge((await wallet.paymentCode()).text, { amount: 540n, currency: "JPY" });
      expect(outcome).toBe("approved");
      await world.close();
    });`;
  const folder = project({
    ...jest({ testEnvironment: "./jest-environment.js" }),
    "jest-environment.js": block(GUIDE, "// jest-environment.js"), "jsdom.test.js": `${pays}\ntest("jsdom", () => expect(typeof document.body).toBe("object"));`, "node.test.js": `/** @jest-environment node */\n${pays}`,
  });
  const { ok, said } = await run(folder, JEST);
  assert.ok(ok, said);
  assert.match(said, /Tests: +3 passed, 3 total/);
});

test("Workers: a compiled module is taken, and without one the error asks for it", async (t) => {
  const folder = project({
    "src/worker.js": `
      import wasm from "jitsuin/wasm/verifier";
      import { Verifier } from "jitsuin/verifier";
      const settings = { issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse: { claim: async () => "first" } };
      const outcome = (opening) => opening.then(() => "loaded", ({ code, message }) => ({ code, message }));
      export default { async fetch() {
        const none = await outcome(Verifier.create(settings));
        const bytes = await outcome(Verifier.create({ ...settings, wasm: fetch("https://cdn.test/x.wasm") }));
        const verifier = await Verifier.create({ ...settings, wasm });
        const { code } = await verifier.redeem("JT1", { money: { amount: 1n, currency: "JPY" }, till: "t/1" }).catch((error) => error);
        return Response.json({ none, bytes, code });
      } };`,
  });
  const { build } = await load("esbuild");
  await build({ absWorkingDir: folder, entryPoints: ["src/worker.js"], bundle: true, format: "esm", outfile: "dist/worker.js", external: ["*.wasm", "jitsuin/wasm/verifier"], logLevel: "silent" });
  const { Miniflare, Response: Answer } = await load("miniflare");
  const module = readFileSync(join(folder, "node_modules/jitsuin/wasm/verifier/jitsuin_bg.wasm"));
  const miniflare = new Miniflare({
    compatibilityDate: "2026-04-01",
    modules: [
      { type: "ESModule", path: "worker.js", contents: readFileSync(join(folder, "dist/worker.js"), "utf8") },
      { type: "CompiledWasm", path: "jitsuin/wasm/verifier", contents: module },
    ],
    outboundService: () => new Answer(module, { headers: { "content-type": "application/wasm" } }),
  });
  t.after(() => miniflare.dispose());
  const { none, bytes, code } = await (await miniflare.dispatchFetch("http://localhost/")).json();
  assert.equal(code, "malformed");
  assert.deepEqual([none.code, bytes.code], ["wasm-load-failed", "wasm-blocked"]);
  for (const { message } of [none, bytes]) assert.match(message, /compiled WebAssembly\.Module here|compiled WebAssembly\.Module \(docs/);
});
