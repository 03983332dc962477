// A wallet of the test kit, and what an issuer with accounts of its own would have kept of it: read off the calls that the wallet made.
import { Decoder } from "cbor-x";
import { createWorld } from "../../pkg/testing.js";

const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
/** @param {string} text */
export const bytes = (text) => new Uint8Array(Buffer.from(text, "base64url"));
/** @param {Uint8Array} of */
export const text = (of) => Buffer.from(of).toString("base64url");

/** @param {string} cose base64url @returns {Map<number, any>} */
function payload(cose) {
  const sign1 = decoder.decode(bytes(cose));
  return decoder.decode((sign1.value ?? sign1)[2]);
}

/** @param {Uint8Array} x @param {Uint8Array} y */
const jwk = (x, y) => ({ kty: "EC", crv: "P-256", x: text(x), y: text(y) });

/** The credential that an authenticator made (WebAuthn section 6.5.1). @param {string} authenticatorData */
function credential(authenticatorData) {
  const data = Buffer.from(bytes(authenticatorData));
  const end = 55 + data.readUInt16BE(53);
  const key = decoder.decode(data.subarray(end));
  return { id: text(data.subarray(55, end)), publicKey: jwk(key.get(-2), key.get(-3)), backupEligible: (data[32] & 8) !== 0 };
}

/**
 * @typedef {{ path: string, url: string, method: string, proof: string | null, body: Uint8Array, sent: any, got: any, status: number, nonce: string | null }} Call
 */

/**
 * @param {{ after(what: () => Promise<void>): void }} t
 * @param {{ now?: Date }} [options] `now: undefined`: the real time, which goes on
 */
export async function registered(t, options = { now: new Date("2026-06-01T12:00:00Z") }) {
  const world = await createWorld({ iKnowThisIsATest: true, ...options });
  t.after(() => world.close());
  const owner = await world.issuer.account({ balance: { amount: 20000n, currency: "JPY" } });
  /** @type {Call[]} */
  const calls = [];
  /** @param {Request} request */
  const record = async (request) => {
    const { url, method } = request;
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const proof = request.headers.get("DPoP");
    const answer = await world.issuer.fetch(request);
    const said = await answer.clone().text();
    calls.push({
      path: new URL(url).pathname, url, method, proof, body, status: answer.status, nonce: answer.headers.get("DPoP-Nonce"),
      sent: body.length > 0 ? JSON.parse(Buffer.from(body).toString()) : null, got: said ? JSON.parse(said) : null,
    });
    return answer;
  };
  const wallet = await world.wallet({ account: owner, enrolled: true, fetch: record });
  /** The newest good call at this path. @param {string} path */
  const call = (path) => /** @type {Call} */ (calls.findLast((made) => made.path === path && made.status === 200));
  const enrolled = call("/v1/enrolment/confirm");
  const allowance = payload(enrolled.got.allowance);
  const statement = payload(enrolled.sent.statement);
  const sec1 = statement.get(4);
  const { user_handle: userHandle } = call("/v1/enrolment").got;
  const device = {
    id: wallet.state.device?.id ?? "", account: statement.get(3), custody: /** @type {const} */ ("software"), publicKey: jwk(sec1.subarray(1, 33), sec1.subarray(33)),
    passkeys: [{ ...credential(enrolled.sent.registration.response.authenticatorData), userHandle }],
    handle: allowance.get(4), veil: new Uint8Array(allowance.get(5)), perPayment: { amount: BigInt(allowance.get(6)), currency: "JPY" },
  };
  return { world, owner, wallet, device, calls, call };
}
