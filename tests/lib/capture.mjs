// Captures real registrations and assertions from Chromium into tests/vectors/assertion/: `node tests/lib/capture.mjs ALGORITHM`, which is
// ES256, RS256 or EdDSA. Their keys are the browser's own, so a second run writes other bytes; the files in the repository are one run's.
import { createHash, createPublicKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { WALLET, addAuthenticator, launchChromium, routeWalletPage } from "./engines.mjs";

const folder = new URL("../vectors/assertion/", import.meta.url);
const algorithm = process.argv[2] ?? "ES256";
const number = { ES256: -7, RS256: -257, EdDSA: -8 }[algorithm];
const challenge = createHash("sha256").update("jitsuin/v1/step-up\0an intent").digest("base64url");

const browser = await launchChromium();
const context = await browser.newContext();
await routeWalletPage(context);
const page = await context.newPage();
await page.goto(`${WALLET}/`);
const authenticator = await addAuthenticator(page);

const captured = await page.evaluate(async ([challenge, alg]) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const plain = (credential) => {
    const json = credential.toJSON();
    return { ...json, clientExtensionResults: {} };
  };
  const created = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(challenge), rp: { id: "wallet.test", name: "Wallet" }, user: { id: bytes("dXNlcg"), name: "user", displayName: "User" },
      pubKeyCredParams: [{ type: "public-key", alg }], authenticatorSelection: { residentKey: "required", userVerification: "required" }, attestation: "none",
    },
  });
  const get = async (userVerification) =>
    plain(await navigator.credentials.get({ publicKey: { challenge: bytes(challenge), rpId: "wallet.test", userVerification, allowCredentials: [{ type: "public-key", id: created.rawId }] } }));
  return { registration: plain(created), spki: [...new Uint8Array(created.response.getPublicKey())], assertion: await get("required"), second: await get("required") };
}, [challenge, number]);
await authenticator.uvFail();
const unverified = await page.evaluate(async ([challenge, id]) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const found = await navigator.credentials.get({
    publicKey: { challenge: bytes(challenge), rpId: "wallet.test", userVerification: "discouraged", allowCredentials: [{ type: "public-key", id: bytes(id) }] },
  });
  return { ...found.toJSON(), clientExtensionResults: {} };
}, [challenge, captured.registration.rawId]);
const version = browser.version();
await browser.close();

/** What a wallet sends of a credential: no member that the issuer does not ask for. */
const sent = ({ id, rawId, type, response, clientExtensionResults }) => {
  const { publicKey: _key, publicKeyAlgorithm: _algorithm, ...rest } = response;
  return { id, rawId, type, response: rest, clientExtensionResults };
};
const registration = sent(captured.registration);
// Attested credential data: 37 bytes, AAGUID, length and credential id, then the COSE key up to the end.
const attested = Buffer.from(registration.response.authenticatorData, "base64url");
const credential = { id: registration.id, key: attested.subarray(55 + attested.readUInt16BE(53)).toString("base64url") };

const publicKey = createPublicKey({ key: Buffer.from(captured.spki), format: "der", type: "spki" }).export({ format: "jwk" });
const good = sent(captured.assertion);

/** Changes one member of the response, given as bytes. */
const changed = (member, change) => ({ ...good, response: { ...good.response, [member]: Buffer.from(change(Buffer.from(good.response[member], "base64url"))).toString("base64url") } });
const flip = (at) => (bytes) => {
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  return bytes;
};
const said = (from, to) => (bytes) => Buffer.from(bytes.toString().replace(from, to));

const cases = [
  ["golden", good, "ok", {}],
  ["second golden", sent(captured.second), "ok", {}],
  ["user not verified", sent(unverified), "user-not-verified", {}],
  ["signature changed", changed("signature", flip(-1)), "assertion-refused", {}],
  ["signature cut short", changed("signature", (bytes) => bytes.subarray(0, -1)), "assertion-refused", {}],
  ["relying party hash changed", changed("authenticatorData", flip(0)), "wrong-rp", {}],
  ["flags changed", changed("authenticatorData", flip(32)), "user-not-verified", {}],
  ["counter changed", changed("authenticatorData", flip(36)), "assertion-refused", {}],
  ["authenticator data cut short", changed("authenticatorData", (bytes) => bytes.subarray(0, 36)), "assertion-refused", {}],
  ["challenge in the client data changed", changed("clientDataJSON", said(challenge.slice(0, 8), "AAAAAAAA")), "intent-mismatch", {}],
  ["origin in the client data changed", changed("clientDataJSON", said("wallet.test", "evil.test00")), "wrong-origin", {}],
  ["type in the client data changed", changed("clientDataJSON", said("webauthn.get", "webauthn.create")), "assertion-refused", {}],
  ["challenge of another intent", good, "intent-mismatch", { challenge: createHash("sha256").update("another").digest("base64url") }],
  ["another origin", good, "wrong-origin", { origin: "https://other.test" }],
  ["another relying party", good, "wrong-rp", { rpId: "other.test" }],
];
/** What the other algorithms are captured for: the rest is the same for each. */
const SIGNED = ["golden", "second golden", "signature changed", "signature cut short", "counter changed"];
const written = algorithm === "ES256" ? cases : cases.filter(([rule]) => SIGNED.includes(rule));
mkdirSync(folder, { recursive: true });
for (const [which, assertion, expect, other] of written) {
  const rule = algorithm === "ES256" ? which : `${which} ${algorithm}`;
  const vector = {
    rule, source: `captured from Chromium ${version}, virtual authenticator, page https://wallet.test`, input: JSON.stringify(assertion), publicKey, externalAad: "", now: 0,
    expect, others: expect === "ok" ? "accept" : "refuse", fields: null,
    expected: { challenge, origin: WALLET, rpId: "wallet.test", userHandle: "dXNlcg", ...other }, credential, registration: which === "golden" ? registration : undefined,
  };
  writeFileSync(new URL(`${rule.replaceAll(" ", "-")}.json`, folder), `${JSON.stringify(vector, null, 2)}\n`);
}
console.log(`${written.length} vectors from Chromium ${version}`);
