// short.mjs MODULE GLUE: gives what the glue lends to the module (as text) one-letter names, in both. They are only read by each other, and
// wasm-bindgen's, with a hash in each, are a hundredth of the page's module.
import { readFileSync, writeFileSync } from "node:fs";

const [module, glue] = process.argv.slice(2);
const [text, code] = [module, glue].map((file) => readFileSync(file, "utf8"));
const FROM = "./jitsuin_bg.js";

const short = new Map([...text.matchAll(/\(import "([^"]+)" "([^"]+)"/g)].filter(([, from]) => from === FROM).map(([, , name], index) => [name, `_${index.toString(36)}`]));
const members = [...code.matchAll(/^ {8}([\w$]+): /gm)].map(([, name]) => name).filter((name) => short.has(name));
if (short.size === 0 || members.length !== short.size || code.split(`"${FROM}"`).length !== 2) throw new Error(`${glue} lends in another way than this file knows`);

writeFileSync(module, text.replace(/\(import "([^"]+)" "([^"]+)"/g, (all, from, name) => (from === FROM ? `(import "_" "${short.get(name)}"` : all)));
writeFileSync(glue, code.replace(`"${FROM}"`, '"_"').replace(/^( {8})([\w$]+)(?=: )/gm, (all, indent, name) => indent + (short.get(name) ?? name)));
