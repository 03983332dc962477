// Point 2: each failure says what it was, to the one who can mend it, and stops nobody else.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "./lib/http.mjs";
import { holdSqlite, sqlite } from "./lib/ledgers.mjs";
import { Refused } from "./lib/people.mjs";
import { freePort } from "./lib/server.mjs";
import { tally, word } from "./lib/tally.mjs";

export const point = "2";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

/** The last line that a start which fails says. @param {Trial} t @param {string} ledger @param {string[]} [before] @param {Record<string, any>} [how] */
async function startFault(t, ledger, before = [], how = {}) {
  try {
    const issuer = await t.start({ ledger, before, patience: 40_000, ...how });
    await issuer.kill();
    return "it starts";
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/** A call's refusal with its headers, or nothing. @param {() => Promise<any>} call */
async function refusal(call) {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error instanceof Refused ? /** @type {any} */ (error) : { code: "lost", headers: {}, status: 0 };
  }
}

/** @param {Issuer} issuer @param {string} path */
const probe = (issuer, path) => issuer.roads.ask(issuer.port, { method: "GET", path, fresh: true, patience: 15_000 }).then(({ status }) => status, () => 0);

export const scenarios = [
  {
    name: "faults at start", stranger: "twelve ledgers that can't be opened, each for a reason of its own", honest: "the operator reads why", seconds: 150,
    run: async (/** @type {Trial} */ t) => {
      const at = (/** @type {string} */ name) => join(t.folder, name);
      // A good one, made as it should be, to be spoilt.
      const port = await freePort();
      const made = await t.start({ ledger: `sqlite:${at("good.sqlite")}`, port });
      await made.stop();
      const copy = (/** @type {string} */ name) => {
        spawnSync("cp", ["-p", at("good.sqlite"), at(name)]);
        return `sqlite:${at(name)}`;
      };
      mkdirSync(at("folder.sqlite"));
      writeFileSync(at("text.sqlite"), "Dear diary, this is no database.\n".repeat(100), { mode: 0o600 });
      sqlite(at("other.sqlite"), "CREATE TABLE songs (title TEXT)");
      spawnSync("chmod", ["600", at("other.sqlite")]);
      const later = copy("later.sqlite");
      sqlite(at("later.sqlite"), "PRAGMA user_version = 999");
      const broken = copy("broken.sqlite");
      const bytes = readFileSync(at("broken.sqlite"));
      bytes.fill(0x5a, 100, 60_000);
      writeFileSync(at("broken.sqlite"), bytes);
      const locked = copy("locked.sqlite");
      sqlite(at("locked.sqlite"), "PRAGMA journal_mode = DELETE");
      const release = await holdSqlite(at("locked.sqlite"));
      const server = await t.postgres();
      const database = (/** @type {string} */ from, /** @type {string} */ to) => server.database().url.replace(from, to);
      const closed = await freePort();
      server.sql("postgres", "DROP ROLE IF EXISTS locked_out");
      server.sql("postgres", "CREATE ROLE locked_out NOLOGIN");
      const no = (/** @type {string} */ signal) => ["bash", "-c", `ulimit -f ${signal}; exec "$@"`, "bash"];
      /** Which fault, what it says, and what must stand in that. @type {[string, Promise<string>, RegExp][]} */
      const tried = [
        ["no such folder", startFault(t, `sqlite:${at("nowhere/issuer.sqlite")}`), /no such|not exist|not found|missing|no folder/i],
        ["a folder", startFault(t, `sqlite:${at("folder.sqlite")}`), /director|folder|no file|not a file/i],
        ["a text file", startFault(t, `sqlite:${at("text.sqlite")}`), /not a database|no database|not.*sqlite|another program/i],
        ["another program's file", startFault(t, `sqlite:${at("other.sqlite")}`), /other|another|not.*(ledger|ours|jitsuin)|no.*ledger/i],
        ["a later version's", startFault(t, later), /later|newer|version/i],
        ["a broken file", startFault(t, broken), /malformed|corrupt|broken|damaged|not a database/i],
        ["another identity's", startFault(t, copy("identity.sqlite"), [], { url: "http://localhost:1" }), /keeps its public URL/i],
        ["no room", startFault(t, `sqlite:${at("full.sqlite")}`, no("4")), /full|space|room|I\/O|disk|large|limit/i],
        ["locked by another program", startFault(t, locked), /lock|busy|slow/i],
        ["nothing listens there", startFault(t, `postgres://jitsuin@127.0.0.1:${closed}/ledger`), /connect|refused|reach/i],
        ["no such database", startFault(t, database("ledger_", "missing_")), /database.*not exist|no.*database|database/i],
        ["no such user", startFault(t, database("jitsuin@", "locked_out@")), /role|user|log ?in|permit/i],
      ];
      const said = await Promise.all(tried.map(async ([name, words, wanted]) => ({ name, words: await words, wanted })));
      await release();
      // What is left of a sentence without its places.
      const plain = (/** @type {string} */ words) => words.replaceAll(/\/\S+|postgres\S+|sqlite:\S+|\d+/g, "…");
      const named = said.filter(({ words, wanted }) => wanted.test(words.replaceAll(/\/\S+|postgres:\S+|sqlite:\S+/g, "…")));
      const kinds = new Set(said.map(({ words }) => plain(words)));
      if (process.env.FAULTS_STACK) for (const { name, words } of said) console.error(`${name}: ${words}`);
      const silent = said.filter((one) => !named.includes(one)).map(({ name }) => name);
      return { holds: named.length === said.length, saw: `of ${said.length} faults ${named.length} say what they are, in ${kinds.size} sentences${silent.length > 0 ? `; not: ${silent.join(", ")}` : ""}` };
    },
  },
  {
    name: "a slow ledger", stranger: "a second connection holds SQLite's write lock for as long as a call may take", honest: "a payment hears what it is and when to come again; the log says why; then it goes through", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, till } = await issuer.household();
      const release = await holdSqlite(t.file);
      const token = wallet.code();
      const refused = await refusal(() => till.charge(token, 100));
      await release();
      const paid = await word(() => wallet.pay(till, 100));
      const { code, status, headers } = refused ?? { code: "answered", status: 200, headers: {} };
      const why = issuer.log.split("\n").some((line) => /lock|busy|slow/i.test(line.replaceAll("issuer-busy", "")));
      const holds = status === 503 && code === "issuer-busy" && headers["retry-after"] !== undefined && why && paid === "approved";
      return { holds, saw: `${status} ${code}, Retry-After ${headers["retry-after"] ?? "none"}; the log ${why ? "says why" : "does not say why"}; then: ${paid}` };
    },
  },
  {
    name: "a freeze through a slow ledger", stranger: "PostgreSQL: one account's row is locked, and 60 calls for it take every connection", honest: "another owner stops the account while they wait", seconds: 120,
    run: async (/** @type {Trial} */ t) => {
      const server = await t.postgres();
      const { name, url } = server.database();
      const issuer = await t.start({ ledger: url });
      const [one, other] = [await issuer.household(), await issuer.household()];
      const release = await server.hold(name, `SELECT * FROM accounts WHERE key = '${one.wallet.account}' FOR UPDATE`);
      let done = 0;
      const waiting = tally(60, 60, (number) => {
        one.wallet.channel.from = `127.6.0.${1 + (number % 20)}`;
        return one.wallet.sync().finally(() => (done += 1));
      });
      await pause(1500);
      const begun = Date.now();
      const frozen = await word(() => other.wallet.freeze());
      const [before, took] = [done, (Date.now() - begun) / 1000];
      await release();
      const heard = await waiting;
      return { holds: frozen === "answered" && before < 60, saw: `the freeze: ${frozen} (${took.toFixed(1)} s) while ${60 - before} of 60 calls wait; those then: ${heard}` };
    },
  },
  {
    name: "a freeze behind a queue", stranger: "SQLite: a second connection holds the lock, and 200 calls queue up before it lets go", honest: "an owner who stops the account last is answered before most of them", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const [one, other] = [await issuer.household(), await issuer.household()];
      const release = await holdSqlite(t.file);
      let done = 0;
      const waiting = tally(200, 200, (number) => {
        // From many addresses: one alone may not have so many connections.
        one.wallet.device.from = `127.6.0.${1 + (number % 20)}`;
        return one.wallet.device.change("/v1/refill", {}).finally(() => (done += 1));
      });
      await pause(2000);
      let begun = Date.now();
      const frozen = word(() => other.wallet.freeze()).then((heard) => ({ heard, after: done, took: (Date.now() - begun) / 1000 }));
      await pause(500);
      begun = Date.now();
      await release();
      const { heard, after, took } = await frozen;
      const rest = await waiting;
      return { holds: heard === "answered" && after <= 100 && rest.of("lost") === 0, saw: `the freeze: ${heard} after ${after} of 200 (${took.toFixed(1)} s); those: ${rest}` };
    },
  },
  {
    name: "health and ready", stranger: "the ledger is locked and let go; then the server is told to end", honest: "probes: /health and /ready", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start({ more: t.has("--drain-delay") ? ["--drain-delay", "3"] : [] });
      await issuer.household();
      const well = [await probe(issuer, "/health"), await probe(issuer, "/ready")];
      const release = await holdSqlite(t.file);
      await pause(1500);
      const locked = [await probe(issuer, "/health"), await probe(issuer, "/ready")];
      await release();
      await pause(1500);
      const again = await probe(issuer, "/ready");
      issuer.child?.kill("SIGTERM");
      await pause(100);
      const ending = await probe(issuer, "/ready");
      const said = `well ${well}; ledger locked ${locked}; let go ${again}; told to end ${ending || "no answer"}`;
      return { holds: `${well}` === "200,200" && `${locked}` === "200,503" && again === 200 && ending === 503, saw: `/health and /ready: ${said}` };
    },
  },
  {
    name: "a request id", stranger: "nothing", honest: "each answer has an id, which stands in its problem and in the log", seconds: 30,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const good = await issuer.roads.ask(issuer.port, { method: "GET", path: "/.well-known/jitsuin" });
      const bad = await issuer.roads.ask(issuer.port, { path: "/v1/sync", body: "{}" });
      const again = await issuer.roads.ask(issuer.port, { path: "/v1/sync", body: "{}", headers: { "x-request-id": "forged-by-a-stranger" } });
      await pause(300);
      const [one, two, three] = [good, bad, again].map(({ headers }) => String(headers["x-request-id"] ?? ""));
      const [inProblem, inLog] = [one !== "" && bad.text.includes(two), two !== "" && issuer.log.includes(two)];
      const holds = one !== "" && one !== two && inProblem && inLog && !three.includes("forged");
      return { holds, saw: `x-request-id: ${one === "" ? "none" : "in each answer"}; in the problem: ${inProblem ? "yes" : "no"}; in the log: ${inLog ? "yes" : "no"}` };
    },
  },
  {
    name: "a log that nobody reads", stranger: "stderr is a pipe of 64 KB that nobody reads; 2,000 calls", honest: "every one of them", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start({ unread: true });
      let lost = 0;
      const heard = await tally(2000, 8, async () => {
        // A few lost ones tell as much as all.
        if (lost >= 8) throw new Error("given up");
        const { status } = await issuer.roads.ask(issuer.port, { method: "GET", path: "/.well-known/jitsuin", patience: 10_000 }).catch((error) => {
          lost += 1;
          throw error;
        });
        if (status !== 200) throw new Error(String(status));
      });
      return { holds: heard.of("answered") === 2000, saw: `${heard.of("answered")} of 2000 are answered` };
    },
  },
  {
    name: "RUST_LOG", stranger: "nothing", honest: "RUST_LOG=error keeps quiet of calls, RUST_LOG=debug does not; one that can't be read stops the start with a sentence", seconds: 40,
    run: async (/** @type {Trial} */ t) => {
      const port = await freePort();
      const lines = async (/** @type {string} */ level) => {
        const issuer = await t.start({ port, env: { RUST_LOG: level } });
        await issuer.answers();
        await issuer.stop();
        return issuer.log.split("\n").filter((line) => line.includes('"call"')).length;
      };
      const [quiet, loud] = [await lines("error"), await lines("debug")];
      const wrong = await startFault(t, `sqlite:${t.file}`, [], { port, env: { RUST_LOG: "jitsuin=[[loud" }, patience: 10_000 });
      return { holds: quiet === 0 && loud > 0 && /RUST_LOG/.test(wrong), saw: `lines of calls: ${quiet} under error, ${loud} under debug; a bad filter: ${wrong.slice(0, 90)}` };
    },
  },
];
