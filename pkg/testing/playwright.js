// @ts-check
/**
 * The built package in a real Chromium, with playwright-core or @playwright/test: `https://wallet.test` and `https://issuer.test` exist
 * by routing alone, with WebAuthn, storage and locks. Nothing of a test runs in the page, but for what says so in `how`.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { JitsuinError, refuse } from "../error.js";
import { authenticator } from "./authenticator.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Frame} Frame */
/** @typedef {import("playwright-core").Route} Route */

const WALLET = "https://wallet.test";
const ISSUER = "https://issuer.test";
const PACKAGE = new URL("../", import.meta.url);
const TYPES = /** @type {const} */ ({ js: "text/javascript", html: "text/html; charset=utf-8", wasm: "application/wasm" });

/** What a wallet page must send (protocol section 10). A frame of the same page stands for a second tab, so `/tab` may be framed. */
const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' data:", `connect-src 'self' ${ISSUER}`,
  "frame-src 'self'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
].join("; ");

/**
 * The file behind a path of the kit's page, if there is one.
 * @param {string} path
 */
function fileOf(path) {
  if (path === "/" || path === "/tab") return new URL("testing/page.html", PACKAGE);
  if (path === "/kit/page.js") return new URL("testing/page.js", PACKAGE);
  const inside = /^\/jitsuin\/((?:[a-z0-9_-]+\/)*[a-z0-9_-]+\.(?:js|wasm))$/.exec(path)?.[1];
  return inside ? new URL(inside, PACKAGE) : null;
}

/** @param {Route} route */
async function serveWallet(route) {
  const { pathname } = new URL(route.request().url());
  const file = fileOf(pathname);
  const body = file && (await readFile(fileURLToPath(file)).catch(() => null));
  if (!file || !body) return route.fulfill({ status: 404, body: "" });
  const extension = /** @type {keyof typeof TYPES} */ (file.pathname.split(".").at(-1));
  const ancestors = pathname === "/tab" ? "'self'" : "'none'";
  await route.fulfill({ body, contentType: TYPES[extension], headers: { "content-security-policy": `${POLICY}; frame-ancestors ${ancestors}`, "cache-control": "no-store" } });
}

/**
 * @param {Route} route
 * @param {(request: Request) => Promise<Response>} answer
 */
async function serveIssuer(route, answer) {
  const asked = route.request();
  const headers = {
    "access-control-allow-origin": WALLET, "access-control-allow-headers": "content-type, dpop", "access-control-allow-methods": "GET, POST",
    "access-control-expose-headers": "DPoP-Nonce, Retry-After", vary: "Origin",
  };
  if (asked.method() === "OPTIONS") return route.fulfill({ status: 204, headers });
  const { dpop } = asked.headers();
  const body = asked.postDataBuffer() ?? undefined;
  const request = new Request(asked.url(), { method: asked.method(), body, headers: dpop ? { DPoP: dpop } : {} });
  const response = await answer(request).catch(() => null);
  if (!response) return route.abort("connectionfailed");
  await route.fulfill({ status: response.status, headers: { ...headers, ...Object.fromEntries(response.headers) }, body: Buffer.from(await response.arrayBuffer()) });
}

/**
 * @param {Page} page
 * @param {import("./playwright.js").AttachOptions} options
 */
export async function attach(page, { world, read, wallet: serve = true }) {
  let online = true;
  await page.route(`${ISSUER}/**`, (route) => (online ? serveIssuer(route, world.issuer.fetch) : route.abort("internetdisconnected")));
  if (serve) await page.route(`${WALLET}/**`, serveWallet);
  const cdp = await page.context().newCDPSession(page);
  const driver = await authenticator(page, cdp);

  return Object.freeze({
    page,
    issuer: world.issuer,
    authenticator: driver,

    /** @param {import("./playwright.js").OpenOptions} [options] */
    async wallet({ enrolled = false, account, custody = "browser", ...rest } = {}) {
      const options = { custody, ...rest };
      if (!page.url().startsWith(WALLET)) await page.goto(`${WALLET}/`);
      const wallet = await remote(page, page.mainFrame(), options);
      if (enrolled) await enrol(wallet, account ?? (await world.issuer.account()));
      return wallet;
    },
    enrol,

    evict: () => cdp.send("Storage.clearDataForOrigin", { origin: WALLET, storageTypes: "indexeddb" }),

    corrupt: () => page.evaluate(damage),

    /** @param {{ minutes: number }} by */
    skewClock: ({ minutes }) => page.addInitScript(skew, minutes * 60_000),

    /** @param {boolean} on */
    async offline(on) {
      // Routing answers without a network, so being offline has to be said twice.
      online = !on;
      await page.context().setOffline(on);
    },

    /** @param {{ options: object }} wallet */
    async secondTab(wallet) {
      const name = await page.evaluate(() => {
        const frame = document.createElement("iframe");
        frame.name = `tab-${crypto.randomUUID()}`;
        frame.src = "/tab";
        const loaded = new Promise((resolve) => frame.addEventListener("load", () => resolve(frame.name), { once: true }));
        document.body.append(frame);
        return loaded;
      });
      const frame = page.frame({ name });
      if (!frame) throw new Error("the second tab is gone");
      return remote(page, frame, wallet.options);
    },

    /** @param {{ screenshot(): Promise<Uint8Array> }} target */
    async scan(target) {
      if (!read) throw refuse("bad-argument", { message: "attach(page, { read }) needs a reader of QR codes in a PNG." });
      const found = await read(await target.screenshot());
      const texts = typeof found === "string" ? [found] : found;
      if (texts.length !== 1) throw new Error(`the screenshot shows ${texts.length} codes`);
      return texts[0];
    },
  });
}

/** Runs in the page. @returns {Promise<void>} */
async function damage() {
  /** @param {IDBRequest} request @returns {Promise<any>} */
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name } of await indexedDB.databases()) {
    if (!name?.startsWith("jitsuin/")) continue;
    const database = await settled(indexedDB.open(name));
    const store = database.transaction("wallet", "readwrite").objectStore("wallet");
    const record = await settled(store.get("record"));
    if (record) await settled(store.put({ ...record, data: new Uint8Array([0x7b, 0xff, 0x00]) }, "record"));
    database.close();
  }
}

/** Runs in the page before its own scripts. @param {number} by */
function skew(by) {
  const Real = Date;
  /** @type {any} */
  const Skewed = class extends Real {
    /** @param {any[]} given */
    constructor(...given) {
      super(...(given.length === 0 ? [Real.now() + by] : /** @type {[any]} */ (given)));
    }
    static now() {
      return Real.now() + by;
    }
  };
  globalThis.Date = Skewed;
}

/**
 * @param {{ logIn(options: object): Promise<any>, enterCode(options: object): Promise<any>, prepareEnrolment(options: object): Promise<any>, sync(): Promise<void> }} wallet
 * @param {import("../testing.js").TestAccount} account
 */
async function enrol(wallet, account) {
  const { attempt } = await wallet.logIn({ login: account.login, password: account.password });
  const ticket = await wallet.enterCode({ attempt, code: await account.code() });
  const ceremony = await wallet.prepareEnrolment({ ticket, label: "Test device", account: account.label });
  const device = await ceremony.confirm();
  await wallet.sync();
  return device;
}

const SIMPLE = ["logIn", "enterCode", "unlock", "lock", "paymentCode", "proveCard", "sync", "receipts", "freeze", "forget", "report", "close", "state", "until", "acknowledge", "nextReceipt", "nextAlert"];
const PREPARED = ["prepareEnrolment", "prepareTopUp"];

/**
 * A wallet that lives in the page, driven from here.
 * @param {Page} page
 * @param {Frame} frame
 * @param {object} options
 * @returns {Promise<any>}
 */
async function remote(page, frame, options) {
  let id = await opened(frame, options);
  /** @param {number} target @param {string} verb @param {any} [argument] */
  const call = async (target, verb, argument) => value(await frame.evaluate((asked) => Reflect.get(globalThis, "jitsuinKit").call(asked), { id: target, verb, argument }));

  /** @type {Record<string, unknown>} */
  const wallet = { page, frame, options };
  for (const verb of SIMPLE) wallet[verb] = (/** @type {any} */ argument) => call(id, verb, argument);
  for (const verb of PREPARED) {
    wallet[verb] = async (/** @type {any} */ argument) => {
      const ceremony = await call(id, verb, argument);
      return Object.freeze({ intent: ceremony.intent, confirm: () => call(ceremony.id, "confirm"), cancel: () => call(ceremony.id, "cancel") });
    };
  }
  wallet.present = async (/** @type {any} */ argument) => {
    const shown = await call(id, "present", argument);
    return Object.freeze({ picture: frame.locator("#code"), state: () => call(shown.id, "presentation"), stop: () => call(shown.id, "stop") });
  };
  wallet.reload = async () => {
    await frame.goto(frame.url());
    id = await opened(frame, options);
  };
  return Object.freeze(wallet);
}

/**
 * @param {Frame} frame
 * @param {object} options
 * @returns {Promise<number>}
 */
async function opened(frame, options) {
  // The page's module has run: it is waited for by the load event, which `goto` and `secondTab` wait for.
  const given = { issuer: ISSUER, updates: "manual", ...options };
  return value(await frame.evaluate((/** @type {any} */ chosen) => Reflect.get(globalThis, "jitsuinKit").open(chosen), given));
}

/** @param {{ value?: any, error?: any }} answer */
function value(answer) {
  if (!answer.error) return answer.value;
  if (answer.error.code === null) throw new Error(answer.error.message);
  throw new JitsuinError(answer.error);
}
