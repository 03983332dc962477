// The databases below the issuer, as somebody else holds them: a second SQLite connection (Python's), a PostgreSQL of our own.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "./server.mjs";
import { pause } from "./http.mjs";

const RUN = `
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
rows = []
for statement in json.loads(sys.argv[2]):
    rows = connection.execute(statement).fetchall()
print(json.dumps(rows, default=lambda held: held.hex()))
`;
const HOLD = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
`;

/** Statements by a second connection; the rows of the last. @param {string} file @param {string[]} statements @returns {any[][]} */
export function sqlite(file, ...statements) {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", RUN, file, JSON.stringify(statements)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`SQLite: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}

/** Holds the writers' lock of a file until it is told to let go. @param {string} file */
export async function holdSqlite(file) {
  const child = spawn("python3", ["-c", HOLD, file], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("close", () => reject(new Error("the lock was not to be had")));
  });
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** Rows of all tables of a file. @param {string} file */
export function rowsOf(file) {
  const tables = sqlite(file, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").map(([name]) => name);
  return sqlite(file, `SELECT ${tables.map((name) => `(SELECT count(*) FROM "${name}")`).join(" + ")}`)[0][0];
}

/** Where distributions put PostgreSQL's programs, after the PATH. */
function programs() {
  const folders = [process.env.POSTGRES_BIN ?? "", ...(process.env.PATH ?? "").split(":")];
  for (const parent of ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]) {
    if (existsSync(parent)) folders.push(...readdirSync(parent).sort().reverse().map((name) => join(parent, name, "bin")));
  }
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** PostgreSQL refuses to run as root: then somebody else's number. */
function otherUser() {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const line = lines.find(([name]) => name === "postgres") ?? lines.find(([name]) => name === "nobody");
  return line === undefined ? undefined : Number(line[2]);
}

/** A PostgreSQL in a folder of its own, on a socket there and on a port of loopback, with or without TLS. */
export class Postgres {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.count = 0;
    this.client = "psql";
  }
  /** @param {string} folder @param {{ certificate?: { key: string, cert: string } }} [how] @returns {Promise<Postgres | undefined>} none, where there is no PostgreSQL */
  static async start(folder, { certificate } = {}) {
    const at = programs();
    if (at === undefined) return undefined;
    const server = new Postgres(folder);
    if (existsSync(join(at, "psql"))) server.client = join(at, "psql");
    const uid = otherUser();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // It runs as somebody else, who has to get through to its own folder.
    chmodSync(dirname(folder), 0o711);
    if (uid !== undefined) chownSync(folder, uid, uid);
    const env = { ...process.env, LC_ALL: "C" };
    const data = join(folder, "data");
    const made = spawnSync(join(at, "initdb"), ["-D", data, "-U", "jitsuin", "-A", "trust", "-E", "UTF8", "--no-sync"], { uid, env, cwd: folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    server.port = await freePort();
    const more = [];
    if (certificate) {
      for (const [name, text] of Object.entries(certificate)) {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
        if (uid !== undefined) chownSync(join(folder, name), uid, uid);
      }
      more.push("-c", "ssl=on", "-c", `ssl_cert_file=${join(folder, "cert")}`, "-c", `ssl_key_file=${join(folder, "key")}`);
    }
    const log = openSync(join(folder, "log"), "w");
    const args = ["-D", data, "-k", folder, "-h", "127.0.0.1", "-p", String(server.port), "-N", "200", "-c", "log_line_prefix=%d ", ...more];
    server.child = spawn(join(at, "postgres"), args, { uid, env, cwd: folder, stdio: ["ignore", "ignore", log] });
    const { child } = server;
    process.on("exit", () => child.kill("SIGQUIT"));
    server.ended = new Promise((resolve) => server.child?.once("close", resolve));
    for (let tries = 0; ; tries += 1) {
      try {
        server.sql("postgres", "SELECT 1");
        return server;
      } catch (error) {
        if (server.child.exitCode !== null || tries > 300) throw error;
        await pause(50);
      }
    }
  }
  /** @param {string} database @param {string} statement */
  sql(database, statement) {
    const { status, stdout, stderr } = spawnSync(this.client, ["-X", "-A", "-t", "-h", this.folder, "-p", String(this.port), "-U", "jitsuin", "-d", database, "-c", statement], { encoding: "utf8" });
    if (status !== 0) throw new Error(`psql: ${stderr.trim()}`);
    return stdout.trim();
  }
  /** What stands in its log about one database. @param {string} database */
  log(database) {
    return readFileSync(join(this.folder, "log"), "utf8").split("\n").filter((line) => line.startsWith(`${database} `)).join("\n");
  }
  /** The address of a new database, through the socket. */
  database() {
    const name = `ledger_${(this.count += 1)}`;
    this.sql("postgres", `CREATE DATABASE ${name}`);
    return { name, url: `postgres://jitsuin@localhost:${this.port}/${name}?host=${encodeURIComponent(this.folder)}` };
  }
  /** Holds a lock in a transaction of its own until it is told to let go. @param {string} database @param {string} statement */
  async hold(database, statement) {
    const child = spawn(this.client, ["-X", "-q", "-h", this.folder, "-p", String(this.port), "-U", "jitsuin", "-d", database], { stdio: ["pipe", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.write(`BEGIN;\n${statement};\n\\echo held\n`);
    await new Promise((resolve) => child.stdout.on("data", (data) => String(data).includes("held") && resolve(undefined)));
    return async () => {
      child.stdin.end("ROLLBACK;\n");
      await ended;
    };
  }
  async stop() {
    // "Immediate shutdown": the folder goes anyway.
    this.child?.kill("SIGQUIT");
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
