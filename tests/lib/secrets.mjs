// What a test learns that nobody else may: the private keys made in a page, and what its passkeys derive. And where it looks for them.

import { createHash } from "node:crypto";

/** Runs in a page before its own scripts. The page's code sees what the platform gives it; copies stay with the test. */
export function eavesdrop() {
  /** @type {{ prf: number[][], keys: { secret: number[], point: number[][] }[], memory: WebAssembly.Memory | null, gives: string }} */
  const heard = { prf: [], keys: [], memory: null, gives: "as it is" };
  Object.defineProperty(globalThis, "heard", { value: heard });
  const { subtle } = crypto;
  const { generateKey, exportKey, importKey } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.generateKey = /** @type {any} */ (async (/** @type {any} */ algorithm, /** @type {boolean} */ extractable, /** @type {KeyUsage[]} */ usages) => {
    if (algorithm.name !== "ECDSA") return generateKey.call(subtle, algorithm, extractable, usages);
    const pair = /** @type {CryptoKeyPair} */ (await generateKey.call(subtle, algorithm, true, usages));
    const pkcs8 = /** @type {ArrayBuffer} */ (await exportKey.call(subtle, "pkcs8", pair.privateKey));
    const { d = "", x = "", y = "" } = /** @type {JsonWebKey} */ (await exportKey.call(subtle, "jwk", pair.privateKey));
    const [secret, ...point] = [d, x, y].map((part) => Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)));
    heard.keys.push({ secret, point });
    const privateKey = await importKey.call(subtle, "pkcs8", pkcs8, algorithm, extractable, ["sign"]);
    return { privateKey, publicKey: pair.publicKey };
  });
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (async (/** @type {any} */ source, /** @type {any} */ imports) => {
    const made = /** @type {any} */ (await instantiate(source, imports));
    heard.memory = (made.instance ?? made).exports.memory;
    return made;
  });
  for (const verb of /** @type {const} */ (["create", "get"])) {
    const own = navigator.credentials[verb];
    Object.defineProperty(navigator.credentials, verb, {
      configurable: true,
      value: async (/** @type {any} */ options) => {
        const credential = /** @type {any} */ (await own.call(navigator.credentials, options));
        const results = credential.getClientExtensionResults();
        const first = results.prf?.results?.first;
        if (first) heard.prf.push([...new Uint8Array(first)]);
        const other = { none: undefined, short: new Uint8Array(16).fill(1), zero: new Uint8Array(32), other: crypto.getRandomValues(new Uint8Array(32)) };
        if (verb === "get" && heard.gives !== "as it is") {
          const given = other[/** @type {keyof typeof other} */ (heard.gives)];
          const prf = given ? { results: { first: given.buffer } } : {};
          Object.defineProperty(credential, "getClientExtensionResults", { value: () => ({ prf }) });
        } else if (first) {
          Object.defineProperty(credential, "getClientExtensionResults", { value: () => results });
        }
        return credential;
      },
    });
  }
}

/** Every form in which bytes may lie somewhere. @param {number[]} secret */
function forms(secret) {
  const bytes = Buffer.from(secret);
  // In whole, and in halves: neither may be there.
  const parts = [bytes, bytes.subarray(0, 16), bytes.subarray(16)];
  const texts = parts.flatMap((part) => ["base64", "base64url", "hex"].map((form) => part.toString(/** @type {BufferEncoding} */ (form)).replace(/=+$/, "").slice(0, -1)));
  // Base64 of a longer text may start at another bit: the other two shifts, without their uncertain ends.
  const shifted = [1, 2].map((by) => Buffer.concat([Buffer.alloc(by), bytes]).toString("base64").slice(4, 40));
  return [...parts, ...[...texts, ...shifted, ...shifted.map((text) => text.replace(/\+/g, "-").replace(/\//g, "_"))].map((text) => Buffer.from(text)), Buffer.from(JSON.stringify(secret).slice(1, -1))];
}

/** The RFC 9679 thumbprint of a public key. @param {number[][]} point */
export function thumbOf([x, y]) {
  const cose = Buffer.from([0xa4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20, ...x, 0x22, 0x58, 0x20, ...y]);
  return createHash("sha256").update(cose).digest("base64url");
}

/** Whether a secret lies in there, in any form. @param {Buffer} where @param {number[]} secret */
export const holds = (where, secret) => forms(secret).some((form) => where.includes(form));

/** The module's memory as it is now. @param {import("playwright-core").Page} page */
export async function memoryOf(page) {
  const text = await page.evaluate(async () => {
    const { memory } = Reflect.get(globalThis, "heard");
    const reader = new FileReader();
    const read = new Promise((resolve) => (reader.onload = resolve));
    reader.readAsDataURL(new Blob([memory.buffer.slice(0)]));
    await read;
    return String(reader.result).split(",")[1];
  });
  return Buffer.from(text, "base64");
}

/** Everything the page sends from now on: addresses, headers, bodies. @param {import("playwright-core").Page} page */
export function sentBy(page) {
  /** @type {Buffer[]} */
  const sent = [];
  page.on("request", (request) => {
    sent.push(Buffer.from(`${request.method()} ${request.url()}\n${JSON.stringify(request.headers())}\n`), request.postDataBuffer() ?? Buffer.alloc(0));
  });
  return () => Buffer.concat(sent);
}
