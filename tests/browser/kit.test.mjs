// The kit in a real Chromium: the built package in its own page, the issuer's rules in this process, nothing between them but routing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isJitsuinError } from "../../pkg/index.js";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { readWithZxing } from "../lib/scan.mjs";
import { yen } from "../lib/words.mjs";

const coded = (...codes) => (error) => codes.some((code) => isJitsuinError(error, code)) || assert.fail(`expected ${codes}, got ${error?.code ?? error}`);

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** A page of its own with an enrolled wallet; the books balance at the end. */
async function open(t, { account = {}, ...options } = {}) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && /Content Security|Trusted/.test(message.text()) && complaints.push(message.text()));
  t.after(async () => {
    assert.deepEqual(complaints, [], "the page must live with its content policy");
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  const kit = await attach(page, { world, read: readWithZxing });
  const owner = await world.issuer.account({ balance: yen(2000), ...account });
  const wallet = await kit.wallet({ enrolled: true, account: owner, ...options });
  return { world, kit, page, owner, wallet };
}

test("enrol, show a code, scan it from the screenshot, pay, top up, reload", async (t) => {
  const { world, kit, owner, wallet } = await open(t);
  await owner.proveCards(wallet);
  const before = await wallet.state();
  assert.deepEqual([before.status, before.device.custody], ["ready", "browser"]);
  assert.deepEqual(kit.authenticator.prompts.map(({ operation }) => operation), ["create", "get"]);

  const shown = await wallet.present();
  // DevTools' calls count as taps, so a button is there only where they do not.
  if ((await shown.state()).phase === "paused") await shown.picture.getByRole("button").click();
  await shown.picture.getByRole("img").waitFor();
  const text = await kit.scan(shown.picture);
  assert.equal((await shown.state()).code.text, text);
  const outcome = await world.issuer.till().charge(text, yen(540));
  assert.equal(outcome.outcome, "approved");
  await wallet.sync();
  const [receipt] = (await wallet.state()).recent;
  assert.deepEqual([receipt.kind, receipt.money, receipt.by], ["payment", yen(540), "this-device"]);
  assert.ok(receipt.at instanceof Date);
  await shown.stop();

  const topUp = await wallet.prepareTopUp({ ...yen(5000), source: before.sources[0].id });
  assert.deepEqual(topUp.intent.money, yen(5000));
  assert.equal((await topUp.confirm()).kind, "top-up");
  assert.deepEqual(await owner.balance(), yen(6460));

  await wallet.reload();
  const later = await wallet.state();
  assert.deepEqual([later.status, later.device.id, later.balance], ["ready", before.device.id, yen(6460)]);
});

test("calls that the network delivers twice, and answers that it loses, are one login, one top-up and one freeze", async (t) => {
  const { world, owner, wallet, kit } = await open(t);
  await owner.proveCards(wallet);
  const { sources } = await wallet.state();
  const prompts = kit.authenticator.prompts.length;
  world.issuer.failNext("delivered-twice", "/v1/top-ups");
  const topUp = await wallet.prepareTopUp({ ...yen(5000), source: sources[0].id });
  for (const how of /** @type {const} */ ([["delivered-twice", "answer-lost"], "delivered-twice"])) world.issuer.failNext(how, "/v1/intents/confirm");
  await assert.rejects(topUp.confirm(), coded("issuer-unreachable"));
  assert.equal((await topUp.confirm()).kind, "top-up");
  assert.equal(kit.authenticator.prompts.length, prompts + 1);
  assert.deepEqual(await owner.balance(), yen(7000));

  const second = await kit.wallet({ profile: "second" });
  const codes = (await owner.inbox()).filter(({ code }) => code !== null).length;
  world.issuer.failNext("delivered-twice", "/v1/login");
  await second.logIn({ login: owner.login, password: owner.password });
  assert.equal((await owner.inbox()).filter(({ code }) => code !== null).length, codes + 1);

  world.issuer.failNext("delivered-twice", "/v1/freeze");
  await wallet.freeze();
  assert.equal((await wallet.state()).status, "frozen");
  await assert.rejects(wallet.paymentCode(), coded("frozen"));
});

test("the stored key can't be exported", async (t) => {
  const { page } = await open(t);
  const results = await page.evaluate(async () => {
    const tried = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const values = await new Promise((resolve) => {
        const request = database.transaction("wallet").objectStore("wallet").getAll();
        request.onsuccess = () => resolve(request.result);
      });
      database.close();
      for (const key of values.flatMap((value) => Object.values(value)).filter((value) => value instanceof CryptoKey)) {
        for (const format of ["pkcs8", "jwk", "raw"]) {
          const ended = await crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name);
          tried.push([key.extractable, format, ended]);
        }
      }
    }
    return tried;
  });
  assert.equal(results.length, 6, "two keys, three formats");
  for (const [extractable, format, ended] of results) assert.deepEqual([extractable, ended], [false, "InvalidAccessError"], format);
});

test("a person who is not recognised, one who refuses, answers that lie", async (t) => {
  const { kit, owner, wallet } = await open(t);
  await owner.proveCards(wallet);
  const [source] = (await wallet.state()).sources;
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: source.id });
  await kit.authenticator.uvFail();
  // The platform tells no more than that it was not allowed, nor how long a person took.
  await assert.rejects(topUp.confirm(), coded("uv-failed", "cancelled", "tap-again", "no-credential"));
  assert.equal(kit.authenticator.how, "cdp");
  await kit.authenticator.deny();
  assert.equal(kit.authenticator.how, "injected");
  await assert.rejects(topUp.confirm(), coded("cancelled"));
  await kit.authenticator.approve();
  await kit.authenticator.tamper("uv");
  await assert.rejects(topUp.confirm(), coded("user-not-verified"));
  const again = await wallet.prepareTopUp({ ...yen(1000), source: source.id });
  await kit.authenticator.tamper("signature");
  await assert.rejects(again.confirm(), coded("assertion-refused"));
  assert.deepEqual(await owner.balance(), yen(2000));
});

test("a prompt that never settles ends at the wallet's own deadline", async (t) => {
  const { kit, page, owner, wallet } = await open(t);
  await owner.proveCards(wallet);
  const [source] = (await wallet.state()).sources;
  await page.clock.install();
  const topUp = await wallet.prepareTopUp({ ...yen(1000), source: source.id });
  await kit.authenticator.hang();
  let over = false;
  const ended = assert.rejects(topUp.confirm(), coded("timed-out")).finally(() => (over = true));
  // In steps, since the prompt may open after the first of them.
  while (!over) await page.clock.fastForward("00:30");
  await ended;
  assert.deepEqual(await owner.balance(), yen(2000));
});

test("storage that the browser took back is lost, not new", async (t) => {
  const { kit, wallet } = await open(t);
  await kit.evict();
  await wallet.reload();
  assert.equal((await wallet.state()).status, "key-lost");
  await assert.rejects(wallet.paymentCode(), coded("key-lost"));
});

test("a second tab is the same device and counts on", async (t) => {
  const { kit, page, wallet } = await open(t);
  const second = await kit.secondTab(wallet);
  const [one, other] = [await wallet.state(), await second.state()];
  assert.deepEqual([other.status, other.device.id], ["ready", one.device.id]);
  const first = await wallet.paymentCode();
  await page.clock.install();
  await page.clock.fastForward("00:02");
  assert.equal((await second.paymentCode()).counter, first.counter + 1);
});

test("codes are made offline and taken later", async (t) => {
  const { world, kit, owner, wallet } = await open(t);
  await kit.offline(true);
  await assert.rejects(wallet.sync(), coded("offline"));
  const { text } = await wallet.paymentCode();
  assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
  await kit.offline(false);
  await wallet.sync();
  assert.deepEqual((await wallet.state()).balance, await owner.balance());
});
