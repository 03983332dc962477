// Attacks where only a browser is honest: copied profile files, a script in the page, a second profile, a lying network, a captured
// call. Each prints attack, what stopped it, code and yen lost, asserts them, and docs/threat-model.md holds the same rows.
// @ts-check
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HANAKO, WEALTH, balance, empty, ledgerOf, openTill, ownerWith, use } from "../lib/attack.mjs";
import { addAuthenticator, launchChromium, launchChromiumProfile } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, openPage, status } from "../lib/pages.mjs";

const { row, hold } = ledgerOf();
/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
/** Profiles' folders of this suite. @type {string} */
let folder;
before(async () => {
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), "jitsuin-attacks-"));
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Custody `browser`: what an attacker of the other custody meets is in custody-attacks.test.mjs. @param {import("playwright-core").BrowserContext} context @param {string} url */
const owner = (context, url) => ownerWith(context, url, "browser");

test("copied profile files", async () => {
  const issuer = await startIssuer();
  const [own, copy] = [join(folder, "own"), join(folder, "copy")];
  const first = await launchChromiumProfile(own);
  await owner(first, issuer.url);
  await first.close();
  cpSync(own, copy, { recursive: true });

  const thief = await launchChromiumProfile(copy);
  const stolen = await openPage(thief, issuer.url);
  await addAuthenticator(stolen);
  await status(stolen, "ready");
  const till = await openTill(browser, issuer.url, "1001");
  const { thefts, code } = await empty(stolen, till);
  assert.deepEqual([thefts, code], [2, "over-allowance"]);
  assert.match(await use(stolen, "topUp"), /^(over-limit|no-credential|cancelled)$/, "no passkey in the files, and one top-up in ten minutes");

  const back = await launchChromiumProfile(own);
  const wallet = await openPage(back, issuer.url);
  await status(wallet, "ready");
  const left = await balance(wallet);
  await wallet.locator('#alerts [data-kind="unknown-use"], #alert-list li').first().waitFor();
  assert.equal(await use(wallet, "freeze"), "done");
  await stolen.waitForTimeout(1_100); // codes are made at most once a second
  await use(stolen, "sync");
  const stopped = await use(stolen, "paymentCode");
  row("Copies the browser profile's files and pays from another machine until the owner looks", "allowance of a day; unknown-use alert and freeze", { code: stopped, lost: WEALTH - left }, { code: "frozen", lost: 20_000 });
  await Promise.all([thief.close(), back.close(), till.context().close()]);
  await issuer.stop();
});

test("a script in the unlocked page", async () => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  const { wallet, authenticator } = await owner(context, issuer.url);
  // It can't take the key along.
  const exported = await wallet.evaluate(async () => {
    const found = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve) => {
        const request = indexedDB.open(String(name));
        request.onsuccess = () => resolve(request.result);
      });
      for (const store of database.objectStoreNames) {
        const all = await new Promise((resolve) => {
          const request = database.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
        });
        for (const value of all.flatMap((/** @type {object} */ record) => Object.values(record))) {
          const key = value instanceof CryptoKey ? value : value?.privateKey;
          if (key instanceof CryptoKey && key.type === "private") found.push(await crypto.subtle.exportKey("pkcs8", key).then(() => "exported", (error) => error.name));
        }
      }
      database.close();
    }
    return found;
  });
  assert.deepEqual(exported, ["InvalidAccessError", "InvalidAccessError"], "device key and channel key");
  const till = await openTill(browser, issuer.url, "1001");
  const { thefts, code } = await empty(wallet, till);
  assert.equal(thefts, 2);
  // Nobody agrees to the prompt that it opens.
  await authenticator.uvFail();
  assert.match(await use(wallet, "topUp"), /^(over-limit|uv-failed|cancelled|no-credential|tap-again)$/);
  row("A script in the unlocked page shows codes to an accomplice's till until it is refused, and asks for top-ups", "allowance of a day; the passkey's prompt", { code, lost: WEALTH - (await balance(wallet)) }, { code: "over-allowance", lost: 20_000 });
  await Promise.all([context.close(), till.context().close()]);
  await issuer.stop();
});

test("a second profile with ID and password", async () => {
  const issuer = await startIssuer();
  const [context, profile] = [await browser.newContext(), await browser.newContext()];
  const { wallet } = await owner(context, issuer.url);
  const thief = await openPage(profile, issuer.url);
  await addAuthenticator(thief);
  await thief.fill("#login", HANAKO.login);
  await thief.fill("#password", HANAKO.password);
  await thief.click("#login-submit");
  await thief.locator("#contact-code").waitFor();
  await thief.fill("#contact-code", "20190701");
  await thief.click("#code-submit");
  const problem = thief.locator("#problem[data-code]:not([hidden])");
  await problem.waitFor();
  const code = String(await problem.getAttribute("data-code"));
  assert.deepEqual([await use(thief, "paymentCode"), await use(thief, "topUp")], ["not-enrolled", "not-enrolled"]);
  row("Logs in with ID and password in another browser", "contact code; no registered device key", { code, lost: WEALTH - (await balance(wallet)) }, { code: "code-refused", lost: 0 });
  await Promise.all([context.close(), profile.close()]);
  await issuer.stop();
});

test("a network that lies about receipts", async () => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  const { wallet } = await owner(context, issuer.url);
  const till = await openTill(browser, issuer.url, "1001");
  let lies = 0;
  await context.route("**/v1/sync", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    for (const item of answer.receipts ?? []) {
      // One bit of the signature, which stands at the end.
      const last = item.receipt.at(-3);
      item.receipt = `${item.receipt.slice(0, -3)}${last === "A" ? "B" : "A"}${item.receipt.slice(-2)}`;
      lies += 1;
    }
    await route.fulfill({ response, json: answer });
  });
  // It lies from before the payment on: the page's wallet may hear of it by itself.
  assert.equal(await charge(till, await use(wallet, "paymentCode"), "540"), "approved");
  const code = await use(wallet, "sync");
  assert.ok(lies > 0, "there was a receipt to forge");
  await context.unroute("**/v1/sync");
  row("Sits on the network and puts a forged receipt into the wallet's sync", "issuer's keys, pinned by the wallet", { code, lost: WEALTH - 540 - (await balance(wallet)) }, { code: "receipt-forged", lost: 0 });
  await Promise.all([context.close(), till.context().close()]);
  await issuer.stop();
});

test("captured calls", async () => {
  const issuer = await startIssuer();
  const context = await browser.newContext();
  /** @type {import("playwright-core").Request[]} */
  const calls = [];
  context.on("request", (request) => {
    if (request.headers().dpop) calls.push(request);
  });
  const { wallet } = await owner(context, issuer.url);
  const codes = new Set();
  for (const call of calls) {
    const { dpop } = call.headers();
    for (const [url, body] of [[call.url(), call.postData()], [call.url(), "{}"], [`${issuer.url}/v1/refill`, "{}"]]) {
      const answer = await fetch(String(url), { method: "POST", headers: { "content-type": "application/json", dpop: String(dpop) }, body });
      assert.notEqual(answer.status, 200, String(url));
      codes.add((await answer.json()).code);
    }
  }
  assert.ok(calls.length > 8, `${calls.length} calls`);
  for (const code of codes) assert.match(code, /^(proof-replayed|proof-refused|use-dpop-nonce)$/);
  row("Captures every call of a wallet and sends it again over HTTP, changed and unchanged", "proof of possession: one use, one path, one body", { code: codes.has("proof-replayed") ? "proof-replayed" : "none", lost: WEALTH - (await balance(wallet)) }, { code: "proof-replayed", lost: 0 });
  await context.close();
  await issuer.stop();
});

test("the threat model says what these attacks printed", () => {
  hold("threat-model.md", "browser", "node --test tests/browser/attacks.test.mjs");
});
