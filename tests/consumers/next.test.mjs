// Next in development, by the line of docs/bundlers.md: the package is also imported where Next renders on its server, React's StrictMode
// mounts a client component twice, and the code that is then on the screen is read and was the only one made.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { launchChromium } from "../lib/engines.mjs";
import { readWithZxing } from "../lib/scan.mjs";
import { project, serve, tools } from "./lib/project.mjs";

const FILES = {
  // Of this test, no user's: a project here links its tools, which lie outside its folder, where Turbopack reads nothing.
  "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(resolve(tools, "../../.."))} } };\n`,
  "app/layout.jsx": `export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n`,
  "app/page.jsx": `import { Pay } from "./pay.jsx";\nexport default () => <main><h1>Pay</h1><Pay /></main>;\n`,
  "app/pay.jsx": `"use client";
import { useEffect, useRef, useState } from "react";
import { createWorld } from "jitsuin/testing";

async function open() {
  const world = await createWorld({ iKnowThisIsATest: true });
  return world.wallet({ enrolled: true });
}

function Code({ wallet }) {
  const place = useRef(null);
  useEffect(() => {
    const view = wallet.present(place.current);
    (globalThis.views ??= []).push(view);
    return () => view.stop();
  }, [wallet]);
  return <div ref={place} />;
}

export function Pay() {
  const [wallet, setWallet] = useState(null);
  useEffect(() => {
    globalThis.opening ??= open();
    globalThis.opening.then((wallet) => setWallet((globalThis.wallet = wallet)), (error) => (globalThis.failed = String(error)));
  }, []);
  return wallet && <Code wallet={wallet} />;
}
`,
};

test("Next 16: in development a client component under StrictMode shows a code that is read, and uses one counter", async (t) => {
  const folder = project(FILES);
  const server = await serve(t, folder, [join(tools, "next/dist/bin/next"), "dev", "--port", "0"], { NEXT_TELEMETRY_DISABLED: "1" });
  const browser = await launchChromium();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const answer = await page.goto(server.url);
  assert.equal(answer?.status(), 200, server.said());
  await page.waitForFunction(() => globalThis.failed ?? globalThis.views?.at(-1)?.state.phase === "showing");
  const { failed, phases, code, codesMade } = await page.evaluate(async () => ({
    failed: globalThis.failed,
    phases: globalThis.views?.map(({ state }) => state.phase),
    code: globalThis.views?.at(-1).state.code,
    codesMade: (await globalThis.wallet?.report())?.codesMade,
  }));
  assert.equal(failed, undefined);
  // Two views: StrictMode took the first one away again.
  assert.deepEqual(phases, ["stopped", "showing"]);
  assert.deepEqual(await readWithZxing(await page.screenshot()), [code.text]);
  assert.deepEqual([code.counter, codesMade], [1, 1]);
});
