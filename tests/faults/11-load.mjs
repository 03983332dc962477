// Point 11: what strangers make the issuer write, and servers whose clocks differ.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { rowsOf } from "./lib/ledgers.mjs";
import { Caller, Till, Wallet } from "./lib/people.mjs";
import { freePort } from "./lib/server.mjs";
import { tally, word } from "./lib/tally.mjs";
import { Key } from "./lib/wire.mjs";

export const point = "11";
/** @typedef {import("./run.mjs").Trial} Trial */

const PATHS = ["/v1/sync", "/v1/payments", "/v1/refill", "/v1/freeze", "/v1/top-ups", "/v1/tills/me"];
const size = (/** @type {string} */ file) => ["", "-wal"].reduce((sum, side) => sum + (statSync(file + side, { throwIfNoEntry: false })?.size ?? 0), 0);

export const scenarios = [
  {
    name: "anonymous proofs", stranger: "3,000 calls with good proofs of keys that nobody registered, six at once", honest: "the ledger does not grow by them; an owner pays meanwhile", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, till } = await issuer.household({ from: "127.9.0.1" });
      const [rows, bytes] = [rowsOf(t.file), size(t.file)];
      const callers = Array.from({ length: 6 }, () => new Caller(issuer, new Key()));
      await Promise.all(callers.map((caller) => word(() => caller.post("/v1/sync", {}))));
      const junk = tally(3000, 6, (number) => callers[number % 6].post(PATHS[number % PATHS.length], { nonsense: number }));
      const paid = await word(() => wallet.pay(till, 100));
      const heard = await junk;
      const [moreRows, moreBytes] = [rowsOf(t.file) - rows, size(t.file) - bytes];
      return { holds: moreRows <= 100 && paid === "approved", saw: `3000 calls: ${heard}; ${moreRows} more rows, ${Math.round(moreBytes / 1024)} KB more; a payment: ${paid}` };
    },
  },
  {
    name: "anonymous calls that write", stranger: "3,500 wrong till codes, stop codes, tickets, contact codes and challenges, six at once, from one address", honest: "the last 1,000 leave next to nothing behind; an owner pays from that address", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, till } = await issuer.household({ from: "127.4.0.1" });
      const callers = Array.from({ length: 6 }, () => new Caller(issuer, new Key(), { from: "127.4.0.1" }));
      /** @type {[string, any][]} */
      const kinds = [
        ["/v1/tills", { code: "ABCDEFGHIJKLMNOP" }], ["/v1/freeze/code", { code: "nothing.acc-x" }],
        ["/v1/freeze/ticket", { ticket: "AAAAAAAAAAAAAAAAAAAAAA" }], ["/v1/freeze/passkey", {}], ["/v1/login/code", { attempt: "AAAAAAAAAAAAAAAAAAAAAA", code: "12345678" }],
      ];
      const junk = (/** @type {number} */ count) => tally(count, 6, (number) => callers[number % 6].change(...kinds[number % kinds.length]));
      const rows = [rowsOf(t.file)];
      const first = await junk(2500);
      rows.push(rowsOf(t.file));
      const paid = await word(() => wallet.pay(till, 100));
      rows.push(rowsOf(t.file));
      const last = await junk(1000);
      const more = rowsOf(t.file) - rows[2];
      return { holds: more <= 100 && paid === "approved", saw: `2500 calls: ${first}, ${rows[1] - rows[0]} more rows; 1000 more: ${last}, ${more} more rows; a payment: ${paid}` };
    },
  },
  {
    name: "two servers 2 s apart", stranger: "two servers over one ledger, one clock 2 s ahead (faketime); a wallet's calls change between them 20 times", honest: "no call is refused for its nonce after the first; a top-up is prepared at one and confirmed at the other", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      if (spawnSync("faketime", ["--version"]).status !== 0) return t.skip("no faketime on this machine");
      const [port, ahead] = [await freePort(), await freePort()];
      const one = await t.start({ port });
      const other = await t.start({ port: ahead, url: one.url, before: ["faketime", "-f", "+2s"], env: { FAKETIME_DONT_FAKE_MONOTONIC: "1" } });
      const person = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };
      const wallet = await new Wallet(one).enrol(person);
      await wallet.proveCard("card-1");
      const till = await new Till(one).enrol((await one.person()).tillCode);
      const servers = [other, one];
      const at = (/** @type {number} */ number) => {
        for (const caller of [wallet.device, wallet.channel, till.caller]) caller.issuer = servers[number % 2];
      };
      at(0);
      await wallet.sync();
      const before = wallet.channel.renewed;
      const heard = await tally(20, 1, (number) => {
        at(number);
        return wallet.sync();
      });
      const refused = wallet.channel.renewed - before;
      at(0);
      const call = await wallet.topUpCall(1_000, "card-1");
      at(1);
      const topped = await word(() => wallet.device.change("/v1/intents/confirm", call));
      return { holds: heard.of("answered") === 20 && refused === 0 && topped === "done", saw: `20 changes: ${heard}, ${refused} of them after a 401; a top-up over both: ${topped}` };
    },
  },
];
