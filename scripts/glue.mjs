// glue.mjs NAME FILE: changes two things in the glue that wasm-bindgen writes. The module's exports are watched for traps (pkg/trap.js), since
// a trap says nothing by itself. And importing it makes nothing: its TextDecoder and TextEncoder are made as the module is instantiated,
// because test runners import a package in places that have neither, such as Jest's jsdom.
import { readFileSync, writeFileSync } from "node:fs";

const [name, file] = process.argv.slice(2);
let code = readFileSync(file, "utf8");
const unknown = (what) => new Error(`wasm-bindgen writes another glue than scripts/glue.mjs knows: ${what} in ${file}`);

/** Takes out the one place that matches. */
function take(pattern, otherwise = "") {
  const found = [...code.matchAll(pattern)];
  if (found.length > 1) throw unknown(pattern);
  if (found.length === 1) code = code.replace(found[0][0], () => otherwise);
  return found.length === 1 ? found[0] : null;
}

const decoder = take(/^let (cachedTextDecoder = new TextDecoder\(.*\);)\n(cachedTextDecoder\.decode\(\);)\n/gm, "let cachedTextDecoder;\n");
const encoder = take(/^const (cachedTextEncoder = new TextEncoder\(\);)\n/gm, "let cachedTextEncoder;\n");
const shim = take(/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n(?:.*\n)*?^\}\n/gm);
if (/^(?! |function|export|\}).*Text(?:De|En)coder\b.*[(]/m.test(code)) throw unknown("a TextDecoder or TextEncoder that is made on import");

const made = [...(decoder?.slice(1) ?? []), encoder?.[1], shim?.[0].trimEnd()].filter(Boolean).join("\n").replaceAll(/^/gm, "    ");
const exported = take(/^ {4}wasm = instance\.exports;$/gm, `${made ? `${made}\n` : ""}    wasm = watched("${name}", instance.exports);`);
if (!exported) throw unknown("wasm = instance.exports");
writeFileSync(file, `import { watched } from "../../trap.js";\n${code}`);
