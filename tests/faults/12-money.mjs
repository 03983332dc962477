// Money under kills and races: what was acknowledged is there afterwards, once.
import { randomBytes } from "node:crypto";
import { pause } from "./lib/http.mjs";
import { Refused, Till } from "./lib/people.mjs";
import { freePort } from "./lib/server.mjs";
import { Tally, tally, word } from "./lib/tally.mjs";
import { b64 } from "./lib/wire.mjs";

export const point = "kills and races";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

const ROUNDS = 8;
const HOUSEHOLDS = 20;
/** What a first day's device may pay. */
const PAYMENTS = 3;

/** One payment as its till remembers it. @typedef {{ home: any, key: string, amount: number, acknowledged?: any }} Asked */

/**
 * Households enrol and pay while the issuer is killed, in rounds. Then every payment is looked up by its till, and every balance compared
 * with what was found.
 * @param {Trial} t @param {string} ledger
 */
async function kills(t, ledger) {
  const port = await freePort();
  /** @type {Asked[]} */
  const asked = [];
  let issuer = await t.start({ ledger, port });
  /** @type {any[]} */
  const homes = [];
  let cut = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    /** @type {any[]} */
    const fresh = [];
    const moved = await tally(HOUSEHOLDS, 4, async (number) => fresh.push(await issuer.household({ from: `127.${round + 1}.0.${number + 1}` })));
    if (fresh.length < HOUSEHOLDS) throw new Error(`enrolments: ${moved}`);
    homes.push(...fresh);
    let alive = true;
    let acknowledged = 0;
    const paying = fresh.map(async (home) => {
      for (let number = 0; alive && number < PAYMENTS; number += 1) {
        /** @type {Asked} */
        const one = { home, key: b64(randomBytes(16)), amount: 100 + asked.length };
        asked.push(one);
        try {
          const answer = await home.till.charge(home.wallet.code(), one.amount, one.key);
          if (answer.outcome === "approved") {
            one.acknowledged = answer;
            acknowledged += 1;
          }
          await home.wallet.sync({ written: 1 });
        } catch (error) {
          if (error instanceof Refused) throw error;
          cut += 1;
          return;
        }
      }
    });
    /** @type {Set<Promise<void>>} */
    const ended = new Set();
    for (const one of paying) one.then(() => ended.add(one), () => ended.add(one));
    // At another moment of the load in each round.
    while (acknowledged < 12 + round * 5 && !paying.every((one) => ended.has(one))) await pause(1);
    await issuer.kill();
    alive = false;
    await Promise.all(paying);
    issuer = await t.start({ ledger, port });
    for (const { wallet, till } of homes) {
      for (const caller of [wallet.device, wallet.channel, till.caller]) caller.issuer = issuer;
      wallet.issuer = issuer;
    }
  }
  const heard = new Tally();
  let [missing, changed, found, unheard] = [0, 0, 0, 0];
  /** @type {Map<any, number>} */
  const spent = new Map();
  for (const { home, key, amount, acknowledged } of asked) {
    const answer = await home.till.lookUp(key).catch((/** @type {any} */ error) => ({ outcome: error.code }));
    const there = answer.outcome === "approved";
    if (there) {
      found += 1;
      spent.set(home, (spent.get(home) ?? 0) + amount);
      if (!acknowledged) unheard += 1;
    }
    if (acknowledged && !there) missing += 1;
    if (acknowledged && there && (answer.payment !== acknowledged.payment || answer.amount !== acknowledged.amount)) changed += 1;
    heard.add(answer.outcome);
  }
  let wrong = 0;
  for (const home of homes) {
    await home.wallet.sync();
    const books = await issuer.demo("/demo/books", { login: home.person.login });
    const left = 90_000 - (spent.get(home) ?? 0);
    if (home.wallet.balance !== left || Number(books.balance) !== left) wrong += 1;
  }
  const acknowledged = asked.filter((one) => one.acknowledged).length;
  const holds = missing === 0 && changed === 0 && wrong === 0 && acknowledged > ROUNDS * HOUSEHOLDS / 2 && cut > 0;
  return {
    holds,
    saw: `${ROUNDS} kills: ${acknowledged} payments acknowledged, ${acknowledged - missing - changed} of them found, ${missing} missing, ${changed} changed; ${unheard} more were made whose answer was cut off (${cut} calls); of ${homes.length} balances and books ${wrong} differ from what was found, so none was taken twice`,
  };
}

/** One token at as many tills at once. @param {Trial} t @param {string} ledger */
async function race(t, ledger) {
  const issuer = await t.start({ ledger });
  const { wallet, person } = await issuer.household();
  const tills = [];
  for (let number = 0; number < 20; number += 1) tills.push(await new Till(issuer, { from: `127.0.5.${number + 1}` }).enrol((await issuer.person()).tillCode));
  // Nonces first, so that all go at once.
  await Promise.all(tills.map((till) => word(() => till.lookUp(b64(randomBytes(16))))));
  const token = wallet.code();
  const heard = new Tally();
  await Promise.all(tills.map(async (till) => heard.add(await word(() => till.charge(token, 1_000)))));
  await wallet.sync();
  const books = await issuer.demo("/demo/books", { login: person.login });
  const holds = heard.of("approved") === 1 && wallet.balance === 89_000 && Number(books.balance) === 89_000;
  return { holds, saw: `${heard}; balance ${wallet.balance} of 90000` };
}

const killed = { stranger: `${ROUNDS} times kill -9 under the load of ${HOUSEHOLDS} paying households, each time started again`, honest: "every acknowledged payment is looked up afterwards; balances and books are compared" };
const raced = { stranger: "one payment code is offered at 20 tills at once", honest: "exactly one is approved, and the money moves once" };

export const scenarios = [
  { name: "kills, SQLite", ...killed, seconds: 150, run: (/** @type {Trial} */ t) => kills(t, `sqlite:${t.file}`) },
  { name: "kills, PostgreSQL", ...killed, seconds: 150, run: async (/** @type {Trial} */ t) => kills(t, (await t.postgres()).database().url) },
  { name: "one code at 20 tills, SQLite", ...raced, seconds: 60, run: (/** @type {Trial} */ t) => race(t, `sqlite:${t.file}`) },
  { name: "one code at 20 tills, PostgreSQL", ...raced, seconds: 60, run: async (/** @type {Trial} */ t) => race(t, (await t.postgres()).database().url) },
  {
    name: "one code at two servers", stranger: "one payment code is offered at two servers over one PostgreSQL at once, ten times", honest: "each time exactly one is approved", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const { url } = (await t.postgres()).database();
      const [port, otherPort] = [await freePort(), await freePort()];
      const one = await t.start({ ledger: url, port });
      const other = await t.start({ ledger: url, port: otherPort, url: one.url });
      const heard = new Tally();
      let right = 0;
      for (let number = 0; number < 10; number += 1) {
        const { wallet, till, person } = await one.household();
        const second = await new Till(other).enrol((await one.person()).tillCode);
        const token = wallet.code();
        const outcomes = await Promise.all([till, second].map((held) => word(() => held.charge(token, 500))));
        for (const outcome of outcomes) heard.add(outcome);
        const books = await one.demo("/demo/books", { login: person.login });
        right += Number(outcomes.filter((outcome) => outcome === "approved").length === 1 && Number(books.balance) === 89_500);
      }
      return { holds: right === 10, saw: `${right} of 10 times exactly one: ${heard}` };
    },
  },
];
