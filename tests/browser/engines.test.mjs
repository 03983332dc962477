// What the wallet is in Chromium, Firefox and WebKitGTK: storage, locks, tokens, restarts. WebAuthn is answered by the test page
// itself (`?injected`), since only Chromium has an authenticator to drive; what each engine has of its own is in ceremonies.test.mjs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openSite } from "../lib/site.mjs";
import { ENGINES, missing, openEngine, visit } from "../lib/three.mjs";
import { yen } from "../lib/words.mjs";


for (const name of ENGINES) {
  describe(name, { skip: missing(name) }, () => {
    /** One site, one browser. */
    async function open(t, path = "/?injected") {
      const site = await openSite();
      t.after(() => site.close());
      const engine = await openEngine(name);
      t.after(() => engine.close());
      await engine.page.goto(`${site.url}${path}`);
      const { login, password, ...owner } = await site.world.issuer.account({ balance: yen(2000) });
      return { site, page: engine.page, owner, account: { login, password } };
    }

    test("enrols, makes codes that pay, keeps the key over a reload", async (t) => {
      const { site, page, owner, account } = await open(t);
      assert.equal(await page.run(() => kit.isSupported()), true);
      assert.equal((await page.run(() => kit.state())).status, "new");
      const device = await page.run((given) => kit.enrol(given), account);
      const { text, counter } = await page.run(() => kit.code());
      assert.equal((await site.world.issuer.till().charge(text, yen(540))).outcome, "approved");
      await page.reload();
      await page.run(async () => (await kit.wallet()).sync());
      const later = await page.run(() => kit.state());
      assert.deepEqual([later.status, later.device, later.balance], ["ready", device, "1460"]);
      await page.run(() => testClock.advance(2_000));
      assert.equal((await page.run(() => kit.code())).counter, counter + 1);
      assert.deepEqual(await owner.balance(), yen(1460));
      await site.world.issuer.audit();
    });

    test("the stored keys can't be exported, and are keys when read back", async (t) => {
      const { page, account } = await open(t);
      await page.run((given) => kit.enrol(given), account);
      const seen = await page.run(async () => {
        const settled = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
        const database = await settled(indexedDB.open("jitsuin/https://issuer.test/default"));
        const record = await settled(database.transaction("wallet").objectStore("wallet").get("record"));
        database.close();
        const about = async (key) => [key.type, key.extractable, await crypto.subtle.exportKey("pkcs8", key).then(() => "exported", (error) => error.name)];
        return [await about(record.device), await about(record.channel)];
      });
      assert.deepEqual(seen, [["private", false, "InvalidAccessError"], ["private", false, "InvalidAccessError"]]);
    });

    test("two frames have one key", async (t) => {
      const { page, account } = await open(t);
      const [one, two] = await page.run(async (given) => {
        const tabs = [await kit.tab(), await kit.tab()];
        const ceremonies = await Promise.all(tabs.map((tab) => tab.kit.prepare(given)));
        return Promise.all(ceremonies.map(async (ceremony) => (await ceremony.confirm()).id));
      }, account);
      assert.equal(one, two);
      await page.reload();
      assert.equal((await page.run(() => kit.state())).device, one);
    });

    test("evicted storage is a lost key and never a code, under the open page and after a reload", async (t) => {
      const { page, account } = await open(t);
      await page.run((given) => kit.enrol(given), account);
      await page.run(() => kit.evict());
      const { error } = await page.run(() => kit.outcome(() => kit.code()));
      assert.equal(error?.code, "key-lost");
      assert.equal((await page.run(() => kit.state())).status, "key-lost");
      await page.reload();
      assert.equal((await page.run(() => kit.state())).status, "key-lost");
    });

    test("a wallet is still there after the browser was restarted", async (t) => {
      const site = await openSite();
      t.after(() => site.close());
      const folder = mkdtempSync(join(tmpdir(), `jitsuin-${name}-`));
      t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
      const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
      const enrolled = await visit(name, folder, site, "enrol", { login, password });
      assert.equal(typeof enrolled.value, "string", JSON.stringify(enrolled));
      const { value: state } = await visit(name, folder, site, "state");
      assert.deepEqual([state.status, state.device], ["ready", enrolled.value]);
      const { value: code } = await visit(name, folder, site, "code");
      assert.equal((await site.world.issuer.till().charge(code.text, yen(300))).outcome, "approved");
    });
  });
}

// Chromium's other tests run in its private mode as it is (a context without a profile), and WebKitGTK's driven sessions are such ones.
test("in Firefox's private mode a wallet enrols and pays, and is gone with the window", { skip: missing("firefox") }, async (t) => {
  const site = await openSite();
  t.after(() => site.close());
  const folder = mkdtempSync(join(tmpdir(), "jitsuin-firefox-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { login, password } = await site.world.issuer.account({ balance: yen(2000) });
  /** @param {(page: import("../lib/three.mjs").EnginePage) => Promise<void>} use */
  const inPrivate = async (use) => {
    const engine = await openEngine("firefox", folder, { "browser.privatebrowsing.autostart": true });
    try {
      await engine.page.goto(`${site.url}/?injected`);
      await use(engine.page);
    } finally {
      await engine.close();
    }
  };
  await inPrivate(async (page) => {
    await page.run((given) => kit.enrol(given), { login, password });
    const { text } = await page.run(() => kit.code());
    assert.equal((await site.world.issuer.till().charge(text, yen(300))).outcome, "approved");
  });
  await inPrivate(async (page) => assert.equal((await page.run(() => kit.state())).status, "new"));
});
