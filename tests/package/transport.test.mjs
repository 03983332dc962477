// The road to the issuer: an endpoint that is not the issuer, a `fetch` of the page's own, nonces, lost answers, and an issuer that is another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";

const NOON = new Date("2026-06-01T12:00:00Z");
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });
const coded = (...codes) => (error) => codes.some((code) => isJitsuinError(error, code)) || assert.fail(`expected ${codes}, got ${error?.code ?? error}`);

async function world(t, options = {}) {
  const made = await createWorld({ iKnowThisIsATest: true, now: NOON, ...options });
  t.after(async () => {
    await made.issuer.audit();
    await made.close();
  });
  return made;
}

test("calls go to the endpoint, proofs name the issuer", async (t) => {
  const made = await world(t);
  const seen = [];
  const owner = await made.issuer.account({ balance: yen(2000) });
  await made.wallet({
    endpoint: "https://shop.example/wallet-api/", account: owner, enrolled: true,
    fetch(request) {
      const { origin, pathname } = new URL(request.url);
      const proof = request.headers.get("DPoP");
      seen.push([origin, pathname.slice(0, "/wallet-api".length), proof && JSON.parse(Buffer.from(proof.split(".")[1], "base64url").toString()).htu]);
      return made.issuer.fetch(new Request(made.issuer.url + pathname.slice("/wallet-api".length), request));
    },
  });
  assert.ok(seen.length > 5);
  for (const [origin, prefix, htu] of seen) {
    assert.deepEqual([origin, prefix], ["https://shop.example", "/wallet-api"]);
    if (htu) assert.ok(htu.startsWith(`${made.issuer.url}/v1/`), htu);
  }
});

test("a stale nonce costs one call more, two cost an error and nothing else", async (t) => {
  const made = await world(t);
  const wallet = await made.wallet({ account: await made.issuer.account({ balance: yen(2000) }), enrolled: true });
  made.issuer.failNext("stale-nonce", "/v1/sync");
  await wallet.sync();
  made.issuer.failNext("stale-nonce", "/v1/sync");
  made.issuer.failNext("stale-nonce", "/v1/sync");
  await assert.rejects(wallet.sync(), coded("use-dpop-nonce"));
  await wallet.sync();
});

test("an enrolment whose answer was lost is asked for again and is one device", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet();
  const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  const ceremony = await wallet.prepareEnrolment({ ticket });
  made.issuer.failNext("answer-lost", "/v1/enrolment/confirm");
  await assert.rejects(ceremony.confirm(), coded("offline"));
  const device = await ceremony.confirm();
  assert.equal(wallet.state.status, "ready");
  await wallet.sync();
  assert.deepEqual(wallet.state.devices.map(({ id }) => id), [device.id]);
});

test("a top-up whose answer was lost charges once, however often it is asked about", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet({ account: owner, enrolled: true });
  await owner.proveCards(wallet);
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: wallet.state.sources[0].id });
  made.issuer.failNext("answer-lost", "/v1/intents/confirm");
  const first = await topUp.confirm().then((value) => value.kind, (error) => error.code);
  const second = first === "offline" ? await topUp.confirm().then((value) => value.kind, (error) => error.code) : first;
  assert.equal(second, "top-up");
  await wallet.sync();
  assert.deepEqual(await owner.balance(), yen(3000));
  assert.deepEqual(wallet.state.balance, yen(3000));
});

test("offline and back: codes go on, state says so, news come", async (t) => {
  const made = await world(t);
  let online = true;
  const owner = await made.issuer.account({ balance: yen(2000) });
  const wallet = await made.wallet({ account: owner, enrolled: true, fetch: (request) => (online ? made.issuer.fetch(request) : Promise.reject(new TypeError("offline"))) });
  online = false;
  await assert.rejects(wallet.sync(), coded("offline"));
  assert.equal(wallet.state.online, false);
  const { text } = await wallet.paymentCode();
  assert.equal((await made.issuer.till().charge(text, yen(540))).outcome, "approved");
  online = true;
  await wallet.sync();
  assert.deepEqual([wallet.state.online, wallet.state.balance], [true, yen(1460)]);
});

test("an issuer with other keys than those pinned is issuer-untrusted, and nothing of it is taken", async (t) => {
  const made = await world(t, { seed: 1 });
  const other = await world(t, { seed: 2 });
  let asks = made;
  const wallet = await made.wallet({ account: await made.issuer.account({ login: "hanako", balance: yen(2000) }), enrolled: true, fetch: (request) => asks.issuer.fetch(request) });
  const before = JSON.stringify(wallet.state);
  asks = other;
  await assert.rejects(wallet.sync(), coded("issuer-untrusted", "proof-refused", "not-enrolled", "revoked"));
  assert.equal(JSON.stringify({ ...wallet.state }), before);
  asks = made;
  await wallet.sync();
});

test("a key set that does not follow from the pinned one is issuer-untrusted", async (t) => {
  const made = await world(t, { seed: 1 });
  const other = await world(t, { seed: 2 });
  const foreign = (await (await other.issuer.fetch(new Request(`${other.issuer.url}/.well-known/jitsuin`))).json()).key_set;
  let swap = false;
  const wallet = await made.wallet({
    account: await made.issuer.account({ balance: yen(2000) }), enrolled: true,
    async fetch(request) {
      const response = await made.issuer.fetch(request);
      if (!swap || !response.ok || !new URL(request.url).pathname.endsWith("/sync")) return response;
      return new Response(JSON.stringify({ ...(await response.json()), key_set: foreign }), { headers: response.headers });
    },
  });
  swap = true;
  await assert.rejects(wallet.sync(), coded("issuer-untrusted"));
  swap = false;
  await wallet.sync();
});

test("Retry-After is read as seconds and as a date, and nothing else", async (t) => {
  const { Reply } = await import("../../pkg/wasm/page/browser/transport.js");
  t.mock.timers.enable({ apis: ["Date"], now: NOON });
  const waits = (header) => new Reply(503, new Uint8Array(), new Headers(header === null ? {} : { "Retry-After": header })).retryAfter;
  const table = [
    [null, undefined], ["", undefined], ["120", 120], ["0", 0], ["-1", undefined], ["soon", undefined], ["1.5", undefined], ["99999999999", undefined],
    ["Mon, 01 Jun 2026 12:00:30 GMT", 30], ["Mon, 01 Jun 2026 11:00:00 GMT", 0], ["Monday, 01-Jun-26 12:01:00 GMT", 60],
  ];
  for (const [header, seconds] of table) assert.equal(waits(header), seconds, String(header));
});

test("a page that pins another root opens nothing", async (t) => {
  const made = await world(t);
  const owner = await made.issuer.account();
  const wallet = await made.wallet({ root: "A".repeat(43) });
  await assert.rejects(wallet.logIn({ login: owner.login, password: owner.password }), coded("issuer-untrusted"));
});

/** What the page's own road ends a call with, on a page of this origin whose browser reports these violations while the call runs. */
async function endOfCall(reports, url = "https://issuer.example/v1/sync") {
  const { originOf, send } = await import("../../pkg/wasm/page/browser/transport.js");
  const asked = [];
  const listeners = [];
  const fakes = {
    navigator: { onLine: true }, location: new URL("https://wallet.example/pay/"),
    document: { addEventListener: (_, heard) => listeners.push(heard), removeEventListener() {} },
    fetch: async (address) => {
      asked.push(String(address));
      throw new TypeError("failed");
    },
  };
  const before = Object.keys(fakes).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(fakes)) Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  try {
    const own = async () => {
      for (const heard of listeners) for (const report of reports) heard({ effectiveDirective: "connect-src", disposition: "enforce", ...report });
      throw new TypeError("failed");
    };
    const ended = await send(own, "POST", url, undefined, new Uint8Array()).then(() => "answered", ({ name }) => name);
    return { ended, asked, relative: originOf("/api/v1/sync") };
  } finally {
    for (const [name, was] of before) was ? Object.defineProperty(globalThis, name, was) : delete globalThis[name];
  }
}

test("only the browser's own report of the issuer's own origin says that the page's policy stopped a call", async () => {
  const blocked = { isTrusted: true, blockedURI: "https://issuer.example/v1/sync" };
  assert.equal((await endOfCall([blocked])).ended, "forbidden");
  const others = [{ isTrusted: false }, { blockedURI: "https://issuer.example.evil/v1/sync" }, { blockedURI: "inline" }, { disposition: "report" }, { effectiveDirective: "img-src" }];
  for (const other of others) assert.equal((await endOfCall([{ ...blocked, ...other }])).ended, "silent", JSON.stringify(other));
});

test("whether anything answers is asked where the calls go, a path before theirs included", async () => {
  const { asked, relative } = await endOfCall([], "https://shop.example/wallet-api/v1/sync");
  // Once with the headers of a call and once in the way that gives nothing to read.
  assert.deepEqual(asked, Array(2).fill("https://shop.example/wallet-api/.well-known/jitsuin"));
  assert.equal(relative, "https://wallet.example");
});
