// Chromium behind one face: routed pages that need no server, a virtual authenticator, eviction.
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { POLICY } from "./policy.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export { POLICY };
export const WALLET = "https://wallet.test";

function program() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"].find((path) => path && existsSync(path));
  if (!found) throw new Error("no Chromium: set CHROMIUM to its program");
  return found;
}

/** @param {{ args?: string[] }} [options] */
export function launchChromium({ args = [] } = {}) {
  return chromium.launch({ executablePath: program(), headless: true, args: [...FLAGS, ...args] });
}

/**
 * A browser with a profile folder of its own, which survives it.
 * @param {string} folder
 * @param {{ args?: string[] }} [options]
 */
export function launchChromiumProfile(folder, { args = [] } = {}) {
  return chromium.launchPersistentContext(folder, { executablePath: program(), headless: true, args: [...FLAGS, ...args] });
}

/**
 * `https://wallet.test` without a server: an empty page at `/`, the built package under `/pkg/`.
 * @param {import("playwright-core").BrowserContext} context
 * @param {{ policy?: string, origin?: string, html?: string }} [options]
 */
export async function routeWalletPage(context, { policy = POLICY, origin = WALLET, html = "" } = {}) {
  await context.route(`${origin}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname;
    const headers = { "content-security-policy": policy, "cache-control": "no-store" };
    if (!path.startsWith("/pkg/")) {
      return route.fulfill({ headers, contentType: TYPES[".html"], body: `<!doctype html><html lang="en"><title>wallet</title><body><main></main>${html}</body></html>` });
    }
    const file = join(root, "pkg", normalize(path.slice("/pkg/".length)));
    if (!file.startsWith(join(root, "pkg")) || !existsSync(file)) return route.fulfill({ status: 404, body: "" });
    return route.fulfill({ headers, contentType: TYPES[extname(file)] ?? "application/octet-stream", body: await readFile(file) });
  });
}

/**
 * A platform authenticator with PRF, driven over CDP. It belongs to this one page and its same-origin frames.
 * @param {import("playwright-core").Page} page
 * @param {Record<string, unknown>} [options]
 */
export async function addAuthenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      hasPrf: true, automaticPresenceSimulation: true, ...options,
    },
  });
  return {
    cdp,
    authenticatorId,
    /** The next prompts are answered by a recognised user. */
    approve: async () => {
      await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
      await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
    },
    /** The user is there and not recognised. */
    uvFail: () => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false }),
    /** Nobody touches it: the prompt stays open. */
    hang: () => cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false }),
    /** @param {{ isBogusSignature?: boolean, isBadUV?: boolean, isBadUP?: boolean }} bits */
    tamper: (bits) => cdp.send("WebAuthn.setResponseOverrideBits", { authenticatorId, ...bits }),
    credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    forgetPasskeys: () => cdp.send("WebAuthn.clearCredentials", { authenticatorId }),
    remove: () => cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}

/**
 * What a browser does when it needs room: the databases go, the rest stays.
 * @param {import("playwright-core").Page} page
 * @param {string} [origin]
 */
export async function evict(page, origin = WALLET) {
  const cdp = await page.context().newCDPSession(page);
  // Not detached: the page's authenticator would go with the session.
  await cdp.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
}

/**
 * A second agent on the same origin and authenticator: a same-origin frame.
 * @param {import("playwright-core").Page} page
 */
export async function secondTab(page) {
  const name = await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.name = `tab-${crypto.randomUUID()}`;
    frame.src = "/";
    document.body.append(frame);
    return new Promise((resolve) => frame.addEventListener("load", () => resolve(frame.name), { once: true }));
  });
  const frame = page.frame({ name });
  if (!frame) throw new Error("the frame is gone");
  return frame;
}
