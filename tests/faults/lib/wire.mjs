// The bytes of the protocol that a wallet and a till need, written from docs/wire.md: CBOR, COSE_Sign1, keys and proofs.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export const b64 = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("base64url");
export const unb64 = (/** @type {string} */ text) => Buffer.from(text, "base64url");
export const sha256 = (/** @type {Uint8Array[]} */ ...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
export const tagged = (/** @type {string} */ tag, /** @type {Uint8Array} */ bytes) => sha256(Buffer.from(tag), Buffer.of(0), bytes);
export const typ = (/** @type {string} */ name) => `application/vnd.jitsuin.${name}.v1+cose`;

/** The head of a CBOR item: its major type and its number in the shortest form. @param {number} major @param {number} value */
function head(major, value) {
  const first = major << 5;
  if (value < 24) return Buffer.of(first | value);
  if (value < 0x100) return Buffer.of(first | 24, value);
  const bytes = Buffer.alloc(value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9);
  if (bytes.length === 3) bytes.writeUInt16BE(value, 1);
  else if (bytes.length === 5) bytes.writeUInt32BE(value, 1);
  else bytes.writeBigUInt64BE(BigInt(value), 1);
  bytes[0] = first | { 3: 25, 5: 26, 9: 27 }[bytes.length];
  return bytes;
}

/** Deterministic CBOR: shortest forms, keys of a map in the order of their bytes. @param {any} value @returns {Buffer} */
export function cbor(value) {
  if (typeof value === "boolean") return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  if (value instanceof Map) {
    const entries = [...value].map(([key, held]) => [cbor(key), cbor(held)]).sort(([one], [other]) => Buffer.compare(one, other));
    return Buffer.concat([head(5, entries.length), ...entries.flat()]);
  }
  throw new TypeError(`no CBOR for ${typeof value}`);
}

/** A map with whole numbers as keys. @param {Record<number, any>} members */
export const claims = (members) => new Map(Object.entries(members).map(([key, value]) => [Number(key), value]));

/** Reads one CBOR item: maps as `Map`, a tag as `{ tag, value }`. @param {Buffer} bytes @returns {any} */
export function uncbor(bytes) {
  let at = 0;
  const number = (/** @type {number} */ low) => {
    if (low < 24) return low;
    const size = 1 << (low - 24);
    at += size;
    return size === 8 ? Number(bytes.readBigUInt64BE(at - 8)) : bytes.readUIntBE(at - size, size);
  };
  const many = (/** @type {number} */ count, /** @type {() => any} */ one) => Array.from({ length: count }, one);
  /** @returns {any} */
  const item = () => {
    const [major, low] = [bytes[at] >> 5, bytes[at] & 31];
    at += 1;
    if (major === 7) return { 20: false, 21: true }[low] ?? null;
    const count = number(low);
    if (major === 0) return count;
    if (major === 1) return -1 - count;
    if (major === 4) return many(count, item);
    if (major === 5) return new Map(many(count, () => [item(), item()]));
    if (major === 6) return { tag: count, value: item() };
    at += count;
    const held = bytes.subarray(at - count, at);
    return major === 2 ? held : held.toString();
  };
  return item();
}

/** A P-256 key that signs with ES256. */
export class Key {
  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    this.held = privateKey;
    this.jwk = { crv: "P-256", kty: "EC", x, y };
    [this.x, this.y] = [unb64(/** @type {string} */ (x)), unb64(/** @type {string} */ (y))];
    this.point = Buffer.concat([Buffer.of(4), this.x, this.y]);
    this.thumb = sha256(cbor(claims({ 1: 2, [-1]: 1, [-2]: this.x, [-3]: this.y })));
    this.kid = this.thumb.subarray(0, 8);
  }
  /** r‖s, as COSE and JOSE have it. @param {Uint8Array} message */
  sign(message) {
    return sign("sha256", message, { key: this.held, dsaEncoding: "ieee-p1363" });
  }
  /** DER, as WebAuthn has it. @param {Uint8Array} message */
  signDer(message) {
    return sign("sha256", message, this.held);
  }
}

/** A COSE_Sign1 in the one shape of docs/wire.md, section 2. @param {Key} key @param {Map<number, any>} header @param {Map<number, any>} body */
export function sign1(key, header, body, aad = Buffer.alloc(0)) {
  const [first, payload] = [cbor(header), cbor(body)];
  const signature = key.sign(cbor(["Signature1", first, aad, payload]));
  return Buffer.concat([Buffer.of(0xd2), cbor([first, new Map(), payload, signature])]);
}

/** @param {Key} key @param {string} name @param {Record<number, any>} members */
export const statement = (key, name, members) => sign1(key, claims({ 1: -7, 4: key.kid, 16: typ(name) }), claims(members));

/** The claims of a statement. Whose it is does not matter here: the issuer is what is tried, not the wallet. @param {string} text */
export const claimsOf = (text) => uncbor(uncbor(unb64(text)).value[2]);

/** @param {Uint8Array} bytes RFC 4648, upper case, no padding */
export function base32(bytes) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let [text, bits, held] = ["", 0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += letters[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + letters[(held << (5 - bits)) & 31];
}

/** The proof of one call (RFC 9449). @param {Key} key @param {{ url: string, body: Uint8Array, nonce: string, account?: string, jti?: Uint8Array }} call */
export function proof(key, { url, body, nonce, account, jti = randomBytes(16) }) {
  const part = (/** @type {any} */ value) => b64(Buffer.from(JSON.stringify(value)));
  const said = { htm: "POST", htu: url, iat: Math.floor(Date.now() / 1000), jti: b64(jti), nonce, bdy: b64(sha256(body)), acc: account };
  const signed = `${part({ typ: "dpop+jwt", alg: "ES256", jwk: key.jwk })}.${part(said)}`;
  return `${signed}.${b64(key.sign(Buffer.from(signed)))}`;
}
