// `jitsuin/verifier` in Node: what a real wallet made, and each wrong variant of it under its own code, with nothing of the server's own
// touched before the signature held.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Verifier, memorySingleUse } from "../../pkg/verifier.js";
import { bytes, registered, text } from "../lib/registered.mjs";
import { ENTRY, TILL, coded, yen } from "../lib/verifying.mjs";

/** A server that knows this wallet's device: its verifier, and what it was asked for and when. */
async function server({ world, device }, options = {}) {
  const asked = [];
  const uses = memorySingleUse();
  const verifier = await Verifier.create({
    issuer: world.issuer.url, rpId: "wallet.test", origins: ["https://wallet.test"], now: () => world.clock.now(),
    devicesByHandle: async (handle) => {
      asked.push("devices");
      return Buffer.compare(handle, device.handle) === 0 ? [device] : [];
    },
    singleUse: {
      claim: async (use) => {
        asked.push("claim");
        return uses.claim(use);
      },
    },
    ...options,
  });
  return { verifier, asked };
}

async function stage(t, options = {}) {
  const known = await registered(t);
  return { ...known, ...(await server(known, options)) };
}

test("a real code is redeemed, in both forms", async (t) => {
  const { world, wallet, device, verifier, asked } = await stage(t);
  const code = await wallet.paymentCode({ max: yen(600) });
  const { redeem } = verifier; // bound
  const held = await redeem(code.text, { money: yen(540), till: TILL });
  assert.deepEqual(asked, ["devices", "claim"]);
  assert.equal(held.device, device);
  assert.deepEqual(held.at, world.clock.now());
  assert.deepEqual({ ...held.value.limit }, yen(600));
  assert.deepEqual([held.value.counter, held.value.random.length, held.value.till, held.value.exact], [code.counter, 4, null, false]);
  assert.equal(held.value.expiresAt - held.value.issuedAt, 60_000);
  assert.equal(JSON.parse(JSON.stringify(held.value)).limit.amount, "600");
  assert.ok(Object.isFrozen(held) && Object.isFrozen(held.value));

  await world.clock.advance({ seconds: 61 });
  const emvco = await wallet.paymentCode({ form: "emvco" });
  assert.doesNotMatch(emvco.text, /^JT1/);
  assert.deepEqual((await redeem(emvco.text, { money: yen(540), till: TILL })).value.limit, null);
});

test("the same code again: its own till hears used-here, everybody else hears that it was used", async (t) => {
  const { wallet, device, verifier } = await stage(t);
  const { text: code, counter } = await wallet.paymentCode();
  await verifier.redeem(code, { money: yen(540), till: TILL });
  const details = { device: device.id, counter };
  await assert.rejects(verifier.redeem(code, { money: yen(540), till: TILL }), coded("used-here", details));
  await assert.rejects(verifier.redeem(code, { money: yen(541), till: TILL }), coded("used-here", details));
  await assert.rejects(verifier.redeem(code, { money: yen(540), till: "t/2" }), coded("token-used", details));
});

test("named counters are used, and evidence of nothing", async (t) => {
  const uses = memorySingleUse();
  const known = await stage(t, { singleUse: uses });
  const { world, wallet, device, verifier } = known;
  const first = await wallet.paymentCode();
  const sale = { money: yen(540), till: TILL };
  assert.equal(await uses.name(device.id, first.counter), true);
  await assert.rejects(verifier.redeem(first.text, sale), coded("token-used", { device: device.id, counter: first.counter }));
  assert.equal(await uses.name(device.id, first.counter + 65_537), false);
  await assert.rejects(uses.name(device.id, -1), coded("bad-argument"));
  await verifier.redeem((await next(world, wallet)).text, sale);
});

test("twenty at once: one is the first", async (t) => {
  const { wallet, verifier } = await stage(t);
  const { text: code } = await wallet.paymentCode();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => verifier.redeem(code, { money: yen(540), till: TILL })));
  assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
  for (const { reason } of all.filter(({ status }) => status === "rejected")) coded("used-here")(reason);
});

test("each wrong code has its own refusal, and claims nothing", async (t) => {
  const { world, wallet, device, verifier, asked } = await stage(t);
  const sale = { money: yen(540), till: TILL };
  const { text: code } = await wallet.paymentCode({ max: yen(600) });
  const at = (seconds) => ({ now: () => new Date(world.clock.now().getTime() + seconds * 1000) });
  const other = async (options) => (await server({ world, device }, { ...options, singleUse: { claim: async () => asked.push("claim") } })).verifier;
  const devices = (...found) => other({ devicesByHandle: async () => found });
  const refused = async (of, given, code_, to = sale) => assert.rejects(of.redeem(given, to), coded(code_));

  await refused(await other(at(72)), code, "token-expired");
  await refused(await other(at(-33)), code, "token-ahead");
  await refused(await other({ ...at(64), leewaySeconds: 2 }), code, "token-expired");
  await refused(await other({ ...at(-4), leewaySeconds: 2 }), code, "token-ahead");
  await refused(await other({ ...at(42), maxTtlSeconds: 30 }), code, "token-expired");
  await refused(await devices(), code, "token-unknown");
  await refused(await devices({ ...device, veil: new Uint8Array(16) }), code, "bad-signature");
  await refused(await devices({ ...device, publicKey: device.passkeys[0].publicKey }), code, "bad-signature");
  await refused(await devices(...Array(4).fill({ ...device, veil: new Uint8Array(16) }), device), code, "bad-signature");
  await refused(verifier, code, "amount-over", { ...sale, money: yen(601) });
  await refused(await devices({ ...device, perPayment: yen(500) }), (await next(world, wallet)).text, "amount-over");
  await refused(verifier, code, "currency-mismatch", { ...sale, money: { amount: 540n, currency: "USD" } });
  await refused(verifier, code, "bad-amount", { ...sale, money: yen(0) });
  await refused(verifier, "JT1AAAA", "malformed");
  await refused(verifier, code.toLowerCase(), "malformed");
  for (let place = 0; place < code.length; place += 1) {
    const changed = code.slice(0, place) + (code[place] === "A" ? "B" : "A") + code.slice(place + 1);
    await assert.rejects(verifier.redeem(changed, sale), ({ code: name }) => ["malformed", "bad-signature", "token-unknown"].includes(name), `character ${place}`);
  }
  assert.ok(!asked.includes("claim"), "nothing was claimed");
});

/** The wallet makes ten codes a minute. */
async function next(world, wallet) {
  await world.clock.advance({ seconds: 20 });
  return wallet.paymentCode();
}

test("what the server's own functions throw is no refusal of the payment", async (t) => {
  const { world, device, wallet } = await stage(t);
  const { text: code } = await wallet.paymentCode();
  const broken = new Error("the database is away");
  const sale = { money: yen(540), till: TILL };
  const fails = async () => {
    throw broken;
  };
  for (const options of [{ devicesByHandle: fails }, { singleUse: { claim: fails } }]) {
    const { verifier } = await server({ world, device }, options);
    await assert.rejects(verifier.redeem(code, sale), (error) => coded("issuer-unavailable")(error) && error.cause === broken && error.retryable === true);
  }
  const own = (claim) => server({ world, device }, { singleUse: { claim: async () => claim } });
  await assert.rejects((await own("clone")).verifier.redeem(code, sale), coded("clone-suspected", { device: device.id }));
  await assert.rejects((await own("too-old")).verifier.redeem(code, sale), coded("token-used"));
  for (const word of [true, undefined, "maybe", "again"]) await assert.rejects((await own(word)).verifier.redeem(code, sale), coded("bad-argument"));
});

test("arguments of another shape are refused before anything is asked", async (t) => {
  const known = await stage(t);
  const { verifier, wallet, device, asked } = known;
  const wrong = [{ issuer: "issuer.test" }, { rpId: "Wallet.Test" }, { origins: [] }, { origins: "https://wallet.test" }, { devicesByHandle: undefined }, { singleUse: {} }, { leewaySeconds: 31 }, { maxTtlSeconds: 121 }];
  for (const options of wrong) await assert.rejects(server(known, options), coded("bad-argument"), JSON.stringify(options));
  await assert.rejects(Verifier.create(), coded("bad-argument"));
  assert.throws(() => new Verifier(), coded("bad-argument"));
  const { text: code } = await wallet.paymentCode();
  for (const sale of [undefined, { money: { amount: 540, currency: "JPY" }, till: TILL }, { money: yen(-1), till: TILL }]) await assert.rejects(verifier.redeem(code, sale), coded("bad-argument"));
  await assert.rejects(verifier.redeem(undefined, { money: yen(540), till: TILL }), coded("bad-argument"));
  await assert.rejects(verifier.redeem(code, { money: yen(540), till: "till 1" }), coded("bad-argument"));
  const secret = { ...device, publicKey: { ...device.publicKey, d: "AAAA" } };
  await assert.rejects((await server(known, { devicesByHandle: async () => [secret] })).verifier.redeem(code, { money: yen(540), till: TILL }), coded("bad-argument"));
  // A key as WebCrypto exports it says more than its four members.
  const exported = { ...device, publicKey: { ...device.publicKey, ext: true, key_ops: ["verify"], alg: "ES256" } };
  await (await server(known, { devicesByHandle: async () => [exported] })).verifier.redeem(code, { money: yen(540), till: TILL });
  assert.ok(!asked.includes("claim"));
});

test("a step-up: the wallet's own, and each wrong variant under its code", async (t) => {
  const known = await stage(t);
  const { world, owner, wallet, device, call, verifier } = known;
  await owner.proveCards(wallet);
  const [source] = wallet.state.sources;
  const stepUp = async () => {
    await (await wallet.prepareTopUp({ ...yen(1000), source: source.id })).confirm();
    const { assertion, co_signature } = call("/v1/intents/confirm").sent;
    return { intent: bytes(call("/v1/top-ups").got.intent), assertion, coSignature: bytes(co_signature) };
  };
  const { intent, assertion, coSignature } = await stepUp();
  const good = { assertion, coSignature, device };
  const held = await verifier.checkStepUp(intent, good);
  assert.equal(held.device, device);
  assert.deepEqual({ ...held.value, counter: 0 }, { userVerified: true, credential: device.passkeys[0].id, counter: 0, backedUp: false });

  // What browsers add to WebAuthn's JSON, and how some say that there is no user handle.
  const added = (members, inResponse) => ({ ...good, assertion: { ...assertion, ...members, response: { ...assertion.response, ...inResponse } } });
  for (const members of [{ authenticatorAttachment: "platform" }, { authenticatorAttachment: null }, { toCome: { a: [1.5, null] } }]) await verifier.checkStepUp(intent, added(members));
  for (const members of [{ attestationObject: null }, { userHandle: "" }, { userHandle: null }, { toCome: 1 }]) await verifier.checkStepUp(intent, added({}, members));

  const refused = (code, response, of = verifier, what = intent) => assert.rejects(of.checkStepUp(what, { ...good, ...response }), coded(code));
  const other = async (options) => (await server(known, options)).verifier;
  /** The assertion with one of its parts changed. */
  const changed = (part, change) => {
    const found = bytes(assertion.response[part]);
    return { assertion: { ...assertion, response: { ...assertion.response, [part]: text(change(found) ?? found) } } };
  };
  const clientData = (change) => changed("clientDataJSON", (found) => Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(found).toString()), ...change })));
  const flags = (mask) => changed("authenticatorData", (found) => void (found[32] ^= mask));

  await refused("wrong-origin", {}, await other({ origins: ["https://wallet.test:8788"] }));
  await refused("wrong-origin", clientData({ crossOrigin: true }));
  await refused("wrong-rp", {}, await other({ rpId: "other.test" }));
  await refused("user-not-verified", flags(0x04));
  await refused("user-not-verified", flags(0x01));
  await refused("assertion-refused", flags(0x08)); // BE
  await refused("assertion-refused", flags(0x10)); // BS without BE
  await refused("assertion-refused", clientData({ type: "webauthn.create" }));
  await refused("assertion-refused", changed("signature", (found) => void (found[found.length - 1] ^= 1)));
  await refused("assertion-refused", { assertion: null });
  await refused("prf-leaked", { assertion: { ...assertion, clientExtensionResults: { prf: { results: { first: "AAAA" } } } } });
  await refused("intent-mismatch", clientData({ challenge: "AAAA" }));

  // Of the stored intent, one digit of the amount.
  const amount = Buffer.from(intent).indexOf(Buffer.from([0x19, 0x03, 0xe8]));
  assert.ok(amount > 0);
  await refused("intent-mismatch", {}, verifier, intent.with(amount + 2, 0xe9));
  await refused("malformed", {}, verifier, intent.subarray(1));
  await refused("intent-expired", {}, await other({ now: () => new Date(world.clock.now().getTime() + 301_000) }));
  await refused("intent-mismatch", { device: { ...device, account: "another" } });
  await refused("intent-mismatch", { device: { ...device, publicKey: device.passkeys[0].publicKey } });
  await refused("intent-mismatch", {}, await other({ issuer: "https://other.test" }));
  await refused("credential-unknown", { device: { ...device, passkeys: [] } });
  await refused("credential-unknown", { device: { ...device, passkeys: [{ ...device.passkeys[0], id: "AAAA" }] } });
  await refused("assertion-refused", { device: { ...device, passkeys: [{ ...device.passkeys[0], publicKey: device.publicKey }] } });

  await refused("co-signature-missing", { coSignature: undefined });
  await refused("co-signature-missing", { coSignature: new Uint8Array() });
  for (let at = 0; at < coSignature.length; at += 1) await refused("co-signature-refused", { coSignature: coSignature.with(at, coSignature[at] ^ 1) });
  await world.clock.advance({ minutes: 11 });
  const later = await stepUp();
  await refused("co-signature-refused", { assertion: later.assertion }, verifier, later.intent);
  await verifier.checkStepUp(later.intent, { ...later, device });
  await refused("intent-expired", {});
});

test("a passkey of each algorithm: its signature over the step-up counts, and keys of other kinds and sizes are refused", async (t) => {
  const known = await stage(t);
  const { owner, wallet, device, call, verifier } = known;
  await owner.proveCards(wallet);
  await (await wallet.prepareTopUp({ ...yen(1000), source: wallet.state.sources[0].id })).confirm();
  const { assertion, co_signature } = call("/v1/intents/confirm").sent;
  const intent = bytes(call("/v1/top-ups").got.intent);
  const { authenticatorData, clientDataJSON } = assertion.response;
  const message = Buffer.concat([bytes(authenticatorData), createHash("sha256").update(bytes(clientDataJSON)).digest()]);
  const kinds = { RS256: ["rsa", { modulusLength: 2048 }, "sha256"], "RS256 of 4,096 bits": ["rsa", { modulusLength: 4096 }, "sha256"], EdDSA: ["ed25519", {}, null], ES256: ["ec", { namedCurve: "P-256" }, "sha256"] };
  const answer = (publicKey, signature) =>
    verifier.checkStepUp(intent, {
      assertion: { ...assertion, response: { ...assertion.response, signature: text(signature) } }, coSignature: bytes(co_signature),
      device: { ...device, passkeys: [{ ...device.passkeys[0], publicKey }] },
    });
  for (const [name, [kind, options, hash]] of Object.entries(kinds)) {
    const { privateKey, publicKey } = generateKeyPairSync(kind, options);
    const jwk = publicKey.export({ format: "jwk" });
    const signature = sign(hash, message, privateKey);
    // The passkey's word holds; the device key agreed to another passkey signature, which is found after that.
    await assert.rejects(answer({ ...jwk, alg: "kept by the store", ext: true }, signature), coded("co-signature-refused"), name);
    const middle = signature.length >> 1;
    await assert.rejects(answer(jwk, signature.with(middle, signature[middle] ^ 1)), coded("assertion-refused"), name);
    await assert.rejects(answer(jwk, sign(hash, message.subarray(1), privateKey)), coded("assertion-refused"), name);
    await assert.rejects(answer({ ...jwk, d: "AAAA" }, signature), coded("bad-argument"), name);
  }
  const wrong = [["rsa", { modulusLength: 1024 }], ["rsa", { modulusLength: 2048, publicExponent: 3 }], ["ed448", {}], ["ec", { namedCurve: "P-384" }]];
  for (const [kind, options] of wrong) {
    const jwk = generateKeyPairSync(kind, options).publicKey.export({ format: "jwk" });
    await assert.rejects(answer(jwk, new Uint8Array(64)), coded("bad-argument"), JSON.stringify([kind, options]));
  }
  await assert.rejects(answer({ kty: "oct", k: "AAAA" }, new Uint8Array(64)), coded("bad-argument"));
});

test("a proof: the wallet's own calls, and each wrong variant", async (t) => {
  const { wallet, device, calls, verifier } = await stage(t);
  await wallet.sync();
  const good = calls.filter(({ proof, status }) => proof && status === 200);
  assert.ok(good.length >= 4);
  const claims = (proof) => JSON.parse(Buffer.from(proof.split(".")[1], "base64url").toString());
  const header = (proof) => JSON.parse(Buffer.from(proof.split(".")[0], "base64url").toString());
  const seen = new Set();
  for (const { method, url, proof, body } of good) {
    const held = await verifier.checkProof({ method, url, proof, body, nonce: claims(proof).nonce, key: header(proof).jwk });
    const { jti, acc } = claims(proof);
    assert.deepEqual([held.value.jti, held.value.account, held.device], [jti, acc ?? null, null]);
    seen.add(held.value.jti);
  }
  assert.equal(seen.size, good.length);

  const { method, url, proof, body } = good.find(({ path }) => path === "/v1/enrolment/confirm");
  const { nonce } = claims(proof);
  const call = { method, url, proof, body, nonce, key: device.publicKey };
  const taken = await verifier.checkProof(call);
  assert.equal(taken.value.thumb, device.id);
  await verifier.checkProof({ ...call, url: `${url}?language=ja#top`, nonce: ["older", nonce], body: Buffer.from(body).toString() });
  const refused = (code, change) => assert.rejects(verifier.checkProof({ ...call, ...change }), coded(code));
  await refused("proof-refused", { body: Uint8Array.from([...body, 32]) });
  await refused("proof-refused", { body: "" });
  await refused("proof-refused", { url: `${url}/again` });
  await refused("proof-refused", { method: "GET" });
  await refused("proof-refused", { key: device.passkeys[0].publicKey });
  await refused("proof-refused", { proof: `${proof.slice(0, -1)}${proof.endsWith("A") ? "Q" : "A"}` });
  await refused("proof-refused", { proof: "" });
  await refused("use-dpop-nonce", { nonce: "another" });
  await refused("use-dpop-nonce", { nonce: [] });
  await refused("bad-argument", { nonce: "" });
  await refused("bad-argument", { body: undefined });
  await refused("bad-argument", { url: url.replace("https://issuer.test", "http://127.0.0.1:8787") });
  await refused("bad-argument", { url: url.replace("https://issuer.test", "https://issuer.test.example") });
});

test("the README's lines of issuer code run as they stand there", async (t) => {
  const { wallet, device } = await registered(t, {});
  const [block] = /```js\nimport \{ Verifier \}.*?```/s.exec(readFileSync(new URL("../../README.md", import.meta.url), "utf8"));
  const [line, ...rest] = block.split("\n").slice(1, -1);
  const source = `${line.replace("jitsuin/verifier", ENTRY)}\nexport async function run(db, text) {\n${rest.join("\n")}\nreturn { value, device };\n}`;
  const { run } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const uses = memorySingleUse();
  const done = [];
  const db = {
    liveDevices: async (handle) => (Buffer.compare(handle, device.handle) === 0 ? [device] : []),
    transaction: async (body) => {
      done.push("begin");
      const verdict = await body({ claimAndPay: (use) => uses.claim(use) });
      done.push("commit");
      return verdict;
    },
  };
  const { text: code, counter } = await wallet.paymentCode();
  const held = await run(db, code);
  assert.deepEqual([held.value.counter, held.device, done], [counter, device, ["begin", "commit"]]);
  await assert.rejects(run(db, code), coded("used-here"));
});
