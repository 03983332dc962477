// A proxy of loopback that lets a kept-alive connection die unanswered: it hands a request to the issuer, waits until the issuer has
// answered, and closes the browser's connection instead of passing the answer on. Browsers send such a request again by themselves.
import { createServer, connect } from "node:net";

/** @typedef {{ path: string, proof: string }} Seen */

/** Whether a call does more than fetch its first nonce. @param {string} proof */
function hasNonce(proof) {
  const [, claims] = proof.split(".");
  return claims !== undefined && JSON.parse(Buffer.from(claims, "base64url").toString()).nonce !== "";
}

/** Listens at a free port before it is known where the issuer is. */
export async function openCutting() {
  /** Paths whose next request on a connection that was used before is cut. @type {string[]} */
  const next = [];
  /** Every POST that reached the issuer. @type {Seen[]} */
  const seen = [];
  let to = 0;
  let cuts = 0;
  /** @type {Set<import("node:net").Socket>} */
  const open = new Set();

  /** @param {import("node:net").Socket} socket */
  const keep = (socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  };

  const server = createServer((browser) => {
    const issuer = connect(to, "127.0.0.1");
    keep(browser);
    keep(issuer);
    let requests = 0;
    let cut = false;
    browser.on("data", (chunk) => {
      const head = chunk.toString("latin1");
      const start = /^(GET|POST|OPTIONS) (\S+) HTTP/.exec(head);
      if (start) {
        requests += 1;
        const [, method, path] = start;
        const proof = /^dpop: (\S+)/im.exec(head)?.[1] ?? "";
        if (method === "POST") seen.push({ path, proof });
        const place = requests > 1 && hasNonce(proof) ? next.indexOf(path) : -1;
        if (place >= 0) {
          next.splice(place, 1);
          cut = true;
        }
      }
      // The demo's own calls are for whoever names this issuer.
      issuer.write(start ? Buffer.from(head.replace(/^host: \S+/im, `Host: localhost:${to}`), "latin1") : chunk);
    });
    issuer.on("data", (chunk) => {
      if (!cut) return browser.write(chunk);
      cuts += 1;
      browser.destroy();
      issuer.destroy();
    });
    browser.on("close", () => issuer.destroy());
    issuer.on("close", () => browser.destroy());
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (!address || typeof address !== "object") throw new Error("no port");
  return {
    url: `http://localhost:${address.port}`,
    /** @param {string} at the issuer's own address */
    forward: (at) => void (to = Number(new URL(at).port)),
    /** @param {string} path */
    cutNext: (path) => void next.push(path),
    cuts: () => cuts,
    /** The proofs of every request to a path, in order. @param {string} path */
    proofs: (path) => seen.filter((one) => one.path === path).map(({ proof }) => proof),
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve(undefined)));
    },
  };
}
