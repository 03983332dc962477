// Keeps the wallet's page for the road: with no network it opens and shows a code. Only a file whose bytes have the digest that the list
// names is kept, all of them or none, and nothing else is served offline. Answers of the issuer are never kept.

// The list is a script of its own, so that a browser takes a new list for a new version of this worker.
const LIST = "/shell.js";
/** @type {any} */
const types = Reflect.get(self, "trustedTypes");
const policy = types?.createPolicy("jitsuin-pages", {
  createScriptURL: (/** @type {string} */ url) => {
    if (url !== LIST) throw new TypeError("not a script of this worker");
    return url;
  },
});
importScripts(policy?.createScriptURL(LIST) ?? LIST);

/** @type {{ version: string, files: { pages: Record<string, string>, package: Record<string, string> } }} */
const { version, files } = Reflect.get(self, "SHELL");
const SHELL = `jitsuin-shell-${version}`;
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
  if (isShell) event.respondWith(networkFirst(request));
});

/** All files or none: a worker that can't keep each of them is not installed, and the one before stays. */
async function keepAll() {
  // The test kit is for developers, the verifier for servers, and these pages scan no shop's code: a demo does not even build their modules.
  const modules = Object.entries(files.package).filter(([file]) => /\.(js|wasm)$/.test(file) && !/(^|\/)(testing|codes|verifier)\b/.test(file));
  const all = [...Object.entries(files.pages), ...modules.map(([file, digest]) => [`/pkg/${file}`, digest])];
  const fetched = await Promise.all(all.map(async ([path, digest]) => /** @type {[string, Response]} */ ([path, await fetchChecked(path, digest)])));
  const cache = await caches.open(SHELL);
  for (const [path, response] of fetched) await cache.put(path, response);
}

/** @param {string} path @param {string} digest */
async function fetchChecked(path, digest) {
  const response = await fetch(path, { cache: "no-cache", credentials: "omit" });
  const bytes = await response.clone().arrayBuffer();
  const found = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (!response.ok || response.redirected || found !== digest) throw new TypeError(`${path} is not the file that the list names`);
  return response;
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
