// `jitsuin/verifier` as a server loads it: what importing touches, which module it takes, and what production refuses.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { memorySingleUse } from "../../pkg/verifier.js";
import { ENTRY, coded } from "../lib/verifying.mjs";

const inNode = (script) => execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", cwd: fileURLToPath(new URL(".", import.meta.url)) });

test("importing touches nothing; loading in Node needs neither network nor page", () => {
  const said = inNode(`
    const touched = [];
    for (const name of ["fetch", "indexedDB", "localStorage", "window", "document", "navigator"])
      Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return undefined; } });
    const { Verifier, memorySingleUse, ...rest } = await import(${JSON.stringify(ENTRY)});
    const singleUse = memorySingleUse();
    const verifier = await Verifier.create({ issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse });
    const { code } = await verifier.redeem("JT1", { money: { amount: 1n, currency: "JPY" }, till: "t/1" }).catch((error) => error);
    console.log(JSON.stringify({ touched, rest: Object.keys(rest), code }));`);
  assert.deepEqual(JSON.parse(said), { touched: [], rest: [], code: "malformed" });
});

test("the memory's single use is refused in production, and the message says what to give instead", () => {
  const said = (environment) =>
    JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", `
      const { memorySingleUse } = await import(${JSON.stringify(ENTRY)});
      let said = "made";
      try { memorySingleUse(); } catch ({ code, message }) { said = { code, message }; }
      console.log(JSON.stringify(said));`], { encoding: "utf8", env: { ...process.env, ...environment } }));
  const refused = said({ NODE_ENV: "production" });
  assert.equal(refused.code, "bad-argument");
  assert.match(refused.message, /your own singleUse/);
  for (const NODE_ENV of ["test", "development", ""]) assert.equal(said({ NODE_ENV }), "made");
});

test("a production server with a store of its own is served, also where there is no `process`", () => {
  const said = inNode(`
    const { Verifier, memorySingleUse } = await import(${JSON.stringify(ENTRY)});
    process.env.NODE_ENV = "production";
    const settings = { issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [] };
    const own = await Verifier.create({ ...settings, singleUse: { claim: async () => "first" } }).then(() => "open", ({ code }) => code);
    delete globalThis.process;
    console.log(JSON.stringify([own, typeof memorySingleUse().claim]));`);
  assert.deepEqual(JSON.parse(said), ["open", "function"]);
});

test("another module is not loaded, and the next call may try again", () => {
  const said = inNode(`
    import { readFileSync } from "node:fs";
    const bytes = readFileSync(new URL("./wasm/verifier/jitsuin_bg.wasm", ${JSON.stringify(ENTRY)}));
    const { Verifier, memorySingleUse } = await import(${JSON.stringify(ENTRY)});
    const open = (wasm) => Verifier.create({ wasm, issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse: memorySingleUse() }).then(() => "open", ({ code }) => code);
    const changed = Uint8Array.from(bytes);
    changed[bytes.length >> 1] ^= 1;
    console.log(JSON.stringify([await open(changed), await open("https://issuer.invalid/x.wasm"), await open(Promise.resolve(new WebAssembly.Module(bytes))), await open()]));`);
  assert.deepEqual(JSON.parse(said), ["wasm-digest", "wasm-load-failed", "open", "open"]);
});

test("the module draws no random byte and asks nothing of a page", () => {
  const asked = (name) => {
    const module = new WebAssembly.Module(readFileSync(new URL(`../../pkg/wasm/${name}/jitsuin_bg.wasm`, import.meta.url)));
    return WebAssembly.Module.imports(module).map((wanted) => wanted.name);
  };
  assert.ok(asked("testing").some((name) => name.includes("getRandomValues")), "imports have readable names");
  assert.deepEqual(asked("verifier").filter((name) => !name.startsWith("__wbindgen_") && !/throw/i.test(name)), []);
});

test("a module that its page could not get is wasm-load-failed, and the next attempt may get it", async () => {
  const { Verifier } = await import(`${ENTRY}?copy=rejected`);
  const cause = new Error("no such file");
  const options = { issuer: "https://issuer.test", rpId: "wallet.test", origins: ["https://wallet.test"], devicesByHandle: async () => [], singleUse: memorySingleUse() };
  await assert.rejects(Verifier.create({ ...options, wasm: Promise.reject(cause) }), (error) => coded("wasm-load-failed")(error) && error.cause === cause);
  assert.ok(await Verifier.create({ ...options, wasm: Promise.resolve(undefined) }));
});
