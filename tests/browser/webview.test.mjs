// A page inside an app whose app is not linked to its site: which webview it is, which native setting is missing, and that a browser is
// never taken for one. Chromium plays the webviews by their user agents and objects; Firefox and WebKitGTK say what they are.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchChromium } from "../lib/engines.mjs";
import { openSite } from "../lib/site.mjs";
import { missing, openEngine } from "../lib/three.mjs";

const MOBILE = "Mobile/15E148";
const AGENTS = {
  android: "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36",
  wkwebview: `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${MOBILE}`,
  unknown: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
  safariPhone: `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 ${MOBILE} Safari/604.1`,
  safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
  chromePhone: "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
};
const HANDLERS = "globalThis.webkit = { messageHandlers: {} };";
const CAPACITOR = "globalThis.Capacitor = { isNativePlatform: () => true };";
const WITHOUT = "delete globalThis.PublicKeyCredential;";

/** @type {Awaited<ReturnType<typeof openSite>>} */ let site;
/** @type {Awaited<ReturnType<typeof launchChromium>>} */ let browser;
before(async () => {
  site = await openSite();
  browser = await launchChromium();
});
after(async () => {
  await browser.close();
  await site.close();
});

/** A page that is what its agent and objects say. @param {import("node:test").TestContext} t @param {{ agent?: string, objects?: string, path?: string }} how */
async function open(t, { agent, objects = "", path = "/" }) {
  const context = await browser.newContext({ userAgent: agent });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(objects);
  await page.goto(`${site.url}${path}`);
  await page.waitForFunction("globalThis.kit !== undefined");
  return page;
}

/** @param {import("playwright-core").Page} page */
const able = (page) => page.evaluate(() => globalThis.kit.jitsuin.capabilities().then(({ webview, missing }) => ({ webview, missing })));

const WEBVIEWS = /** @type {const} */ ([
  ["capacitor", { objects: CAPACITOR }, /Associated Domains.*Digital Asset Links/],
  ["android", { agent: AGENTS.android }, /setWebAuthenticationSupport.*assetlinks\.json/],
  ["wkwebview", { agent: AGENTS.wkwebview }, /webcredentials:.*apple-app-site-association/],
  ["unknown", { agent: AGENTS.unknown, objects: HANDLERS }, /link to the site's domain/],
]);

for (const [name, how, setting] of WEBVIEWS) {
  test(`${name}: without WebAuthn the missing setting is named before anybody types a password`, async (t) => {
    const page = await open(t, { ...how, objects: WITHOUT + ("objects" in how ? how.objects : "") });
    assert.deepEqual(await able(page), { webview: name, missing: ["webview-not-linked"] });
    const { error } = await page.evaluate(() => globalThis.kit.outcome(() => globalThis.kit.prepare({ login: "hanako", password: "not needed here" })));
    assert.equal(error.code, "webview-not-linked");
    assert.match(error.details.setting, setting);
    assert.equal(error.confidence, "certain");
  });

  test(`${name}: a platform that refuses the site is webview-not-linked, likely so, and no device is registered`, async (t) => {
    const page = await open(t, { ...how, path: "/?injected" });
    assert.deepEqual(await able(page), { webview: name, missing: [] });
    const { login, password } = await site.world.issuer.account();
    const { error, said } = await page.evaluate(async (given) => globalThis.kit.confirmed(await globalThis.kit.prepare(given), { ends: "SecurityError" }), { login, password });
    assert.deepEqual([said, error.code, error.confidence], ["SecurityError", "webview-not-linked", "likely"]);
    assert.match(error.details.setting, setting);
    assert.notEqual((await page.evaluate(() => globalThis.kit.state())).status, "ready");
  });
}

for (const [what, how] of /** @type {const} */ ([
  ["Chromium", {}],
  ["Chrome on a phone", { agent: AGENTS.chromePhone }],
  ["Safari on a phone", { agent: AGENTS.safariPhone }],
  ["Safari, which has the handlers' object too", { agent: AGENTS.safari, objects: HANDLERS }],
  ["a page that loads Capacitor on the web", { objects: "globalThis.Capacitor = { isNativePlatform: () => false };" }],
])) {
  test(`${what} is no webview, and a refused site is the page's own wrong origin`, async (t) => {
    const page = await open(t, { ...how, path: "/?injected" });
    assert.deepEqual(await able(page), { webview: null, missing: [] });
    const { login, password } = await site.world.issuer.account();
    const { error } = await page.evaluate(async (given) => globalThis.kit.confirmed(await globalThis.kit.prepare(given), { ends: "SecurityError" }), { login, password });
    assert.deepEqual([error.code, error.details], ["wrong-origin", null]);
  });
}

for (const [name, lacks] of /** @type {const} */ ([["firefox", []], ["webkit", ["unsupported"]]])) {
  test(`${name}: capabilities stay true`, { skip: missing(name) }, async (t) => {
    const { page, close } = await openEngine(name);
    t.after(close);
    await page.goto(site.url);
    const found = await page.run(() => globalThis.kit.jitsuin.capabilities());
    assert.deepEqual([found.webview, found.missing], [null, lacks]);
    assert.equal(found.custody.at(-1), "browser");
    const without = await page.run(() => typeof PublicKeyCredential === "undefined");
    assert.equal(without, lacks.length > 0, "what it says is missing is missing");
  });
}
