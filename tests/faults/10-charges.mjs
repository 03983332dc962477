// Point 10: what was charged is credited, however late or lost its answer is.
import { pause } from "./lib/http.mjs";
import { sqlite } from "./lib/ledgers.mjs";
import { Wallet } from "./lib/people.mjs";

export const point = "10";
/** @typedef {import("./run.mjs").Trial} Trial */

/** Hanako with a proved card of the demo's processor that behaves so; none, where the demo has no such card. @param {import("./lib/server.mjs").Issuer} issuer @param {RegExp} kind */
async function withCard(issuer, kind) {
  const wallet = await new Wallet(issuer).enrol({ login: "hanako", password: "hanako-password", contact: "hanako@example.test" });
  const card = [...wallet.sources].find(([, source]) => kind.test(source.get(3)))?.[0];
  if (card !== undefined) await wallet.proveCard(card);
  return { wallet, card };
}

/** Waits for a balance. @param {Wallet} wallet @param {number} balance @param {number} seconds */
async function credited(wallet, balance, seconds) {
  const begun = Date.now();
  for (;;) {
    await wallet.sync();
    const waited = Math.round((Date.now() - begun) / 1000);
    if (wallet.balance === balance || waited > seconds) return { balance: wallet.balance, waited };
    await pause(2_000);
  }
}

const absent = { holds: false, saw: "the demo's processor plays no such thing; a unit test of the rule is all there is" };
const TABLES = ["accounts", "top_ups", "open_top_ups", "entries"];

export const scenarios = [
  {
    name: "never seen, for three minutes", stranger: "the processor charges a card, and says for three minutes that it has never seen the charge", honest: "the top-up stays open and is credited once", seconds: 260, aside: true,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, card } = await withCard(issuer, /queue|never seen/i);
      if (card === undefined) return absent;
      const { outcome } = await wallet.topUp(1_000, card);
      const { balance, waited } = await credited(wallet, 3_000, 240);
      return { holds: outcome === "pending" && balance === 3_000, saw: `confirmed: ${outcome}; balance ${balance} of 3000 after ${waited} s` };
    },
  },
  {
    name: "a notice while the ledger fails", stranger: "the processor says by a notice alone that it charged a card, and the ledger fails whenever that is written, for 20 s", honest: "the top-up is credited once the ledger works again", seconds: 120, aside: true,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, card } = await withCard(issuer, /notice/i);
      if (card === undefined) return absent;
      const { outcome } = await wallet.topUp(1_000, card);
      const verbs = TABLES.flatMap((table) => ["INSERT", "UPDATE", "DELETE"].map((verb) => [table, verb]));
      sqlite(t.file, ...verbs.map(([table, verb]) => `CREATE TRIGGER IF NOT EXISTS fault_${table}_${verb} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, 'fault'); END`));
      // Past at least one sweep, which comes every 15 s.
      await pause(20_000);
      const failed = issuer.log.split("\n").filter((line) => line.includes("sweep")).length;
      sqlite(t.file, ...verbs.map(([table, verb]) => `DROP TRIGGER fault_${table}_${verb}`));
      const { balance, waited } = await credited(wallet, 3_000, 40);
      return { holds: outcome === "pending" && failed > 0 && balance === 3_000, saw: `confirmed: ${outcome}; sweeps that failed: ${failed}; balance ${balance} of 3000 ${waited} s after the ledger works again` };
    },
  },
  {
    name: "killed between charge and credit", stranger: "kill -9 while a card that answers late is charged; the demo's processor forgets all charges then and says that it has never seen them", honest: "the top-up is still open after two minutes: never seen is not final yet", seconds: 200, aside: true,
    run: async (/** @type {Trial} */ t) => {
      let issuer = await t.start();
      const { wallet, card } = await withCard(issuer, /late/i);
      if (card === undefined) return absent;
      const { outcome } = await wallet.topUp(1_000, card);
      await issuer.kill();
      issuer = await t.start({ port: issuer.port });
      for (const caller of [wallet.device, wallet.channel]) caller.issuer = issuer;
      const open = () => sqlite(t.file, "SELECT count(*) FROM open_top_ups")[0][0];
      const first = open();
      await pause(150_000);
      const [after] = [open()];
      return { holds: outcome === "pending" && first === 1 && after === 1, saw: `confirmed: ${outcome}; open after the kill: ${first}; 150 s later: ${after}` };
    },
  },
];
