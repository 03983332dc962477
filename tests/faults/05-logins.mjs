// Point 5: a limit on tries keeps no owner out.
import { randomBytes } from "node:crypto";
import { sqlite } from "./lib/ledgers.mjs";
import { Caller, Refused, Wallet } from "./lib/people.mjs";
import { tally, word } from "./lib/tally.mjs";
import { b64, Key } from "./lib/wire.mjs";

export const point = "5";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

const attempt = (/** @type {Issuer} */ issuer, /** @type {string} */ login, /** @type {string} */ from) => new Caller(issuer, new Key(), { from }).change("/v1/login", { login, password: "wrong", language: "en" });

/** A new device of an owner, who has the password and reads the contact's messages. @param {Issuer} issuer @param {any} person @param {string} from */
const newDevice = (issuer, person, from) => word(() => new Wallet(issuer, { from }).ticket(person));

/** @param {number[]} times */
const median = (times) => times.sort((one, other) => one - other)[times.length >> 1];

export const scenarios = [
  {
    name: "17 addresses try one login", stranger: "17 addresses of 17 networks send 20 wrong passwords each for one login", honest: "the owner's device from one of those addresses, and a new device from the owner's own", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { person, wallet } = await issuer.household({ from: "127.1.0.1" });
      const heard = await tally(340, 8, (number) => attempt(issuer, person.login, `127.${1 + (number % 17)}.0.1`));
      const known = await word(() => wallet.ticket(person));
      const fresh = await newDevice(issuer, person, "127.99.0.1");
      return { holds: known === "answered" && fresh === "answered", saw: `340 tries: ${heard}; the owner's device: ${known}; a new one: ${fresh}` };
    },
  },
  {
    name: "17 addresses try logins of nobody", stranger: "17 addresses of 17 networks send 40 logins each that nobody has", honest: "two owners, one new to the issuer, one from one of those addresses", seconds: 120,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { person, wallet } = await issuer.household({ from: "127.1.0.1" });
      const stranger = await issuer.person();
      const heard = await tally(680, 8, (number) => attempt(issuer, `nobody-${number}`, `127.${1 + (number % 17)}.0.1`));
      const known = await word(() => wallet.ticket(person));
      const fresh = await newDevice(issuer, stranger, "127.99.0.1");
      return { holds: known === "answered" && fresh === "answered", saw: `680 tries: ${heard}; from one of those addresses: ${known}; a new owner: ${fresh}` };
    },
  },
  {
    name: "tries from the owner's own address", stranger: "60 wrong passwords from the address that the owner shares, where thirty a day were enough", honest: "the owner's device there; a new device elsewhere; whoever has to wait hears how long", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { person, wallet } = await issuer.household({ from: "127.1.0.1" });
      const heard = await tally(60, 4, () => attempt(issuer, person.login, "127.1.0.1"));
      let waits = "";
      await attempt(issuer, person.login, "127.1.0.1").catch((error) => (waits = error instanceof Refused ? String(/** @type {any} */ (error).headers["retry-after"] ?? "") : ""));
      const known = await word(() => wallet.ticket(person));
      const fresh = await newDevice(issuer, person, "127.99.0.1");
      return { holds: known === "answered" && fresh === "answered" && waits !== "", saw: `60 tries: ${heard}, Retry-After ${waits || "none"}; the owner's device: ${known}; a new one elsewhere: ${fresh}` };
    },
  },
  {
    name: "answers that are alike", stranger: "asks for a login that exists, one that does not, and one whose hash was made at an earlier, lower cost", honest: "nothing tells them apart; times are shown and not judged", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const [one, old] = [await issuer.person(), await issuer.person()];
      sqlite(t.file, `UPDATE logins SET body = json_set(body, '$.password.memory', 64, '$.password.passes', 1) WHERE key = '${old.login}'`);
      /** @type {Set<string>} */
      const shapes = new Set();
      const logins = [one.login, `${one.login}-nobody`, old.login];
      /** @type {number[][]} */
      const took = logins.map(() => []);
      // In turns, so that whatever else the machine does meets all alike.
      for (let round = 0; round < 9; round += 1) {
        for (const [which, login] of logins.entries()) {
          const caller = new Caller(issuer, new Key(), { from: `127.7.${which}.${round + 1}` });
          const body = Buffer.from(JSON.stringify({ login, password: "wrong", language: "en", call: b64(randomBytes(16)) }));
          await caller.once("/v1/login", body);
          const begun = process.hrtime.bigint();
          const answer = await caller.once("/v1/login", body);
          took[which].push(Number(process.hrtime.bigint() - begun) / 1e6);
          shapes.add(`${answer.status} ${Object.keys(answer.headers).sort()} ${Object.keys(answer.json())} ${answer.text.length}`);
        }
      }
      const [known, unknown, lower] = took.map((times) => `${median(times).toFixed(0)} ms`);
      return { holds: shapes.size === 1, saw: `${shapes.size} shape${shapes.size > 1 ? "s" : ""} of answers; ${known} where it exists, ${unknown} where not, ${lower} at the lower cost` };
    },
  },
];
