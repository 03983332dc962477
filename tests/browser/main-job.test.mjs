// The main job on the real pages in a real Chromium, against the real issuer over SQLite: what issue readers see first.
// @ts-check
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, proveCard, readInbox, setUpTill, status, unlock } from "../lib/pages.mjs";
import { scan } from "../lib/scan.mjs";

const SHOPS = { 1001: "Kado no Mise", 2002: "Eki Shop" };
const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** One issuer, one browser profile with an authenticator, the wallet's page in it. @param {Record<string, unknown>} [authenticatorOptions] */
async function stage(authenticatorOptions) {
  const issuer = await startIssuer();
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 });
  const wallet = await openPage(context, issuer.url);
  const authenticator = await addAuthenticator(wallet, authenticatorOptions);
  const close = async () => {
    await context.close();
    await issuer.stop();
  };
  return { issuer, url: issuer.url, context, wallet, authenticator, close };
}

/** A till's page, set up with the merchant's code from the inbox. @param {Awaited<ReturnType<typeof stage>>} stage @param {"1001" | "2002"} number */
async function openTill({ context, url }, number) {
  const till = await openPage(context, `${url}/till.html`);
  const code = await readInbox(context, url, SHOPS[number], new RegExp(`(\\S{16}) registers one device as till t/${number}`));
  await setUpTill(till, code);
  return till;
}

/** Shows a code and reads it off the screen with independent readers. @param {import("playwright-core").Page} wallet */
async function showAndScan(wallet) {
  await wallet.click("#tab-pay");
  await wallet.click("#show-code");
  await wallet.locator("#code svg").waitFor();
  const text = await scan(wallet.locator("#code"));
  assert.match(text, /^JT1[A-Z2-7]{172,252}$/);
  return text;
}

/** The amount in a text such as `¥1,460`. @param {import("playwright-core").Page} page @param {string} selector */
async function digits(page, selector) {
  return (await page.locator(selector).innerText()).replace(/\D/g, "");
}

// The device key is the passkey's where that can derive a secret, else the browser's. In the same profile lie the channel key, which is the
// browser's in both, and the key of this test's till; a sealed device key is no key that could be exported.
for (const [custody, hasPrf, keys] of /** @type {const} */ ([["browser", false, 3], ["passkey", true, 2]])) {
  test(`log in, enrol, pay JPY 540 by a scanned code, top up JPY 5,000 with the passkey, reload: custody ${custody}`, async () => {
    const stood = await stage({ hasPrf });
    const { wallet, url } = stood;
    const opened = () => (hasPrf ? unlock(wallet) : status(wallet, "ready"));
    try {
      await enrol(wallet, { url, ...HANAKO });
      await wallet.click("#tab-safety");
      assert.equal(await wallet.locator("#device").getAttribute("data-custody"), custody);

      const text = await showAndScan(wallet);
      const till = await openTill(stood, "1001");
      assert.equal(await charge(till, text, "540"), "approved");
      await wallet.bringToFront();
      await wallet.locator("#paid:not([hidden])").waitFor();
      assert.equal(await digits(wallet, "#paid-amount"), "540");
      await wallet.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "1460");

      // The card is proved on this device by the card company's own page.
      await proveCard(wallet, url, HANAKO.contact);
      await wallet.goto(`${url}/#top-up`);
      await opened();
      await wallet.locator("#prove-card-1").waitFor({ state: "detached" });

      await wallet.check("#source-card-1");
      await wallet.fill("#top-up-amount", "5000");
      await wallet.click("#top-up-submit");
      await wallet.locator("#agree-confirm").waitFor();
      assert.equal(await digits(wallet, "#agree-amount"), "5000", "what is agreed to is shown");
      await wallet.click("#agree-confirm");
      await wallet.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "6460");

      await wallet.reload();
      await opened();
      assert.equal(await digits(wallet, "#balance"), "6460");
      assert.deepEqual(await exportStoredKeys(wallet), { found: keys, refused: keys });
    } finally {
      await stood.close();
    }
  });
}

/** Tries to export every key that the page's databases hold. @param {import("playwright-core").Page} page */
function exportStoredKeys(page) {
  return page.evaluate(async () => {
    let [found, refused] = [0, 0];
    /** @param {IDBRequest} request @returns {Promise<any>} */
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(String(name)));
      for (const store of database.objectStoreNames) {
        for (const record of await done(database.transaction(store).objectStore(store).getAll())) {
          for (const value of Object.values(record)) {
            const key = value instanceof CryptoKey ? value : value?.privateKey;
            if (!(key instanceof CryptoKey) || key.type !== "private") continue;
            found += 1;
            for (const format of /** @type {const} */ (["pkcs8", "jwk"])) {
              await crypto.subtle.exportKey(format, key).then(() => { throw new Error("a key was exported"); }, (error) => {
                if (error.name !== "InvalidAccessError") throw error;
              });
            }
            refused += 1;
          }
        }
      }
      database.close();
    }
    return { found, refused };
  });
}

test("the same code again: its own till hears used-here, another till token-used, nothing more is taken", async () => {
  const stood = await stage();
  const { wallet, url } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    const text = await showAndScan(wallet);
    const till = await openTill(stood, "1001");
    assert.equal(await charge(till, text, "540"), "approved");
    assert.equal(await charge(till, text, "540"), "used-here");
    // Tills keep their key per browser profile, so the other shop has a profile of its own.
    const otherShop = await browser.newContext();
    const other = await openTill({ ...stood, context: otherShop }, "2002");
    assert.equal(await charge(other, text, "540"), "token-used");
    await otherShop.close();
    await wallet.bringToFront();
    await wallet.click("#tab-safety");
    await wallet.click("#sync");
    await wallet.waitForFunction(() => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === "1460");
  } finally {
    await stood.close();
  }
});

test("a changed character is try-again at the till, and the right code still pays", async () => {
  const stood = await stage();
  const { wallet, url } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    const text = await showAndScan(wallet);
    const till = await openTill(stood, "1001");
    const changed = text.slice(0, 100) + (text[100] === "A" ? "B" : "A") + text.slice(101);
    assert.equal(await charge(till, changed, "540"), "try-again");
    assert.equal(await charge(till, text, "540"), "approved");
  } finally {
    await stood.close();
  }
});

test("a top-up without user verification is refused in the page and moves nothing", async () => {
  const stood = await stage();
  const { wallet, url, authenticator } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    await proveCard(wallet, url, HANAKO.contact);
    await wallet.goto(`${url}/#top-up`);
    await unlock(wallet);
    await wallet.locator("#prove-card-1").waitFor({ state: "detached" });
    await authenticator.uvFail();
    await wallet.fill("#top-up-amount", "5000");
    await wallet.click("#top-up-submit");
    await wallet.click("#agree-confirm");
    const problem = wallet.locator("#agree-problem:not([hidden])");
    await problem.waitFor();
    assert.match((await problem.getAttribute("data-code")) ?? "", /^(uv-failed|cancelled|no-credential|tap-again)$/, "the platform has one name for all of them");
    assert.equal(await digits(wallet, "#balance"), "2000");
    await wallet.click("#agree-cancel");
    await wallet.click("#tab-safety");
    await wallet.click("#sync");
    await wallet.locator("#message:not([hidden])").waitFor();
    assert.equal(await digits(wallet, "#balance"), "2000", "the issuer moved nothing");
  } finally {
    await stood.close();
  }
});

test("a second browser profile that only knows ID and password can't pay, top up or enrol", async () => {
  const stood = await stage();
  const { wallet, url } = stood;
  const profile = await browser.newContext();
  try {
    await enrol(wallet, { url, ...HANAKO });
    const thief = await openPage(profile, url);
    await addAuthenticator(thief);
    await thief.fill("#login", HANAKO.login);
    await thief.fill("#password", HANAKO.password);
    await thief.click("#login-submit");
    await thief.locator("#contact-code").waitFor();
    for (const guess of ["00000000", "12345678", "99999999"]) {
      await thief.fill("#contact-code", guess);
      await thief.click("#code-submit");
      await thief.locator('#problem[data-code="code-refused"]:not([hidden])').waitFor();
    }
    await status(thief, "new");
    assert.equal(await thief.locator("#show-code").isVisible(), false);
    const codes = await thief.evaluate(async () => {
      // @ts-ignore: served by the demo
      const { Wallet } = await import("/pkg/index.js");
      const opened = await Wallet.open({ issuer: location.origin });
      const code = (/** @type {Promise<unknown>} */ promise) => promise.then(() => "done", (error) => error.code);
      return [
        await code(opened.paymentCode()),
        await code(opened.prepareTopUp({ amount: 5000n, currency: "JPY", source: "card-1" })),
        await code(opened.prepareEnrolment({ ticket: "guessed" })),
      ];
    });
    assert.deepEqual(codes, ["not-enrolled", "not-enrolled", "ticket-expired"]);
  } finally {
    await profile.close();
    await stood.close();
  }
});

test("a page of another origin with the same relying party id is wrong-origin", async () => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  try {
    // The very same pages on another port. Its server passes every call on, so the browser sees one origin; what the
    // passkey signs says which origin it really was.
    const { origin, close } = await passOn(issuer.url);
    const page = await openPage(context, origin);
    await addAuthenticator(page);
    const seen = await page.evaluate(async ({ url, inbox }) => {
      // @ts-ignore: served by the demo
      const { Wallet } = await import("/pkg/index.js");
      const wallet = await Wallet.open({ issuer: url, endpoint: location.origin });
      const { attempt } = await wallet.logIn({ login: "hanako", password: "hanako-password", language: "en" });
      const answer = await fetch(inbox, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
      const messages = await answer.json();
      const code = messages.map((/** @type {{ text: string }} */ { text }) => text.match(/\b\d{8}\b/)?.[0]).filter(Boolean).at(-1);
      const ticket = await wallet.enterCode({ attempt, code });
      const ceremony = await wallet.prepareEnrolment({ ticket });
      return ceremony.confirm().then(() => "done", (/** @type {any} */ error) => error.code);
    }, { url: issuer.url, inbox: "/demo/inbox" });
    assert.equal(seen, "wrong-origin");
    await close();
  } finally {
    await context.close();
    await issuer.stop();
  }
});

/** A server on another port that passes every request on. @param {string} to */
async function passOn(to) {
  const server = createServer((request, response) => {
    const chunks = /** @type {Buffer[]} */ ([]);
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const headers = Object.fromEntries(["content-type", "dpop"].flatMap((name) => (request.headers[name] ? [[name, String(request.headers[name])]] : [])));
      const body = request.method === "GET" ? undefined : Buffer.concat(chunks);
      const answer = await fetch(to + request.url, { method: request.method, headers, body });
      for (const name of ["content-type", "dpop-nonce", "content-security-policy"]) {
        const value = answer.headers.get(name);
        if (value) response.setHeader(name, value);
      }
      response.statusCode = answer.status;
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return { origin: `http://localhost:${address.port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve(undefined)); }) };
}

test("the wallet page opens offline and shows a code", async () => {
  const stood = await stage();
  const { wallet, url, context } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    await wallet.evaluate(() => navigator.serviceWorker.ready);
    await wallet.reload();
    await unlock(wallet);
    await wallet.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await wallet.reload();
    await unlock(wallet);
    await showAndScan(wallet);
  } finally {
    await stood.close();
  }
});

test("a page that crashes after the counter is stored skips a number and nothing else", async () => {
  // The page that comes after a crash has an authenticator of its own, so the key must open without the first one's.
  const stood = await stage({ hasPrf: false });
  const { wallet, url, context } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    const before = counter(await showAndScan(wallet));
    await wallet.click("#hide-code");
    // A token is signed once its counter has reached the disk. From then on this page signs no more.
    await wallet.evaluate(() => {
      const sign = SubtleCrypto.prototype.sign;
      SubtleCrypto.prototype.sign = function (algorithm, key, data) {
        const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
        // The head of a Sig_structure: all else that this page signs is text.
        const isToken = bytes[0] === 0x84 && bytes[1] === 0x6a;
        if (!isToken) return sign.call(this, algorithm, key, data);
        document.body.dataset.stored = "true";
        return new Promise(() => {});
      };
    });
    await wallet.click("#show-code");
    // The wallet makes one code a second, and waits for that by itself.
    const stored = wallet.locator("body[data-stored]");
    await stored.waitFor();
    assert.equal(await stored.count(), 1);
    const gone = new Promise((resolve) => wallet.once("crash", resolve));
    const inspector = await context.newCDPSession(wallet);
    void inspector.send("Page.crash").catch(() => undefined);
    await gone;

    const again = await openPage(context, url);
    await status(again, "ready");
    // A page that is back within the second waits for its code by itself.
    await again.click("#tab-pay");
    await again.click("#show-code");
    await again.getByText("A payment code is on the screen").waitFor();
    const text = await scan(again.locator("#code"));
    assert.equal(counter(text), before + 2);
    const till = await openTill(stood, "1001");
    assert.equal(await charge(till, text, "540"), "approved");
    await again.bringToFront();
    await again.locator("#paid:not([hidden])").waitFor();
    assert.equal(await again.locator("#alerts").isVisible(), false);
  } finally {
    await stood.close();
  }
});

/** The counter of a plain token: the first four bytes of its `cti`. @param {string} text */
function counter(text) {
  let bits = 0n;
  for (const letter of text.slice(3, 3 + 64)) bits = (bits << 5n) | BigInt("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter));
  return Number((bits >> BigInt((40 - 37) * 8)) & 0xffffffffn);
}

test("freezing stops the wallet at once", async () => {
  const stood = await stage();
  const { wallet, url } = stood;
  try {
    await enrol(wallet, { url, ...HANAKO });
    const text = await showAndScan(wallet);
    await wallet.click("#tab-safety");
    await wallet.click("#freeze");
    await wallet.click("#agree-confirm");
    await status(wallet, "frozen");
    const till = await openTill(stood, "1001");
    assert.equal(await charge(till, text, "540"), "declined");
  } finally {
    await stood.close();
  }
});
