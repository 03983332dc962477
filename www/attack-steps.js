// @ts-check
// The steps of 2019, done for real against this issuer: each says which code stopped it.
import { Wallet } from "/pkg/index.js";
import { forgedCode, withSoftwarePasskey } from "/attack-tools.js";
import { ask } from "/demo-client.js";
import { ROOT } from "/issuer.js";
import { currentLanguage } from "/page.js";
import { Prover, makeKeys } from "/proof.js";
import { idempotencyKey } from "/till-client.js";

/** @typedef {{ login: string, password: string, contact: string, account: string, tillCode: string }} Victim */
/** @typedef {{ opened: bigint, balance: bigint, charged: bigint }} Books */
/** @typedef {{ issuer: string, victim: Victim, wallet: Wallet, till: Prover }} Scene */
/** @typedef {{ id: string, play: (scene: Scene) => Promise<{ code: string, heard?: string }> }} Step */

const THIRTY_THOUSAND = 30_000n;
/** Codes are made at most once a second. */
const NEXT_CODE_MS = 1100;

/** With ID and password alone. @type {readonly Step[]} */
export const BY_PASSWORD = [
  { id: "sign-up", play: signUp },
  { id: "password-list", play: tryList },
  { id: "side-doors", play: trySideDoors },
  { id: "top-up", play: topUp },
  { id: "shop", play: payWithForgedCode },
  { id: "notice", play: readNotice },
];

/** With the owner's messages too. @type {readonly Step[]} */
export const BY_MESSAGES = [
  { id: "take-over", play: takeOver },
  { id: "spend", play: spend },
];

/** A fresh account for this run, an attacker's phone and a shop's till. @returns {Promise<Scene>} */
export async function setTheScene() {
  const { issuer } = await (await fetch("/.well-known/jitsuin", { credentials: "omit" })).json();
  const victim = await demo("/demo/victim", {});
  const wallet = await Wallet.open({ issuer, root: ROOT, profile: `attack-${victim.login}`, updates: "manual" });
  const till = new Prover(issuer, await makeKeys());
  done(await till.change("/v1/tills", { code: victim.tillCode }));
  return { issuer, victim, wallet, till };
}

/** Leaves nothing behind in this browser. @param {Scene} scene */
export async function strike({ wallet }) {
  await wallet.forget();
  await wallet.close();
}

/** What the ledger says of a victim. @param {Victim} victim @returns {Promise<Books>} */
export async function readBooks({ login }) {
  const { opened, balance, charged } = await demo("/demo/books", { login });
  return { opened: BigInt(opened), balance: BigInt(balance), charged: BigInt(charged) };
}

/** @param {"/demo/victim" | "/demo/books" | "/demo/inbox"} path @param {object} body */
async function demo(path, body) {
  const answer = await ask(path, body);
  if (!answer.ok) throw new Error(`${path}: ${answer.code}`);
  return answer.body;
}

/** @param {{ code: string | null, body: any }} answer */
function done({ code, body }) {
  if (code !== null) throw new Error(`refused: ${code}`);
  return body;
}

/** The code of what must be refused. @param {Promise<unknown>} attempt */
async function refusal(attempt) {
  try {
    await attempt;
  } catch (error) {
    return String(Reflect.get(/** @type {object} */ (error), "code") ?? error);
  }
  return "approved";
}

/** @param {Scene} scene */
async function signUp({ wallet, victim }) {
  const { attempt } = await wallet.logIn({ login: victim.login, password: victim.password, language: currentLanguage() });
  return { code: await refusal(wallet.enterCode({ attempt, code: "20190701" })) };
}

/** @param {Scene} scene */
async function tryList({ wallet, victim }) {
  let code = "approved";
  for (const password of ["123456", "password", "7pay2019", "qwerty", "111111", "iloveyou"]) {
    code = await refusal(wallet.logIn({ login: victim.login, password }).then(({ attempt }) => wallet.enterCode({ attempt, code: "00000000" })));
    if (code === "approved" || code === "too-many-attempts") break;
  }
  return { code };
}

/** @param {Scene} scene */
async function trySideDoors({ issuer, victim }) {
  const stranger = new Prover(issuer, await makeKeys());
  let code = null;
  for (const path of ["/v1/password/reset", "/v1/contact"]) {
    code ??= (await stranger.post(path, JSON.stringify({ login: victim.login, birth: "2019-01-01", send_to: "thief@example.test" }))).code;
  }
  return { code: code ?? "approved" };
}

/** @param {Scene} scene */
async function topUp({ issuer, victim }) {
  // Past the wallet's own checks: a key of the attacker's, and the victim's account named.
  const stranger = new Prover(issuer, await makeKeys(), victim.account);
  const body = { amount: String(THIRTY_THOUSAND), currency: "JPY", source: "card-1", head: "A".repeat(43) };
  let code = null;
  for (let time = 0; time < 3; time += 1) code = (await stranger.post("/v1/top-ups", JSON.stringify(body))).code;
  return { code: code ?? "approved" };
}

/** @param {Scene} scene */
async function payWithForgedCode({ till }) {
  return { code: await charge(till, await forgedCode(), 3_000n) };
}

/** @param {Scene} scene */
async function readNotice({ victim }) {
  const messages = await demo("/demo/inbox", {});
  const told = messages.find((/** @type {{ to: string }} */ { to }) => to === victim.contact);
  return { code: told ? "told" : "approved", heard: told?.subject };
}

/** @param {Scene} scene */
async function takeOver({ wallet, victim }) {
  return withSoftwarePasskey(async () => {
    const { attempt } = await wallet.logIn({ login: victim.login, password: victim.password });
    const messages = await demo("/demo/inbox", {});
    const own = messages.filter((/** @type {{ to: string }} */ { to }) => to === victim.contact);
    const code = own.map((/** @type {{ text: string }} */ { text }) => text.match(/\d{8}/)?.[0]).findLast(Boolean);
    const ticket = await wallet.enterCode({ attempt, code });
    const enrolment = await wallet.prepareEnrolment({ ticket, label: "Attacker" });
    await enrolment.confirm();
    await wallet.sync();
    return { code: await refusal(wallet.prepareTopUp({ amount: THIRTY_THOUSAND, currency: "JPY", source: "card-1" })) };
  });
}

/** @param {Scene} scene */
async function spend({ wallet, till }) {
  const codes = [];
  for (let count = 0; count < 3; count += 1) {
    if (count > 0) await new Promise((resolve) => setTimeout(resolve, NEXT_CODE_MS));
    codes.push((await wallet.paymentCode()).text);
  }
  const [first, second, third] = codes;
  await charge(till, String(first), 10_000n);
  await charge(till, String(second), 3_000n);
  const last = await charge(till, String(third), 1n);
  await wallet.sync();
  const [newest] = await wallet.receipts({ limit: 1 });
  return { code: newest?.kind === "declined" ? String(newest.reason) : last };
}

/** What the till is told. @param {Prover} till @param {string} token @param {bigint} amount @returns {Promise<string>} */
async function charge(till, token, amount) {
  const { code, body } = await till.post("/v1/payments", JSON.stringify({ token, amount: String(amount), currency: "JPY", key: idempotencyKey() }));
  return code ?? body.outcome;
}
