// @ts-check
// What an attacker brings along: a passkey in software, which the issuer can't tell from a real one, and a payment code of his own make.

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);
/** @param {...(readonly number[] | Uint8Array)} parts */
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
/** @param {Uint8Array<ArrayBuffer>} bytes */
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
/** @param {number} number */
const u32 = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
/** @param {string} text */
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const PRESENT_AND_VERIFIED = 0x05;
const WITH_CREDENTIAL = 0x40;

/** Runs `work` while this page's passkeys come from software that agrees to everything.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} */
export async function withSoftwarePasskey(work) {
  const keys = await crypto.subtle.generateKey(ES256, false, ["sign", "verify"]);
  const id = crypto.getRandomValues(new Uint8Array(16));
  /** @param {string} type @param {Uint8Array} challenge */
  const clientData = (type, challenge) => {
    const text = btoa(String.fromCharCode(...challenge)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    return utf8(`{"type":"${type}","challenge":"${text}","origin":"${location.origin}","crossOrigin":false}`);
  };
  /** @param {string} rpId @param {number} flags */
  const data = async (rpId, flags) => join(await sha256(utf8(rpId)), [flags, 0, 0, 0, 0]);

  const create = async (/** @type {any} */ { publicKey }) => {
    const { x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    const key = join([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], decode(String(x)), [0x22, 0x58, 32], decode(String(y)));
    const authData = join(await data(publicKey.rp.id, PRESENT_AND_VERIFIED | WITH_CREDENTIAL), new Uint8Array(16), [0, id.length], id, key);
    const attestationObject = join([0xa3, 0x63], utf8("fmt"), [0x64], utf8("none"), [0x67], utf8("attStmt"), [0xa0, 0x68], utf8("authData"), [0x58, authData.length], authData);
    const response = { clientDataJSON: clientData("webauthn.create", publicKey.challenge), attestationObject, getTransports: () => ["internal"], getAuthenticatorData: () => authData };
    return { rawId: id, response };
  };
  const get = async (/** @type {any} */ { publicKey }) => {
    const clientDataJSON = clientData("webauthn.get", publicKey.challenge);
    const authenticatorData = await data(publicKey.rpId, PRESENT_AND_VERIFIED);
    const signed = await crypto.subtle.sign(ES256, keys.privateKey, join(authenticatorData, await sha256(clientDataJSON)));
    return { rawId: id, response: { clientDataJSON, authenticatorData, signature: der(new Uint8Array(signed)) } };
  };
  for (const [name, value] of Object.entries({ create, get })) Object.defineProperty(navigator.credentials, name, { configurable: true, value });
  try {
    return await work();
  } finally {
    for (const name of ["create", "get"]) Reflect.deleteProperty(navigator.credentials, name);
  }
}

/** r and s as authenticators write them. @param {Uint8Array} pair */
function der(pair) {
  const integer = (/** @type {Uint8Array} */ bytes) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const least = bytes.slice(first);
    const body = (least[0] ?? 0) > 127 ? join([0], least) : least;
    return join([2, body.length], body);
  };
  const both = join(integer(pair.slice(0, 32)), integer(pair.slice(32)));
  return join([0x30, both.length], both);
}

/** A payment code in the right form, signed by a key that nobody registered. */
export async function forgedCode() {
  const keys = await crypto.subtle.generateKey(ES256, false, ["sign", "verify"]);
  const random = (/** @type {number} */ length) => crypto.getRandomValues(new Uint8Array(length));
  const now = Math.floor(Date.now() / 1000);
  const head = join([0x4d, 0xa2, 1, 0x26, 4, 0x48], random(8));
  const claims = join([0x57, 0xa3, 4, 0x1a], u32(now + 60), [6, 0x1a], u32(now), [7, 0x48], u32(1), random(4));
  const message = join([0x84, 0x6a], utf8("Signature1"), head, [0x50], random(16), claims);
  const signed = new Uint8Array(await crypto.subtle.sign(ES256, keys.privateKey, message));
  return `JT1${base32(join([0xd2, 0x84], head, [0xa0], claims, [0x58, 64], signed))}`;
}

/** @param {Uint8Array} bytes */
function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(group.padEnd(5, "0"), 2)]).join("");
}
