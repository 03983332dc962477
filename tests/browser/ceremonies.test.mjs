// Every prompt settles with the right code, whatever the platform does; docs/ceremonies.md is what was seen.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { CHROMIUM, GIVEN, WITHOUT, cell, page as written } from "../lib/ceremonies.mjs";
import { addAuthenticator } from "../lib/engines.mjs";
import { openSite } from "../lib/site.mjs";
import { ENGINES, missing, openEngine } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";

const FILE = new URL("../../docs/ceremonies.md", import.meta.url);
/** @type {Record<string, Record<string, { create?: string, get?: string }>>} */
const seen = { chromium: {}, firefox: {}, webkit: {} };
const note = (engine, name, verb, ended) => ((seen[engine][name] ??= {})[verb] = cell(ended));

/** Time passes for wallet and issuer: logins may be tried again, old intents are over. */
async function pass(site, page) {
  await site.world.issuer.clock.advance({ minutes: 16 });
  await page.run(() => testClock.advance(16 * 60_000));
}

/** @param {any} page @param {"create" | "get"} verb @param {any} account @param {any} how @param {string} [meanwhile] */
function ceremony(page, verb, account, how, meanwhile) {
  return page.run(
    async ({ verb, account, how, meanwhile }) => {
      const prepare = () => (verb === "create" ? kit.prepare(account) : kit.topUp());
      const prepared = await prepare();
      const acts = {
        wait: async () => {
          await testClock.waiting();
          testClock.advance(121_000);
          // A platform that does not even hear an abort is waited for a little longer.
          await new Promise((resolve) => setTimeout(resolve, 20));
          testClock.advance(10_000);
        },
        cancel: () => prepared.cancel(),
        supersede: async () => void (await prepare()),
      };
      testClock.freeze();
      const ended = await kit.confirmed(prepared, how, acts[meanwhile]);
      await prepared.cancel();
      return ended;
    },
    { verb, account, how, meanwhile },
  );
}

/** An enrolled wallet whose card is proved, in a page of this address. */
async function enrolled(site, page, url) {
  await page.goto(url);
  const owner = await site.world.issuer.account({ balance: yen(2000) });
  await page.run((given) => kit.enrol(given), { login: owner.login, password: owner.password });
  await owner.proveCards({
    state: () => page.run(async () => ({ sources: (await kit.wallet()).state.sources })),
    proveCard: (given) => page.run(async (options) => (await kit.wallet()).proveCard(options), given),
    sync: () => page.run(async () => (await kit.wallet()).sync()),
  });
  return owner;
}

for (const name of ENGINES) {
  describe(`${name}, the test answers`, { skip: missing(name) }, () => {
    test("every way to end settles with a code", async (t) => {
      const site = await openSite();
      t.after(() => site.close());
      const engine = await openEngine(name);
      t.after(() => engine.close());
      const { page } = engine;
      const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
      for (const { name: row, how, meanwhile } of GIVEN) {
        // A page of its own for each, since a platform deaf to an abort keeps its call.
        await page.goto(`${site.url}/?injected`);
        await pass(site, page);
        note(name, row, "create", await ceremony(page, "create", { login, password }, how, meanwhile));
      }
      const owner = await enrolled(site, page, `${site.url}/?injected&profile=enrolled`);
      for (const { name: row, how, meanwhile } of GIVEN) {
        await page.goto(`${site.url}/?injected&profile=enrolled`);
        await pass(site, page);
        await page.run(async () => (await kit.wallet()).sync());
        note(name, row, "get", await ceremony(page, "get", null, how, meanwhile));
      }
      assert.deepEqual(await owner.balance(), yen(2000), "a refused prompt moved money");
      for (const [row, cells] of Object.entries(seen[name])) for (const text of Object.values(cells)) assert.match(text, /`[a-z-]+`, (certain|likely|guess)$/, row);
    });

    for (const prf of ["create", "get", "none"]) {
      test(`PRF ${prf === "none" ? "nowhere" : `only at ${prf}`}: enrols and steps up, and its output never leaves the page`, async (t) => {
        const site = await openSite();
        t.after(() => site.close());
        const { page, close } = await openEngine(name);
        t.after(close);
        await page.goto(`${site.url}/?injected`);
        await page.run((wanted) => void (testAuthenticator.prf = wanted), prf);
        const owner = await site.world.issuer.account({ balance: yen(2000) });
        // The issuer refuses a call that carries extension results, so an enrolment that came through carried none.
        await page.run((given) => kit.enrol(given), { login: owner.login, password: owner.password });
        assert.equal((await page.run(() => kit.state())).status, "ready");
      });
    }
  });
}

describe("chromium, its own authenticator", () => {
  test("every kind settles with a code", async (t) => {
    const site = await openSite();
    t.after(() => site.close());
    const engine = await openEngine("chromium");
    t.after(() => engine.close());
    const { page, native } = engine;
    for (const { name: row, options = {}, none, act, bits, only } of CHROMIUM) {
      for (const verb of /** @type {const} */ (["create", "get"])) {
        if (only && only !== verb) continue;
        const device = await addAuthenticator(native, options);
        const profile = `${site.url}/?profile=${encodeURIComponent(row)}-${verb}`;
        const owner = verb === "get" ? await enrolled(site, page, profile) : await site.world.issuer.account({ balance: yen(2000) });
        if (verb === "create") await page.goto(profile);
        if (none) await device.remove();
        else if (act === "flipBackup") {
          const [{ credentialId }] = await device.credentials();
          await device.cdp.send("WebAuthn.setCredentialProperties", { authenticatorId: device.authenticatorId, credentialId, backupEligibility: true, backupState: true });
        } else if (act) await device[act]();
        if (bits) await device.tamper(bits);
        const meanwhile = none || act === "hang" ? "wait" : undefined;
        note("chromium", row, verb, await ceremony(page, verb, { login: owner.login, password: owner.password }, {}, meanwhile));
        if (!none) await device.remove();
        await device.cdp.detach();
      }
    }
    await site.world.issuer.audit();
  });
});

test("webkit, which has no WebAuthn: enrolment says what is missing and what works all the same", { skip: missing("webkit") }, async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const { page, close } = await openEngine("webkit");
  t.after(close);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/`);
  const { error } = await page.run((given) => kit.outcome(() => kit.prepare(given)), { login, password });
  note("webkit", WITHOUT, "create", { error, said: null });
  assert.deepEqual(error.details, { missing: ["webauthn"], works: ["paymentCode", "present", "sync", "receipts", "freeze", "forget"] });
  assert.deepEqual(site.calls, ["/.well-known/jitsuin"], "it is said before a login is sent");
});

after(() => {
  const skipped = ENGINES.filter((name) => missing(name));
  if (process.env.JITSUIN_WRITE_DOCS) writeFileSync(FILE, written(seen));
  if (skipped.length > 0) return;
  assert.equal(written(seen), readFileSync(FILE, "utf8"), "JITSUIN_WRITE_DOCS=1 node --test tests/browser/ceremonies.test.mjs");
});
