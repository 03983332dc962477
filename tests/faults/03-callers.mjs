// Point 3: whose call it is, behind a proxy and without one.
import { randomBytes } from "node:crypto";
import { b64, Key } from "./lib/wire.mjs";
import { Caller, Till, Wallet } from "./lib/people.mjs";
import { tally, word } from "./lib/tally.mjs";

export const point = "3";
/** @typedef {import("./run.mjs").Trial} Trial */

/** The option that names proxies, with these addresses; none, where several can't be named. @param {Trial} t @param {string[]} addresses */
function behind(t, addresses) {
  if (t.has("--trusted-proxy")) return ["--trusted-proxy", addresses.join(",")];
  if (t.has("--proxy") && addresses.length === 1) return ["--proxy", addresses[0]];
  return undefined;
}

const absent = { holds: false, saw: "there is no option that names such proxies" };
const wrongTill = (/** @type {import("./lib/server.mjs").Issuer} */ issuer, /** @type {any} */ road) => new Caller(issuer, new Key(), road).change("/v1/tills", { code: "ABCDEFGHIJKLMNOP" });
const forwarded = (/** @type {string | string[]} */ value) => ({ headers: { "x-forwarded-for": value } });

export const scenarios = [
  {
    name: "300 callers behind one proxy", stranger: "330 people try a login once each, all through the TLS proxy in front", honest: "one more of them logs in with the right password", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const more = behind(t, ["127.0.0.1"]);
      if (!more) return absent;
      const issuer = await t.start({ more });
      const person = await issuer.person();
      const heard = await tally(330, 8, (number) => {
        const road = forwarded(`198.51.${100 + (number >> 8)}.${number & 255}`);
        return new Caller(issuer, new Key(), road).change("/v1/login", { login: `nobody-${number}`, password: "wrong", language: "en" });
      });
      const mine = await word(() => new Wallet(issuer, forwarded("203.0.113.7")).ticket(person));
      return { holds: heard.of("answered") === 330 && mine === "answered", saw: `330 logins: ${heard}; the honest one: ${mine}` };
    },
  },
  {
    name: "two proxies in a row", stranger: "one address behind two proxies sends 330 wrong till codes, with made-up addresses before its own", honest: "another address behind them registers a till", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const more = behind(t, ["127.0.0.1", "10.0.0.1"]);
      if (!more) return absent;
      const issuer = await t.start({ more });
      const person = await issuer.person();
      const heard = await tally(330, 8, (number) => wrongTill(issuer, forwarded(`192.0.2.${number & 255}, 198.51.100.1, 10.0.0.1`)));
      const mine = await word(() => new Till(issuer, forwarded("203.0.113.7, 10.0.0.1")).enrol(person.tillCode));
      return { holds: heard.of("too-many-attempts") > 0 && mine === "answered", saw: `330 codes of the one: ${heard}; the other: ${mine}` };
    },
  },
  {
    name: "header lines and quoted IPv6", stranger: "one household's /64 sends 330 wrong till codes, each from another of its addresses, in every form of the header", honest: "the household next door registers a till", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const more = behind(t, ["127.0.0.1"]);
      if (!more) return absent;
      const issuer = await t.start({ more });
      const person = await issuer.person();
      const forms = [
        (/** @type {string} */ address) => address,
        (/** @type {string} */ address) => `[${address}]:4711`,
        (/** @type {string} */ address) => `"[${address}]:4711"`,
        (/** @type {string} */ address) => ["203.0.113.99", `"[${address}]"`],
      ];
      const heard = await tally(330, 8, (number) => wrongTill(issuer, forwarded(forms[number % forms.length](`2001:db8:0:1::${(number + 1).toString(16)}`))));
      const next = await word(() => new Till(issuer, forwarded("2001:db8:0:2::1")).enrol(person.tillCode));
      return { holds: heard.of("too-many-attempts") === 30 && next === "answered", saw: `330 codes of the one: ${heard}; next door: ${next}` };
    },
  },
  {
    name: "a header that nobody vouches for", stranger: "a caller that is no proxy sends 330 wrong till codes, each with another X-Forwarded-For", honest: "somebody at another address registers a till", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const more = behind(t, ["127.0.0.1"]) ?? [];
      const issuer = await t.start({ more });
      const person = await issuer.person();
      const heard = await tally(330, 8, (number) => wrongTill(issuer, { from: "127.0.0.5", ...forwarded(`198.51.100.${number & 255}`) }));
      const other = await word(() => new Till(issuer, { from: "127.0.0.6" }).enrol(person.tillCode));
      return { holds: heard.of("too-many-attempts") === 30 && other === "answered", saw: `330 codes: ${heard}; somebody else: ${other}` };
    },
  },
  {
    name: "an emergency stop after junk", stranger: "from the owner's own address: 330 logins, till codes and stop codes of nobody", honest: "the owner stops the account by a stop code, another by the channel key, a third registers a till from elsewhere", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const [one, other] = [await issuer.household(), await issuer.household()];
      const kinds = [
        (/** @type {Caller} */ caller) => caller.change("/v1/login", { login: "nobody", password: "wrong", language: "en" }),
        (/** @type {Caller} */ caller) => caller.change("/v1/tills", { code: "ABCDEFGHIJKLMNOP" }),
        (/** @type {Caller} */ caller) => caller.change("/v1/freeze/code", { code: `${b64(randomBytes(40))}.acc-${b64(randomBytes(16))}` }),
        (/** @type {Caller} */ caller) => caller.change("/v1/freeze/ticket", { ticket: b64(randomBytes(16)) }),
      ];
      const heard = await tally(1320, 8, (number) => kinds[number % 4](new Caller(issuer, new Key())));
      const code = await issuer.stopCode(one.person.contact);
      const byCode = await word(() => new Caller(issuer, new Key()).change("/v1/freeze/code", { code }));
      const byKey = await word(() => other.wallet.freeze());
      const paid = await word(async () => one.till.charge(one.wallet.code(), 100));
      return { holds: byCode === "answered" && byKey === "answered" && paid === "declined", saw: `1320 junk calls: ${heard}; stopped by code: ${byCode}; by key: ${byKey}; a payment of the stopped account: ${paid}` };
    },
  },
];
