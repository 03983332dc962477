// docs/first-hour.md, block by block, from the packed package alone: types, tests under jsdom, and the page with its issuer in a real browser.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { readWithZxing } from "../lib/scan.mjs";
import { paper, project, run, serve, tools } from "./lib/project.mjs";

/** The page's files by the path in their first line. */
const FILES = Object.fromEntries([...paper("docs/first-hour.md").matchAll(/^```\w+\n(\/\/ ([\w/.-]+)[^\n]*\n[^]*?)^```$/gm)].map(([, text, path]) => [path, text]));
/** What `npm create vite@7 -- --template react-ts` writes beside them, as far as it matters. */
const TEMPLATE = {
  "index.html": `<!doctype html><html lang="en"><title>my-wallet</title><body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body></html>`,
  "src/main.tsx": `import { StrictMode } from "react";\nimport { createRoot } from "react-dom/client";\nimport App from "./App.tsx";\ncreateRoot(document.getElementById("root")!).render(<StrictMode><App /></StrictMode>);\n`,
  "src/vite-env.d.ts": `/// <reference types="vite/client" />\n`,
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"], module: "ESNext", skipLibCheck: true, moduleResolution: "bundler", allowImportingTsExtensions: true,
      verbatimModuleSyntax: true, moduleDetection: "force", noEmit: true, jsx: "react-jsx", strict: true, noUnusedLocals: true, noUnusedParameters: true, types: [],
    },
    include: ["src", "vite.config.ts"],
  }),
};

test("the page has the files that it speaks of", () => {
  assert.deepEqual(Object.keys(FILES), ["vite.config.ts", "issuer.mjs", "src/App.tsx", "src/App.test.tsx"]);
});

test("its files compile under strict, and its tests pass under jsdom", async () => {
  const folder = project({ ...TEMPLATE, ...FILES });
  const types = await run(folder, [join(tools, "typescript/bin/tsc"), "--project", "."]);
  assert.ok(types.ok, types.said);
  const tests = await run(folder, [join(tools, "vitest/vitest.mjs"), "run"]);
  assert.ok(tests.ok, tests.said);
  assert.match(tests.said, /Tests {2}2 passed \(2\)/);
});

test("its page registers a device with its issuer and shows a code that a reader reads", async (t) => {
  const folder = project({ ...TEMPLATE, ...FILES });
  const issuer = await serve(t, folder, ["issuer.mjs"], { PORT: "0", ORIGIN: "http://localhost:5199" });
  const { url } = await serve(t, folder, [join(tools, "vite/bin/vite.js"), "--port", "5199", "--strictPort"], { VITE_ISSUER: issuer.url });
  const browser = await launchChromium();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await addAuthenticator(page);
  await page.goto(url);
  await page.fill('[name="login"]', "hanako");
  await page.fill('[name="password"]', "hanako-password");
  await page.click("text=Log in");
  await page.locator('[name="code"]').waitFor();
  /** The issuer writes its messages down a moment later. */
  const code = async () => /\b\d{8}\b/.exec(issuer.said())?.[0] ?? (await new Promise((resolve) => setTimeout(resolve, 50)), code());
  await page.fill('[name="code"]', await code());
  await page.click("text=Enter");
  await page.click("#register");
  await page.locator("#status", { hasText: "ready" }).waitFor();
  await assertShown(page);
  await page.reload();
  await page.click("#unlock");
  await page.locator("#status", { hasText: "ready" }).waitFor();
  await assertShown(page);
});

/** @param {import("playwright-core").Page} page */
async function assertShown(page) {
  for (;;) {
    const texts = await readWithZxing(await page.screenshot());
    if (texts.length === 1) return assert.match(texts[0], /^JT1/);
    await page.waitForTimeout(100);
  }
}
