// A wallet page on a real server of loopback, for browsers whose requests can't be answered by routing. The issuer is a world of the
// test kit's behind the same origin: `endpoint` is not `issuer` here, as behind a shop's own backend.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createWorld } from "../../pkg/testing.js";
import { POLICY } from "./policy.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ISSUER = "https://issuer.test";
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html; charset=utf-8" };

/** @param {import("node:http").IncomingMessage} asked */
async function bodyOf(asked) {
  const parts = [];
  for await (const part of asked) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * Opens the site with a world of its own.
 * @param {{ files?: Record<string, string>, policy?: string } & Partial<import("../../pkg/testing.js").WorldOptions>} [options] `files`: more texts to serve, by path
 */
export async function openSite({ files = {}, policy = POLICY, ...options } = {}) {
  /** @type {import("../../pkg/testing.js").World} */
  let world;
  /** Which contact code belongs to which attempt. @type {Map<string, string>} */
  const codes = new Map();
  /** @type {((report: any) => void)[]} */
  const waiting = [];
  /** One call at a time, so that the newest message is the call's own. @type {Promise<any>} */
  let before = Promise.resolve();
  let online = true;
  /** Paths of the calls so far. @type {string[]} */
  const calls = [];

  /** @param {import("node:http").IncomingMessage} asked @param {string} path */
  async function issuer(asked, path) {
    const body = await bodyOf(asked);
    const proof = asked.headers.dpop;
    const request = new Request(`${ISSUER}${path}`, { method: asked.method, ...(body.length ? { body } : {}), headers: proof ? { DPoP: String(proof) } : {} });
    const response = await world.issuer.fetch(request);
    const text = await response.clone().text();
    if (path === "/v1/login" && response.ok) codes.set(JSON.parse(text).attempt, (await world.issuer.inbox()).findLast(({ code }) => code !== null)?.code ?? "00000000");
    return response;
  }

  /** @param {import("node:http").IncomingMessage} asked @param {import("node:http").ServerResponse} answer */
  async function serve(asked, answer) {
    const { pathname, searchParams } = new URL(asked.url ?? "/", "http://localhost");
    const headers = { "content-security-policy": policy, "cache-control": "no-store" };
    /** @param {string} body */
    const json = (body) => void answer.writeHead(200, { ...headers, "content-type": "application/json" }).end(body);
    if (pathname.startsWith("/v1/") || pathname.startsWith("/.well-known/")) {
      calls.push(pathname);
      if (!online) return void asked.socket.destroy();
      const turn = before.then(() => issuer(asked, pathname));
      before = turn.catch(() => {});
      const response = await turn;
      return void answer.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()));
    }
    if (pathname === "/test/code") return json(JSON.stringify(codes.get(searchParams.get("attempt") ?? "") ?? null));
    if (pathname === "/test/report") {
      const report = JSON.parse((await bodyOf(asked)).toString());
      waiting.shift()?.(report);
      return json("null");
    }
    const own = pathname === "/" ? "index.html" : pathname.startsWith("/test/") ? pathname.slice("/test/".length) : null;
    if (pathname in files) return void answer.writeHead(200, { ...headers, "content-type": TYPES[/** @type {keyof typeof TYPES} */ (extname(pathname))] ?? TYPES[".html"] }).end(files[pathname]);
    const from = own ? join(root, "tests/lib/page") : join(root, "pkg");
    const file = normalize(join(from, own ?? (pathname.startsWith("/pkg/") ? pathname.slice("/pkg/".length) : "none")));
    const body = file.startsWith(from) ? await readFile(file).catch(() => null) : null;
    if (!body) return void answer.writeHead(404, headers).end();
    answer.writeHead(200, { ...headers, "content-type": TYPES[/** @type {keyof typeof TYPES} */ (extname(file))] ?? "application/octet-stream" }).end(body);
  }

  const server = createServer((asked, answer) => {
    serve(asked, answer).catch(() => asked.socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  const url = `http://localhost:${address && typeof address === "object" ? address.port : 0}`;
  world = await createWorld({ iKnowThisIsATest: true, origin: url, ...options });
  return {
    url,
    world,
    calls,
    /** @param {boolean} on */
    offline: (on) => void (online = !on),
    /** What the next page that nobody drives reports. @returns {Promise<any>} */
    report: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await world.close();
    },
  };
}
