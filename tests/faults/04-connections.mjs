// Point 4: limits that begin before a request exists.
import { readdirSync, readlinkSync } from "node:fs";
import { pause, raw, status, still } from "./lib/http.mjs";
import { Tally, word } from "./lib/tally.mjs";
import { proof } from "./lib/wire.mjs";

export const point = "4";
/** @typedef {import("./run.mjs").Trial} Trial */
/** @typedef {import("./lib/server.mjs").Issuer} Issuer */

const NARROW = ["prlimit", "--nofile=200:200"];
const head = (/** @type {Issuer} */ { port }) => `POST /v1/sync HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\ndpop: x\r\n`;

/** What a socket sends before it keeps still. @type {Record<string, (issuer: Issuer) => string>} */
const KINDS = {
  idle: () => "",
  "half a head": head,
  "half a body": (issuer) => `${head(issuer)}content-length: 1000\r\n\r\n{"nonce":`,
  "never reading": ({ port }) => `GET /.well-known/jitsuin HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`.repeat(3000),
};

/** Sockets that the process has open, by its descriptors. @param {Issuer} issuer */
function socketsOf(issuer) {
  const folder = `/proc/${issuer.child?.pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

/** Honest calls, one after another, each on a connection of its own. @param {Issuer} issuer @param {number} count */
async function honest(issuer, count, from = "127.0.0.2") {
  const heard = new Tally();
  for (let number = 0; number < count; number += 1) heard.add((await issuer.answers({ from })) ? "answered" : "lost");
  return heard;
}

/** Lines of the log, other than those of calls and their bodies, that speak of connections. @param {Issuer} issuer */
const linesOf = ({ notes }) => notes.split("\n").filter((line) => /connection|descriptor|accept|too many/i.test(line) && !/a body/.test(line)).length;

/** @param {string} kind @param {(number: number) => string} from */
function crowd(kind, from) {
  return async (/** @type {Trial} */ t) => {
    const issuer = await t.start({ before: NARROW });
    const bytes = KINDS[kind](issuer);
    const sockets = await Promise.all(Array.from({ length: 220 }, (_, number) => still(issuer.port, from(number), bytes)));
    await pause(500);
    const heard = await honest(issuer, 8);
    const open = socketsOf(issuer);
    for (const socket of sockets) socket?.destroy();
    const after = await honest(issuer, 3);
    const lines = linesOf(issuer);
    const holds = heard.of("answered") === 8 && after.of("answered") === 3 && lines >= 1 && lines <= 20;
    return { holds, saw: `honest calls: ${heard.of("answered")} of 8 while ${open} sockets are open, ${after.of("answered")} of 3 afterwards; lines in the log: ${lines}` };
  };
}

/** As many addresses as sockets, so that no cap for one address meets them: it may not last. @param {string} kind */
function throng(kind) {
  return async (/** @type {Trial} */ t) => {
    const issuer = await t.start({ before: NARROW });
    const bytes = KINDS[kind](issuer);
    const sockets = await Promise.all(Array.from({ length: 220 }, (_, number) => still(issuer.port, many(number), bytes)));
    await pause(500);
    const open = socketsOf(issuer);
    const begun = Date.now();
    let tries = 0;
    let back = false;
    for (const over = begun + 75_000; !back && Date.now() < over; tries += 1) back = await issuer.answers({ from: "127.0.0.2" });
    const seconds = Math.round((Date.now() - begun) / 1000);
    const heard = back ? await honest(issuer, 8) : new Tally();
    for (const socket of sockets) socket?.destroy();
    const lines = linesOf(issuer);
    const saw = back ? `answered at try ${tries} (${seconds} s), then ${heard.of("answered")} of 8` : `not answered in ${seconds} s`;
    return { holds: back && heard.of("answered") === 8 && lines >= 1 && lines <= 20, saw: `${open} sockets are open; an honest call is ${saw}; lines in the log: ${lines}` };
  };
}

const one = () => "127.0.0.1";
const many = (/** @type {number} */ number) => `127.0.${1 + (number >> 7)}.${1 + (number & 127)}`;

/** @param {string} name @param {string} what @param {(issuer: Issuer) => string} bytes @param {(answer: { text: string, closed: boolean }) => boolean} refused */
const refusal = (name, what, bytes, refused) => ({
  name, stranger: what, honest: "the request is refused, and nothing behind it is read as one", seconds: 20,
  run: async (/** @type {Trial} */ t) => {
    const issuer = await t.start();
    const answer = await raw(issuer.port, bytes(issuer));
    const answers = answer.text.match(/^HTTP\/1\.1 \d{3}/gm) ?? [];
    const alive = await honest(issuer, 1);
    const said = answers.map((line) => line.slice(9)).join(", ") || "nothing";
    return { holds: refused(answer) && answers.length <= 1 && alive.of("answered") === 1, saw: `answers: ${said}; connection ${answer.closed ? "closed" : "left open"}` };
  },
});
/** Refused for its form: by an answer that says so, or by none; the connection is good for nothing more. */
const bad = (/** @type {{ text: string, closed: boolean }} */ { text, closed }) => closed && (text === "" || [400, 413, 414, 431].includes(status(text)));

export const scenarios = [
  ...Object.keys(KINDS).map((kind) => ({
    name: `220 sockets, ${kind}, one address`, stranger: `220 sockets of one address (${kind}) against a server with 200 descriptors`, honest: "8 calls from another address; the log says it", seconds: 60,
    run: crowd(kind, one),
  })),
  ...["idle", "half a head"].map((kind) => ({
    name: `220 sockets, ${kind}, as many addresses`, stranger: `220 sockets of 220 addresses (${kind}) stay at a server with 200 descriptors`, honest: "a call from another address is answered again while they stay; the log says it", seconds: 120,
    run: throng(kind),
  })),
  {
    name: "sockets that do nothing end", stranger: "10 sockets of each kind (idle, half a head, half a body, never reading) stay for 100 s", honest: "the server takes its descriptors back", seconds: 150,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const before = socketsOf(issuer);
      const sockets = [];
      let number = 0;
      for (const bytes of Object.values(KINDS)) {
        for (let count = 0; count < 10; count += 1) sockets.push(await still(issuer.port, many((number += 1)), bytes(issuer)));
      }
      await pause(500);
      const most = socketsOf(issuer) - before;
      let left = most;
      for (const over = Date.now() + 100_000; left > 0 && Date.now() < over; left = socketsOf(issuer) - before) await pause(1000);
      for (const socket of sockets) socket?.destroy();
      return { holds: most > 0 && left <= 0, saw: `of ${most} sockets ${Math.max(left, 0)} are open at the end` };
    },
  },
  {
    name: "streams of one account", stranger: "a copied key follows its account's news over 40 connections", honest: "its owner's own stream begins with a line", seconds: 60,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet } = await issuer.household();
      const follow = async (/** @type {string} */ from) => {
        const body = JSON.stringify({ after: 0 });
        const dpop = proof(wallet.channelKey, { url: `${issuer.url}/v1/news`, body: Buffer.from(body), nonce: wallet.channel.nonce, account: wallet.account });
        return still(issuer.port, from, `POST /v1/news HTTP/1.1\r\nhost: localhost:${issuer.port}\r\ncontent-type: application/json\r\ndpop: ${dpop}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      };
      const sockets = [];
      let text = "";
      for (let number = 0; number < 40; number += 1) sockets.push(await follow(many(number)));
      await pause(1500);
      const own = await follow("127.0.0.2");
      own?.on("data", (data) => (text += data));
      own?.resume();
      await pause(3000);
      const open = sockets.filter((socket) => socket !== undefined).map((socket) => new Promise((resolve) => {
        let bytes = "";
        let ended = false;
        socket?.on("data", (data) => (bytes += data));
        socket?.on("end", () => (ended = true));
        socket?.resume();
        setTimeout(() => resolve(!ended && !bytes.endsWith("0\r\n\r\n")), 2000);
      }));
      const left = (await Promise.all(open)).filter(Boolean).length;
      for (const socket of [...sockets, own]) socket?.destroy();
      const has = /"newest"/.test(text) && !text.endsWith("0\r\n\r\n");
      return { holds: has && left <= 20, saw: `streams of the copied key that go on: ${left} of 40; the owner's ${has ? "goes on" : "does not"}` };
    },
  },
  refusal("a head of 33 KB", "a request whose headers are 33 KB and a little", (issuer) => `GET /.well-known/jitsuin HTTP/1.1\r\nhost: localhost:${issuer.port}\r\nx-much: ${"a".repeat(33 * 1024)}\r\n\r\n`, bad),
  refusal("two lengths", "Content-Length with Transfer-Encoding, and a second request in what one of them leaves over", (issuer) => {
    const hidden = `GET /.well-known/jitsuin HTTP/1.1\r\nhost: localhost:${issuer.port}\r\n\r\n`;
    return `${head(issuer)}content-length: ${5 + hidden.length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
  }, bad),
  refusal("two hosts", "a request with two Host lines", (issuer) => `GET /.well-known/jitsuin HTTP/1.1\r\nhost: localhost:${issuer.port}\r\nhost: evil.example\r\n\r\n`, bad),
  refusal("bare line feeds", "a request whose lines end in a bare line feed", (issuer) => `GET /.well-known/jitsuin HTTP/1.1\nhost: localhost:${issuer.port}\n\n`, bad),
  {
    name: "a body that is cut", point: "2", stranger: "a call says 1000 bytes, sends 9 and ends", honest: "what it is called in the answer and the log", seconds: 20,
    run: async (/** @type {Trial} */ t) => {
      const issuer = await t.start();
      const { wallet } = await issuer.household();
      const socket = await still(issuer.port, "127.0.0.1", `${head(issuer)}content-length: 1000\r\n\r\n{"nonce":`);
      let text = "";
      socket?.on("data", (data) => (text += data));
      socket?.resume();
      socket?.end();
      await pause(1500);
      socket?.destroy();
      await pause(300);
      const tooLarge = /too-large/.test(text) || /too-large/.test(issuer.log);
      const works = await word(() => wallet.sync());
      return { holds: !tooLarge && works === "answered", saw: `answer: ${status(text) || "none"}${/"code":"([a-z-]+)"/.exec(text)?.[1] ? ` ${/"code":"([a-z-]+)"/.exec(text)?.[1]}` : ""}; the log ${/too-large/.test(issuer.log) ? "says too-large" : "does not say too-large"}` };
    },
  },
];
