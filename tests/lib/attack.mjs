// What the attack suites in a browser share: an owner with money, a till, and what a script in a page does with its wallet.
// @ts-check
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { addAuthenticator } from "./engines.mjs";
import { charge, openPage, proveCard, readInbox, setUpTill, status } from "./pages.mjs";

/** @typedef {import("playwright-core").BrowserContext} Context */
/** @typedef {import("playwright-core").Page} Page */

export const HANAKO = { login: "hanako", password: "hanako-password", contact: "hanako@example.test" };
const SHOPS = { 1001: "Kado no Mise", 2002: "Eki Shop" };
/** What the owner has once a card was charged: more than a day's limits let go. */
export const WEALTH = 32_000;

/** Runs in the page: what a script there can do with its wallet. @param {{ verb: string, options?: object, given?: any }} what */
async function inWallet({ verb, options = {}, given }) {
  // @ts-ignore: served by the demo
  const { Wallet } = await import("/pkg/index.js");
  try {
    const wallet = await Wallet.open({ issuer: location.origin, ...options });
    if (verb === "status") return wallet.state.status;
    if (verb === "custody") return wallet.state.device?.custody;
    if (verb === "paymentCode") return (await wallet.paymentCode()).text;
    if (verb === "logIn") return (await wallet.logIn(given)).attempt;
    if (verb === "enrol") return (await (await wallet.prepareEnrolment({ ticket: await wallet.enterCode(given), label: "Phone" })).confirm()).custody;
    if (verb === "balance") {
      await wallet.sync();
      return String(wallet.state.balance.amount);
    }
    if (verb === "topUp") {
      const prepared = await wallet.prepareTopUp({ amount: 1_000n, currency: "JPY", source: "card-1" });
      try {
        await prepared.confirm();
      } finally {
        await prepared.cancel();
      }
    } else await wallet[verb]();
    return "done";
  } catch (error) {
    return String(Reflect.get(/** @type {object} */ (error), "code") ?? error);
  }
}

/** One thing that a script in the page does with its wallet: what comes of it, or the code of the refusal.
 * @param {Page} page @param {string} verb @param {object} [options] the wallet's @param {object} [given] @returns {Promise<string>} */
export const use = (page, verb, options, given) => page.evaluate(inWallet, { verb, options, given });

/** The balance that the owner's wallet reads from the issuer's signed head. @param {Page} page @param {object} [options] */
export const balance = async (page, options) => Number(await use(page, "balance", options));

/** Registers a device with a custody, from a page that opens no wallet of its own.
 * @param {Context} context @param {string} url @param {object} options the wallet's @param {typeof HANAKO} [who] */
export async function register(context, url, options, who = HANAKO) {
  const page = await openPage(context, `${url}/inbox.html`);
  const authenticator = await addAuthenticator(page);
  const attempt = await use(page, "logIn", options, { login: who.login, password: who.password });
  const code = await readInbox(context, url, who.contact, /(\d{8}) registers a device/);
  const custody = await use(page, "enrol", options, { attempt, code });
  return { page, authenticator, custody };
}

/** An owner with a proved card and JPY 32,000, whose page is the demo's. @param {Context} context @param {string} url @param {string} custody */
export async function ownerWith(context, url, custody) {
  const { page: wallet, authenticator, custody: got } = await register(context, url, { custody });
  assert.equal(got, custody);
  await wallet.goto(url);
  if ((await use(wallet, "status")) === "locked") assert.equal(await use(wallet, "unlock"), "done");
  await status(wallet, "ready");
  await proveCard(wallet, url, HANAKO.contact);
  await wallet.goto(`${url}/#top-up`);
  if ((await use(wallet, "status")) === "locked") assert.equal(await use(wallet, "unlock"), "done");
  await wallet.locator("#prove-card-1").waitFor({ state: "detached" });
  await wallet.fill("#top-up-amount", "30000");
  await wallet.click("#top-up-submit");
  await wallet.click("#agree-confirm");
  await wallet.waitForFunction((wealth) => document.querySelector("#balance")?.textContent?.replace(/\D/g, "") === String(wealth), WEALTH);
  return { wallet, authenticator };
}

/** A till's page in a profile of its own. @param {import("playwright-core").Browser} browser @param {string} url @param {"1001" | "2002"} number */
export async function openTill(browser, url, number) {
  const context = await browser.newContext();
  const till = await openPage(context, `${url}/till.html`);
  await setUpTill(till, await readInbox(context, url, SHOPS[number], new RegExp(`(\\S{16}) registers one device as till t/${number}`)));
  return till;
}

/** Pays with a stolen wallet until it is refused: how often, and with which code. @param {Page} page @param {Page} till @param {object} [options] */
export async function empty(page, till, options) {
  for (let thefts = 0; ; thefts += 1) {
    await page.waitForTimeout(1_100); // codes are made at most once a second
    const text = await use(page, "paymentCode", options);
    if (!text.startsWith("JT1")) return { thefts, code: text };
    const outcome = await charge(till, text, "10000");
    if (outcome !== "approved") return { thefts, code: String(outcome) };
    await use(page, "sync", options);
  }
}

/** Rows of a suite: each is printed and held to what is known, and pages are held to all of them. */
export function ledgerOf() {
  /** @type {string[]} */
  const rows = [];
  return {
    /** @param {string} attack @param {string} stoppedBy @param {{ code: string, lost: number }} seen @param {{ code: string, lost: number }} known */
    row(attack, stoppedBy, seen, known) {
      assert.deepEqual(seen, known, attack);
      const yen = seen.lost.toLocaleString("en");
      console.log(`${attack} | ${stoppedBy}: ${seen.code} | JPY ${yen}`);
      rows.push(`| ${attack} | ${stoppedBy} | [\`${seen.code}\`](errors.md#${seen.code}) | ${yen} |`);
    },
    /** Holds a page's part to the rows, or writes it with `JITSUIN_WRITE_DOCS=1`. @param {string} name of the page @param {string} part @param {string} command */
    hold(name, part, command) {
      const file = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
      const [begin, end] = [`<!-- ${part}: begin -->\n`, `<!-- ${part}: end -->\n`];
      const text = `\n| attack | what stopped it | code | yen lost at the most |\n|---|---|---|---:|\n${rows.join("\n")}\n\n`;
      const page = readFileSync(file, "utf8");
      const [head = "", rest = ""] = page.split(begin);
      const [held = "", tail = ""] = rest.split(end);
      if (process.env.JITSUIN_WRITE_DOCS) writeFileSync(file, `${head}${begin}${text}${end}${tail}`);
      else assert.equal(held, text, `JITSUIN_WRITE_DOCS=1 ${command}`);
    },
  };
}
