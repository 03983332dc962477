// A reference issuer of its own for each suite: the real binary, a fresh SQLite file, a free port on loopback.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "jitsuin-issuer");

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

/**
 * Starts an issuer with the demo's accounts and waits until it answers.
 * @param {{ ledger?: string, port?: number, origins?: string[], behind?: string, more?: string[] }} [options] `behind`: its public URL, where
 * something stands in front of it
 */
export async function startIssuer({ ledger, port, origins, behind, more = [] } = {}) {
  if (!existsSync(binary)) throw new Error("build the issuer first: cargo build -p jitsuin-issuer");
  const folder = mkdtempSync(join(tmpdir(), "jitsuin-issuer-"));
  const file = ledger ?? join(folder, "issuer.sqlite");
  const at = port ?? (await freePort());
  const url = `http://localhost:${at}`;
  const args = [
    "--demo", "--listen", `127.0.0.1:${at}`, "--listen", `[::1]:${at}`, "--ledger", `sqlite:${file}`,
    "--public-url", behind ?? url, "--origins", (origins ?? [behind ?? url]).join(","), ...more,
  ];
  const child = spawn(binary, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise((resolve) => child.once("exit", resolve));

  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 300) {
      await stop();
      throw new Error(`the issuer did not start:\n${said}`);
    }
    const up = await fetch(`${url}/.well-known/jitsuin`).then((answer) => answer.ok, () => false);
    if (up) return { url, ledger: file, stop, log: () => said };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Rotates the keys of an issuer that runs, as its operator does: by a process of its own.
 * @param {{ url: string, ledger: string }} issuer
 */
export function rotateKeys({ url, ledger }) {
  return execFileSync(binary, ["--rotate-keys", "--ledger", `sqlite:${ledger}`, "--public-url", url], { encoding: "utf8" });
}
