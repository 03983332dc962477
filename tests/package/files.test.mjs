// What the modules' glue imports is in the package, and nothing is listed that is not there.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const read = (file) => readFileSync(new URL(`../../pkg/${file}`, import.meta.url), "utf8");
const { files } = JSON.parse(read("package.json"));

/** Every file that `file` imports, and what those import. */
function imported(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, from] of read(file).matchAll(/^(?:import|export)\b[^;]*?from\s*["'](\.[^"']+)["']/gm)) imported(posix.join(posix.dirname(file), from), found);
  return found;
}

for (const entry of ["index.js", "codes.js", "messages.js", "verifier.js", "testing.js"]) {
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
  assert.deepEqual(Object.keys(digests), files.filter((file) => file !== "digests.json"));
  for (const [file, digest] of Object.entries(digests)) {
    assert.equal(digest, createHash("sha256").update(readFileSync(new URL(`../../pkg/${file}`, import.meta.url))).digest("hex"), file);
  }
});
