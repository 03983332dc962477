import type { Host } from "./index.js";

/** WKWebView: a `WKScriptMessageHandlerWithReply` of this name (default "jitsuin"). */
export function wkWebView(handlerName?: string): Host;
/** Android WebView: an object of `WebViewCompat.addWebMessageListener` of this name (default "jitsuin"). */
export function androidWebView(objectName?: string): Host;
/** `plugin`: what `registerPlugin("Jitsuin")` gave; `@capacitor/core` is not imported here. */
export function capacitor(plugin: object): Host;
