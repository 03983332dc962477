// Kept-alive connections that die unanswered, between a real Chromium and the real issuer: the browser sends the POST again, with the same
// body and the same proof, and the page hears the second answer alone (protocol section 5, *Delivered twice*).
// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openCutting } from "../lib/cutting.mjs";
import { addAuthenticator, launchChromium } from "../lib/engines.mjs";
import { startIssuer } from "../lib/issuer.mjs";
import { charge, enrol, openPage, proveCard, readInbox, setUpTill, status } from "../lib/pages.mjs";

const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };

/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** An issuer behind the proxy, and a wallet's page over it. @param {import("node:test").TestContext} t */
async function stage(t) {
  const road = await openCutting();
  const issuer = await startIssuer({ behind: road.url });
  road.forward(issuer.url);
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  t.after(async () => {
    await context.close();
    await road.close();
    await issuer.stop();
  });
  const wallet = await openPage(context, road.url);
  await wallet.addInitScript(() => localStorage.setItem("jitsuin-demo-language", "en"));
  await addAuthenticator(wallet, { hasPrf: false });
  /** What a call looked like below the page: the first proof twice, then another one. @param {string} path @param {number} before */
  const wasCut = (path, before) => {
    const [first, again, renewed, ...more] = road.proofs(path).slice(before);
    assert.ok(first, path);
    assert.deepEqual([first === again, first === renewed, more], [true, false, []], `${path}: sent again by the browser, then under a new proof`);
  };
  return { road, issuer, url: road.url, context, wallet, wasCut };
}

/** The messages to somebody that a pattern finds, by the inbox page.
 * @param {import("playwright-core").BrowserContext} context @param {string} url @param {string} to @param {RegExp} pattern */
async function messages(context, url, to, pattern) {
  const inbox = await openPage(context, `${url}/inbox.html`);
  try {
    const texts = inbox.locator(`#messages section[data-to="${to}"] li p`);
    await texts.first().waitFor();
    return (await texts.allInnerTexts()).filter((text) => pattern.test(text));
  } finally {
    await inbox.close();
  }
}

/** @param {import("playwright-core").Page} wallet @param {string} yen */
async function shows(wallet, yen) {
  await wallet.waitForFunction((wanted) => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === wanted, yen);
}

test("login, enrolment, top-up and freeze over connections that die unanswered: each once", async (t) => {
  const { road, url, context, wallet, wasCut } = await stage(t);
  for (const path of ["/v1/login/code", "/v1/enrolment", "/v1/enrolment/confirm"]) road.cutNext(path);
  await enrol(wallet, { url, ...HANAKO });
  assert.equal(road.cuts(), 3);
  for (const path of ["/v1/login/code", "/v1/enrolment", "/v1/enrolment/confirm"]) wasCut(path, 0);
  assert.equal((await messages(context, url, HANAKO.contact, /registers a device/)).length, 1);

  road.cutNext("/v1/cards/prove");
  await proveCard(wallet, url, HANAKO.contact);
  wasCut("/v1/cards/prove", 0);
  assert.equal((await messages(context, url, HANAKO.contact, /lets your wallet charge/)).length, 1);
  await wallet.goto(`${url}/#top-up`);
  await status(wallet, "ready");
  await wallet.locator("#prove-card-1").waitFor({ state: "detached" });

  for (const path of ["/v1/top-ups", "/v1/intents/confirm"]) road.cutNext(path);
  await wallet.check("#source-card-1");
  await wallet.fill("#top-up-amount", "5000");
  await wallet.click("#top-up-submit");
  await wallet.locator("#agree-confirm").waitFor();
  await wallet.evaluate(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    document.body.dataset.prompts = "0";
    credentials.get = (options) => {
      document.body.dataset.prompts = String(Number(document.body.dataset.prompts) + 1);
      return get(options);
    };
  });
  await wallet.click("#agree-confirm");
  await shows(wallet, "7000");
  for (const path of ["/v1/top-ups", "/v1/intents/confirm"]) wasCut(path, 0);
  assert.equal(await wallet.evaluate(() => document.body.dataset.prompts), "1");
  assert.equal((await messages(context, url, HANAKO.contact, /was added/)).length, 1);

  road.cutNext("/v1/freeze");
  await wallet.click("#tab-safety");
  await wallet.click("#freeze");
  await wallet.click("#agree-confirm");
  await status(wallet, "frozen");
  wasCut("/v1/freeze", 0);
  assert.equal(road.cuts(), 7);
});

test("a till's registration and sale over connections that die unanswered: each once", async (t) => {
  const { road, url, context, wallet, wasCut } = await stage(t);
  await enrol(wallet, { url, ...HANAKO });
  const till = await openPage(context, `${url}/till.html`);
  const code = await readInbox(context, url, "Kado no Mise", /(\S{16}) registers one device as till t\/1001/);
  road.cutNext("/v1/tills");
  await setUpTill(till, code);
  wasCut("/v1/tills", 0);
  const text = await wallet.evaluate(async () => {
    const { Wallet } = await import(String("/pkg/index.js"));
    const opened = await Wallet.open({ issuer: location.origin, updates: "manual" });
    return (await opened.paymentCode()).text;
  });
  road.cutNext("/v1/payments");
  assert.equal(await charge(till, text, "540"), "approved");
  wasCut("/v1/payments", 0);
  await wallet.reload();
  await shows(wallet, "1460");
});

test("the stop page over connections that die unanswered: one contact code, one freeze", async (t) => {
  const { road, url, context, wallet, wasCut } = await stage(t);
  await enrol(wallet, { url, ...HANAKO });
  const stop = await openPage(context, `${url}/stop.html`);
  for (const path of ["/v1/login", "/v1/freeze/ticket"]) road.cutNext(path);
  const before = road.proofs("/v1/login").length;
  const sent = await messages(context, url, HANAKO.contact, /registers a device/);
  await stop.fill("#login", HANAKO.login);
  await stop.fill("#password", HANAKO.password);
  await stop.click("#login-submit");
  await stop.locator("#contact-code").waitFor();
  const codes = await messages(context, url, HANAKO.contact, /registers a device/);
  const fresh = codes.filter((text) => !sent.includes(text));
  assert.equal(fresh.length, 1);
  const [, contactCode] = /(\d{8})/.exec(String(fresh[0])) ?? [];
  await stop.fill("#contact-code", String(contactCode));
  await stop.click("#code-submit");
  await stop.locator("#next").waitFor();
  // The first call of a key fetches its nonce.
  wasCut("/v1/login", before + 1);
  wasCut("/v1/freeze/ticket", 0);
  await wallet.reload();
  await status(wallet, "frozen");
});
