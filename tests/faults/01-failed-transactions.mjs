// Point 1: after a transaction has failed, whatever made it fail, the next call is answered as soon as the cause is gone.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { pause } from "./lib/http.mjs";
import { holdSqlite, sqlite } from "./lib/ledgers.mjs";
import { Key, proof } from "./lib/wire.mjs";
import { Tally, tally, word } from "./lib/tally.mjs";

export const point = "1";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

const TABLES = ["accounts", "used", "payments", "till_answers", "calls", "tries"];

/** Calls of a household, each of another kind: payments, syncs, logins of nobody. @param {any} home @param {number} count */
const calls = ({ wallet, till }, count) => tally(count, 4, (number) => {
  if (number % 3 === 0) return till.charge(wallet.code(), 10);
  return number % 3 === 1 ? wallet.sync() : wallet.device.change("/v1/refill", {});
});

/** What was answered by the ledger, whatever it decided. @param {Tally} heard */
const served = (heard) => heard.all - heard.of("issuer-unavailable") - heard.of("issuer-busy") - heard.of("lost") - heard.of("timed-out");

/**
 * The same for every cause: the household calls while the ledger fails, and once it does not.
 * @param {Issuer} issuer @param {() => unknown} begin @param {() => unknown} [end]
 */
async function through(issuer, begin, end) {
  const cut = end === undefined;
  const home = await issuer.household();
  await begin();
  const during = await calls(home, 40);
  await end?.();
  const after = await calls(home, 40);
  const paid = await word(() => issuer.household().then(({ wallet, till }) => wallet.pay(till, 100)));
  const holds = served(after) === 40 && paid === "approved";
  return { holds, saw: `40 calls${cut ? " at once after" : " meanwhile"}: ${during}; afterwards ${served(after)} of 40 are answered; a new owner's payment: ${paid}` };
}

/** Triggers on the tables that calls write, made and dropped by a second connection. @param {string} file @param {string} action */
const trigger = (file, action) => [
  () => sqlite(file, ...TABLES.flatMap((table) => ["INSERT", "UPDATE"].map((verb) => `CREATE TRIGGER fault_${table}_${verb} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(${action}, 'fault'); END`))),
  () => sqlite(file, ...TABLES.flatMap((table) => ["INSERT", "UPDATE"].map((verb) => `DROP TRIGGER fault_${table}_${verb}`))),
];

/** @param {string} action */
const raised = (action) => ({
  name: `SQLite, RAISE(${action})`, stranger: `a second connection makes triggers with RAISE(${action}), and drops them again`, honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 60,
  run: async (/** @type {Trial} */ t) => {
    const [begin, end] = trigger(t.file, `${action}`);
    return through(await t.start(), begin, end);
  },
});

/** Calls whose callers hang up before they are answered, while a lock is held. @param {Issuer} issuer @param {any} wallet @param {number} count */
async function hangUps(issuer, wallet, count) {
  const open = Array.from({ length: count }, (_, number) => {
    const body = Buffer.from(JSON.stringify({ login: `nobody-${number}`, password: "x", language: "en", call: Buffer.alloc(16, number).toString("base64url") }));
    const dpop = proof(new Key(), { url: `${issuer.url}/v1/tills`, body, nonce: wallet.device.nonce });
    const socket = connect({ host: "127.0.0.1", port: issuer.port });
    socket.on("error", () => {});
    socket.write(`POST /v1/tills HTTP/1.1\r\nhost: localhost:${issuer.port}\r\ncontent-type: application/json\r\ndpop: ${dpop}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    return socket;
  });
  // At different moments, so that they are cut off in different places.
  for (const socket of open) {
    await pause(15);
    socket.destroy();
  }
}

export const scenarios = [
  raised("ROLLBACK"), raised("ABORT"), raised("FAIL"),
  {
    name: "SQLite, COMMIT fails", stranger: "a deferred foreign key, made by a second connection, is broken by every write: COMMIT itself fails", honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const begin = () => sqlite(t.file,
        "CREATE TABLE fault_parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE fault_child (id INTEGER REFERENCES fault_parent (id) DEFERRABLE INITIALLY DEFERRED)",
        ...TABLES.flatMap((table) => ["INSERT", "UPDATE"].map((verb) => `CREATE TRIGGER fault_${table}_${verb} AFTER ${verb} ON ${table} BEGIN INSERT INTO fault_child VALUES (7); END`)));
      const end = () => sqlite(t.file,
        ...TABLES.flatMap((table) => ["INSERT", "UPDATE"].map((verb) => `DROP TRIGGER fault_${table}_${verb}`)),
        "DROP TABLE fault_child", "DROP TABLE fault_parent");
      return through(await t.start(), begin, end);
    },
  },
  {
    name: "SQLite, the disk is full", stranger: "the ledger's disk (a tmpfs of 4 MB) is filled up, and emptied again", honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const disk = join(t.folder, "disk");
      mkdirSync(disk);
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", disk], { encoding: "utf8" });
      if (mounted.status !== 0) t.skip(`no tmpfs may be mounted here: ${mounted.stderr.trim()}`);
      t.after.push(() => spawnSync("umount", ["-l", disk]));
      const issuer = await t.start({ ledger: `sqlite:${join(disk, "issuer.sqlite")}` });
      const filler = join(disk, "filler");
      const begin = () => {
        spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4096"]);
        if (statSync(filler).size === 0) throw new Error("the disk was not filled");
      };
      return through(issuer, begin, () => rmSync(filler));
    },
  },
  {
    name: "SQLite, no file may grow", stranger: "the process may write no file past what the ledger has now (RLIMIT_FSIZE), and then may again", honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const limit = (/** @type {string} */ most) => () => {
        const { status, stderr } = spawnSync("prlimit", ["--pid", String(issuer.child?.pid), `--fsize=${most}:unlimited`], { encoding: "utf8" });
        if (status !== 0) throw new Error(`prlimit: ${stderr}`);
      };
      return through(issuer, limit("8192"), limit("unlimited"));
    },
  },
  {
    name: "SQLite, calls cut off in BEGIN", stranger: "while a second connection holds the file's lock, 120 callers hang up at different moments", honest: "40 calls afterwards, and a new owner who enrols and pays", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet } = await issuer.household();
      return through(issuer, async () => {
        const release = await holdSqlite(t.file);
        await hangUps(issuer, wallet, 120);
        await release();
      });
    },
  },
  {
    name: "PostgreSQL, a statement fails", stranger: "a second connection makes triggers that raise, and drops them again", honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const issuer = await t.start({ ledger: url });
      const begin = () => server.sql(name, `CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fault'; END $$; ${TABLES.map((table) => `CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION fault();`).join(" ")}`);
      return through(issuer, begin, () => server.sql(name, "DROP FUNCTION fault CASCADE"));
    },
  },
  {
    name: "PostgreSQL, COMMIT fails", stranger: "deferred constraint triggers raise at COMMIT, and are dropped again", honest: "40 calls meanwhile, 40 afterwards, and a new owner who enrols and pays", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const issuer = await t.start({ ledger: url });
      const begin = () => server.sql(name, `CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fault'; END $$; ${TABLES.map((table) => `CREATE CONSTRAINT TRIGGER fault AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fault();`).join(" ")}`);
      return through(issuer, begin, () => server.sql(name, "DROP FUNCTION fault CASCADE"));
    },
  },
  {
    name: "PostgreSQL, connections are ended", stranger: "every connection of the issuer's is ended from the server's side, ten times, in the middle of calls", honest: "40 calls afterwards, and a new owner who enrols and pays", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const issuer = await t.start({ ledger: url });
      const home = await issuer.household();
      return through(issuer, async () => {
        const busy = calls(home, 200);
        for (let times = 0; times < 10; times += 1) {
          server.sql("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
          await pause(100);
        }
        await busy;
      });
    },
  },
  {
    name: "PostgreSQL, calls cut off in BEGIN", stranger: "while a table is locked, 120 callers hang up at different moments", honest: "40 calls afterwards, a new owner; \"already a transaction in progress\" stands nowhere", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const issuer = await t.start({ ledger: url });
      const { wallet } = await issuer.household();
      const { holds, saw } = await through(issuer, async () => {
        for (let times = 0; times < 3; times += 1) {
          const release = await server.hold(name, "LOCK TABLE used, tries IN ACCESS EXCLUSIVE MODE");
          await hangUps(issuer, wallet, 40);
          await release();
          await hangUps(issuer, wallet, 40);
        }
      });
      const warned = server.log(name).split("already a transaction in progress").length - 1;
      return { holds: holds && warned === 0, saw: `${saw}; "already a transaction in progress": ${warned}` };
    },
  },
];
