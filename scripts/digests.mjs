// digests.mjs: writes pkg/digests.json, the SHA-256 of each file of the npm package by its name, but for what people read. A page that keeps
// the package's files, such as in a service worker, checks them by it. Modules that were not built are left out; the whole package has all.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../pkg/", import.meta.url);
const LIST = "digests.json";
const { files } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
const isPaper = (file) => file.endsWith(".md") || file.startsWith("LICENSE");
const there = files.filter((file) => file !== LIST && !isPaper(file) && existsSync(new URL(file, folder)));
const digests = there.map((file) => [file, createHash("sha256").update(readFileSync(new URL(file, folder))).digest("hex")]);
writeFileSync(new URL(LIST, folder), `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`);
