// `make faults`: strangers and broken machines against the real issuer, over HTTP. Prints one line for each scenario, and a table; the last
// line is `N passed, N failed[, N skipped]`.
//
//   node tests/faults/run.mjs [--binary FILE] [--only PREFIX,…] [--jobs N] [--json FILE [--of WHAT]] [--write]
//
// `--write` writes docs/faults.md from before.json, which this script wrote with the issuer as it was, and from what it sees now.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PATIENCE } from "./lib/http.mjs";
import { Postgres } from "./lib/ledgers.mjs";
import { Issuer, options, requireBinary } from "./lib/server.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const { values: asked } = parseArgs({
  options: {
    binary: { type: "string", default: join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "jitsuin-issuer") },
    only: { type: "string" }, jobs: { type: "string", default: "3" }, json: { type: "string" }, of: { type: "string", default: "" }, write: { type: "boolean", default: false },
  },
});

/** What keeps a scenario from being tried on this machine. */
class Skipped extends Error {}

/**
 * What a scenario came to. @typedef {{ holds: boolean, saw: string }} Outcome
 * @typedef {{ name: string, point?: string, stranger: string, honest: string, seconds?: number, aside?: boolean,
 *   run: (t: Trial) => Promise<Outcome> }} Scenario
 * `stranger`: what is done to the issuer; `honest`: what somebody honest tries meanwhile; `seconds`: after which, and one call's patience, it is
 * hung; `aside`: most of it is waiting
 */

/** @type {Promise<Postgres | undefined> | undefined} */
let shared;

/** What a scenario is given: issuers and files that are gone once it has ended. */
export class Trial {
  /** @param {string} binary @param {Set<string>} known */
  constructor(binary, known) {
    [this.binary, this.known] = [binary, known];
    this.folder = mkdtempSync(join(tmpdir(), "jitsuin-faults-"));
    folders.add(this.folder);
    /** @type {(() => unknown)[]} */
    this.after = [];
  }
  /** @param {string} option */
  has(option) {
    return this.known.has(option);
  }
  /** @param {string} why @returns {never} */
  skip(why) {
    throw new Skipped(why);
  }
  /** An issuer that is not started. @param {Partial<import("./lib/server.mjs").How>} [how] */
  issuer(how = {}) {
    const issuer = new Issuer(this.binary, this.known, { ledger: `sqlite:${this.file}`, ...how });
    this.after.push(() => issuer.kill());
    return issuer;
  }
  get file() {
    return join(this.folder, "issuer.sqlite");
  }
  /** A started issuer. @param {Partial<import("./lib/server.mjs").How>} [how] */
  start(how) {
    return this.issuer(how).start();
  }
  /** The run's PostgreSQL, in which each scenario has a database of its own. */
  async postgres() {
    if (shared === undefined) {
      const folder = mkdtempSync(join(tmpdir(), "jitsuin-faults-"));
      folders.add(folder);
      shared = Postgres.start(join(folder, "postgres"));
    }
    return (await shared) ?? this.skip("no PostgreSQL on this machine (initdb)");
  }
  /** One that nobody else has. @param {Parameters<typeof Postgres.start>[1]} how */
  async ownPostgres(how) {
    const server = await Postgres.start(join(this.folder, "postgres"), how);
    if (server === undefined) return this.skip("no PostgreSQL on this machine (initdb)");
    this.after.push(() => server.stop());
    return server;
  }
  async end() {
    for (const step of this.after.reverse()) await step();
    rmSync(this.folder, { recursive: true, force: true });
    folders.delete(this.folder);
  }
}

/** What is still there if this program is told to end. @type {Set<string>} */
const folders = new Set();
process.on("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** @param {Scenario} scenario */
async function judge(scenario) {
  const trial = new Trial(asked.binary, known);
  const begun = Date.now();
  const limit = (scenario.seconds ?? 60) * 1000 + PATIENCE;
  /** @type {NodeJS.Timeout | undefined} */
  let late;
  const hung = new Promise((_, reject) => (late = setTimeout(() => reject(new Error(`hung: no end after ${limit / 1000} s`)), limit)));
  let outcome;
  try {
    outcome = { skipped: false, .../** @type {Outcome} */ (await Promise.race([scenario.run(trial), hung])) };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    outcome = { skipped: error instanceof Skipped, holds: false, saw: message.split("\n")[0].slice(0, 220) };
    if (process.env.FAULTS_STACK) console.error(error);
  }
  clearTimeout(late);
  await trial.end().catch((error) => console.error(`${scenario.name}: ${error}`));
  const row = { ...scenario, ...outcome, seconds: (Date.now() - begun) / 1000 };
  const verdict = row.skipped ? "skipped" : row.holds ? "holds" : "DOES NOT HOLD";
  console.log(`${row.point}  ${verdict}  ${row.name}: ${row.saw} (${row.seconds.toFixed(1)} s)`);
  return row;
}

const verdict = (/** @type {any} */ row) => (row === undefined ? "" : row.skipped ? "skipped" : row.holds ? "holds" : "**does not hold**");

/** @param {any[]} rows */
function page(rows) {
  const before = JSON.parse(readFileSync(join(here, "before.json"), "utf8"));
  const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const seen = (/** @type {any} */ row) => (row === undefined ? "not tried" : `${verdict(row)}: ${cell(row.saw)}`);
  const count = (/** @type {any[]} */ held) => `${held.filter(({ holds, skipped }) => holds && !skipped).length} of ${held.filter(({ skipped }) => !skipped).length}`;
  const lines = rows.map((row) => {
    const old = before.rows.find((/** @type {any} */ held) => held.name === row.name);
    return `| ${row.point} | *${cell(row.name)}*: ${cell(row.stranger)} | ${cell(row.honest)} | ${seen(old)} | ${seen(row)} |`;
  });
  return `# Strangers and broken machines

Each row is one scenario of \`tests/faults\`, run against the built \`jitsuin-issuer\` over HTTP. *Before* is the same script against the issuer of
${before.of}, where ${count(before.rows)} held; *now* is this repository's, where ${count(rows)} hold. Counts are what one run saw. Seconds are shown and never
judged: they differ from machine to machine. How a refusal is called: [errors.md](errors.md).

\`make faults\` builds the issuer and runs them again, in some minutes; it is cut off at 1,200 s, and ends with an error if one does not hold. It needs Linux,
Node 20, PostgreSQL 15 and Python 3.10, and installs what is missing where apt may. Some rows need more, and are else skipped with the reason: \`faketime\`, \`qemu-x86_64\`, and root for
a disk of their own (tmpfs). One row: \`scripts/faults.sh --only "NAME"\`, as it stands in italics; all rows of a point:
\`--only 4\`. \`JITSUIN_WRITE_DOCS=1 make faults\` writes this page.

| point | what happens to the issuer | what somebody honest tries | before | now |
|---|---|---|---|---|
${lines.join("\n")}
`;
}

requireBinary(asked.binary);
const known = options(asked.binary);
/** @type {(Scenario & { point: string })[]} */
const scenarios = [];
for (const name of readdirSync(here).filter((name) => /^\d\d-.*\.mjs$/.test(name)).sort()) {
  const { point, scenarios: more } = await import(new URL(name, import.meta.url).href);
  scenarios.push(...more.map((/** @type {Scenario} */ scenario) => ({ point, ...scenario })));
}
// A name may have commas of its own.
const only = scenarios.some(({ name }) => name === asked.only) ? [asked.only ?? ""] : asked.only?.split(",");
const chosen = scenarios.filter(({ point, name }) => only?.some((start) => point === start || (!/^\d+$/.test(start) && name.startsWith(start))) ?? true);
// Long ones begin first, so that the last do not stand alone; the table keeps their order.
const queue = [...chosen].sort((one, other) => (other.seconds ?? 60) - (one.seconds ?? 60));
/** @type {any[]} */
const rows = [];
const begun = Date.now();
// Those that only wait take no turn.
const aside = queue.filter((scenario) => scenario.aside).map(async (scenario) => rows.push(await judge(scenario)));
const turns = queue.filter((scenario) => !scenario.aside);
await Promise.all([...aside, ...Array.from({ length: Number(asked.jobs) }, async () => {
  for (let scenario = turns.shift(); scenario; scenario = turns.shift()) rows.push(await judge(scenario));
})]);
await shared?.then((server) => server?.stop());
rows.sort((one, other) => chosen.findIndex(({ name }) => name === one.name) - chosen.findIndex(({ name }) => name === other.name));

const cut = (/** @type {string} */ text, /** @type {number} */ width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width));
console.log(`\n${cut("point", 6)} ${cut("scenario", 46)} ${cut("verdict", 14)} what was seen`);
for (const row of rows) console.log(`${cut(row.point, 6)} ${cut(row.name, 46)} ${cut(verdict(row).replaceAll("*", ""), 14)} ${row.saw}`);
const plain = rows.map(({ point, name, holds, skipped, saw, seconds }) => ({ point, name, holds, skipped, saw, seconds: Math.round(seconds) }));
if (asked.json) writeFileSync(asked.json, `${JSON.stringify({ of: asked.of, rows: plain }, null, 2)}\n`);
if (asked.write) writeFileSync(join(root, "docs/faults.md"), page(rows));
const [passed, skipped] = [rows.filter(({ holds, skipped }) => holds && !skipped).length, rows.filter(({ skipped }) => skipped).length];
const failed = rows.length - passed - skipped;
console.log(`\nall scenarios took ${Math.round((Date.now() - begun) / 1000)} s`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
// A scenario that hung may have left something open.
process.exit(failed > 0 || passed === 0 ? 1 : 0);
