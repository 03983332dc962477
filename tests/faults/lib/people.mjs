// Honest people over HTTP, from docs/protocol.md: a wallet, its authenticator, a till, and what the demo issuer offers besides. They keep
// nothing on disk and check no signature of the issuer's, so they are no wallets for money.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { b64, base32, cbor, claims, claimsOf, Key, proof, sha256, sign1, statement, tagged, unb64 } from "./wire.mjs";

/** A refusal of the issuer: an RFC 9457 problem, or an answer that is none. */
export class Refused extends Error {
  /** @param {string} path @param {{ status: number, headers: import("node:http").IncomingHttpHeaders, text: string }} answer */
  constructor(path, { status, headers, text }) {
    let problem;
    try {
      problem = JSON.parse(text);
    } catch {
      problem = {};
    }
    super(`${path}: ${status} ${problem.code ?? text.slice(0, 60)}`);
    this.code = problem.code ?? `status-${status}`;
    Object.assign(this, { status, headers, problem });
  }
}

/** @typedef {import("./server.mjs").Issuer} Issuer */

/** Sends calls under proof of one key. */
export class Caller {
  /** @param {Issuer} issuer @param {Key} key @param {{ from?: string, headers?: Record<string, string | string[]> }} [road] */
  constructor(issuer, key, { from = "127.0.0.1", headers = {} } = {}) {
    [this.issuer, this.key, this.from, this.headers] = [issuer, key, from, headers];
    /** @type {string | undefined} */
    this.account = undefined;
    this.nonce = "";
    /** How often a nonce was refused. */
    this.renewed = 0;
  }
  /** A call that changes something: named, so that a second delivery of it is known. @param {string} path @param {any} body */
  change(path, body) {
    return this.post(path, { ...body, call: b64(randomBytes(16)) });
  }
  /** @param {string} path @param {any} body @returns {Promise<any>} */
  async post(path, body) {
    const data = Buffer.from(JSON.stringify(body));
    const again = new Set(["use-dpop-nonce", "proof-replayed"]);
    for (;;) {
      const answer = await this.once(path, data);
      if (answer.status === 200) return answer.json();
      const refused = new Refused(path, answer);
      if (!again.delete(refused.code)) throw refused;
      if (refused.code === "use-dpop-nonce") this.renewed += 1;
    }
  }
  /** @param {string} path @param {Buffer} data */
  async once(path, data, { port = this.issuer.port, nonce = this.nonce } = {}) {
    const dpop = proof(this.key, { url: this.issuer.url + path, body: data, nonce, account: this.account });
    const answer = await this.issuer.roads.ask(port, { path, headers: { dpop, ...this.headers }, body: data, from: this.from });
    const next = answer.headers["dpop-nonce"];
    if (typeof next === "string") this.nonce = next;
    return answer;
  }
}

/** A key of a passkey: how its public half is written, and how it signs. @typedef {{ cose: Record<number, any>, sign: (message: Uint8Array) => Buffer }} PasskeyKey */

/** The three algorithms that an issuer takes. @type {Record<string, () => PasskeyKey>} */
const ALGORITHMS = {
  ES256: () => {
    const key = new Key();
    return { cose: { 1: 2, 3: -7, [-1]: 1, [-2]: key.x, [-3]: key.y }, sign: (message) => key.signDer(message) };
  },
  RS256: () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: "jwk" });
    return { cose: { 1: 3, 3: -257, [-1]: unb64(String(n)), [-2]: unb64(String(e)) }, sign: (message) => sign("sha256", message, privateKey) };
  },
  EdDSA: () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    return { cose: { 1: 1, 3: -8, [-1]: 6, [-2]: unb64(String(publicKey.export({ format: "jwk" }).x)) }, sign: (message) => sign(null, message, privateKey) };
  },
};

/** A passkey in memory: user verified, not backed up. */
class Passkey {
  /** @param {string} rpId @param {string} origin @param {Buffer} userHandle @param {string} algorithm */
  constructor(rpId, origin, userHandle, algorithm) {
    [this.rpId, this.origin, this.userHandle] = [rpId, origin, userHandle];
    [this.key, this.name] = [ALGORITHMS[algorithm](), randomBytes(16)];
    this.coseKey = cbor(claims(this.key.cose));
  }
  /** @param {string} kind @param {Buffer} challenge */
  client(kind, challenge) {
    return Buffer.from(JSON.stringify({ type: `webauthn.${kind}`, challenge: b64(challenge), origin: this.origin, crossOrigin: false }));
  }
  /** @param {number} flags */
  data(flags, attested = Buffer.alloc(0)) {
    return Buffer.concat([sha256(Buffer.from(this.rpId)), Buffer.of(flags), Buffer.alloc(4), attested]);
  }
  /** @param {any} response */
  credential(response) {
    return { id: b64(this.name), rawId: b64(this.name), type: "public-key", response, clientExtensionResults: {} };
  }
  /** @param {Buffer} challenge */
  create(challenge) {
    const data = this.data(0x45, Buffer.concat([Buffer.alloc(16), Buffer.of(0, this.name.length), this.name, this.coseKey]));
    const attestation = cbor(new Map(/** @type {[string, any][]} */ ([["fmt", "none"], ["attStmt", new Map()], ["authData", data]])));
    return this.credential({ clientDataJSON: b64(this.client("create", challenge)), attestationObject: b64(attestation), authenticatorData: b64(data) });
  }
  /** @param {Buffer} challenge */
  get(challenge) {
    const [client, data] = [this.client("get", challenge), this.data(0x05)];
    const signature = this.key.sign(Buffer.concat([data, sha256(client)]));
    return this.credential({ clientDataJSON: b64(client), authenticatorData: b64(data), signature: b64(signature), userHandle: b64(this.userHandle) });
  }
}

export class Wallet {
  /** @param {Issuer} issuer @param {{ from?: string, headers?: Record<string, string | string[]> }} [road] */
  constructor(issuer, road = {}) {
    this.issuer = issuer;
    [this.key, this.channelKey] = [new Key(), new Key()];
    [this.device, this.channel] = [new Caller(issuer, this.key, road), new Caller(issuer, this.channelKey, road)];
    [this.counter, this.seq, this.balance, this.account] = [0, 0, 0, ""];
    /** @type {Buffer} */
    this.link = Buffer.alloc(32);
    /** @type {Map<string, Map<number, any>>} */
    this.sources = new Map();
  }

  /** @param {{ login: string, password: string, contact: string }} person */
  async ticket({ login, password, contact }) {
    const { attempt } = await this.device.change("/v1/login", { login, password, language: "en" });
    const code = await this.issuer.digits(contact);
    return (await this.device.change("/v1/login/code", { attempt, code })).ticket;
  }

  /** The first device of an account. @param {{ login: string, password: string, contact: string }} person */
  async enrol(person, algorithm = "ES256") {
    this.person = person;
    const ticket = await this.ticket(person);
    const prepared = await this.device.change("/v1/enrolment", { ticket, channel_key: this.channelKey.jwk, label: "phone" });
    const { url, rpId } = this.issuer;
    const nonce = unb64(prepared.nonce);
    this.account = prepared.account;
    this.passkey = new Passkey(rpId, url, unb64(prepared.user_handle), algorithm);
    const creation = claims({ 1: url, 2: rpId, 3: this.account, 4: this.key.thumb, 5: this.channelKey.thumb, 6: nonce });
    const registration = this.passkey.create(tagged("jitsuin/v1/enrol", cbor(creation)));
    const enrolment = statement(this.key, "enrol", {
      1: url, 2: rpId, 3: this.account, 4: this.key.point, 5: this.channelKey.point, 6: this.passkey.name, 7: sha256(this.passkey.coseKey),
      8: false, 9: false, 10: "software", 11: nonce, 12: Math.floor(Date.now() / 1000),
    });
    const assertion = this.passkey.get(tagged("jitsuin/v1/enrol-confirm", enrolment));
    this.device.account = this.channel.account = this.account;
    const enrolled = await this.device.change("/v1/enrolment/confirm", { registration, statement: b64(enrolment), assertion });
    this.take(enrolled.allowance);
    await this.sync();
    return this;
  }

  /** @param {string} allowance */
  take(allowance) {
    const held = claimsOf(allowance);
    [this.handle, this.veil] = [held.get(4), held.get(5)];
  }

  /** What the issuer says now. The wallet says that it checked and showed all that it knows to have been written. */
  async sync({ written = 0 } = {}) {
    const shown = this.seq + written;
    const call = { nonce: b64(randomBytes(16)), after: shown, shown, thumb: b64(this.key.thumb) };
    const synced = await this.channel.post("/v1/sync", call);
    const [head, state] = [claimsOf(synced.head), claimsOf(synced.state)];
    [this.seq, this.link, this.balance] = [head.get(2), head.get(3), head.get(5)];
    this.sources = new Map(state.get(9).map((/** @type {Map<number, any>} */ source) => [source.get(1), source]));
    return synced;
  }

  /** A payment code of now. */
  code() {
    this.counter += 1;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const now = Math.floor(Date.now() / 1000);
    const said = claims({ 4: now + 60, 6: now, 7: Buffer.concat([counter, randomBytes(4)]) });
    return `JT1${base32(sign1(this.key, claims({ 1: -7, 4: this.handle }), said, this.veil))}`;
  }

  /** Pays, and has the receipt shown, so that the next payment is no hurry. @param {Till} till @param {number} amount */
  async pay(till, amount, key = b64(randomBytes(16))) {
    const answer = await till.charge(this.code(), amount, key);
    await this.sync({ written: 1 });
    return answer;
  }

  /** Stops the account by the channel key. */
  freeze() {
    const said = { 1: this.issuer.url, 2: this.account, 3: this.key.thumb, 4: randomBytes(16), 5: Math.floor(Date.now() / 1000) };
    return this.channel.change("/v1/freeze", { statement: b64(statement(this.channelKey, "freeze", said)) });
  }

  /** Proves a card at the card company. @param {string} source */
  async proveCard(source) {
    const { proof } = await this.device.change("/v1/cards/prove", { source });
    await this.issuer.demo("/demo/card", { proof, code: await this.issuer.digits(/** @type {any} */ (this.person).contact) });
    await this.sync();
  }

  /** A step-up over a top-up: the call that charges the card, ready to be sent. @param {number} amount @param {string} source */
  async topUpCall(amount, source) {
    const { intent } = await this.device.post("/v1/top-ups", { amount: String(amount), currency: "JPY", source, head: b64(this.link) });
    return { intent, ...this.stepUp(unb64(intent)) };
  }

  /** @param {Buffer} intent */
  stepUp(intent) {
    const passkey = /** @type {Passkey} */ (this.passkey);
    const assertion = passkey.get(tagged("jitsuin/v1/step-up", intent));
    const { authenticatorData, clientDataJSON, signature } = assertion.response;
    const hashes = [intent, ...[authenticatorData, clientDataJSON, signature].map(unb64)].map((part) => sha256(part));
    const signed = statement(this.key, "step-up", { 1: hashes[0], 2: hashes[1], 3: hashes[2], 4: hashes[3], 5: passkey.name });
    return { assertion, co_signature: b64(signed) };
  }

  /** @param {number} amount @param {string} source */
  async topUp(amount, source) {
    return this.device.change("/v1/intents/confirm", await this.topUpCall(amount, source));
  }
}

export class Till {
  /** @param {Issuer} issuer @param {{ from?: string, headers?: Record<string, string | string[]> }} [road] */
  constructor(issuer, road = {}) {
    this.caller = new Caller(issuer, new Key(), road);
  }
  /** @param {string} code */
  async enrol(code) {
    await this.caller.change("/v1/tills", { code });
    return this;
  }
  /** @param {string} token @param {number} amount */
  charge(token, amount, key = b64(randomBytes(16))) {
    return this.caller.post("/v1/payments", { token, amount: String(amount), currency: "JPY", key });
  }
  /** @param {string} key */
  lookUp(key) {
    return this.caller.post("/v1/payments/look-up", { key });
  }
}
