// Vite as its users have it: the development server with and without the setting that docs/bundlers.md names, and what it builds.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ENTRIES, LOADED, MAIN, PAGE } from "./lib/entries.mjs";
import { said } from "./lib/page.mjs";
import { block, project, run, serve, tools } from "./lib/project.mjs";

const FILES = { "index.html": PAGE, "src/main.js": MAIN, "src/entries.js": ENTRIES };
/** The page's own line. */
const SETTING = block("docs/bundlers.md", "// vite.config.js");
const FOLDERS = /** @type {const} */ (["page", "codes", "verifier", "testing"]);

for (const version of ["5", "6", "7", "8"]) {
  const vite = join(tools, version === "7" ? "vite" : `vite-${version}`, "bin/vite.js");

  test(`Vite ${version}: without the setting the development server ${version === "8" ? "is served" : "is told what it lacks"}`, async (t) => {
    const { url } = await serve(t, project(FILES), [vite, "--port", "0"]);
    const found = await said(url);
    if (version === "8") return assert.deepEqual(found, { ...LOADED, supported: true });
    for (const name of FOLDERS) {
      const { code, message, details } = found[name];
      assert.equal(code, "wasm-load-failed", name);
      assert.deepEqual([details.status, details.type], [200, "text/html"], name);
      assert.match(details.url, new RegExp(`/node_modules/\\.vite/deps/wasm/${name}/`));
      assert.match(message, /optimizeDeps: \{ exclude: \["jitsuin"\] \} \(docs\/bundlers\.md\)/);
    }
  });

  test(`Vite ${version}: with the setting every entry loads`, async (t) => {
    const { url } = await serve(t, project({ ...FILES, "vite.config.js": SETTING }), [vite, "--port", "0"]);
    assert.deepEqual(await said(url), { ...LOADED, supported: true });
  });

  test(`Vite ${version}: what it builds without a setting loads every entry`, async (t) => {
    const folder = project(FILES);
    const built = await run(folder, [vite, "build"]);
    assert.ok(built.ok, built.said);
    const { url } = await serve(t, folder, [vite, "preview", "--port", "0"]);
    assert.deepEqual(await said(url), { ...LOADED, supported: true });
  });
}
