// What the demo's service worker keeps: files whose bytes have the digest that the list names, all of them or none, and nothing else. Behind a
// road that changes files on their way.
// @ts-check
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, request as call } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { openPage } from "../lib/pages.mjs";

/** @typedef {import("playwright-core").Page} Page */

const WWW = fileURLToPath(new URL("../../www", import.meta.url));
const CHANGE = "\n/* changed on the road */\n";

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Hands everything on to `target`, and adds to the file at `changed`. */
async function openRoad() {
  let served = () => {};
  const toWorker = /** @type {Promise<void>} */ (new Promise((resolve) => (served = resolve)));
  const road = { url: "", target: "", changed: "", toWorker, close: async () => {} };
  const server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url ?? "/", road.url);
    const headers = { ...asked.headers, host: new URL(road.target).host };
    const sent = call(`${road.target}${asked.url}`, { method: asked.method, headers }, async (got) => {
      /** @type {Buffer[]} */
      const parts = [];
      for await (const part of got) parts.push(part);
      const isChanged = pathname === road.changed && got.statusCode === 200;
      const body = Buffer.concat(isChanged ? [...parts, Buffer.from(CHANGE)] : parts);
      const kept = Object.entries(got.headers).filter(([name]) => !["content-length", "transfer-encoding", "etag", "last-modified"].includes(name));
      answer.writeHead(got.statusCode ?? 502, { ...Object.fromEntries(kept), "content-length": body.length });
      // A worker's own `fetch` has no destination, a page's script or style has.
      answer.end(body);
      if (isChanged && asked.headers["sec-fetch-dest"] === "empty") served();
    });
    sent.on("error", () => answer.destroy());
    asked.pipe(sent);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  road.url = `http://localhost:${address && typeof address === "object" ? address.port : 0}`;
  road.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return road;
}

/** The demo behind a road, its pages copied so that a test may change them. @param {import("node:test").TestContext} t */
async function stage(t) {
  const folder = await mkdtemp(join(tmpdir(), "jitsuin-www-"));
  await cp(WWW, folder, { recursive: true });
  const road = await openRoad();
  const start = (/** @type {{ ledger?: string, port?: number }} */ at = {}) => startIssuer({ behind: road.url, more: ["--www", folder], ...at });
  let issuer = await start();
  road.target = issuer.url;
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    await road.close();
    await issuer.stop();
    await rm(folder, { recursive: true, force: true });
  });
  /** The pages of a new version, which the server lists when it starts. */
  const publish = async (/** @type {string} */ file, /** @type {string} */ text) => {
    await writeFile(join(folder, file), text);
    await issuer.stop();
    issuer = await start();
    road.target = issuer.url;
  };
  return { context, road, publish, page: await openPage(context, `${road.url}/.well-known/jitsuin`) };
}

/** What is kept: the caches' names, and each file's digest. @param {Page} page */
function kept(page) {
  return page.evaluate(async () => {
    /** @type {Record<string, string>} */
    const files = {};
    const names = await caches.keys();
    for (const name of names) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const bytes = await (await cache.match(request))?.arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes ?? new ArrayBuffer(0)));
        files[new URL(request.url).pathname] = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      }
    }
    return { names, files };
  });
}

/** Loads the wallet's page and waits until a worker answers for it. @param {Page} page @param {string} url */
async function settle(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.locator("#login").waitFor();
}

/** @param {string | Buffer} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

for (const changed of ["/pkg/wallet.js", "/wallet.js", "/pkg/wasm/page/digest.js"]) {
  test(`${changed}, changed on its way to the worker: nothing is kept, the page works online, and the next visit keeps all`, async (t) => {
    const { page, road } = await stage(t);
    road.changed = changed;
    await page.goto(road.url);
    await page.locator("#login").waitFor();
    await road.toWorker;
    await page.evaluate(async () => {
      const isInstalling = async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        return registration !== undefined && !registration.active;
      };
      while (await isInstalling()) await new Promise(requestAnimationFrame);
    });
    assert.deepEqual(await kept(page), { names: [], files: {} });
    road.changed = "";
    await settle(page, road.url);
    const { names, files } = await kept(page);
    assert.equal(names.length, 1);
    const path = changed.startsWith("/pkg/") ? `../..${changed}` : `../../www${changed}`;
    assert.equal(files[changed], sha256(await readFile(new URL(path, import.meta.url))));
  });
}

test("only listed files are kept and served offline, and what changes later without a new list is not taken over", async (t) => {
  const { page, road, context } = await stage(t);
  await settle(page, road.url);
  const first = await kept(page);
  const digests = JSON.parse(await readFile(new URL("../../pkg/digests.json", import.meta.url), "utf8"));
  for (const [path, digest] of Object.entries(first.files)) {
    if (path.startsWith("/pkg/")) assert.equal(digest, digests[path.slice("/pkg/".length)], path);
  }
  assert.ok(first.files["/"] && first.files["/pkg/wasm/page/jitsuin_bg.wasm"] && first.files["/issuer.js"]);
  for (const name of await readdir(WWW)) assert.ok(first.files[name === "index.html" ? "/" : `/${name}`] || name === "sw.js", name);
  assert.deepEqual(Object.keys(first.files).filter((path) => /sw\.js|shell\.js|\/v1\/|\/demo\//.test(path)), []);

  road.changed = "/style.css";
  await page.reload();
  await page.locator("#login").waitFor();
  const style = () => page.evaluate(async () => (await fetch("/style.css")).text());
  assert.ok((await style()).endsWith(CHANGE), "online, the server's own answer");
  assert.equal(await page.evaluate(async () => (await fetch("/pkg/package.json")).ok), true);
  assert.deepEqual(await kept(page), first);

  await context.setOffline(true);
  await page.reload();
  await page.locator("#login").waitFor();
  assert.equal(sha256(await style()), first.files["/style.css"]);
  assert.equal(await page.evaluate(() => fetch("/pkg/package.json").then(() => "served", () => "refused")), "refused");
});

test("a new version takes the old one's place, whole", async (t) => {
  const { page, road, publish, context } = await stage(t);
  await settle(page, road.url);
  const first = await kept(page);
  const text = `${await readFile(join(WWW, "style.css"), "utf8")}\n/* version 2 */\n`;
  await publish("style.css", text);
  await page.reload();
  await page.evaluate(async (old) => {
    while ((await caches.keys()).includes(old)) await new Promise(requestAnimationFrame);
  }, first.names[0]);
  const second = await kept(page);
  // Another ledger has another root.
  assert.deepEqual(second.files, { ...first.files, "/style.css": sha256(text), "/issuer.js": second.files["/issuer.js"] });
  await context.setOffline(true);
  await page.reload();
  await page.locator("#login").waitFor();
  assert.ok((await page.evaluate(async () => (await fetch("/style.css")).text())).endsWith("/* version 2 */\n"));
});
