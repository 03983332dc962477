// The adapters of `jitsuin/webview`, each over a stand-in of what its webview gives a page, with the reference host behind it: the bridge
// proves the host through them, and the host's refusals keep their names.
// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bridge, partsOf } from "../../pkg/host.js";
import { ReferenceHost } from "../../pkg/testing/host.js";
import { androidWebView, capacitor, wkWebView } from "../../pkg/webview.js";

const ORIGIN = "https://wallet.test";
const bytes = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, "base64url"));
const text = (/** @type {Uint8Array} */ of) => Buffer.from(of).toString("base64url");

/** An app's native side: reads a message, asks the host, writes the answer. @param {ReferenceHost} host @param {string} origin */
function app(host, origin) {
  const sender = { origin, topFrame: true };
  return async (/** @type {string} */ message) => {
    const { id, what, key, purpose, protected: header, payload, aad } = JSON.parse(message);
    try {
      if (what === "hello") return { id, value: await host.hello(sender) };
      if (what === "makeKey") {
        const made = await host.makeKey(sender);
        return { id, value: { key: made.key, publicKey: text(made.publicKey) } };
      }
      if (what === "eraseKey") return { id, value: void (await host.eraseKey(sender, key)) };
      return { id, value: { signature: text(await host.sign(sender, { key, purpose, protected: bytes(header), payload: bytes(payload), aad: bytes(aad) })) } };
    } catch (error) {
      return { id, error: /** @type {Error} */ (error).name };
    }
  };
}

const WEBVIEWS = {
  /** @param {ReturnType<typeof app>} native */
  wkWebView(native) {
    Reflect.set(globalThis, "webkit", { messageHandlers: { jitsuin: { postMessage: native } } });
    return wkWebView();
  },
  /** @param {ReturnType<typeof app>} native */
  androidWebView(native) {
    const object = new EventTarget();
    Reflect.set(globalThis, "jitsuin", Object.assign(object, {
      postMessage: async (/** @type {string} */ message) => object.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(await native(message)) })),
    }));
    return androidWebView();
  },
  /** @param {ReturnType<typeof app>} native */
  capacitor: (native) => capacitor({ call: async (/** @type {{ message: string }} */ { message }) => ({ reply: await native(message) }) }),
};

for (const [name, webview] of Object.entries(WEBVIEWS)) {
  test(`${name}: the host is proved, signs by purpose, and its refusals keep their names`, async () => {
    let consent = true;
    const host = new ReferenceHost({ origins: [ORIGIN], ask: async () => consent });
    const bridge = new Bridge(webview(app(host, ORIGIN)));
    await bridge.prove();
    assert.equal(host.size, 0, "the key of the proof is erased");
    const { key } = await bridge.make();
    const proof = new Uint8Array([...new TextEncoder().encode("jitsuin/v1/key-proof\0"), ...new Uint8Array(16)]);
    const both = await Promise.all([key.sign(proof), key.sign(proof)]);
    assert.deepEqual(both.map((signature) => signature.length), [64, 64]);
    // A statement: asked for natively.
    const header = Buffer.concat([Buffer.from("a301260448" + "11".repeat(8) + "10", "hex"), Buffer.from([0x78, 39]), Buffer.from("application/vnd.jitsuin.step-up.v1+cose")]);
    const statement = Buffer.concat([Buffer.from([0x84, 0x6a]), Buffer.from("Signature1"), Buffer.from([0x58, header.length]), header, Buffer.from([0x40, 0x41, 0xa0])]);
    assert.equal(partsOf(statement).purpose, "co-signature");
    assert.equal((await key.sign(statement)).length, 64);
    consent = false;
    await assert.rejects(key.sign(statement), { name: "AbortError" });
    await assert.rejects(bridge.sign("another", proof), { name: "NotFoundError" });
    await bridge.forget();
    assert.equal(host.size, 0);
  });

  test(`${name}: an app that does not list the page is host-refused`, async () => {
    const host = new ReferenceHost({ origins: [], ask: async () => true });
    await assert.rejects(new Bridge(webview(app(host, ORIGIN))).prove(), { name: "host-refused" });
  });
}

test("where there is no such webview, the bridge says so", async () => {
  Reflect.deleteProperty(globalThis, "webkit");
  Reflect.deleteProperty(globalThis, "jitsuin");
  for (const host of [wkWebView(), androidWebView()]) await assert.rejects(new Bridge(host).prove(), { name: "host-refused" });
});

test("what is no statement of the wallet's has no parts", () => {
  for (const message of ["", "84", "846a", "846a5369676e61747572653158ff", "a0", Buffer.from("jitsuin/v1/key-proof\0short").toString("hex")]) assert.throws(() => partsOf(new Uint8Array(Buffer.from(message, "hex"))), { name: "DataError" }, message);
});
