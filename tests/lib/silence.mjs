// A platform that stops answering: any of its promises can be left open in an open page, for ever or until it is let go, and the deadlines
// of the package end when a test says so. No test waits for a deadline, and none asserts a time.
// @ts-check
import { SOON } from "../../src/browser/deadline.js";

/** @typedef {import("playwright-core").Page} Page */

/** Everything that the package waits for of a browser, by the name of its owner and member. */
export const PROMISES = {
  storage: ["IDBFactory.open", "IDBObjectStore.get", "IDBTransaction.oncomplete"],
  crypto: ["generateKey", "exportKey", "importKey", "sign", "verify", "wrapKey", "unwrapKey", "deriveKey", "deriveBits", "digest"].map((name) => `SubtleCrypto.${name}`),
  locks: ["LockManager.request", "LockManager.query"],
  checks: ["PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable", "PublicKeyCredential.getClientCapabilities"],
  keeping: ["StorageManager.persisted", "StorageManager.persist"],
  loading: ["WebAssembly.compile", "WebAssembly.instantiate", "globalThis.fetch"],
};

/** Runs in the page, before anything else. @param {number} soon */
function install(soon) {
  const real = { timeout: globalThis.setTimeout.bind(globalThis), clear: globalThis.clearTimeout.bind(globalThis) };
  /** Deadlines that are running. @type {Map<number, () => void>} */
  const held = new Map();
  let last = 2_000_000_000;
  globalThis.setTimeout = /** @type {any} */ ((/** @type {any} */ run, /** @type {number} */ ms = 0, /** @type {any[]} */ ...given) => {
    // What is granted after a deadline is granted in short.
    if (ms !== soon) return real.timeout(run, ms === 1_000 ? 50 : ms, ...given);
    last += 1;
    held.set(last, () => run(...given));
    return last;
  });
  globalThis.clearTimeout = /** @type {any} */ ((/** @type {any} */ id) => void (held.delete(id) || real.clear(id)));

  /** Names that are silent, and how often they were asked since. @type {Map<string, number>} */
  const silent = new Map();
  /** What is done once it is let go, though nobody waits for it any more. @type {(() => void)[]} */
  const late = [];
  const hushed = (/** @type {string} */ name) => {
    if (!silent.has(name)) return false;
    silent.set(name, (silent.get(name) ?? 0) + 1);
    return true;
  };

  const promises = [
    ["SubtleCrypto", "generateKey"], ["SubtleCrypto", "exportKey"], ["SubtleCrypto", "importKey"], ["SubtleCrypto", "sign"], ["SubtleCrypto", "verify"],
    ["SubtleCrypto", "wrapKey"], ["SubtleCrypto", "unwrapKey"], ["SubtleCrypto", "deriveKey"], ["SubtleCrypto", "deriveBits"], ["SubtleCrypto", "digest"],
    ["LockManager", "request"], ["LockManager", "query"], ["StorageManager", "persisted"], ["StorageManager", "persist"],
    ["PublicKeyCredential", "isUserVerifyingPlatformAuthenticatorAvailable"], ["PublicKeyCredential", "getClientCapabilities"],
    ["WebAssembly", "compile"], ["WebAssembly", "instantiate"], ["globalThis", "fetch"],
  ];
  for (const [owner, member] of promises) {
    const found = /** @type {any} */ (globalThis)[owner];
    const of = typeof found === "function" && !(member in found) ? found.prototype : found;
    const answer = of?.[member];
    if (!answer) continue;
    const name = `${owner}.${member}`;
    of[member] = function (/** @type {any[]} */ ...given) {
      if (!hushed(name)) return answer.apply(this, given);
      // A browser that is deaf so long does not hear an abort either.
      if (name === "LockManager.request") given[1] = {};
      return new Promise((resolve, reject) => void late.push(() => answer.apply(this, given).then(resolve, reject)));
    };
  }
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (name, version) {
    if (!hushed("IDBFactory.open")) return open.call(this, name, version);
    const request = /** @type {any} */ (new EventTarget());
    late.push(() => {
      const asked = open.call(this, name, version);
      for (const type of ["upgradeneeded", "success"]) {
        asked.addEventListener(type, () => {
          request.result = asked.result;
          const event = new Event(type);
          request[`on${type}`]?.(event);
          request.dispatchEvent(event);
        });
      }
    });
    return request;
  };
  const { get } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.get = function (key) {
    return hushed("IDBObjectStore.get") ? /** @type {any} */ (new EventTarget()) : get.call(this, key);
  };
  // What is written lands, since it can't be aborted any more; that it did is not said.
  const done = /** @type {PropertyDescriptor & { set(value: any): void }} */ (Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "oncomplete"));
  Object.defineProperty(IDBTransaction.prototype, "oncomplete", {
    ...done,
    set(listener) {
      if (this.mode === "readwrite" && hushed("IDBTransaction.oncomplete")) return;
      done.set.call(this, listener);
    },
  });
  const { abort } = IDBTransaction.prototype;
  IDBTransaction.prototype.abort = function () {
    if (silent.has("IDBTransaction.oncomplete")) throw new DOMException("committing", "InvalidStateError");
    return abort.call(this);
  };

  Object.assign(globalThis, {
    silence: {
      /** @param {string} name */
      begin: (name) => void silent.set(name, 0),
      /** How often it was asked meanwhile. @param {string} name */
      end(name) {
        const asked = silent.get(name) ?? 0;
        silent.delete(name);
        return asked;
      },
      /** What was given up is done now. */
      land: () => void late.splice(0).forEach((act) => act()),
      /** Every deadline that runs has come. */
      ring() {
        for (const [id, run] of [...held]) if (held.delete(id)) run();
      },
      /** What a call ends with, all deadlines that it waits for being over at once. @param {() => Promise<any>} call @param {boolean} [loads] also the long one of a load */
      async ends(call, loads = false) {
        let over = false;
        const asked = () => [...silent.values()].reduce((sum, count) => sum + count, 0);
        const before = asked();
        const ended = call().then((value) => ({ value }), (error) => ({ code: error?.code ?? String(error?.stack ?? error) })).finally(() => (over = true));
        for (let round = 0; !over; round += 1) {
          // Not before it waits for what is silent; a start that was given up before is waited for without being asked again.
          const waits = asked() > before || round > 50;
          if (waits) globalThis.silence.ring();
          if (waits && loads) globalThis.testClock.advance(61_000);
          await new Promise((resolve) => real.timeout(resolve, 20));
        }
        return ended;
      },
    },
  });
}

/** Before the page is opened. @param {Page} page */
export const canBeSilent = (page) => page.addInitScript(install, SOON);
