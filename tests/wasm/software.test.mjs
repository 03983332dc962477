// Custody `software`: the key is in the module's memory while it can sign, as is said of it, and nowhere after lock. The key is known here
// where it is made, since every random byte that the module is given passes through this file.
// @ts-check
import assert from "node:assert/strict";
import { createECDH, createHash } from "node:crypto";
import { test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";
// @ts-ignore -- generated
import instantiate from "../../pkg/wasm/testing/jitsuin.js";

/** @param {number} amount */
const yen = (amount) => ({ amount: BigInt(amount), currency: "JPY" });
const coded = (/** @type {string} */ code) => (/** @type {any} */ error) => isJitsuinError(error, code) || assert.fail(`expected ${code}, got ${error?.code ?? error}`);

/** Random numbers of 32 bytes that the module was given. @type {Buffer[]} */
const drawn = [];
const fill = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
globalThis.crypto.getRandomValues = (/** @type {any} */ to) => {
  fill(to);
  // A copy: what is filled may lie in the module's memory.
  if (to.byteLength === 32) drawn.push(Buffer.from(Uint8Array.from(to)));
  return to;
};

/** RFC 9679 thumbprint of a private key's public half. @param {Buffer} secret */
function thumbprint(secret) {
  const pair = createECDH("prime256v1");
  try {
    pair.setPrivateKey(secret);
  } catch {
    return null;
  }
  const point = pair.getPublicKey();
  const key = Buffer.concat([Buffer.from("a40102200121", "hex"), Buffer.from("5820", "hex"), point.subarray(1, 33), Buffer.from("225820", "hex"), point.subarray(33)]);
  return createHash("sha256").update(key).digest("base64url");
}

/** How often bytes stand in the module's memory, in either order: numbers are kept least significant first. @param {Buffer} bytes */
async function found(bytes) {
  const { memory } = await instantiate();
  const all = Buffer.from(memory.buffer);
  let count = 0;
  for (const form of [bytes, Buffer.from(bytes).reverse()]) for (let at = all.indexOf(form); at >= 0; at = all.indexOf(form, at + 1)) count += 1;
  return count;
}

/** @param {import("node:test").TestContext} t @param {() => Uint8Array | null} [secret] */
async function open(t, secret) {
  drawn.length = 0;
  const world = await createWorld({ iKnowThisIsATest: true });
  t.after(() => world.close());
  /** What leaves the wallet. @type {string[]} */
  const sent = [];
  const fetch = async (/** @type {Request} */ request) => {
    sent.push(request.headers.get("DPoP") ?? "", request.method === "POST" ? await request.clone().text() : "");
    return world.issuer.fetch(request);
  };
  const owner = await world.issuer.account({ balance: yen(2000) });
  const wallet = await world.wallet({ account: owner, enrolled: true, fetch, ...(secret ? { secret } : {}) });
  assert.equal(wallet.state.device?.custody, "software");
  const key = drawn.find((bytes) => thumbprint(bytes) === wallet.state.device?.id);
  assert.ok(key, "the device key was drawn here");
  return { world, owner, wallet, key, sent };
}

test("sealed under the host's secret: in memory while unlocked, gone on lock, back on unlock; never sent", async (t) => {
  const secret = Buffer.from(fill(new Uint8Array(32)));
  /** @type {() => Uint8Array | null} */
  let give = () => Uint8Array.from(secret);
  const { world, wallet, key, sent } = await open(t, () => give());
  const unlocked = await found(key);
  assert.ok(unlocked > 0, "custody software: whoever reads the module's memory while it is unlocked has the key");
  wallet.lock();
  const locked = { key: await found(key), secret: await found(secret) };
  console.log(`the key stands in the module's memory ${unlocked} times while unlocked, ${locked.key} times after lock; the host's secret ${locked.secret} times`);
  assert.deepEqual(locked, { key: 0, secret: 0 });
  give = () => null;
  await assert.rejects(wallet.unlock(), coded("locked"));
  give = () => fill(new Uint8Array(32));
  await assert.rejects(wallet.unlock(), coded("seal-mismatch"));
  give = () => new Uint8Array(32);
  await assert.rejects(wallet.unlock(), coded("prf-unusable"));
  assert.equal(await found(key), 0);
  give = () => Uint8Array.from(secret);
  await wallet.unlock();
  const { text } = await wallet.paymentCode();
  assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
  wallet.lock();
  assert.equal(await found(key), 0);
  for (const form of [key.toString("base64url"), key.toString("base64"), key.toString("hex"), key.toString("latin1")]) assert.ok(sent.every((text) => !text.includes(form)));
  await world.issuer.audit();
});

test("sealed, the record opens again after a close, and not without the secret", async (t) => {
  const secret = Buffer.from(fill(new Uint8Array(32)));
  const world = await createWorld({ iKnowThisIsATest: true });
  t.after(() => world.close());
  const first = await world.wallet({ enrolled: true, profile: "kept", secret: () => Uint8Array.from(secret) });
  const { id } = first.state.device ?? {};
  await first.close();
  const shut = await world.wallet({ profile: "kept", secret: () => null });
  assert.equal(shut.state.status, "locked");
  await shut.close();
  const again = await world.wallet({ profile: "kept", secret: () => Uint8Array.from(secret) });
  assert.deepEqual([again.state.status, again.state.device?.id], ["ready", id]);
});

test("not sealed, the pretend store of a world holds the key in clear, as that of a memory must", async (t) => {
  const { wallet, key } = await open(t);
  wallet.lock();
  assert.ok((await found(key)) > 0);
});
