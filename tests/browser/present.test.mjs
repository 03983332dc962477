// `present` in a real Chromium under the strict policy: it draws, waits for a tap where it must, is kind to screen readers, and
// stops when the wallet does. The issuer is the real one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addAuthenticator, evict, launchChromium, routeWalletPage } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { readWithZxing } from "../lib/scan.mjs";

let browser, issuer, context, page;
const violations = [];

before(async () => {
  issuer = await startIssuer();
  browser = await launchChromium();
  context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  page = await context.newPage();
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(message.text())) violations.push(message.text());
  });
});
after(async () => {
  await browser?.close();
  await issuer?.stop();
});

/** A page on the issuer's own origin, so that its relying party is right, with an enrolled wallet in `globalThis.wallet`. */
async function enrolled(login) {
  await routeWalletPage(context, { origin: `${issuer.url}/kit`, html: '<meta name="color-scheme" content="dark">' });
  await context.route(`${issuer.url}/pkg/**`, (route) => route.continue());
  await page.goto(`${issuer.url}/kit/`);
  await addAuthenticator(page);
  const attempt = await page.evaluate(async (login) => {
    const { Wallet } = await import("/pkg/index.js");
    globalThis.wallet = await Wallet.open({ issuer: location.origin, updates: "manual" });
    return (await globalThis.wallet.logIn({ login, password: `${login}-password` })).attempt;
  }, login);
  const inbox = await fetch(`${issuer.url}/demo/inbox`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  const messages = (await inbox.json()).filter(({ to }) => to === `${login}@example.test`);
  const [code] = /\b\d{8}\b/.exec(messages.map(({ text }) => text).join("\n"));
  await page.evaluate(
    async ([attempt, code]) => {
      const ticket = await wallet.enterCode({ attempt, code });
      const ceremony = await wallet.prepareEnrolment({ ticket, label: "Test phone" });
      const [first, second] = await Promise.all([ceremony.confirm(), ceremony.confirm()]);
      if (first.id !== second.id) throw new Error("two confirms at once are two ceremonies");
    },
    [attempt, code],
  );
}

test("codes are drawn, paused, drawn again and ended, and the page's policy holds", async (t) => {
  await enrolled("hanako");
  const main = page.locator("main");
  await page.evaluate(() => {
    // The driver's own calls count as taps; this one shall not.
    Object.defineProperty(navigator, "userActivation", { configurable: true, value: { isActive: false } });
    globalThis.phases = [];
    globalThis.view = wallet.present(document.querySelector("main"), { onChange: (state) => phases.push(state.reason ? `${state.phase}: ${state.reason}` : state.phase) });
  });

  await t.test("without a tap nothing is drawn", async () => {
    assert.equal(await main.locator("svg").isVisible(), false);
    assert.equal(await page.evaluate(() => view.state.phase), "paused");
  });

  await t.test("a tap draws a code that a reader reads from the screen, on white in dark mode too", async () => {
    await main.getByRole("button").click();
    await main.locator("svg").waitFor();
    const [text] = await readWithZxing(await page.screenshot());
    assert.match(text, /^JT1[A-Z2-7]+$/);
    assert.equal(text, await page.evaluate(() => view.state.code.text));
    assert.equal(await main.locator("svg").evaluate((svg) => getComputedStyle(svg).backgroundColor), "rgb(255, 255, 255)");
  });

  await t.test("the picture has a name, the state is said once, and the code is in no text", async () => {
    assert.equal(await main.getByRole("img").getAttribute("aria-label"), "Payment code for the till");
    assert.equal(await main.getByRole("status").textContent(), "A payment code is on the screen");
    assert.match(await main.getByRole("timer").textContent(), /^New code in \d+ s$/);
    assert.equal(await main.evaluate((main) => (main.outerHTML + main.firstElementChild.shadowRoot.innerHTML).includes("JT1")), false);
    assert.equal(await main.getByRole("button").count(), 0);
  });

  await t.test("a blur takes the code away until the next tap, which makes another", async () => {
    const before = await page.evaluate(() => view.state.code.counter);
    await page.evaluate(() => window.dispatchEvent(new Event("blur")));
    assert.equal(await main.locator("svg").isVisible(), false);
    assert.equal(await page.evaluate(() => document.querySelector("main > div").shadowRoot.querySelector("path").getAttribute("d")), null);
    // Quicker than one code a second, the tap is answered a moment later, and no second one is asked for.
    await main.getByRole("button").click();
    await main.locator("svg").waitFor();
    assert.ok((await page.evaluate(() => view.state.code.counter)) > before);
  });

  await t.test("a lock ends it and leaves nothing in the page", async () => {
    await page.evaluate(() => wallet.lock());
    await page.waitForFunction(() => view.state.phase === "stopped");
    assert.equal(await page.evaluate(() => document.querySelector("main").childElementCount), 0);
    assert.equal(await page.evaluate(() => wallet.paymentCode().catch((error) => error.code)), "locked");
    await page.evaluate(() => wallet.unlock());
    assert.equal(await page.evaluate(() => wallet.state.status), "ready");
  });

  await t.test("the state is frozen, a new object only when something changed, and writes its money as text", async () => {
    const seen = await page.evaluate(async () => {
      const first = wallet.state;
      const again = wallet.state;
      await wallet.receipts();
      const deep = Object.isFrozen(first) && Object.isFrozen(first.recent) && Object.isFrozen(first.recent[0]) && Object.isFrozen(first.balance);
      return { same: first === again && first === wallet.state, deep, type: typeof first.balance.amount, date: first.recent[0].at instanceof Date, json: JSON.stringify(first.balance) };
    });
    assert.deepEqual(seen, { same: true, deep: true, type: "bigint", date: true, json: '{"amount":"2000","currency":"JPY"}' });
  });

  await t.test("no path ran into the policy", () => {
    assert.deepEqual(violations, []);
  });

  await t.test("the phases came in this order", async () => {
    const phases = await page.evaluate(() => phases.filter((phase, index) => phase !== phases[index - 1]));
    assert.deepEqual(phases, ["making", "showing", "paused: blurred", "making", "showing", "stopped"]);
  });

  await t.test("an eviction under the open page is a lost key at the next code", async () => {
    await evict(page, issuer.url);
    assert.equal(await page.evaluate(() => wallet.paymentCode().catch((error) => error.code)), "key-lost");
    assert.equal(await page.evaluate(() => wallet.state.status), "key-lost");
  });
});
