// @ts-check
/**
 * Hosts over what webviews give a page to talk to its app with: one JSON message for each call, one for its answer. The page names one in
 * `Wallet.open({ host })`; nothing here looks whether there is one. docs/webview.md has the shapes.
 */

/** @typedef {import("./index.js").Host} Host */

const base64 = (/** @type {Uint8Array} */ bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const fromBase64 = (/** @type {string} */ text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

/** What goes wrong under way is no answer of the host's. @param {string} name */
const failed = (name) => new DOMException("", name);

/** @param {any} answer @returns {any} */
function valueOf(answer) {
  const { error, value = {} } = typeof answer === "string" ? JSON.parse(answer) : (answer ?? {});
  if (typeof error === "string") throw failed(error);
  return value;
}

/** @param {(message: string, id: string) => Promise<unknown>} send @returns {Host} */
function over(send) {
  /** @param {string} what @param {object} given @param {import("./index.js").HostCall} call */
  const ask = async (what, given, { requestId, deadline }) => valueOf(await send(JSON.stringify({ id: requestId, what, deadline, ...given }), requestId));
  return Object.freeze({
    version: 1,
    hello: (call) => ask("hello", {}, call),
    makeKey: async (call) => {
      const { key, publicKey } = await ask("makeKey", {}, call);
      return { key, publicKey: fromBase64(publicKey) };
    },
    sign: async ({ key, purpose, protected: header, payload, aad }, call) => {
      const parts = { protected: base64(header), payload: base64(payload), aad: base64(aad) };
      return fromBase64((await ask("sign", { key, purpose, ...parts }, call)).signature);
    },
    attestKey: async ({ key, nonce }, call) => fromBase64((await ask("attestKey", { key, nonce: base64(nonce) }, call)).attestation),
    eraseKey: async (key, call) => void (await ask("eraseKey", { key }, call)),
    cancel: (requestId) => void send(JSON.stringify({ id: requestId, what: "cancel" }), requestId).catch(() => {}),
  });
}

/** WKWebView: a `WKScriptMessageHandlerWithReply` of this name. @param {string} [handlerName] */
export function wkWebView(handlerName = "jitsuin") {
  return over(async (message) => {
    const handler = /** @type {any} */ (globalThis).webkit?.messageHandlers?.[handlerName];
    if (!handler) throw failed("NotSupportedError");
    return handler.postMessage(message);
  });
}

/** Android WebView: an object of `WebViewCompat.addWebMessageListener` of this name; answers come as its messages. @param {string} [objectName] */
export function androidWebView(objectName = "jitsuin") {
  /** @type {Map<string, (answer: unknown) => void>} */ const waiting = new Map();
  /** @type {any} */ let listening = null;
  return over((message, id) => new Promise((resolve, reject) => {
    const object = /** @type {any} */ (globalThis)[objectName];
    if (typeof object?.postMessage !== "function") return reject(failed("NotSupportedError"));
    if (listening !== object) {
      listening = object;
      object.addEventListener("message", (/** @type {{ data: string }} */ event) => {
        let answer;
        try {
          answer = JSON.parse(event.data);
        } catch {
          // The app may send other messages by the same object: they answer nothing.
        }
        waiting.get(answer?.id)?.(answer);
        waiting.delete(answer?.id);
      });
    }
    // The answer to a call that is cancelled is not waited for.
    if (waiting.has(id)) waiting.delete(id);
    else waiting.set(id, resolve);
    object.postMessage(message);
  }));
}

/** Capacitor: what `registerPlugin("Jitsuin")` gave; its method `call` takes `{ message }` and answers `{ reply }`. @param {any} plugin */
export function capacitor(plugin) {
  return over(async (message) => (await plugin.call({ message })).reply);
}
