// The shared vectors inside the module under Chromium, and the parser through the package's face.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WALLET, launchChromium, routeWalletPage } from "../lib/engines.mjs";
import { folders, same, vectors } from "../lib/vectors.mjs";

let browser;
let page;

before(async () => {
  browser = await launchChromium();
  const context = await browser.newContext();
  await routeWalletPage(context);
  page = await context.newPage();
  await page.goto(`${WALLET}/`);
  await page.evaluate(async () => {
    const glue = await import("/pkg/wasm/testing/jitsuin.js");
    await glue.default({ module_or_path: "/pkg/wasm/testing/jitsuin_bg.wasm" });
    globalThis.checkVector = glue.check_vector;
  });
});
after(() => browser?.close());

for (const [folder, count] of folders) {
  test(`${folder}: ${count} vectors are taken or refused as they say`, async () => {
    const found = vectors(folder);
    assert.equal(found.length, count);
    const texts = found.map((vector) => JSON.stringify(vector));
    const got = await page.evaluate(([folder, texts]) => texts.map((text) => globalThis.checkVector(folder, text)), [folder, texts]);
    found.forEach((vector, at) => same(JSON.parse(got[at]), vector));
  });
}
