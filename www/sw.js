// Keeps the wallet's page for the road: with no network it opens and shows a code. Answers of the issuer are never kept.

const SHELL = "jitsuin-shell-v1";
const FILES = [
  "/", "/card.html", "/stop.html", "/till.html", "/inbox.html", "/style.css", "/icon.svg", "/manifest.webmanifest",
  "/page.js", "/strings.js", "/issuer.js", "/wallet.js", "/wallet-enrol.js", "/wallet-top-up.js", "/wallet-history.js", "/wallet-limit.js", "/wallet-renew.js",
  "/card.js", "/stop.js", "/stop-passkey.js", "/demo-client.js", "/till.js", "/till-camera.js", "/till-client.js", "/proof.js", "/inbox.js",
  "/attack.html", "/attack.js", "/attack-steps.js", "/attack-tools.js",
];
/** The package says itself what it is made of. */
const PACKAGE = "/pkg/package.json";
const API = ["/v1/", "/demo/", "/.well-known/"];
/** On a line that hardly works, the kept page is better than a blank one. */
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepAll());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("jitsuin-shell-") && name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isShell = request.method === "GET" && url.origin === location.origin && !API.some((path) => url.pathname.startsWith(path));
  if (!isShell) return;
  event.respondWith(networkFirst(request));
  // A page that loaded is followed by a whole new set, so that no file is kept beside another version's.
  if (request.mode === "navigate" && navigator.onLine) event.waitUntil(keepAll().catch(() => undefined));
});

/** All files or none. */
async function keepAll() {
  const cache = await caches.open(SHELL);
  const { files } = await (await fetch(PACKAGE, { credentials: "omit" })).json();
  // The test kit is for developers, the verifier for servers, and these pages scan no shop's code: a demo does not even build their modules.
  const modules = files.filter((/** @type {string} */ file) => /\.(js|wasm)$/.test(file) && !/(^|\/)(testing|codes|verifier)\b/.test(file));
  const all = [...FILES, ...modules.map((/** @type {string} */ file) => `/pkg/${file}`)];
  await cache.addAll(all.map((file) => new Request(file, { cache: "no-cache", credentials: "omit" })));
}

/** @param {Request} request */
async function networkFirst(request) {
  const kept = async () => (await caches.open(SHELL)).match(request, { ignoreSearch: true, ignoreVary: true });
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const found = await kept();
    if (found) return found;
    throw error;
  }
}
