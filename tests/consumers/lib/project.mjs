// A project of a user's own: a folder with the packed package unpacked in its node_modules, as npm puts it there, beside the pinned tools.
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));
export const tools = join(root, "tests/consumers/node_modules");
/** What `npm pack` made, unpacked: scripts/consumers.sh. */
const packed = join(root, "target/consumers/package");

/** Links every pinned tool, those of a scope one by one. @param {string} to */
function link(to) {
  for (const name of readdirSync(tools).filter((name) => !name.startsWith("."))) {
    if (!name.startsWith("@")) {
      symlinkSync(join(tools, name), join(to, name));
      continue;
    }
    mkdirSync(join(to, name));
    for (const inner of readdirSync(join(tools, name))) symlinkSync(join(tools, name, inner), join(to, name, inner));
  }
}

/** @type {string[]} */
const projects = [];
// Not when its test ends, whose servers are then still writing into it.
after(() => projects.forEach((folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })));

/**
 * Make a project of these files; it goes when the tests of the file end.
 * @param {Record<string, string>} files by path
 */
export function project(files) {
  const parent = join(root, "target/consumers/projects");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "p-"));
  projects.push(folder);
  mkdirSync(join(folder, "node_modules"));
  link(join(folder, "node_modules"));
  cpSync(packed, join(folder, "node_modules/jitsuin"), { recursive: true });
  const all = { "package.json": JSON.stringify({ name: "a-user", private: true, type: "module" }), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A document of the package. @param {string} name */
export const paper = (name) => readFileSync(join(packed, name), "utf8");

/** The block of code in a document that begins so. @param {string} name @param {string} start */
export function block(name, start) {
  const found = [...paper(name).matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code]) => code).filter((code) => code.startsWith(start));
  if (found.length !== 1) throw new Error(`${name} has ${found.length} blocks that begin with ${start}`);
  return found[0];
}

/**
 * Run a tool of the project in Node; never rejects.
 * @param {string} folder @param {string[]} args @param {Record<string, string>} [environment]
 * @returns {Promise<{ ok: boolean, said: string }>}
 */
export function run(folder, args, environment = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1", ...environment }, maxBuffer: 1 << 26 }, (error, out, problems) => {
      resolve({ ok: error === null, said: stripVTControlCharacters(out + problems) });
    });
  });
}

/**
 * Start a server of the project and wait for the address that it says.
 * @param {{ after(what: () => unknown): void }} t @param {string} folder @param {string[]} args @param {Record<string, string>} [environment]
 * @returns {Promise<{ url: string, said: () => string }>}
 */
export function serve(t, folder, args, environment = {}) {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1", ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill();
    await ended;
  });
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (/** @type {Buffer} */ data) => {
      said += stripVTControlCharacters(String(data));
      const url = /http:\/\/localhost:\d+/.exec(said)?.[0];
      if (url) resolve({ url, said: () => said });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`it ended:\n${said}`)));
  });
}
