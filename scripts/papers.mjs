// papers.mjs: copies what people read (licences, README, changelog, documents) into pkg/, as package.json lists it. A link to a file of the
// repository that the package does not bring becomes plain text.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, posix } from "node:path";

const root = new URL("../", import.meta.url);
const { files } = JSON.parse(readFileSync(new URL("pkg/package.json", root), "utf8"));
const isPaper = (file) => file.endsWith(".md") || file.startsWith("LICENSE");

/** @param {string} file @param {string} text */
function unlinked(file, text) {
  return text.replace(/\[([^\][]+)\]\(([^)\s#]+)(#[^)\s]*)?\)/g, (link, words, target) => {
    const path = posix.join(posix.dirname(file), target);
    return /^[a-z]+:/.test(target) || files.includes(path) || !existsSync(new URL(path, root)) ? link : words;
  });
}

for (const file of files.filter(isPaper)) {
  const text = readFileSync(new URL(file, root), "utf8");
  const copy = new URL(`pkg/${file}`, root);
  mkdirSync(dirname(copy.pathname), { recursive: true });
  writeFileSync(copy, file.endsWith(".md") ? unlinked(file, text) : text);
}
