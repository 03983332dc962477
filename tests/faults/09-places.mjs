// Point 9: a mistyped or moved ledger.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./lib/server.mjs";
import { tally, word } from "./lib/tally.mjs";

export const point = "9";
/** @typedef {import("./run.mjs").Trial} Trial */

/** @param {Trial} t @param {Partial<import("./lib/server.mjs").How>} how */
async function starts(t, how) {
  const issuer = t.issuer({ patience: 30_000, ...how });
  try {
    await issuer.start();
  } catch (error) {
    return { started: false, said: /** @type {Error} */ (error).message, root: "" };
  }
  const root = /^root\s+(\S+)/m.exec(issuer.said)?.[1] ?? "";
  await issuer.stop();
  return { started: true, said: "", root };
}

/**
 * A household pays while its issuer's file is somewhere else, and once it is back.
 * @param {string} name @param {string} stranger @param {(file: string) => () => void} away makes it so, and gives what puts it back
 */
const moved = (name, stranger, away) => ({
  name, stranger, honest: "no payment is acknowledged that the file at the ledger's place will not have; once it is back, payments go on", seconds: 60,
  run: async (/** @type {Trial} */ t) => {
    const issuer = await t.start();
    const { wallet, till } = await issuer.household();
    const before = await word(() => wallet.pay(till, 100));
    const back = away(t.file);
    const heard = await tally(10, 1, () => till.charge(wallet.code(), 100));
    const unproved = heard.of("approved") + heard.of("declined");
    const noticed = issuer.log.split("\n").some((line) => /moved|deleted|replaced|no longer|not the file|another file|gone/i.test(line));
    back();
    const after = await word(() => wallet.pay(till, 100));
    const served = after === "approved" || after === "declined";
    return { holds: before === "approved" && unproved === 0 && served && noticed, saw: `10 payments meanwhile: ${heard}; the log ${noticed ? "says why" : "says nothing of it"}; afterwards: ${after}` };
  },
});

const SIDES = ["", "-wal", "-shm"];
const each = (/** @type {(side: string) => void} */ step) => SIDES.forEach(step);

export const scenarios = [
  {
    name: "a mistyped ledger", stranger: "--ledger names a file that does not exist, without --demo", honest: "the start is refused and no file is made; only --create makes one, once", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const port = await freePort();
      const typo = join(t.folder, "typo.sqlite");
      const plain = await starts(t, { ledger: `sqlite:${typo}`, port, demo: false });
      const left = existsSync(typo);
      if (!t.has("--create")) return { holds: false, saw: `${plain.started ? `it starts, with a new root ${plain.root.slice(0, 8)}…` : plain.said}; file made: ${left ? "yes" : "no"}; there is no --create` };
      const created = await starts(t, { port, demo: false, create: true });
      const twice = await starts(t, { port, demo: false, create: true });
      const again = await starts(t, { port, demo: false });
      const holds = !plain.started && !left && created.started && !twice.started && again.started && created.root === again.root && created.root !== "";
      return { holds, saw: `mistyped: ${plain.started ? "it starts" : "refused"}, file made: ${left ? "yes" : "no"}; --create: ${created.started ? "starts" : created.said}; again: ${twice.started ? "starts" : "refused"}; without: ${again.root === created.root ? "the same root" : "another root"}` };
    },
  },
  moved("a moved ledger", "the file is renamed under the running issuer, and put back", (file) => {
    each((side) => existsSync(file + side) && renameSync(file + side, `${file}.away${side}`));
    return () => each((side) => existsSync(`${file}.away${side}`) && renameSync(`${file}.away${side}`, file + side));
  }),
  moved("a replaced ledger", "the file is replaced by a copy, as a restored backup is, and put back", (file) => {
    copyFileSync(file, `${file}.copy`);
    chmodSync(`${file}.copy`, 0o600);
    renameSync(file, `${file}.away`);
    renameSync(`${file}.copy`, file);
    return () => renameSync(`${file}.away`, file);
  }),
  {
    name: "a deleted ledger", stranger: "the file is deleted under the running issuer", honest: "no payment is acknowledged any more", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet, till } = await issuer.household();
      each((side) => rmSync(t.file + side, { force: true }));
      const heard = await tally(10, 1, () => till.charge(wallet.code(), 100));
      return { holds: heard.of("approved") + heard.of("declined") === 0 && heard.all === 10 && heard.of("lost") === 0, saw: `10 payments: ${heard}` };
    },
  },
  {
    name: "a ledger that others may read", stranger: "the file has mode 644", honest: "the start is refused, with what mends it; a new file is its owner's alone whatever the umask", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const port = await freePort();
      const made = await starts(t, { port, before: ["bash", "-c", "umask 000; exec \"$@\"", "bash"] });
      const mode = (statSync(t.file).mode & 0o777).toString(8);
      chmodSync(t.file, 0o644);
      const wide = await starts(t, { port });
      chmodSync(t.file, 0o600);
      const mended = await starts(t, { port });
      const holds = made.started && mode === "600" && !wide.started && /chmod|mode/i.test(wide.said) && mended.started;
      return { holds, saw: `new: mode ${mode}; mode 644: ${wide.started ? "it starts" : wide.said.replaceAll(t.folder, "…").slice(0, 120)}; mode 600: ${mended.started ? "it starts" : "refused"}` };
    },
  },
  {
    name: "postgresql://", stranger: "nothing", honest: "an address in PostgreSQL's own spelling", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const { url } = (await t.postgres()).database();
      const issuer = t.issuer({ ledger: url.replace(/^postgres:/, "postgresql:") });
      const paid = await word(async () => {
        await issuer.start();
        const { wallet, till } = await issuer.household();
        return wallet.pay(till, 100);
      });
      return { holds: paid === "approved", saw: `a payment: ${paid === "lost" ? issuer.log.trim().split("\n").at(0)?.slice(0, 120) : paid}` };
    },
  },
  {
    name: "PostgreSQL over TLS", stranger: "the server has a certificate of an authority of its own; somebody else has another", honest: "sslmode=verify-full with that authority's certificate works and is TLS; with another's it is refused", seconds: 90,
    run: async (/** @type {Trial} */ t) => {
      const at = (/** @type {string} */ name) => join(t.folder, name);
      const openssl = (/** @type {string[]} */ ...args) => {
        const { status, stderr } = spawnSync("openssl", args, { cwd: t.folder, encoding: "utf8" });
        if (status !== 0) throw new Error(`openssl: ${stderr}`);
      };
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
      for (const name of ["ca", "other"]) openssl("req", "-x509", ...curve, "-keyout", `${name}.key`, "-out", `${name}.crt`, "-subj", `/CN=${name}`, "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE");
      openssl("req", ...curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
      writeFileSync(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
      openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.crt", "-days", "2", "-extfile", "names");
      const server = await t.ownPostgres({ certificate: { key: readFileSync(at("server.key"), "utf8"), cert: readFileSync(at("server.crt"), "utf8") } });
      const { name } = server.database();
      const url = (/** @type {string} */ authority) => `postgres://jitsuin@localhost:${server.port}/${name}?sslmode=verify-full&sslrootcert=${encodeURIComponent(at(authority))}`;
      const issuer = t.issuer({ ledger: url("ca.crt") });
      let seen = "";
      const paid = await word(async () => {
        await issuer.start();
        const { wallet, till } = await issuer.household();
        const answer = await wallet.pay(till, 100);
        seen = server.sql(name, `SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'jitsuin'`);
        return answer;
      });
      const why = issuer.log.trim().split("\n").at(0)?.slice(0, 120);
      await issuer.kill();
      const wrong = await starts(t, { ledger: url("other.crt") });
      return { holds: paid === "approved" && seen === "t" && !wrong.started && /certificate|issuer|authority|trust/i.test(wrong.said), saw: `a payment: ${paid === "lost" ? why : paid}, TLS: ${seen === "t" ? "yes" : "no"}; another authority: ${wrong.started ? "it starts" : wrong.said.slice(0, 140)}` };
    },
  },
];
