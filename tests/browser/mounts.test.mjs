// Views that come and go: React 19 StrictMode mounts each one twice, Vue hands out proxies, a quick change of route takes a place away
// before its code is drawn. A code is read off the screen each time, and one counter is used.
// @ts-check
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { build } from "esbuild";
import { readWithZxing } from "../lib/scan.mjs";
import { openSite } from "../lib/site.mjs";
import { openEngine } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";

const OPEN = 'Wallet.open({ issuer: "https://issuer.test", endpoint: location.origin, updates: "manual" })';

const REACT = `
  import { StrictMode, useEffect, useRef, useState } from "react";
  import { createRoot } from "react-dom/client";
  import { Wallet } from "/pkg/index.js";
  const views = (globalThis.views = []);
  function Code({ wallet }) {
    const place = useRef(null);
    useEffect(() => {
      const view = wallet.present(place.current);
      views.push(view);
      return () => view.stop();
    }, [wallet]);
    return <div id="place" ref={place} />;
  }
  function App({ wallet }) {
    const [isPaying, pay] = useState(false);
    return <><button id="pay" onClick={() => pay(!isPaying)}>Pay</button>{isPaying && <Code wallet={wallet} />}</>;
  }
  globalThis.wallet = await ${OPEN};
  createRoot(document.getElementById("code")).render(<StrictMode><App wallet={wallet} /></StrictMode>);
`;

// A wallet in a ref is a deep proxy of it; templates would be compiled with eval, so these are functions.
const VUE = `
  import { createApp, h, onMounted, onUnmounted, reactive, ref } from "vue";
  import { Wallet } from "/pkg/index.js";
  const views = (globalThis.views = []);
  const store = reactive({ wallet: null });
  const Code = { setup() {
    const place = ref(null);
    const view = ref(null);
    onMounted(() => { view.value = store.wallet.present(place.value); views.push(view.value); });
    onUnmounted(() => view.value.stop());
    return () => h("div", { id: "place", ref: place });
  } };
  const App = { setup() {
    const isPaying = ref(false);
    return () => [h("button", { id: "pay", onClick: () => (isPaying.value = !isPaying.value) }, "Pay"), isPaying.value ? h(Code) : null];
  } };
  store.wallet = globalThis.plain = await ${OPEN};
  globalThis.wallet = store.wallet;
  if (globalThis.wallet === globalThis.plain) throw new Error("Vue made no proxy");
  createApp(App).mount("#code");
`;

/** @type {Record<string, string>} */
const files = {};
before(async () => {
  for (const [path, contents] of Object.entries({ "/react.js": REACT, "/vue.js": VUE })) {
    const { outputFiles } = await build({
      stdin: { contents, loader: "jsx", resolveDir: new URL("..", import.meta.url).pathname }, bundle: true, write: false, format: "esm", jsx: "automatic", external: ["/pkg/*"], logLevel: "silent",
      define: { "process.env.NODE_ENV": '"development"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
    });
    files[path] = outputFiles[0].text;
  }
});

/** An enrolled wallet that has made no code, in a page with this script. @param {import("node:test").TestContext} t @param {string} [script] */
async function open(t, script) {
  const site = await openSite({ files });
  t.after(() => site.close());
  const { page, close, native } = await openEngine("chromium");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run((/** @type {any} */ given) => kit.enrol(given), { login, password });
  await page.reload();
  if (script) await page.run(async (/** @type {string} */ script) => void (await import(script)), script);
  else await page.run(async () => void (globalThis.wallet = await kit.wallet()));
  return { site, page, native };
}

/** @param {any} page */
const codesMade = (page) => page.run(async () => (await globalThis.wallet.report()).codesMade);
/** The code of the newest view, which has to be on the screen. @param {any} page @param {any} native */
async function onScreen(page, native) {
  await native.waitForFunction(() => globalThis.views.at(-1)?.state.phase === "showing");
  const { text, counter } = await page.run(() => globalThis.views.at(-1).state.code);
  assert.deepEqual(await readWithZxing(await native.screenshot()), [text]);
  return { text, counter };
}

for (const [name, script, mounts] of /** @type {const} */ ([["React 19 under StrictMode", "/react.js", 2], ["Vue with a wallet in a proxy", "/vue.js", 1]])) {
  test(`${name} shows a code that is read, and uses one counter`, async (t) => {
    const { site, page, native } = await open(t, script);
    await native.click("#pay");
    const { text, counter } = await onScreen(page, native);
    assert.deepEqual([counter, await codesMade(page)], [1, 1]);
    assert.deepEqual(await page.run(() => globalThis.views.map((/** @type {any} */ view) => view.state.phase)), [...Array(mounts - 1).fill("stopped"), "showing"]);
    assert.equal(await page.run(() => globalThis.wallet.state.status), "ready");
    assert.equal((await site.world.issuer.till().charge(text, yen(540))).outcome, "approved");
    await page.run(() => globalThis.wallet.sync());
    await native.waitForFunction(() => globalThis.views.at(-1).state.phase === "paid");
    await site.world.issuer.audit();
  });

  test(`${name}: a route that is left and entered again shows a code each time`, async (t) => {
    const { page, native } = await open(t, script);
    for (let clicks = 0; clicks < 5; clicks += 1) await native.click("#pay");
    const { counter } = await onScreen(page, native);
    assert.equal(counter, await codesMade(page));
    assert.ok(counter <= 3, "no more than there were visits");
  });
}

test("places that go before they draw leave their one code to the next", async (t) => {
  const { page, native } = await open(t);
  await page.run(() => {
    const place = document.querySelector("main");
    globalThis.views = [];
    for (let mounts = 0; mounts < 6; mounts += 1) {
      globalThis.views.at(-1)?.stop();
      globalThis.views.push(globalThis.wallet.present(place));
    }
  });
  assert.equal((await onScreen(page, native)).counter, 1);
  assert.equal(await codesMade(page), 1);
});

test("a place that goes after its code was made and before it was drawn leaves it too", async (t) => {
  const { page, native } = await open(t);
  await page.run(async () => {
    const place = document.querySelector("main");
    const first = globalThis.wallet.present(place);
    first.stop();
    while ((await globalThis.wallet.report()).codesMade === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.views = [globalThis.wallet.present(place)];
  });
  assert.equal((await onScreen(page, native)).counter, 1);
  // Drawn, it is nobody else's: the next place waits for a code of its own.
  await page.run(() => {
    globalThis.views.at(-1).stop();
    globalThis.views.push(globalThis.wallet.present(document.querySelector("main")));
  });
  assert.equal((await onScreen(page, native)).counter, 2);
});

test("a code of another bound or form is not taken over", async (t) => {
  const { page, native } = await open(t);
  await page.run(() => {
    const place = document.querySelector("main");
    globalThis.wallet.present(place, { max: { amount: 500n, currency: "JPY" } }).stop();
    globalThis.views = [globalThis.wallet.present(place)];
  });
  assert.equal((await onScreen(page, native)).counter, 2);
});

test("after a blur the next place waits for a tap, also while the last one still counts, and draws no code of before", async (t) => {
  const { page, native } = await open(t);
  const after = await page.run(async () => {
    const place = document.querySelector("main");
    globalThis.wallet.present(place).stop();
    while ((await globalThis.wallet.report()).codesMade === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    window.dispatchEvent(new Event("blur"));
    globalThis.views = [globalThis.wallet.present(place)];
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return globalThis.views[0].state;
  });
  assert.deepEqual(after, { phase: "paused", reason: "start" });
  await native.locator("main button").click();
  assert.equal((await onScreen(page, native)).counter, 2);
});

test("after a debit a new place waits for a tap of its own", async (t) => {
  const { site, page, native } = await open(t);
  await page.run(() => void (globalThis.views = [globalThis.wallet.present(document.querySelector("main"))]));
  const { text } = await onScreen(page, native);
  assert.equal((await site.world.issuer.till().charge(text, yen(540))).outcome, "approved");
  await page.run(() => globalThis.wallet.sync());
  await native.waitForFunction(() => globalThis.views[0].state.phase === "paid");
  const state = await page.run(async () => {
    globalThis.views[0].stop();
    globalThis.views.push(globalThis.wallet.present(document.querySelector("main")));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return globalThis.views.at(-1).state;
  });
  assert.deepEqual(state, { phase: "paused", reason: "start" });
  assert.equal(await codesMade(page), 1);
  // Any tap of the person counts, as that on the page's own button.
  await native.mouse.click(5, 5);
  await page.run(() => {
    globalThis.views.at(-1).stop();
    globalThis.views.push(globalThis.wallet.present(document.querySelector("main")));
  });
  assert.equal((await onScreen(page, native)).counter, 2);
});

test("a code for a place where none can be read is kept for the next place", async (t) => {
  const { page, native } = await open(t);
  const hidden = await page.run(async () => {
    const place = document.querySelector("main");
    place.hidden = true;
    const view = globalThis.wallet.present(place);
    while (view.state.phase === "making") await new Promise((resolve) => setTimeout(resolve, 5));
    const { state } = view;
    view.stop();
    place.hidden = false;
    globalThis.views = [globalThis.wallet.present(place)];
    return state;
  });
  assert.deepEqual(hidden, { phase: "paused", reason: "unreadable", cause: "hidden" });
  assert.equal((await onScreen(page, native)).counter, 1);
});
