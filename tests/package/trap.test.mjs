// A module built for size traps without a word: whatever was waiting hears of it, wherever the trap happened.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { adopt, guarded, now } from "../../pkg/load.js";
import { onTrap, watched } from "../../pkg/trap.js";

/** (module (func (export "trap") unreachable) (func (export "seven") (result i32) i32.const 7) (memory (export "memory") 1)) */
const bytes = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 2, 96, 0, 0, 96, 0, 1, 127, 3, 3, 2, 0, 1, 5, 3, 1, 0, 1, 7, 25, 3, 4, 116, 114, 97, 112, 0, 0, 5,
  115, 101, 118, 101, 110, 0, 1, 6, 109, 101, 109, 111, 114, 121, 2, 0, 10, 10, 2, 3, 0, 0, 11, 4, 0, 65, 7, 11,
]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));

test("exports work as before, and a trap is thrown on after its own module's listener heard of it", () => {
  const heard = [];
  onTrap("one", (cause) => heard.push(["one", cause]));
  onTrap("two", (cause) => heard.push(["two", cause]));
  const one = watched("one", exports);
  assert.equal(one.seven(), 7);
  assert.equal(one.memory, exports.memory);
  assert.deepEqual(heard, []);
  assert.throws(() => one.trap(), WebAssembly.RuntimeError);
  assert.equal(heard.length, 1);
  assert.equal(heard[0][0], "one");
  assert.ok(heard[0][1] instanceof WebAssembly.RuntimeError);
});

for (const name of ["page", "codes", "testing"]) {
  test(`the glue of the module ${name} has no other way in`, () => {
    const glue = readFileSync(new URL(`../../pkg/wasm/${name}/jitsuin.js`, import.meta.url), "utf8");
    assert.deepEqual(glue.match(/^.*\binstance\.exports.*$/gm), [`    wasm = watched("${name}", instance.exports);`]);
  });
}

test("a trap in a task ends every call that waits, and every later one", async () => {
  adopt(/** @type {any} */ ({}));
  const waiting = guarded(() => new Promise(() => {}));
  assert.throws(() => watched("testing", exports).trap(), WebAssembly.RuntimeError);
  await assert.rejects(waiting, { code: "module-crashed" });
  await assert.rejects(guarded(() => 1), { code: "module-crashed" });
  assert.throws(() => now(() => 1), { code: "module-crashed" });
});
