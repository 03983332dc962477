// Point 7: a rotation means a leak. The ledger is copied under the running issuer, its secrets are taken out, and everything is tried again.
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { sqlite } from "./lib/ledgers.mjs";
import { Caller, Refused, Wallet } from "./lib/people.mjs";
import { word } from "./lib/tally.mjs";
import { b64, Key, unb64 } from "./lib/wire.mjs";

export const point = "7";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

/** The secret behind nonces and codes, out of a copy of the ledger. @param {string} file */
function leaked(file) {
  const stored = sqlite(file, "SELECT body FROM issuer_keys").map(([body]) => JSON.parse(body));
  /** @param {any} held @returns {string | undefined} */
  const find = (held) => {
    if (typeof held !== "object" || held === null) return undefined;
    if (typeof held.mac === "string") return held.mac;
    return Object.values(held).map(find).find((found) => found !== undefined);
  };
  const secret = find(stored);
  if (secret === undefined) throw new Error("the ledger's secret stands somewhere else now: mend tests/faults/07-rotation.mjs");
  return unb64(secret);
}

/** `Keys::mac`. @param {Buffer} secret @param {string} purpose @param {Buffer[]} parts */
function mac(secret, purpose, parts) {
  const hmac = createHmac("sha256", secret).update(purpose).update(Buffer.of(0));
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    hmac.update(length).update(part);
  }
  return hmac.digest();
}

const now = () => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000));
  return bytes;
};
const forgedNonce = (/** @type {Buffer} */ secret) => {
  const time = now();
  return b64(Buffer.concat([time, mac(secret, "jitsuin/v1/dpop-nonce", [time])]));
};
const forgedStop = (/** @type {Buffer} */ secret, /** @type {string} */ account) => {
  const made = Buffer.concat([now(), randomBytes(4)]);
  return `${b64(Buffer.concat([made, mac(secret, "jitsuin/v1/stop-code", [made, Buffer.from(account)])]))}.${account}`;
};

/** Whether a call under this nonce gets past the nonce's check. @param {Caller} caller @param {string} nonce */
async function takes(caller, nonce) {
  const body = Buffer.from(JSON.stringify({ code: "ABCDEFGHIJKLMNOP", call: b64(randomBytes(16)) }));
  const answer = await caller.once("/v1/tills", body, { nonce });
  return new Refused("", answer).code !== "use-dpop-nonce";
}

/** Rotates by a process of its own. @param {Trial} t @param {Issuer} issuer */
async function rotate(t, issuer) {
  const other = t.issuer({ url: issuer.url, ledger: issuer.how.ledger, more: ["--rotate-keys"], demo: false, listen: false });
  const { status, stderr } = spawnSync(other.binary, other.arguments(), { encoding: "utf8", timeout: 30_000 });
  if (status !== 0) throw new Error(`--rotate-keys: ${stderr.trim().split("\n").at(-1)}`);
}

/** Everything that is made of the secret, tried at a running issuer, before a rotation and after one by another process. @param {Trial} t @param {string} ledger @param {() => Buffer} secretOf */
async function leak(t, ledger, secretOf) {
  const issuer = await t.start({ ledger });
  const [one, two, three] = [await issuer.household(), await issuer.household(), await issuer.household()];
  const secret = secretOf();
  const thief = new Caller(issuer, new Key());
  await word(() => thief.post("/v1/tills", {}));
  // What is tried is good before: else its refusal afterwards would say nothing.
  const good = (await takes(thief, forgedNonce(secret))) && (await word(() => thief.change("/v1/freeze/code", { code: forgedStop(secret, three.wallet.account) }))) === "answered";
  const oldCode = await issuer.stopCode(one.person.contact);
  const newcomer = await issuer.person();
  const enrolling = new Wallet(issuer);
  const oldTicket = await enrolling.ticket(newcomer);
  const oldTillCode = newcomer.tillCode;
  const oldToken = two.wallet.code();
  const seq = async () => (await issuer.roads.ask(issuer.port, { method: "GET", path: "/.well-known/jitsuin" })).json().key_set.by_root;
  const before = await seq();
  await rotate(t, issuer);
  const takenOver = (await seq()) !== before;
  const tries = {
    nonce: (await takes(thief, forgedNonce(secret))) ? "answered" : "refused",
    "stop code": await word(() => thief.change("/v1/freeze/code", { code: forgedStop(secret, one.wallet.account) })),
    "stop code in an old message": await word(() => thief.change("/v1/freeze/code", { code: oldCode })),
    ticket: await word(() => enrolling.device.change("/v1/enrolment", { ticket: oldTicket, channel_key: enrolling.channelKey.jwk, label: "phone" })),
    "till code": await word(() => thief.change("/v1/tills", { code: oldTillCode })),
  };
  const through = Object.entries(tries).filter(([, heard]) => heard === "answered").map(([what]) => what);
  const old = await word(() => two.till.charge(oldToken, 100));
  const paid = await word(() => one.wallet.pay(one.till, 100));
  const frozen = await word(() => one.wallet.freeze());
  const fresh = await word(() => new Wallet(issuer).enrol(newcomer));
  return { good, takenOver, through, honest: { "a code drawn before": old, "a payment": paid, "a stop by key": frozen, "a new enrolment": fresh } };
}

/** @param {Awaited<ReturnType<typeof leak>>} seen */
function outcome({ good, takenOver, through, honest }) {
  const well = honest["a payment"] === "approved" && honest["a stop by key"] === "answered" && honest["a new enrolment"] === "answered";
  return {
    holds: good && takenOver && through.length === 0 && well,
    saw: `still taken after the rotation: ${through.join(", ") || "nothing"}; the running process ${takenOver ? "has the new set" : "keeps the old set"}; ${Object.entries(honest).map(([what, heard]) => `${what}: ${heard}`).join(", ")}${good ? "" : "; the forgeries did not work before either"}`,
  };
}

const shown = { stranger: "has a copy of the ledger; another process rotates the keys; then forges a nonce and a stop code, and tries a stop code, a ticket and a till code of before, at the issuer that went on running", honest: "pays, stops, and enrols anew" };

export const scenarios = [
  { name: "a leaked ledger, SQLite", ...shown, seconds: 90, run: async (/** @type {Trial} */ t) => outcome(await leak(t, `sqlite:${t.file}`, () => leaked(t.file))) },
  {
    name: "a leaked ledger, PostgreSQL", ...shown, seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const secret = () => {
        const held = /"mac":"([\w-]+)"/.exec(server.sql(name, "SELECT body FROM issuer_keys"))?.[1];
        if (held === undefined) throw new Error("the ledger's secret stands somewhere else now: mend tests/faults/07-rotation.mjs");
        return unb64(held);
      };
      return outcome(await leak(t, url, secret));
    },
  },
];
