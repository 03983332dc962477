// A signal ends the call that it was given to, and nothing that comes later; what was cancelled may be confirmed again.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openSite } from "../lib/site.mjs";
import { ENGINES, missing, openEngine } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";

for (const name of ENGINES) {
  describe(name, { skip: missing(name) }, () => {
    /** An enrolled wallet with a proved card; the test answers its prompts. @param {import("node:test").TestContext} t @param {object} [options] */
    async function open(t, options = {}) {
      const site = await openSite();
      t.after(() => site.close());
      const engine = await openEngine(name);
      t.after(() => engine.close());
      const { page } = engine;
      const owner = await site.world.issuer.account({ balance: yen(2000) });
      await page.goto(`${site.url}/?injected`);
      await page.run(async ([given, options]) => {
        await kit.wallet(options);
        await kit.enrol(given);
        /** Signals that count who listens. */
        globalThis.counted = () => {
          const controller = new AbortController();
          const { signal } = controller;
          let listening = 0;
          for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
            const real = signal[name].bind(signal);
            signal[name] = (...given) => ((listening += by), real(...given));
          }
          return { controller, signal, listening: () => listening };
        };
        /** Resolves once a prompt is open. */
        globalThis.prompted = async (count) => {
          while (testAuthenticator.calls.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
        };
        globalThis.ended = (promise) => promise.then((value) => value?.kind ?? "done", (error) => error.code ?? String(error));
      }, [{ login: owner.login, password: owner.password }, options]);
      await owner.proveCards({
        state: () => page.run(async () => ({ sources: (await kit.wallet()).state.sources })),
        proveCard: (given) => page.run(async (options) => (await kit.wallet()).proveCard(options), given),
        sync: () => page.run(async () => (await kit.wallet()).sync()),
      });
      return { site, page, owner };
    }

    test("the signal of a prompt that ended does not end the next one", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const ceremony = await kit.topUp();
        const old = counted();
        testAuthenticator.ends = "NotAllowedError";
        const first = await ended(ceremony.confirm({ signal: old.signal }));
        const listening = old.listening();
        const before = testAuthenticator.calls.length;
        testAuthenticator.ends = "silent";
        const second = ended(ceremony.confirm());
        await prompted(before + 1);
        old.controller.abort();
        const early = await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 100, "still open"))]);
        await ceremony.cancel();
        return { first, listening, early, second: await second };
      });
      assert.deepEqual(seen, { first: "cancelled", listening: 0, early: "still open", second: "cancelled" });
    });

    for (const how of [
      "cancel() before the prompt", "cancel() during the prompt, awaited", "cancel() during the prompt, not awaited", "cancel() in the same step as confirm()",
      "a signal that was aborted before", "an abort during the prompt", "an abort in the same step as confirm()",
    ]) {
      test(`confirm() works after ${how}`, async (t) => {
        const { page, owner } = await open(t);
        const seen = await page.run(async (how) => {
          const ceremony = await kit.topUp();
          const before = testAuthenticator.calls.length;
          const said = [];
          const { controller, signal } = counted();
          const confirm = (options) => void said.push(ended(ceremony.confirm(options)));
          const open = () => prompted(before + 1);
          const acts = {
            "cancel() before the prompt": () => ceremony.cancel(),
            "cancel() during the prompt, awaited": async () => (confirm(), await open(), await ceremony.cancel()),
            "cancel() during the prompt, not awaited": async () => (confirm(), await open(), void ceremony.cancel()),
            "cancel() in the same step as confirm()": () => (confirm(), void ceremony.cancel()),
            "a signal that was aborted before": () => confirm({ signal: AbortSignal.abort() }),
            "an abort during the prompt": async () => (confirm({ signal }), await open(), controller.abort()),
            "an abort in the same step as confirm()": () => (confirm({ signal }), controller.abort()),
          };
          testAuthenticator.ends = "silent";
          const acted = acts[how]();
          if (acted) await acted;
          // What is open ends by an abort alone; what is asked for next is answered.
          if (how.includes("same step")) await new Promise((resolve) => setTimeout(resolve, 0));
          testAuthenticator.ends = null;
          const again = await ended(ceremony.confirm());
          return { said: [...new Set(await Promise.all(said))], again, open: (await kit.wallet()).state.ceremony };
        }, how);
        assert.deepEqual(seen, { said: how.startsWith("cancel() before") ? [] : ["cancelled"], again: "top-up", open: null });
        assert.deepEqual(await owner.balance(), yen(3000));
      });
    }

    test("a cancelled ceremony is none of the state's, and is superseded by a newer one", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const wallet = await kit.wallet();
        const old = await kit.topUp();
        await old.cancel();
        const shown = wallet.state.ceremony;
        await kit.topUp();
        return { shown, now: wallet.state.ceremony, old: await ended(old.confirm()) };
      });
      assert.deepEqual(seen, { shown: null, now: "top-up", old: "superseded" });
    });

    test("of two callers that share a prompt, the one who gives up ends alone; the last one ends the prompt", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const ceremony = await kit.topUp();
        const [one, two] = [counted(), counted()];
        const before = testAuthenticator.calls.length;
        testAuthenticator.ends = "silent";
        const [first, second] = [ended(ceremony.confirm({ signal: one.signal })), ended(ceremony.confirm({ signal: two.signal }))];
        await prompted(before + 1);
        one.controller.abort();
        const early = await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 100, "still open"))]);
        two.controller.abort();
        const ends = [await first, await second];
        await ceremony.cancel();
        return { early, ends, prompts: testAuthenticator.calls.slice(before).map(({ name }) => name), listening: one.listening() + two.listening() };
      });
      assert.deepEqual(seen, { early: "still open", ends: ["cancelled", "cancelled"], prompts: ["AbortError"], listening: 0 });
    });

    test("a cancel that comes while the platform still closes the prompt before opens none", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const ceremony = await kit.topUp();
        const before = testAuthenticator.calls.length;
        testAuthenticator.ends = "deaf";
        const first = ended(ceremony.confirm());
        await prompted(before + 1);
        await ceremony.cancel();
        testAuthenticator.ends = null;
        // Waits until the platform has closed the first one, for two seconds at the most.
        const second = ended(ceremony.confirm());
        await new Promise((resolve) => setTimeout(resolve, 50));
        await ceremony.cancel();
        const ends = [await first, await second];
        await new Promise((resolve) => setTimeout(resolve, 2_200));
        return { ends, prompts: testAuthenticator.calls.length - before };
      });
      assert.deepEqual(seen, { ends: ["cancelled", "cancelled"], prompts: 1 });
    });

    test("the signal of an unlock that ended locks nothing; one that is aborted in time leaves the wallet locked", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const wallet = await kit.wallet();
        wallet.lock();
        const { controller, signal, listening } = counted();
        await wallet.unlock({ signal });
        const after = listening();
        controller.abort();
        const late = wallet.state.status;
        wallet.lock();
        const soon = new AbortController();
        const aborted = ended(wallet.unlock({ signal: soon.signal }));
        soon.abort();
        const left = await aborted;
        await wallet.sync();
        const status = wallet.state.status;
        const never = await ended(wallet.unlock({ signal: AbortSignal.abort() }));
        const unlocked = ended(wallet.unlock());
        wallet.lock();
        await unlocked;
        const lockWins = wallet.state.status;
        await wallet.unlock();
        return { after, late, left, status, never, lockWins, last: wallet.state.status };
      });
      assert.deepEqual(seen, { after: 0, late: "ready", left: "cancelled", status: "locked", never: "cancelled", lockWins: "locked", last: "ready" });
    });

    test("a preparation that was given up opens nothing, and never takes the place of the next one", async (t) => {
      const { page } = await open(t);
      const seen = await page.run(async () => {
        const wallet = await kit.wallet();
        const gone = new AbortController();
        const first = ended(wallet.prepareTopUp({ amount: 1000n, currency: "JPY", source: wallet.state.sources[0].id, signal: gone.signal }));
        gone.abort();
        const next = await kit.topUp();
        await wallet.sync();
        const confirmed = await ended(next.confirm());
        const alone = new AbortController();
        const second = ended(wallet.prepareLimit({ amount: 10_000n, currency: "JPY", signal: alone.signal }));
        alone.abort();
        await second;
        // Its answer is there by the time that two more calls have theirs.
        await wallet.sync();
        await wallet.sync();
        return { first: await first, confirmed, second: await second, open: wallet.state.ceremony };
      });
      assert.deepEqual(seen, { first: "cancelled", confirmed: "top-up", second: "cancelled", open: null });
    });

    test("no call and no subscription leaves a listener on its signal", async (t) => {
      const { page } = await open(t);
      const left = await page.run(async () => {
        const wallet = await kit.wallet();
        const source = wallet.state.sources[0].id;
        const money = { amount: 1000n, currency: "JPY" };
        /** @type {Record<string, (options: { signal: AbortSignal }) => any>} */
        const calls = {
          sync: (options) => wallet.sync(options),
          receipts: (options) => wallet.receipts(options),
          shown: (options) => wallet.shown({ sequence: 1n, ...options }),
          bothMine: (options) => wallet.bothMine({ sequence: 1n, ...options }),
          logIn: (options) => wallet.logIn({ login: "a", password: "b", ...options }),
          enterCode: (options) => wallet.enterCode({ attempt: "a", code: "12345678", ...options }),
          prepareEnrolment: (options) => wallet.prepareEnrolment({ ticket: "a", ...options }),
          prepareRecovery: (options) => wallet.prepareRecovery({ ticket: "a", ...options }),
          paymentCode: (options) => wallet.paymentCode(options),
          proveCard: (options) => wallet.proveCard({ source, ...options }),
          prepareTopUp: (options) => wallet.prepareTopUp({ ...money, source, ...options }),
          confirm: async (options) => (await kit.topUp()).confirm(options),
          prepareRefill: (options) => wallet.prepareRefill(options),
          prepareRotation: (options) => wallet.prepareRotation(options),
          prepareLimit: (options) => wallet.prepareLimit({ ...money, ...options }),
          prepareUnfreeze: (options) => wallet.prepareUnfreeze(options),
          unfreeze: (options) => wallet.unfreeze({ attempt: "a", code: "12345678", ...options }),
          unlock: (options) => wallet.unlock(options),
          reseal: (options) => wallet.unlock({ ...options, reseal: true }),
          on: (options) => wallet.on("receipt", () => {}, options)(),
          present: (options) => wallet.present(document.body, options).stop(),
          freeze: (options) => wallet.freeze(options),
        };
        const left = {};
        for (const [name, call] of Object.entries(calls)) {
          const { signal, listening } = counted();
          await ended(Promise.resolve().then(() => call({ signal })));
          left[name] = listening();
        }
        const { signal, listening } = counted();
        wallet.on("alert", () => {}, { signal });
        await wallet.close();
        left.close = listening();
        return left;
      });
      assert.deepEqual(left, Object.fromEntries(Object.keys(left).map((name) => [name, 0])));
    });
  });
}
