// The wallet under React 19 as applications use it: StrictMode's double mount, a module replaced while it runs, a tab that slept.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { build } from "esbuild";
import { openSite } from "../lib/site.mjs";
import { openEngine } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";

const APP = `
  import { StrictMode, useEffect, useState, useSyncExternalStore } from "react";
  import { createRoot } from "react-dom/client";
  import { Wallet } from "/pkg/index.js";
  const seen = (globalThis.seen ??= { mounts: 0, opened: [], renders: 0, statuses: [] });
  function useWallet() {
    const [wallet, set] = useState(null);
    useEffect(() => {
      let gone = false;
      seen.mounts += 1;
      const opening = Wallet.open({ issuer: "https://issuer.test", endpoint: location.origin, updates: "manual" });
      opening.then((opened) => { seen.opened.push(opened); if (!gone) set(opened); });
      return () => { gone = true; opening.then((opened) => opened.close()); };
    }, []);
    return wallet;
  }
  function Status({ wallet }) {
    const { subscribe } = wallet;
    const state = useSyncExternalStore(subscribe, () => wallet.state);
    seen.renders += 1;
    seen.statuses.push(state.status);
    return <p id="status" data-status={state.status}>{state.status}</p>;
  }
  function App() {
    const wallet = useWallet();
    return wallet ? <Status wallet={wallet} /> : <p id="status">opening</p>;
  }
  const place = document.createElement("div");
  document.getElementById("code").append(place);
  const root = createRoot(place);
  root.render(<StrictMode><App /></StrictMode>);
  globalThis.app = { unmount: () => root.unmount() };
`;

let script;
before(async () => {
  const { outputFiles } = await build({
    stdin: { contents: APP, loader: "jsx", resolveDir: new URL("..", import.meta.url).pathname }, bundle: true, write: false, format: "esm", jsx: "automatic",
    external: ["/pkg/*"], define: { "process.env.NODE_ENV": '"development"' }, logLevel: "silent",
  });
  script = outputFiles[0].text;
});


/** An enrolled wallet in a page where React is mounted over it. */
async function open(t) {
  const site = await openSite({ files: { "/app.js": script, "/app-2.js": script } });
  t.after(() => site.close());
  const { page, close, native } = await openEngine("chromium");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run((given) => kit.enrol(given), { login, password });
  await page.reload();
  await page.run(async () => void (await import("/app.js")));
  await native.locator('#status[data-status="ready"]').waitFor();
  return { site, page, native };
}

test("StrictMode mounts twice and gets one wallet, which the last unmount closes", async (t) => {
  const { page, native } = await open(t);
  const seen = await page.run(() => ({ mounts: seen.mounts, opened: seen.opened.length, wallets: new Set(seen.opened).size, statuses: [...new Set(seen.statuses)] }));
  assert.deepEqual(seen, { mounts: 2, opened: 2, wallets: 1, statuses: ["ready"] });
  // A snapshot that is new without a change would render for ever.
  const renders = await page.run(() => seen.renders);
  await page.run(async () => void (await seen.opened[0].paymentCode()));
  await page.run(() => new Promise((resolve) => setTimeout(resolve, 50)));
  assert.ok((await page.run(() => seen.renders)) <= renders + 8, "it renders without a change");
  await page.run(() => app.unmount());
  await native.locator("#status").waitFor({ state: "detached" });
  assert.equal(await page.run(async () => { await new Promise((resolve) => setTimeout(resolve)); return seen.opened[0].state.status; }), "closed");
});

test("a module replaced while it runs goes on with the same wallet", async (t) => {
  const { page, native } = await open(t);
  const [same, status] = await page.run(async () => {
    const [before] = seen.opened;
    const old = app;
    const mounted = seen.mounts;
    await import("/app-2.js");
    // The new tree is there before the old one goes.
    while (seen.mounts < mounted + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    old.unmount();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [seen.opened.every((wallet) => wallet === before), before.state.status];
  });
  assert.deepEqual([same, status], [true, "ready"]);
  await native.locator('#status[data-status="ready"]').waitFor();
  assert.match((await page.run(async () => (await seen.opened[0].paymentCode()).text)), /^JT1/);
});

test("a tab that slept shows what another one did meanwhile", async (t) => {
  const { site, page, native } = await open(t);
  await page.run(async () => {
    // Frozen: what is broadcast meanwhile does not reach it.
    globalThis.Broken = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = () => {};
  });
  const other = await page.run(async () => {
    globalThis.other = await kit.tab();
    other.BroadcastChannel.prototype.postMessage = () => {};
    await (await other.kit.wallet()).freeze();
    await (await other.kit.wallet()).sync();
    return other.kit.state();
  });
  assert.equal(other.status, "frozen");
  assert.equal(await page.run(() => seen.opened[0].state.status), "ready");
  await page.run(() => void document.dispatchEvent(new Event("resume")));
  await native.locator('#status[data-status="frozen"]').waitFor();
  assert.equal(await page.run(() => kit.outcome(() => seen.opened[0].paymentCode()).then(({ error }) => error.code)), "frozen");
  await site.world.issuer.audit();
});

test("every tab shows the same state, without being asked", async (t) => {
  const { page, native } = await open(t);
  await page.run(async () => {
    globalThis.other = await kit.tab();
    await (await other.kit.wallet()).freeze();
    await (await other.kit.wallet()).sync();
  });
  await native.locator('#status[data-status="frozen"]').waitFor();
});
