// Three engines behind one face: a page that goes somewhere and runs a function. Chromium over DevTools, Firefox over WebDriver BiDi,
// WebKitGTK over its own WebDriver in a virtual screen. What is not installed is named, so that its tests can say that they were skipped.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchChromiumProfile } from "./engines.mjs";

/** @typedef {"chromium" | "firefox" | "webkit"} EngineName */
/** @typedef {{ goto(url: string): Promise<void>, reload(): Promise<void>, run(what: Function, argument?: unknown): Promise<any> }} EnginePage */
/** @typedef {{ name: EngineName, page: EnginePage, native: any, close(): Promise<void> }} Engine */

export const ENGINES = /** @type {const} */ (["chromium", "firefox", "webkit"]);

/** @param {(string | undefined)[]} paths */
const first = (...paths) => paths.find((path) => path && existsSync(path)) ?? null;
const firefoxProgram = () => first(process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox");
const webkitDriver = () => first(process.env.WEBKIT_DRIVER, "/usr/bin/WebKitWebDriver");

/** Debian keeps it in a folder named after the machine and the library's version. */
function miniBrowser() {
  const inside = (/** @type {string} */ folder, /** @type {RegExp} */ name) => (existsSync(folder) ? readdirSync(folder).filter((entry) => name.test(entry)).map((entry) => join(folder, entry)) : []);
  const folders = [...inside("/usr/lib", /-linux-gnu$/).flatMap((folder) => inside(folder, /^webkit(2)?gtk-/)), ...inside("/usr/libexec", /^webkit(2)?gtk-/)];
  return first(...folders.map((folder) => join(folder, "MiniBrowser")));
}

/** Why this engine can't be driven here, or nothing. @param {EngineName} name @returns {string | false} */
export function missing(name) {
  if (name === "firefox") return firefoxProgram() ? false : "Firefox is not installed";
  if (name === "webkit") return webkitDriver() && miniBrowser() && first("/usr/bin/xvfb-run") ? false : "WebKitGTK's driver or xvfb-run is not installed";
  return false;
}

/** @param {string} folder @returns {Promise<Engine>} */
async function chromium(folder) {
  const context = await launchChromiumProfile(folder);
  const page = context.pages()[0] ?? (await context.newPage());
  /** @param {Function} what @param {unknown} argument */
  const run = async (what, argument) => {
    const { value, error } = await page.evaluate(`(${inPage})(${what}, ${JSON.stringify(argument ?? null)})`);
    if (error) throw new Error(error);
    return JSON.parse(value);
  };
  return face("chromium", page, { goto: async (url) => void (await page.goto(url)), reload: async () => void (await page.reload()), run }, () => context.close());
}

/** Runs in the page. @param {Function} what @param {unknown} argument */
async function inPage(what, argument) {
  try {
    await globalThis.testReady;
    return { value: JSON.stringify((await what(argument)) ?? null, (_, value) => (typeof value === "bigint" ? String(value) : value)) };
  } catch (error) {
    return { error: String(/** @type {any} */ (error)?.stack || error) + ` [${/** @type {any} */ (error)?.code ?? "no code"}]` };
  }
}

/** @param {string} folder @param {Record<string, unknown>} [prefs] @returns {Promise<Engine>} */
async function firefox(folder, prefs = {}) {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({
    browser: "firefox", executablePath: String(firefoxProgram()), headless: true, userDataDir: folder,
    // A fresh profile's first visit asks nothing of the network.
    extraPrefsFirefox: { "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false, "toolkit.cosmeticAnimations.enabled": false, ...prefs },
  });
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  /** @param {Function} what @param {unknown} argument */
  const run = async (what, argument) => {
    const { value, error } = /** @type {any} */ (await page.evaluate(`(${inPage})(${what}, ${JSON.stringify(argument ?? null)})`));
    if (error) throw new Error(error);
    return JSON.parse(value);
  };
  return face("firefox", page, { goto: async (url) => void (await page.goto(url)), reload: async () => void (await page.reload()), run }, () => browser.close());
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === "object" ? address.port : 0));
    });
  });

/** A program of WebKitGTK's in a screen of its own, with everything it keeps in this folder. @param {string} program @param {string[]} args @param {string} folder */
function inScreen(program, args, folder) {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: join(folder, "data"), XDG_CACHE_HOME: join(folder, "cache"), XDG_CONFIG_HOME: join(folder, "config"), WEBKIT_DISABLE_COMPOSITING_MODE: "1" };
  const child = spawn("xvfb-run", ["-a", program, ...args], { env, stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return async () => {
    // The whole group of our own: the screen, the driver, the browser.
    try {
      process.kill(-Number(child.pid), "SIGTERM");
    } catch {
      // Already gone.
    }
    await ended;
  };
}

/** @param {string} folder @returns {Promise<Engine>} */
async function webkit(folder) {
  const { Builder } = await import("selenium-webdriver");
  const port = await freePort();
  const stop = inScreen(String(webkitDriver()), [`--port=${port}`], folder);
  const at = `http://127.0.0.1:${port}`;
  try {
    for (let tries = 0; !(await fetch(`${at}/status`).then((answer) => answer.ok, () => false)); tries += 1) {
      if (tries > 300) throw new Error("WebKitGTK's driver did not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const capabilities = { browserName: "MiniBrowser", "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] } };
    const driver = await new Builder().usingServer(at).withCapabilities(capabilities).build();
    await driver.manage().setTimeouts({ script: 300_000, pageLoad: 60_000 });
    /** @param {Function} what @param {unknown} argument */
    const run = async (what, argument) => {
      const { value, error } = /** @type {any} */ (await driver.executeAsyncScript(`const done = arguments[arguments.length - 1]; (${inPage})(${what}, ${JSON.stringify(argument ?? null)}).then(done)`));
      if (error) throw new Error(error);
      return JSON.parse(value);
    };
    return face("webkit", driver, { goto: (url) => driver.get(url), reload: () => driver.navigate().refresh(), run }, async () => {
      await driver.quit().catch(() => {});
      await stop();
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param {EngineName} name @param {any} native @param {EnginePage} page @param {() => Promise<void>} close @returns {Engine} */
function face(name, native, page, close) {
  return { name, native, page, close };
}

/**
 * Opens a browser with a profile folder; without one it has its own, which goes with it.
 * @param {EngineName} name
 * @param {string} [folder]
 * @param {Record<string, unknown>} [prefs] settings of Firefox
 * @returns {Promise<Engine>}
 */
export async function openEngine(name, folder, prefs) {
  const at = folder ?? mkdtempSync(join(tmpdir(), `jitsuin-${name}-`));
  const engine = await { chromium, firefox, webkit }[name](at, prefs);
  return {
    ...engine,
    async close() {
      await engine.close();
      if (!folder) rmSync(at, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * A page that nobody drives does what its address says and reports: WebKitGTK forgets everything at the end of a driven session, so
 * a restart has to be shown without a driver.
 * @param {EngineName} name
 * @param {string} folder
 * @param {Awaited<ReturnType<typeof import("./site.mjs").openSite>>} site
 * @param {string} task
 * @param {unknown} [argument]
 */
export async function visit(name, folder, site, task, argument) {
  const url = `${site.url}/?injected&task=${task}&argument=${encodeURIComponent(JSON.stringify(argument ?? null))}`;
  const report = site.report();
  if (name === "webkit") {
    const stop = inScreen(String(miniBrowser()), [url], folder);
    try {
      return await report;
    } finally {
      await stop();
    }
  }
  const engine = await openEngine(name, folder);
  try {
    await engine.page.goto(url);
    return await report;
  } finally {
    await engine.close();
  }
}
