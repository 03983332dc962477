// A payment code under the style sheets of pages that did not think of it: in Chromium, Firefox and WebKitGTK it is read off the screen by
// an independent reader, or the presentation says that none is shown and none is.
// @ts-check
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { SHEETS } from "../lib/hostile.mjs";
import { readWithZxing } from "../lib/scan.mjs";
import { openSite } from "../lib/site.mjs";
import { ENGINES, missing, openEngine } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";

/** What is not the same in every engine. @type {Record<string, Record<string, string>>} */
const DIFFERS = {
  // Neither can say what lies over an element but lets taps through, and this one is no ancestor's.
  firefox: { "an overlay of somebody else that taps pass": "unknown" },
  // WebKitGTK lays the vertical text out to the right of the view, and gives places as if nothing were zoomed.
  webkit: { "an overlay of somebody else that taps pass": "unknown", "what text inherits": "outside", "a zoom": "outside" },
};

/** @param {import("../lib/three.mjs").Engine} engine @returns {Promise<Uint8Array>} */
async function screenshot({ name, native }) {
  return name === "webkit" ? Buffer.from(await native.takeScreenshot(), "base64") : native.screenshot();
}

for (const name of ENGINES) {
  describe(name, { skip: missing(name) }, () => {
    test("each code is read, or is not shown", async (t) => {
      const site = await openSite();
      t.after(() => site.close());
      const engine = await openEngine(name);
      t.after(() => engine.close());
      const { page } = engine;
      await page.goto(`${site.url}/?injected`);
      const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
      await page.run((/** @type {any} */ given) => kit.enrol(given), { login, password });
      await page.run(async () => {
        const beside = document.createElement("div");
        beside.id = "beside";
        document.body.append(beside);
        // WebKitGTK's driver answers with a picture only when something is painted anew.
        const beat = document.createElement("b");
        const paint = (/** @type {Record<string, string>} */ styles) => Object.entries(styles).forEach(([name, value]) => beat.style.setProperty(name, value, "important"));
        paint({ display: "block", position: "fixed", right: "0", bottom: "0", width: "2px", height: "2px" });
        document.documentElement.append(beat);
        let beats = 0;
        setInterval(() => paint({ background: (beats += 1) % 2 ? "#fff" : "#eee" }), 50);
        const wallet = await kit.wallet();
        // One code for all sheets: no time passes, so none is replaced.
        testClock.freeze();
        const view = wallet.present(/** @type {Element} */ (document.querySelector("main")));
        Object.assign(globalThis, { view });
      });

      /** What the presentation says once it has looked at the page several times. @param {string} css */
      const under = (css) =>
        page.run(async (/** @type {string} */ css) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(css);
          document.adoptedStyleSheets = [sheet];
          for (let looks = 0; looks < 4; looks += 1) await new Promise((resolve) => setTimeout(resolve, 260));
          const { state } = globalThis.view;
          const root = document.querySelector("main > div");
          const path = (root.shadowRoot ?? root).querySelector("path");
          return { phase: state.phase, reason: state.reason, cause: state.cause, text: state.code?.text, isDrawn: path.hasAttribute("d") };
        }, css);

      for (const [what, css, becomes] of [["no sheet", "", "read"], ...SHEETS, ["no sheet again", "", "read"]]) {
        await t.test(what, async () => {
          const expected = DIFFERS[name]?.[what] ?? becomes;
          const said = await under(css);
          const png = await screenshot(engine);
          if (process.env.JITSUIN_PICTURES) writeFileSync(`${process.env.JITSUIN_PICTURES}/${name}-${what.replaceAll(" ", "-")}.png`, png);
          if (expected === "unknown") return t.diagnostic(`${name}: ${what}: not known here`);
          const read = await readWithZxing(png);
          if (expected === "read") {
            assert.equal(said.phase, "showing", `paused: ${said.cause ?? said.reason}`);
            assert.deepEqual(read, [said.text]);
          } else {
            assert.deepEqual([said.phase, said.reason, said.cause, said.isDrawn], ["paused", "unreadable", expected, false]);
            assert.deepEqual(read, []);
          }
        });
      }
    });
  });
}
