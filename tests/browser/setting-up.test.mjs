// What a page's developer reads when the page is set up wrong, each row of docs/setting-up.md: real engines, the real demo issuer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { addAuthenticator, launchChromium, routeWalletPage } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { enrol, openPage, status } from "../lib/pages.mjs";
import { ENGINES, missing, openEngine } from "../lib/three.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://localhost:* http://127.0.0.1:*";
const FORBIDDEN = "publickey-credentials-get=(), publickey-credentials-create=()";
const ALLOWED = "Permissions-Policy: publickey-credentials-create=(self), publickey-credentials-get=(self)";
/** @type {Set<string>} */
const held = new Set();

/**
 * A page of its own, and whatever else a server on loopback is to answer.
 * @param {import("node:test").TestContext} t
 * @param {{ headers?: Record<string, string>, answer?: (path: string) => { status: number, headers?: Record<string, string>, body?: string } | undefined }} [options]
 */
async function serve(t, { headers = {}, answer } = {}) {
  const server = createServer(async (asked, reply) => {
    const { pathname } = new URL(asked.url ?? "/", "http://localhost");
    const given = answer?.(pathname);
    if (given) return void reply.writeHead(given.status, given.headers).end(given.body);
    const own = { "content-security-policy": CSP, "cache-control": "no-store", ...headers };
    if (pathname === "/") return void reply.writeHead(200, { ...own, "content-type": "text/html" }).end("<!doctype html><title>page</title>");
    if (pathname === "/worker.js") {
      const script = `import { Wallet } from "/pkg/index.js"; Wallet.open({ issuer: "http://localhost:1" }).then(() => postMessage("opened"), ({ code, details }) => postMessage({ code, details }));`;
      return void reply.writeHead(200, { ...own, "content-type": "text/javascript" }).end(script);
    }
    const file = normalize(join(root, pathname));
    const body = file.startsWith(join(root, "pkg")) ? await readFile(file).catch(() => null) : null;
    if (!body) return void reply.writeHead(404, own).end();
    reply.writeHead(200, { ...own, "content-type": TYPES[/** @type {keyof typeof TYPES} */ (extname(file))] ?? "application/octet-stream" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://localhost:${address && typeof address === "object" ? address.port : 0}`;
}

/** Opens a wallet, and if that goes well begins to log in. @param {any} page @param {object} options */
const opened = (page, options) =>
  page.run(async (options) => {
    const { Wallet } = await import("/pkg/index.js");
    const told = (when) => ({ code, confidence, details, message, cause }) => ({ when, code, confidence, details, message, cause: cause?.name ?? null });
    const wallet = await Wallet.open({ updates: "manual", ...options }).catch(told("open"));
    if (!(wallet instanceof Wallet)) return wallet;
    return wallet.logIn({ login: "hanako", password: "hanako-password" }).then(() => ({ when: "never" }), told("logIn"));
  }, options);

/** Notes that a row of the page was seen to happen. @param {string} mistake @param {{ when: string, code: string, confidence: string }} seen */
const row = (mistake, { when, code, confidence }) => void held.add(`| ${mistake} | \`${when}\` | \`${code}\`, ${confidence} |`);

for (const name of ENGINES) {
  describe(name, { skip: missing(name) }, () => {
    /** @param {import("node:test").TestContext} t @param {string} url */
    async function visit(t, url) {
      const engine = await openEngine(name);
      t.after(() => engine.close());
      await engine.page.goto(url);
      return engine.page;
    }
    /** @param {import("node:test").TestContext} t @param {Parameters<typeof startIssuer>[0]} [options] */
    async function issuerOf(t, options) {
      const issuer = await startIssuer(options);
      t.after(() => issuer.stop());
      return issuer.url;
    }

    test("a set-up that is right opens and logs in", async (t) => {
      const at = await serve(t);
      const issuer = await issuerOf(t, { origins: [at] });
      const page = await visit(t, at);
      const seen = await opened(page, { issuer });
      assert.equal(seen.when, name === "webkit" ? "logIn" : "never", JSON.stringify(seen));
      if (name === "webkit") assert.deepEqual([seen.code, seen.details.missing], ["unsupported", ["webauthn"]]);
    });

    test("an origin that is not on the issuer's list", async (t) => {
      const at = await serve(t);
      const issuer = await issuerOf(t);
      const seen = await opened(await visit(t, at), { issuer });
      const url = `${issuer}/.well-known/jitsuin`;
      assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "wrong-origin", "certain"]);
      assert.deepEqual(seen.details, { url, status: 403, type: "application/problem+json", origin: at, header: `Access-Control-Allow-Origin: ${at}` });
      row("the page's origin is not on the issuer's list", seen);
    });

    test("a server in front of the issuer that sends no CORS headers", async (t) => {
      const at = await serve(t);
      const silent = await serve(t, { answer: (path) => (path.startsWith("/.well-known/") ? { status: 200, headers: { "content-type": "application/json" }, body: "{}" } : undefined) });
      const seen = await opened(await visit(t, at), { issuer: silent });
      assert.deepEqual([seen.when, seen.code, seen.confidence, seen.cause], ["open", "wrong-origin", "likely", "TypeError"]);
      assert.deepEqual(seen.details, { url: `${silent}/.well-known/jitsuin`, origin: at, header: `Access-Control-Allow-Origin: ${at}` });
      row("what stands before the issuer sends no CORS headers", seen);
    });

    test("a content policy without the issuer in connect-src", async (t) => {
      const at = await serve(t, { headers: { "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" } });
      const issuer = await issuerOf(t, { origins: [at] });
      const seen = await opened(await visit(t, at), { issuer });
      assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "connect-blocked", "certain"]);
      assert.equal(seen.cause, "TypeError");
      assert.deepEqual(seen.details, { url: `${issuer}/.well-known/jitsuin`, header: `Content-Security-Policy: connect-src 'self' ${issuer}` });
      row("`connect-src` does not name the issuer", seen);
    });

    for (const [what, status, body] of /** @type {const} */ ([["HTML with 200", 200, "<!doctype html><title>Sign in</title>"], ["HTML with 403", 403, "<h1>no</h1>"], ["HTML with 404", 404, "<h1>none</h1>"], ["an empty 200", 200, ""]])) {
      test(`${what} in the issuer's place is not the issuer's word`, async (t) => {
        const at = await serve(t);
        const headers = { "content-type": "text/html", "access-control-allow-origin": "*" };
        const other = await serve(t, { answer: (path) => (path.startsWith("/.well-known/") ? { status, headers, body } : undefined) });
        const seen = await opened(await visit(t, at), { issuer: other });
        assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "foreign-answer", "likely"]);
        assert.deepEqual(seen.details, { url: `${other}/.well-known/jitsuin`, status, type: "text/html" });
        row("another server at the issuer's url, a captive portal", seen);
      });
    }

    test("a url at which nothing answers is not called offline while the device is online", async (t) => {
      const at = await serve(t);
      const gone = await issuerOf(t);
      const page = await visit(t, at);
      const free = gone.replace(/\d+$/, (port) => String(Number(port) === 1 ? 2 : 1));
      const seen = await opened(page, { issuer: free, endpoint: free });
      if (name !== "webkit") {
        assert.deepEqual([seen.when, seen.code, seen.confidence, seen.cause], ["logIn", "issuer-unreachable", "likely", "TypeError"]);
        assert.deepEqual(seen.details, { url: `${free}/.well-known/jitsuin` });
        row("nothing answers at the issuer's url", seen);
      } else assert.equal(seen.code, "unsupported");
    });

    test("an issuer that calls itself by another url", async (t) => {
      const at = await serve(t);
      const endpoint = await issuerOf(t, { origins: [at] });
      const seen = await opened(await visit(t, at), { issuer: "https://issuer.example", endpoint });
      assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "wrong-issuer", "certain"]);
      assert.deepEqual(seen.details, { url: `${endpoint}/.well-known/jitsuin`, status: 200, type: "application/json" });
      row("`issuer` is another than the one that answers", seen);
    });

    test("a page at an IP address", async (t) => {
      const at = (await serve(t)).replace("localhost", "127.0.0.1");
      // An issuer whose only page had an address would not start: no passkey's relying party has one.
      const issuer = await issuerOf(t);
      const seen = await opened(await visit(t, at), { issuer });
      assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "wrong-origin", "certain"]);
      assert.deepEqual(seen.details, { origin: at, url: `${at.replace("127.0.0.1", "localhost")}/` });
      row("the page is opened at `127.0.0.1`", seen);
    });

    test("in a worker nothing is loaded", async (t) => {
      const page = await visit(t, await serve(t));
      const seen = await page.run(() => new Promise((resolve) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = () => resolve({ code: "the worker did not start" });
      }));
      assert.deepEqual(seen, { code: "unsupported", details: { missing: ["window"] } });
      row("a worker, Node, a server", { when: "open", code: "unsupported", confidence: "certain" });
    });
  });
}

describe("chromium", () => {
  /** @param {import("node:test").TestContext} t */
  async function tab(t) {
    const browser = await launchChromium();
    t.after(() => browser.close());
    const context = await browser.newContext();
    const page = await context.newPage();
    return { context, page, face: { run: (/** @type {Function} */ what, /** @type {unknown} */ given) => page.evaluate(`(${what})(${JSON.stringify(given)})`) } };
  }

  test("a page without https", async (t) => {
    const { context, page, face } = await tab(t);
    await routeWalletPage(context, { origin: "http://plain.test" });
    await page.goto("http://plain.test/");
    const seen = await opened(face, { issuer: "https://issuer.example" });
    assert.deepEqual([seen.when, seen.code, seen.details], ["open", "insecure-page", { url: "https://plain.test/" }]);
    row("the page came without https", seen);
  });

  test("a page whose host is not the issuer's RP id", async (t) => {
    const { context, page, face } = await tab(t);
    const at = "https://wallet.test";
    await routeWalletPage(context, { origin: at });
    // The first origin's host is the RP id.
    const issuer = await startIssuer({ origins: ["http://localhost:1", at] });
    t.after(() => issuer.stop());
    // A page that has no server can't reach loopback by itself.
    await context.route(`${issuer.url}/**`, async (route) => route.fulfill({ response: await route.fetch() }));
    await page.goto(at);
    const seen = await opened(face, { issuer: issuer.url });
    assert.deepEqual([seen.when, seen.code, seen.confidence], ["open", "wrong-rp", "certain"]);
    row("the page's host is not the issuer's RP id", seen);
  });

  test("a Permissions-Policy that forbids passkeys", async (t) => {
    const { page, face } = await tab(t);
    const at = await serve(t, { headers: { "permissions-policy": FORBIDDEN } });
    const issuer = await startIssuer({ origins: [at] });
    t.after(() => issuer.stop());
    await page.goto(at);
    const seen = await opened(face, { issuer: issuer.url });
    assert.deepEqual([seen.when, seen.code, seen.confidence, seen.details], ["open", "passkeys-blocked", "certain", { header: ALLOWED }]);
    assert.match(seen.message, /publickey-credentials-create=\(self\)/);
    row("a `Permissions-Policy` forbids passkeys", seen);
    assert.ok((await face.run(async () => (await (await import("/pkg/index.js")).capabilities()).missing, null)).includes("passkeys-blocked"));
  });

  test("the same where the platform can't be asked: the prompt's refusal tells", async (t) => {
    const { page, face } = await tab(t);
    const at = await serve(t, { headers: { "permissions-policy": FORBIDDEN } });
    const issuer = await startIssuer({ origins: [at] });
    t.after(() => issuer.stop());
    await addAuthenticator(page);
    await page.addInitScript(() => Object.defineProperty(document, "featurePolicy", { value: undefined }));
    await page.goto(at);
    const code = async () => {
      const inbox = await (await fetch(`${issuer.url}/demo/inbox`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).text();
      return inbox.match(/(\d{8}) registers a device/)?.[1];
    };
    const attempt = await face.run(async (issuer) => {
      const { Wallet } = await import("/pkg/index.js");
      globalThis.wallet = await Wallet.open({ updates: "manual", issuer });
      return (await wallet.logIn({ login: "hanako", password: "hanako-password" })).attempt;
    }, issuer.url);
    const seen = await face.run(async ({ attempt, code }) => {
      const ticket = await wallet.enterCode({ attempt, code });
      const ceremony = await wallet.prepareEnrolment({ ticket, label: "Phone" });
      return ceremony.confirm().then(() => ({ when: "never" }), ({ code, confidence, details }) => ({ when: "confirm", code, confidence, details }));
    }, { attempt, code: await code() });
    assert.deepEqual(seen, { when: "confirm", code: "passkeys-blocked", confidence: "likely", details: { header: ALLOWED } });
    row("the same in a browser that can't be asked", seen);
  });

  test("no visit has a refusal in its console: the first nonce comes with the description", async (t) => {
    const { context } = await tab(t);
    const issuer = await startIssuer();
    t.after(() => issuer.stop());
    /** @type {string[]} */
    const red = [];
    context.on("response", (response) => {
      if (response.status() >= 400) red.push(`${response.status()} ${new URL(response.url()).pathname}`);
    });
    const wallet = await openPage(context, issuer.url);
    await addAuthenticator(wallet);
    await enrol(wallet, { url: issuer.url, login: "hanako", password: "hanako-password", contact: "hanako@example.test" });
    const synced = wallet.waitForResponse((response) => response.url().endsWith("/v1/sync"));
    await wallet.reload();
    await synced;
    await status(wallet, "locked");
    assert.deepEqual(red.filter((line) => line.includes("/v1/")), []);
  });
});

test("each row of docs/setting-up.md was seen to happen", { skip: ENGINES.some((name) => missing(name)) && "an engine is missing" }, () => {
  const rows = readFileSync(join(root, "docs/setting-up.md"), "utf8").split("\n").filter((line) => line.startsWith("| ")).slice(1);
  assert.ok(rows.length > 0);
  const known = rows.map((line) => line.split(" | ").slice(0, 3).join(" | ") + " |");
  assert.deepEqual([...held].sort(), known.sort());
});
