// A platform that does not answer: each promise of a browser's that the package waits for, left open in a real Chromium. The call that waits
// settles with a named code, the same call does so again, and once the platform answers it works, in the same page.
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { PROMISES, canBeSilent } from "../lib/silence.mjs";
import { openSite } from "../lib/site.mjs";
import { yen } from "../lib/words.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** @param {import("node:test").TestContext} t @param {{ enrolled?: boolean, custody?: string, opened?: boolean }} [options] */
async function open(t, { enrolled = true, custody = "browser", opened = true } = {}) {
  const site = await openSite();
  const context = await browser.newContext();
  t.after(async () => {
    await site.world.issuer.audit();
    await context.close();
    await site.close();
  });
  const page = await context.newPage();
  await canBeSilent(page);
  await page.goto(site.url);
  await addAuthenticator(page);
  await page.evaluate(() => globalThis.testReady);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  const account = { login, password };
  await page.evaluate(CALLS, { account, custody });
  if (opened) await page.evaluate((custody) => globalThis.kit.wallet({ custody }).then(() => {}), custody);
  if (enrolled) await page.evaluate((account) => globalThis.kit.enrol(account), account);
  return { site, page, account };
}

/** What is called, in the page. @param {{ account: any, custody: any }} given */
function CALLS({ account, custody }) {
  const { kit } = globalThis;
  const wallet = () => kit.wallet({ custody });
  let profile = 0;
  let copies = 0;
  let codes = 5_000;
  /** @type {any} */ let ceremony = null;
  const calls = {
    /** The wallet opened anew, as after a reload. */
    async reopen() {
      await kit.wallet().then((/** @type {any} */ opened) => opened.close(), () => {});
      kit.drop();
      return (await wallet()).state.status;
    },
    async code() {
      // No second code within a second, also where a sync has put the clock right meanwhile.
      globalThis.testClock.advance((codes += 2_000));
      return (await (await wallet()).paymentCode()).counter;
    },
    sync: async () => (await wallet()).sync(),
    freeze: async () => (await wallet()).freeze(),
    async forget() {
      await (await wallet()).forget();
      return (await wallet()).state.status;
    },
    logIn: async () => typeof (await (await wallet()).logIn(account)).attempt,
    /** The first device of a wallet of its own. */
    async strongest() {
      const opened = await kit.jitsuin.Wallet.open({ ...kit.OPTIONS, profile: `auto-${(profile += 1)}` });
      await opened.logIn(account);
      const { custody } = await opened.report();
      await opened.close();
      return custody;
    },
    async confirm() {
      await wallet();
      ceremony ??= await kit.prepare(account);
      return typeof (await ceremony.confirm()).id;
    },
    /** Without a deadline of the call's own: what comes before is done. */
    async prepared() {
      await wallet();
      ceremony = await kit.prepare(account);
    },
    async unlock() {
      const opened = await wallet();
      opened.lock();
      await opened.unlock();
      return opened.state.status;
    },
    async able() {
      const { custody, missing } = await kit.jitsuin.capabilities();
      if (missing.length > 0) throw Object.assign(new Error("missing"), { code: missing.join() });
      return custody.join();
    },
    /** A loader of its own. @param {any} [source] */
    async load(source) {
      const loader = await import(`/pkg/load.js?copy=${(copies += 1)}`);
      const again = () => loader.default(source?.());
      Object.assign(globalThis, { again });
      return again().then(() => "loaded");
    },
    again: () => /** @type {any} */ (globalThis).again().then(() => "loaded"),
    prepare: async () => (await wallet()).prepareRotation(),
    async renew() {
      ceremony ??= await (await wallet()).prepareRotation();
      return typeof (await ceremony.confirm()).id;
    },
    drop: async () => void (ceremony = null),
  };
  Object.assign(globalThis, { calls });
}

/** What a call ends with, deadlines being over at once. @param {import("playwright-core").Page} page @param {string} name @returns {Promise<any>} */
const ends = (page, name) => page.evaluate((name) => globalThis.silence.ends(() => globalThis.calls[name](), name === "load" || name === "again"), name);
/** What it ends with where the platform answers. @param {import("playwright-core").Page} page @param {string} name @returns {Promise<any>} */
const works = (page, name) => page.evaluate((name) => globalThis.calls[name](), name);
/** What was made silent so far. @type {Set<string>} */
const swept = new Set();
/** @param {import("playwright-core").Page} page @param {string} name */
const hush = (page, name) => page.evaluate((name) => globalThis.silence.begin(name), swept.add(name) && name);
/** @param {import("playwright-core").Page} page @param {string} name @returns {Promise<number>} */
const answer = (page, name) => page.evaluate((name) => globalThis.silence.end(name), name);

const SILENT = { code: "platform-silent" };
const [OPEN, GET, COMPLETE] = PROMISES.storage;
const of = (/** @type {string} */ name) => `SubtleCrypto.${name}`;

/** What is silent, the call that waits for it, what it ends with each time, and what it gives then. @type {[string, string, object, unknown, object?][]} */
const SWEEP = [
  [OPEN, "reopen", SILENT, "ready"],
  [GET, "reopen", SILENT, "ready"],
  [GET, "code", SILENT, 1],
  [COMPLETE, "code", SILENT, 3],
  [GET, "sync", SILENT, undefined],
  [COMPLETE, "forget", SILENT, "new"],
  [GET, "forget", SILENT, "new"],
  [of("sign"), "reopen", SILENT, "ready"],
  [of("sign"), "code", SILENT, 3],
  [of("sign"), "sync", SILENT, undefined],
  [of("sign"), "freeze", SILENT, undefined],
  [of("sign"), "unlock", SILENT, "ready"],
  [of("generateKey"), "prepare", SILENT, undefined],
  ...["generateKey", "exportKey", "sign", "verify"].map((name) => /** @type {any} */ ([of(name), "logIn", SILENT, "string", { enrolled: false }])),
  ...["importKey", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"].map((name) => /** @type {any} */ ([of(name), "strongest", SILENT, "passkey", { enrolled: false }])),
  ...["importKey", "deriveKey", "deriveBits", "unwrapKey"].map((name) => /** @type {any} */ ([of(name), "unlock", SILENT, "ready", { custody: "passkey" }])),
  ...[OPEN, GET, COMPLETE].map((name) => /** @type {any} */ ([name, "logIn", SILENT, "string", { enrolled: false }])),
  ...[OPEN, GET, COMPLETE, of("generateKey"), of("sign"), of("wrapKey"), of("deriveKey"), PROMISES.checks[0], "WebAssembly.compile"].map(
    (name) => /** @type {any} */ ([name, "able", SILENT, "passkey,browser", { enrolled: false }]),
  ),
  [PROMISES.locks[0], "confirm", SILENT, "string", { enrolled: false, first: "prepared" }],
];

for (const [name, call, silent, works_, { first, ...options } = /** @type {any} */ ({})] of SWEEP) {
  test(`${name} that never answers: ${call} says so, says it again, and works once it answers`, async (t) => {
    const { page } = await open(t, options);
    if (first) await works(page, first);
    await hush(page, name);
    assert.deepEqual(await ends(page, call), silent);
    assert.deepEqual(await ends(page, call), silent, "for ever");
    assert.ok((await answer(page, name)) >= 2, "it was asked each time");
    const came = await works(page, call);
    if (works_ !== undefined) assert.deepEqual(came, works_);
  });
}

for (const name of [PROMISES.checks[1], ...PROMISES.keeping]) {
  test(`${name} that never answers hinders nothing`, async (t) => {
    const { page } = await open(t, { enrolled: false, custody: "auto" });
    await hush(page, name);
    assert.deepEqual(await ends(page, "able"), { value: "passkey,browser" });
    assert.deepEqual(await ends(page, "confirm"), { value: "string" });
    await page.evaluate(() => globalThis.silence.ring());
    assert.equal(await works(page, "code"), 1);
    // `persisted` is asked first; that it is silent does not keep the page from asking.
    assert.ok((await answer(page, name)) >= 1);
  });
}

for (const [name, code] of [["WebAssembly.compile", "platform-silent"], ["WebAssembly.instantiate", "platform-silent"], [of("digest"), "platform-silent"], ["globalThis.fetch", "wasm-load-failed"]]) {
  test(`${name} that never answers ends a load with ${code}, and the next one works`, async (t) => {
    const { page } = await open(t, { enrolled: false, opened: false });
    await hush(page, name);
    assert.deepEqual(await ends(page, "load"), { code });
    assert.deepEqual(await ends(page, "again"), { code });
    assert.ok((await answer(page, name)) >= 1);
    // Of two starts the one that comes late must not take the other's place, so the first one is waited for.
    await page.evaluate(() => globalThis.silence.land());
    assert.equal(await works(page, "again"), "loaded");
  });
}

test("a source that never comes ends a load as wasm-load-failed, and one that comes is loaded", async (t) => {
  const { page } = await open(t, { enrolled: false, opened: false });
  const ended = await page.evaluate(() => globalThis.silence.ends(() => globalThis.calls.load(() => globalThis.source ?? new Promise(() => {})), true));
  assert.deepEqual(ended, { code: "wasm-load-failed" });
  assert.deepEqual(await ends(page, "again"), { code: "wasm-load-failed" });
  await page.evaluate(() => Object.assign(globalThis, { source: fetch("/pkg/wasm/page/jitsuin_bg.wasm") }));
  assert.equal(await works(page, "again"), "loaded");
});

test("a counter whose write was given up and landed skips a number", async (t) => {
  const { page } = await open(t);
  assert.equal(await works(page, "code"), 1);
  await hush(page, COMPLETE);
  assert.deepEqual(await ends(page, "code"), SILENT);
  await answer(page, COMPLETE);
  assert.equal(await works(page, "code"), 3);
  assert.equal(await works(page, "reopen"), "ready");
});

for (const custody of ["browser", "passkey"]) {
  test(`a registration and a renewal in custody ${custody} whose writes were given up and landed are finished by the same ceremony`, async (t) => {
    const { page } = await open(t, { enrolled: false, custody });
    for (const [before, call] of [["prepared", "confirm"], ["drop", "renew"]]) {
      await works(page, before);
      await hush(page, COMPLETE);
      assert.deepEqual(await ends(page, call), SILENT);
      await answer(page, COMPLETE);
      assert.equal(await works(page, call), "string");
      assert.equal(typeof (await works(page, "code")), "number");
    }
    assert.equal(await works(page, "reopen"), custody === "passkey" ? "locked" : "ready");
  });
}

test("a database that opens when nobody waits for it any more is closed: nothing is kept waiting by it", async (t) => {
  const { page } = await open(t);
  await hush(page, OPEN);
  assert.deepEqual(await ends(page, "reopen"), SILENT);
  await answer(page, OPEN);
  await page.evaluate(() => globalThis.silence.land());
  const deleted = await page.evaluate(() => new Promise((resolve) => {
    const request = indexedDB.deleteDatabase("jitsuin/https://issuer.test/default");
    request.onblocked = () => resolve("blocked");
    request.onsuccess = () => resolve("deleted");
  }));
  assert.equal(deleted, "deleted");
  // What the platform has removed is no first run.
  assert.equal(await works(page, "reopen"), "key-lost");
});

test("a handle whose writes fail with UnknownError is opened anew by the next call", async (t) => {
  const { page } = await open(t);
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    /** @type {IDBDatabase | null} */ let dead = null;
    IDBObjectStore.prototype.put = function (...given) {
      dead ??= this.transaction.db;
      if (this.transaction.db === dead) throw new DOMException("given by a test", "UnknownError");
      return put.apply(this, given);
    };
  });
  assert.deepEqual(await ends(page, "code"), { code: "storage-failed" });
  assert.equal(await works(page, "code"), 1);
});

test("a lock that is granted when nobody waits for it any more is given back", async (t) => {
  const { page } = await open(t, { enrolled: false });
  await works(page, "prepared");
  await hush(page, PROMISES.locks[0]);
  assert.deepEqual(await ends(page, "confirm"), SILENT);
  await answer(page, PROMISES.locks[0]);
  // The signal of a given-up request is one that a silent platform may not hear.
  await page.evaluate(() => globalThis.silence.land());
  assert.equal(await works(page, "confirm"), "string");
  assert.deepEqual(await page.evaluate(async () => (await navigator.locks.query()).held), []);
});

test("locks that do not say who holds them are the platform's silence too", async (t) => {
  const { page } = await open(t, { enrolled: false });
  await works(page, "prepared");
  for (const name of PROMISES.locks) await hush(page, name);
  assert.deepEqual(await ends(page, "confirm"), SILENT);
  for (const name of PROMISES.locks) await answer(page, name);
  assert.equal(await works(page, "confirm"), "string");
});

test("a tab that holds the lock for its prompt is no fault: it is waited for as long as a prompt may take, and that is timed-out", async (t) => {
  const { page } = await open(t, { enrolled: false });
  await works(page, "prepared");
  const held = () => page.evaluate(() => navigator.locks.query().then(({ held, pending }) => [held?.length, pending?.length]));
  await page.evaluate(() => void navigator.locks.request("jitsuin/enrolment", () => new Promise((resolve) => Object.assign(globalThis, { letGo: resolve }))));
  const waits = page.evaluate(() => globalThis.kit.outcome(() => globalThis.calls.confirm()));
  // Several deadlines of the platform's come and go.
  await page.evaluate(async () => {
    for (let round = 0; round < 20; round += 1) {
      globalThis.silence.ring();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  assert.deepEqual(await held(), [1, 1], "it waits");
  await page.evaluate(() => globalThis.letGo());
  assert.equal((await waits).value, "string");

  const { page: other } = await open(t, { enrolled: false });
  await works(other, "prepared");
  await other.evaluate(() => void navigator.locks.request("jitsuin/enrolment", () => new Promise(() => {})));
  const patient = other.evaluate(() => globalThis.kit.outcome(() => globalThis.calls.confirm()));
  await other.evaluate(async () => {
    await globalThis.testClock.waiting();
    globalThis.testClock.advance(126_000);
  });
  assert.equal((await patient).error.code, "timed-out");
});

test("every promise of the platform's that the package waits for is in this sweep", () => {
  assert.deepEqual(Object.values(PROMISES).flat().filter((name) => !swept.has(name)), []);
});
