// The built issuer as a process of its own, with whatever is done to it: limits, kills, a log that nobody reads.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pause, Roads } from "./http.mjs";
import { Till, Wallet } from "./people.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Groups that this program started: none outlives it, however it ends. @type {Set<number>} */
export const groups = new Set();
process.on("exit", () => {
  for (const group of groups) {
    try {
      process.kill(-group, "SIGKILL");
    } catch {}
  }
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.once(signal, () => process.exit(1));

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** What the program's own help names. @param {string} binary */
export function options(binary) {
  const { stdout } = spawnSync(binary, ["--help"], { encoding: "utf8" });
  return new Set(stdout.match(/--[a-z-]+/g) ?? []);
}

/** Runs the program to its end, or for so long. @param {string} binary @param {string[]} args */
export function runOnce(binary, args, seconds = 15) {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: root, encoding: "utf8", timeout: seconds * 1000, killSignal: "SIGKILL" });
  return { status, stdout, stderr };
}

/** How an issuer is started. @typedef {{ ledger: string, port?: number, demo?: boolean, create?: boolean, more?: string[], before?: string[], unread?: boolean, env?: Record<string, string>, patience?: number, listen?: boolean, url?: string }} How
 * `before`: a command that runs the program, such as prlimit; `unread`: its log is a pipe that nobody reads */

export class Issuer {
  /** @param {string} binary @param {Set<string>} known its options @param {How} how */
  constructor(binary, known, how) {
    [this.binary, this.known, this.how] = [binary, known, how];
    [this.port, this.url, this.rpId] = [how.port ?? 0, how.url ?? `http://localhost:${how.port}`, "localhost"];
    this.roads = new Roads();
    this.log = "";
    /** Lines of the log that are of no call. */
    this.notes = "";
    this.said = "";
    /** @type {import("node:child_process").ChildProcess | undefined} */
    this.child = undefined;
  }

  arguments() {
    const { ledger, demo = true, create = false, more = [], listen = true } = this.how;
    const own = ["--ledger", ledger, "--public-url", this.url, "--origins", this.url];
    if (listen) own.push("--listen", `127.0.0.1:${this.port}`);
    if (demo) own.push("--demo");
    if (create && this.known.has("--create")) own.push("--create");
    return [...own, ...more];
  }

  /** Starts it and waits until it says that it listens; throws with its log where it ends instead. */
  async start() {
    const { before = [], unread = false, env = {}, patience = 40_000 } = this.how;
    if (this.port === 0) {
      this.port = await freePort();
      this.url = this.how.url ?? `http://localhost:${this.port}`;
    }
    let command = [...before, this.binary, ...this.arguments()];
    // A pipe of 64 KB that is open and never read.
    if (unread) command = ["bash", "-c", 'exec "$@" 2> >(exec sleep 600)', "bash", ...command];
    const child = spawn(command[0], command.slice(1), { cwd: root, env: { ...process.env, ...env }, detached: true, stdio: ["ignore", "pipe", unread ? "inherit" : "pipe"] });
    [this.child, this.said, this.log, this.notes] = [child, "", "", ""];
    if (child.pid !== undefined) groups.add(child.pid);
    this.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    child.stdout?.on("data", (data) => (this.said += data));
    let half = "";
    child.stderr?.on("data", (data) => {
      this.log = (this.log + data).slice(-200_000);
      const lines = (half + data).split("\n");
      half = lines.pop() ?? "";
      this.notes += lines.filter((line) => !line.includes('"message":"call"')).map((line) => `${line}\n`).join("");
    });
    const over = Date.now() + patience;
    while (!/^listening on /m.test(this.said)) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > over) {
        const ended = child.exitCode !== null || child.signalCode !== null;
        await this.kill();
        throw new Error(`${ended ? "ended" : "did not listen"}: ${this.log.trim().split("\n").at(-1)}`);
      }
      await pause(20);
    }
    return this;
  }

  get running() {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As a machine that loses its power, or asked to end. Its group goes too: the reader that never reads is in it. */
  async kill(signal = /** @type {NodeJS.Signals} */ ("SIGKILL")) {
    this.roads.close();
    const { child } = this;
    if (child?.pid === undefined) return;
    if (this.running) child.kill(signal);
    if (signal !== "SIGKILL") await this.ended;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {}
    groups.delete(child.pid);
    await this.ended;
  }

  /** Asked to end, with a limit. */
  async stop() {
    const late = setTimeout(() => this.kill(), 15_000);
    await this.kill("SIGTERM");
    clearTimeout(late);
  }

  /** A call that only the demo has. @param {string} path @param {any} body */
  async demo(path, body, from = "127.0.0.1") {
    const answer = await this.roads.ask(this.port, { path, body: JSON.stringify(body), from });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 80)}`);
    return answer.json();
  }
  /** Messages to one contact, newest first. @param {string} contact */
  async messages(contact) {
    return (await this.demo("/demo/inbox", {})).filter((/** @type {any} */ { to }) => to === contact).reverse();
  }
  /** The newest code of 8 digits that went to a contact. @param {string} contact */
  async digits(contact) {
    for (const { text } of await this.messages(contact)) {
      const [code] = text.match(/(?<!\S)\d{8}(?!\S)/) ?? [];
      if (code !== undefined) return code;
    }
    throw new Error(`no code was sent to ${contact}`);
  }
  /** The newest stop code that went to a contact. @param {string} contact */
  async stopCode(contact) {
    for (const { text } of await this.messages(contact)) {
      const [code] = text.match(/[\w-]{54}\.acc-[\w-]+/) ?? [];
      if (code !== undefined) return code;
    }
    throw new Error(`no stop code was sent to ${contact}`);
  }

  /** A fresh account with JPY 90,000, a card and a till of its own. */
  async person() {
    return this.demo("/demo/victim", {});
  }
  /** A person with a wallet and a till. @param {{ from?: string, headers?: Record<string, string | string[]> }} [road] */
  async household(road = {}) {
    const person = await this.person();
    const till = await new Till(this, road).enrol(person.tillCode);
    const wallet = await new Wallet(this, road).enrol(person);
    return { person, wallet, till };
  }

  /** Whether an anonymous call is answered. */
  async answers({ from = "127.0.0.1", patience = 5_000 } = {}) {
    return this.roads.ask(this.port, { method: "GET", path: "/.well-known/jitsuin", from, patience, fresh: true }).then(({ status }) => status === 200, () => false);
  }
}

/** @param {string} binary */
export function requireBinary(binary) {
  if (!existsSync(binary)) throw new Error(`no ${binary}: cargo build --locked -p jitsuin-issuer makes it`);
}

/** @param {string} folder @param {string} name */
export function folderIn(folder, name) {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
