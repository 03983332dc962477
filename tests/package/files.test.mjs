// What npm packs is what the package lists: what its scripts import, what its documents and errors link to, and nothing that is not there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CODES } from "../../pkg/code-table.js";
import { refuse } from "../../pkg/error.js";

const read = (file) => readFileSync(new URL(`../../pkg/${file}`, import.meta.url), "utf8");
const { files, exports, peerDependencies, peerDependenciesMeta } = JSON.parse(read("package.json"));
const isPaper = (file) => file.endsWith(".md") || file.startsWith("LICENSE");

/** Every file that `file` imports, and what those import. */
function imported(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, from] of read(file).matchAll(/^(?:import|export)\b[^;]*?from\s*["'](\.[^"']+)["']/gm)) imported(posix.join(posix.dirname(file), from), found);
  return found;
}

for (const entry of ["index.js", "codes.js", "messages.js", "webview.js", "verifier.js", "testing.js", "testing/playwright.js"]) {
  test(`all that ${entry} imports is in the package`, () => {
    const all = [...imported(entry)];
    if (entry === "index.js") assert.ok(all.includes("wasm/page/browser/store.js"), "the glue's own imports were followed");
    assert.deepEqual(all.filter((file) => !files.includes(file)), []);
  });
}

test("every listed file is there", () => {
  assert.deepEqual(files.filter((file) => !existsSync(new URL(`../../pkg/${file}`, import.meta.url))), []);
});

test("the package names the digest of each of its files", () => {
  const digests = JSON.parse(read("digests.json"));
  // What people read is no part of a page.
  assert.deepEqual(Object.keys(digests), files.filter((file) => file !== "digests.json" && !isPaper(file)));
  for (const [file, digest] of Object.entries(digests)) {
    assert.equal(digest, createHash("sha256").update(readFileSync(new URL(`../../pkg/${file}`, import.meta.url))).digest("hex"), file);
  }
});

test("npm packs what is listed, the licences, README and changelog among it", () => {
  const [{ files: packed }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8", cwd: fileURLToPath(new URL("../../pkg", import.meta.url)), stdio: ["ignore", "pipe", "ignore"] }));
  const paths = packed.map(({ path }) => path).sort();
  assert.deepEqual(paths, [...files, "package.json"].sort());
  for (const file of ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "docs/errors.md"]) assert.ok(paths.includes(file), file);
});

test("every entry has types that are packed", () => {
  for (const [name, entry] of Object.entries(exports)) {
    if (name.endsWith(".json")) continue;
    assert.deepEqual(Object.keys(entry), ["types", "default"], name);
    for (const file of Object.values(entry)) assert.ok(files.includes(file.slice(2)), `${name}: ${file}`);
  }
});

/** The anchors of a page's headings. @param {string} text */
const anchors = (text) => new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")));

test("every error links to its own section of a packed page", () => {
  for (const code of Object.keys(CODES)) {
    const [file, anchor] = refuse(code).docs.split("#");
    assert.ok(files.includes(file), file);
    assert.equal(anchor, code);
    assert.ok(anchors(read(file)).has(anchor), code);
  }
});

test("no link of a packed page leads out of the package", () => {
  for (const file of files.filter((name) => name.endsWith(".md"))) {
    const links = [...read(file).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)].filter(([, target]) => !/^[a-z]+:/.test(target) && (target === "" || /[./]/.test(target)));
    for (const [link, target, anchor] of links) {
      const path = target === "" ? file : posix.join(posix.dirname(file), target);
      assert.ok(files.includes(path), `${file}: ${link}`);
      if (anchor) assert.ok(anchors(read(path)).has(anchor), `${file}: ${link}`);
    }
  }
});

test("what only the browser kit's types need is an optional peer", () => {
  assert.match(read("testing/playwright.d.ts"), /from "playwright-core"/);
  assert.deepEqual([Object.keys(peerDependencies), peerDependenciesMeta], [["playwright-core"], { "playwright-core": { optional: true } }]);
});
