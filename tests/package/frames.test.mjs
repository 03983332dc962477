// Which frames a wallet runs in: every ancestor is looked at, whether the browser lists them or not.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { isAtHome } from "../../src/browser/page.js";

const HOME = "https://wallet.test";
const OTHER = "https://other.test";

afterEach(() => {
  delete globalThis.window;
  delete globalThis.location;
});

/** Stands in the innermost of these frames, outermost first. @param {string[]} origins @param {{ listed: boolean }} how */
function standIn(origins, { listed }) {
  const inner = origins.at(-1);
  let parent = null;
  for (const origin of origins) {
    // Reading anything of a foreign location throws, but for being there.
    const place = { get origin() { if (origin !== inner) throw new DOMException("", "SecurityError"); return origin; } };
    const frame = { location: place, parent };
    frame.parent ??= frame;
    frame.top = parent?.top ?? frame;
    parent = frame;
  }
  const ancestorOrigins = listed ? origins.slice(0, -1).reverse() : undefined;
  globalThis.window = parent;
  globalThis.location = { origin: inner, ancestorOrigins };
}

for (const listed of [true, false]) {
  test(`a foreign frame is seen at any height, ${listed ? "by the browser's list" : "without a list"}`, () => {
    for (const origins of [[OTHER, HOME], [HOME, OTHER, HOME], [HOME, OTHER, HOME, HOME], [OTHER, HOME, HOME]]) {
      standIn(origins, { listed });
      assert.equal(isAtHome(), false, origins.join(" > "));
    }
    for (const origins of [[HOME], [HOME, HOME], [HOME, HOME, HOME]]) {
      standIn(origins, { listed });
      assert.equal(isAtHome(), true, origins.join(" > "));
    }
  });
}

test("a frame that is hidden from its list, or was taken out of its page, is not at home", () => {
  standIn([HOME, HOME], { listed: true });
  globalThis.location.ancestorOrigins = ["null"];
  assert.equal(isAtHome(), false);
  standIn([HOME], { listed: true });
  Object.assign(globalThis.window, { parent: null, top: null });
  assert.equal(isAtHome(), false);
});
