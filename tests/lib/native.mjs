// The native side of a webview: the reference host in this process, its key out of every page's reach. A page gets what a webview gives
// it, a function that carries messages; who sent one is said by the browser, as a webview's frame information is, and never by the page.
// @ts-check
import { ReferenceHost } from "../../pkg/testing/host.js";

/** @typedef {import("playwright-core").Page} Page */

/**
 * Puts the messages' function `nativeMessage` into every page of a context.
 * @param {import("playwright-core").BrowserContext} context
 * @param {{ origins: string[], consent?: boolean, perMinute?: { token: number, dpop: number }, root?: CryptoKey }} options
 */
export async function addNative(context, { origins, consent = true, perMinute, root }) {
  /** What the user was asked. @type {{ purpose: string, origin: string }[]} */
  const asked = [];
  /** Messages as they came, and how the host takes them. */
  const state = { consent, how: "well", /** @type {any[]} */ messages: [] };
  const host = new ReferenceHost({
    origins, perMinute, root,
    ask: async ({ purpose, origin }) => {
      asked.push({ purpose, origin });
      return state.consent;
    },
  });
  /** @param {any} given */
  const revive = (given) => (typeof given === "string" && given.startsWith("bytes:") ? new Uint8Array(Buffer.from(given.slice(6), "base64")) : given);
  const plain = (/** @type {any} */ value) => (value instanceof Uint8Array ? `bytes:${Buffer.from(value).toString("base64")}` : value);
  const each = (/** @type {any} */ value, /** @type {(value: any) => any} */ how) =>
    value && typeof value === "object" && !(value instanceof Uint8Array) && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, how(member)])) : how(value);
  await context.exposeBinding("nativeMessage", async ({ frame, page }, text) => {
    const sender = { origin: new URL(frame.url()).origin, topFrame: frame === page.mainFrame() };
    const { what, given } = JSON.parse(text);
    state.messages.push({ what, given, sender });
    if (state.how === "silent") return new Promise(() => {});
    try {
      const value = await /** @type {any} */ (host)[what](sender, each(given, revive));
      if (state.how === "lies" && what === "sign") value[5] ^= 1;
      return JSON.stringify({ value: each(value, plain) });
    } catch (error) {
      return JSON.stringify({ error: /** @type {any} */ (error).name, message: String(error) });
    }
  });
  return { host, asked, state };
}

/** A page's own adapter to that function: what `jitsuin/webview` is to a real webview. Runs in the page. */
export function inPage() {
  const plain = (/** @type {any} */ value) => (value instanceof Uint8Array ? `bytes:${btoa(String.fromCharCode(...value))}` : value);
  const revive = (/** @type {any} */ value) => (typeof value === "string" && value.startsWith("bytes:") ? Uint8Array.from(atob(value.slice(6)), (letter) => letter.charCodeAt(0)) : value);
  const each = (/** @type {any} */ value, /** @type {(value: any) => any} */ how) =>
    value && typeof value === "object" && !(value instanceof Uint8Array) && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, how(member)])) : how(value);
  const message = async (/** @type {string} */ what, /** @type {any} */ given) => {
    const { value, error, message } = JSON.parse(await /** @type {any} */ (globalThis).nativeMessage(JSON.stringify({ what, given: each(given, plain) })));
    if (error) throw new DOMException(message, error);
    return each(value, revive);
  };
  return {
    version: 1,
    hello: () => message("hello", null),
    makeKey: () => message("makeKey", null),
    sign: (/** @type {any} */ asked) => message("sign", asked),
    attestKey: (/** @type {any} */ asked) => message("attestKey", asked),
    eraseKey: (/** @type {string} */ key) => message("eraseKey", key),
  };
}
