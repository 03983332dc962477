// Many agents on one origin at once: whatever they do together, there is one device and no counter twice. Frames stand for tabs, since
// they share storage and locks as tabs do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSite } from "../lib/site.mjs";
import { openEngine } from "../lib/three.mjs";
import { decodeToken } from "../lib/token.mjs";
import { yen } from "../lib/words.mjs";

const FRAMES = 4;

async function open(t) {
  const site = await openSite();
  t.after(() => site.close());
  const engine = await openEngine("chromium");
  t.after(() => engine.close());
  return { site, page: engine.page };
}

test("four frames that enrol at once end with one device, 20 runs of 20", async (t) => {
  const { site, page } = await open(t);
  const ends = [];
  for (let run = 1; run <= 20; run += 1) {
    const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
    await page.goto(`${site.url}/?injected&profile=run-${run}`);
    ends.push(
      await page.run(
        async ({ login, password, frames }) => {
          const tabs = await Promise.all(Array.from({ length: frames }, () => kit.tab()));
          const ceremonies = await Promise.all(tabs.map((tab, number) => tab.kit.prepare({ login, password, label: `Tab ${number}` })));
          const ended = await Promise.all(ceremonies.map((ceremony, number) => tabs[number].kit.outcome(async () => (await ceremony.confirm()).id)));
          const states = await Promise.all(tabs.map((tab) => tab.kit.state()));
          await (await kit.wallet()).sync();
          const { devices } = (await kit.wallet()).state;
          const made = tabs.flatMap((tab) => tab.testAuthenticator.calls).filter(({ verb }) => verb === "create").length;
          return {
            settled: ended.map(({ value, error }) => (value ? "enrolled" : error.code)),
            keys: new Set([...ended.map(({ value }) => value), ...states.map(({ device }) => device), ...devices.map(({ id }) => id)]).size,
            devices: devices.length, passkeys: made, statuses: [...new Set(states.map(({ status }) => status))],
          };
        },
        { login, password, frames: FRAMES },
      ),
    );
  }
  const wanted = { settled: Array(FRAMES).fill("enrolled"), keys: 1, devices: 1, passkeys: 1, statuses: ["ready"] };
  assert.deepEqual(ends, Array(20).fill(wanted));
  await site.world.issuer.audit();
});

test("200 codes from four frames have 200 different counters, in the order of their times", async (t) => {
  const { site, page } = await open(t);
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  await page.goto(`${site.url}/?injected`);
  await page.run((given) => kit.enrol(given), { login, password });
  await page.run(
    async (frames) => {
      globalThis.tabs = await Promise.all(Array.from({ length: frames }, () => kit.tab()));
      await Promise.all(tabs.map((tab) => tab.kit.wallet()));
    },
    FRAMES,
  );
  const texts = [];
  let refused = 0;
  for (let round = 0; texts.length < 200; round += 1) {
    assert.ok(round < 400, "the wallet stopped making codes");
    // No faster than the wallet's pace; the issuer's clock goes along, and now and then a frame hears from it.
    await site.world.issuer.clock.advance({ milliseconds: 6_100 });
    const made = await page.run(async (sync) => {
      for (const tab of tabs) tab.testClock.advance(6_100);
      if (sync !== null) await (await tabs[sync].kit.wallet()).sync();
      // All of them at once: whoever comes second in this second is told to wait.
      return Promise.all(tabs.map((tab) => tab.kit.outcome(() => tab.kit.code({ max: { amount: 10n, currency: "JPY" } }))));
    }, round % 20 === 19 ? (round / 20 | 0) % FRAMES : null);
    for (const { value, error } of made) {
      if (value) texts.push(value.text);
      else {
        assert.equal(error.code, "too-fast");
        refused += 1;
      }
    }
  }
  const tokens = texts.map(decodeToken);
  assert.equal(new Set(tokens.map(({ atc }) => atc)).size, texts.length, "a counter was used twice");
  const byCounter = tokens.toSorted((a, b) => a.atc - b.atc);
  assert.deepEqual(byCounter.map(({ iat }) => iat), tokens.map(({ iat }) => iat).toSorted((a, b) => a - b));
  assert.equal(byCounter.at(-1).atc - byCounter[0].atc, texts.length - 1, "no number was skipped either");
  assert.ok(refused > 0, "the frames never met");
});
