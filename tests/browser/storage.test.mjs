// What storage does to a wallet, and that it is never a silent new identity. Each accident is the browser's own or is put in its place.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { coded, yen } from "../lib/words.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

async function open(t, { enrolled = true, prepare = async () => {} } = {}) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext();
  const page = await context.newPage();
  t.after(async () => {
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  const kit = await attach(page, { world });
  await prepare(page, kit);
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await kit.wallet({ enrolled, account: owner });
  return { world, kit, page, owner, wallet };
}

/** How a call of the platform's ends from now on, in the open page. @param {import("playwright-core").Page} page @param {string} name */
const breakWrites = (page, name) =>
  page.evaluate((error) => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("given by a test", error);
    };
  }, name);

test("a damaged record is storage-corrupt, makes no code and no new identity; forgetting it leads back", async (t) => {
  const { kit, page, owner, wallet } = await open(t);
  await kit.corrupt();
  await assert.rejects(wallet.paymentCode(), coded("storage-corrupt"));
  assert.equal((await wallet.state()).status, "storage-corrupt");
  await wallet.reload();
  assert.equal((await wallet.state()).status, "storage-corrupt");
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), coded("storage-corrupt"));
  const still = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).filter((name) => name?.startsWith("jitsuin/")));
  assert.equal(still.length, 1);
  await wallet.forget();
  assert.equal((await wallet.state()).status, "new");
});

test("eviction under an open page: the next failed write is key-lost and never a code; enrolling again leads back", async (t) => {
  const { kit, wallet } = await open(t);
  await kit.evict();
  await assert.rejects(wallet.paymentCode(), coded("key-lost"));
  await assert.rejects(wallet.paymentCode(), coded("key-lost"));
  assert.equal((await wallet.state()).status, "key-lost");
  await wallet.reload();
  assert.equal((await wallet.state()).status, "key-lost");
  await wallet.forget();
  assert.equal((await wallet.state()).status, "new");
});

test("a handle that dies under its first read is replaced, and the code is made", async (t) => {
  const { page, wallet } = await open(t);
  await page.evaluate(() => {
    const { get } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.get = function (key) {
      IDBObjectStore.prototype.get = get;
      const request = get.call(this, key);
      this.transaction.abort();
      return request;
    };
  });
  assert.equal((await wallet.paymentCode()).counter, 1);
});

for (const [name, code] of [["QuotaExceededError", "storage-full"], ["UnknownError", "storage-failed"], ["DataCloneError", "unsupported"]]) {
  test(`a write that ends in ${name} is ${code}, shows no code and skips at most a number`, async (t) => {
    const { page, wallet } = await open(t);
    const { counter } = await wallet.paymentCode();
    await breakWrites(page, name);
    await page.waitForTimeout(1_100);
    await assert.rejects(wallet.paymentCode(), coded(code));
    await wallet.reload();
    assert.ok((await wallet.paymentCode()).counter > counter);
  });
}

test("keys that can't be stored here are found out by a real round trip, before a login is asked for", async (t) => {
  const { page, owner, wallet } = await open(t, {
    enrolled: false,
    prepare: (page) => page.addInitScript(() => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (value, key) {
        if (value instanceof CryptoKey || value?.device instanceof CryptoKey) throw new DOMException("keys can't be cloned here", "DataCloneError");
        return put.call(this, value, key);
      };
    }),
  });
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), coded("unsupported"));
  const able = await page.evaluate(async () => (await import("/jitsuin/index.js")).capabilities());
  assert.deepEqual([able.custody, able.missing], [[], ["unsupported"]]);
});

test("keys that come back as husks are found out as well", async (t) => {
  const { owner, page, wallet } = await open(t, {
    enrolled: false,
    prepare: (page) => page.addInitScript(() => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (value, key) {
        return put.call(this, value instanceof CryptoKey ? {} : value, key);
      };
    }),
  });
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), coded("unsupported"));
  assert.deepEqual((await page.evaluate(async () => (await import("/jitsuin/index.js")).capabilities())).custody, []);
});

test("a profile whose keys were restored as husks has lost its key", async (t) => {
  const { page, wallet } = await open(t);
  await page.evaluate(async () => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open("jitsuin/https://issuer.test/default"));
    const store = database.transaction("wallet", "readwrite").objectStore("wallet");
    const record = await settled(store.get("record"));
    await settled(store.put({ ...record, device: {}, channel: {} }, "record"));
    database.close();
  });
  await wallet.reload();
  assert.equal((await wallet.state()).status, "key-lost");
  await assert.rejects(wallet.paymentCode(), coded("key-lost"));
});

test("a record of a later version asks for an upgrade and is left alone", async (t) => {
  const { page, wallet } = await open(t);
  const before = await page.evaluate(async () => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open("jitsuin/https://issuer.test/default"));
    const store = database.transaction("wallet", "readwrite").objectStore("wallet");
    const record = await settled(store.get("record"));
    const text = new TextDecoder().decode(record.data).replace(/"version":\d+/, '"version":9999');
    await settled(store.put({ ...record, data: new TextEncoder().encode(text) }, "record"));
    database.close();
    return text;
  });
  await assert.rejects(wallet.reload(), coded("upgrade-needed"));
  assert.match(before, /"version":9999/);
});

test("a tab that keeps older storage open is named, and storage of a later version asks for an upgrade", async (t) => {
  const { page, wallet } = await open(t, { enrolled: false });
  await wallet.close();
  const seen = await page.evaluate(async () => {
    const { Wallet } = await import("/jitsuin/index.js");
    const opens = () => Wallet.open({ issuer: "https://issuer.test", updates: "manual" }).then(async (opened) => (await opened.close(), "opened"), (error) => error.code);
    const { open } = IDBFactory.prototype;
    // A page that never lets go.
    const held = await new Promise((resolve) => {
      const request = indexedDB.open("jitsuin/https://issuer.test/default");
      request.onsuccess = () => resolve(request.result);
    });
    const seen = [await opens()];
    // What a later version of the package would do.
    IDBFactory.prototype.open = function (name) {
      return open.call(this, name, 2);
    };
    seen.push(await opens());
    held.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen.push(await opens());
    IDBFactory.prototype.open = open;
    seen.push(await opens());
    return seen;
  });
  assert.deepEqual(seen, ["opened", "storage-blocked", "opened", "upgrade-needed"]);
});

test("capabilities ask nothing and leave nothing", async (t) => {
  const { kit, page } = await open(t, { enrolled: false });
  const able = await page.evaluate(async () => (await import("/jitsuin/index.js")).capabilities());
  assert.deepEqual({ ...able, prf: undefined }, { custody: ["passkey", "browser"], passkey: true, prf: undefined, webview: null, missing: [] });
  assert.deepEqual(kit.authenticator.prompts, []);
  const left = await page.evaluate(async () => {
    const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const database = await settled(indexedDB.open("jitsuin-probe"));
    const count = await settled(database.transaction("wallet").objectStore("wallet").count());
    database.close();
    return count;
  });
  assert.equal(left, 0);
});

test("persist() is asked once after an enrolment, and the report holds nothing secret", async (t) => {
  const { page, owner, wallet } = await open(t, {
    prepare: (page) => page.addInitScript(() => {
      globalThis.asked = 0;
      const { persist } = navigator.storage;
      navigator.storage.persist = function () {
        globalThis.asked += 1;
        return persist.call(this);
      };
    }),
  });
  assert.equal(await page.evaluate(() => globalThis.asked), 1);
  const { text } = await wallet.paymentCode();
  const report = JSON.stringify(await wallet.report(), (_, value) => (typeof value === "bigint" ? String(value) : value));
  const { device } = await wallet.state();
  for (const secret of [text, text.slice(3, 40), device.id, device.label, owner.login, owner.id, owner.label]) assert.ok(!report.includes(secret), `the report says ${secret}`);
  assert.match(report, /"version"/);
  assert.match(report, /"custody"/);
  await wallet.reload();
  assert.equal(await page.evaluate(() => globalThis.asked), 0);
});

test("a counter is on disk, strictly, before its code is there; between two calls no lock is held", async (t) => {
  const { page, wallet } = await open(t);
  const held = () => page.evaluate(async () => {
    const { held, pending } = await navigator.locks.query();
    return [held?.length, pending?.length];
  });
  assert.deepEqual(await held(), [0, 0], "enrolled, open and idle");
  await page.evaluate(() => {
    globalThis.told = [];
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
      const begun = transaction.call(this, stores, mode, options);
      if (mode === "readwrite") begun.addEventListener("complete", () => globalThis.told.push(`${begun.durability} write`));
      return begun;
    };
    const { sign } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.sign = function (...given) {
      globalThis.told.push("signature");
      return sign.apply(this, given);
    };
  });
  await wallet.paymentCode();
  assert.deepEqual(await page.evaluate(() => globalThis.told), ["strict write", "signature"]);
  assert.deepEqual(await held(), [0, 0]);
});

test("a phone ten minutes off pays, and its owner is told", async (t) => {
  for (const minutes of [10, -10]) {
    const { world, wallet, kit } = await open(t, { enrolled: false, prepare: (_, kit) => kit.skewClock({ minutes }) });
    const owner = await world.issuer.account({ balance: yen(2000) });
    await kit.enrol(wallet, owner);
    const { text } = await wallet.paymentCode();
    assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved", `${minutes} minutes off`);
    const { clockOffsetMs, alerts } = await wallet.state();
    assert.equal(Math.round(clockOffsetMs / 60_000), -minutes);
    const told = alerts.find(({ kind }) => kind === "clock-skew");
    assert.equal(Math.round(told.skewMs / 60_000), -minutes);
    await wallet.acknowledge(told.id);
    await wallet.reload();
    assert.equal(Math.round((await wallet.state()).clockOffsetMs / 60_000), -minutes, "the offset is kept");
    assert.deepEqual((await wallet.state()).alerts, []);
  }
});
