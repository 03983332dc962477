// A platform whose objects are spoiled: a password manager's methods throw, parts are missing or come from another realm, and what is
// absent comes as no bytes. Nothing of it ends the module, and no passkey is made that nobody knows of.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createWorld } from "../../pkg/testing.js";
import { attach } from "../../pkg/testing/playwright.js";
import { launchChromium } from "../lib/engines.mjs";
import { coded, yen } from "../lib/words.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Runs in a page before its own scripts: every credential is a plain object with the real one's parts, then spoiled by the test. */
function spoiler() {
  const spoils = [];
  const throws = () => {
    throw new TypeError("spoiled by a test");
  };
  const throwing = (object, name) => Object.defineProperty(object, name, { configurable: true, enumerable: true, get: throws });
  /** The same bytes, of a frame's realm. */
  const foreign = (buffer) => {
    const frame = document.createElement("iframe");
    document.documentElement.append(frame);
    const copy = new frame.contentWindow.Uint8Array(new Uint8Array(buffer)).buffer;
    frame.remove();
    if (copy instanceof ArrayBuffer) throw new Error("not of another realm");
    return copy;
  };
  const SPOILS = {
    "getTransports throws": ({ response }) => void (response.getTransports = throws),
    "getAuthenticatorData throws": ({ response }) => Object.assign(throwing(response, "authenticatorData"), { getAuthenticatorData: throws }),
    "getAuthenticatorData is missing": ({ response }, verb) => {
      delete response.getAuthenticatorData;
      if (verb === "create") delete response.authenticatorData;
    },
    "rawId throws": (credential) => throwing(credential, "rawId"),
    "rawId is missing": (credential) => void delete credential.rawId,
    "getClientExtensionResults throws": (credential) => void (credential.getClientExtensionResults = throws),
    "getClientExtensionResults is missing": (credential) => void delete credential.getClientExtensionResults,
    "the PRF result throws": (credential) => void (credential.getClientExtensionResults = () => ({ prf: { enabled: true, results: throwing({}, "first") } })),
    "the PRF result is empty": (credential) => void (credential.getClientExtensionResults = () => ({ prf: { enabled: true, results: { first: new ArrayBuffer(0) } } })),
    "buffers of another realm": (credential) => {
      const results = credential.getClientExtensionResults();
      const first = results.prf?.results?.first;
      if (first) credential.getClientExtensionResults = () => ({ prf: { ...results.prf, results: { first: foreign(first) } } });
      credential.rawId = foreign(credential.rawId);
      for (const [name, part] of Object.entries(credential.response)) if (part instanceof ArrayBuffer) credential.response[name] = foreign(part);
    },
    "userHandle is empty": ({ response }) => void (response.userHandle = new ArrayBuffer(0)),
    "userHandle throws": ({ response }) => throwing(response, "userHandle"),
  };
  for (const verb of ["create", "get"]) {
    const own = navigator.credentials[verb];
    Object.defineProperty(navigator.credentials, verb, {
      configurable: true,
      value: async (options) => {
        if (spoils.includes("an error whose name throws")) throw throwing({}, "name");
        const real = await own.call(navigator.credentials, options);
        const { id, type, rawId, response } = real;
        const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
        const parts = Object.fromEntries(names.map((name) => [name, response[name]]));
        const methods = Object.fromEntries(["getTransports", "getAuthenticatorData"].map((name) => [name, () => response[name]?.()]));
        const credential = { id, type, rawId, response: { ...parts, ...methods }, getClientExtensionResults: () => real.getClientExtensionResults() };
        for (const name of spoils) SPOILS[name]?.(credential, verb);
        return credential;
      },
    });
  }
  globalThis.spoil = (...names) => void spoils.splice(0, spoils.length, ...names);
}

async function open(t, { spoils = [], custody = "auto", script = "" } = {}) {
  const world = await createWorld({ iKnowThisIsATest: true });
  const context = await browser.newContext();
  const page = await context.newPage();
  t.after(async () => {
    await world.issuer.audit();
    await context.close();
    await world.close();
  });
  await page.addInitScript(`(${spoiler})(); globalThis.spoil(...${JSON.stringify(spoils)}); ${script}`);
  const kit = await attach(page, { world });
  const owner = await world.issuer.account({ balance: yen(2000) });
  return { world, kit, page, owner, wallet: await kit.wallet({ custody }) };
}

/** Passkeys made so far. */
const made = (kit) => kit.authenticator.prompts.filter(({ operation }) => operation === "create").length;

async function pays({ world, wallet }) {
  const { text } = await wallet.paymentCode();
  assert.equal((await world.issuer.till().charge(text, yen(540))).outcome, "approved");
}

for (const [spoil, custody] of [
  ["getTransports throws", "passkey"],
  ["getAuthenticatorData throws", null],
  ["getAuthenticatorData is missing", "passkey"],
  ["rawId throws", "passkey"],
  ["rawId is missing", "passkey"],
  ["getClientExtensionResults throws", "browser"],
  ["getClientExtensionResults is missing", "browser"],
  ["the PRF result throws", "browser"],
  ["the PRF result is empty", "browser"],
  ["buffers of another realm", "passkey"],
  ["userHandle is empty", "passkey"],
  ["userHandle throws", "passkey"],
]) {
  test(`${spoil}: ${custody ? `enrols in custody ${custody}` : "is told, and the wallet goes on"}, steps up and pays`, async (t) => {
    const of = await open(t, { spoils: [spoil] });
    const { kit, page, owner, wallet } = of;
    if (!custody) {
      // Of an assertion these bytes stand nowhere else. Enrolled without the spoil, only the step-up is refused.
      await page.evaluate(() => globalThis.spoil());
    }
    await kit.enrol(wallet, owner);
    assert.equal(made(kit), 1, "one passkey is made");
    assert.equal((await wallet.state()).device.custody, custody ?? "passkey");
    await page.evaluate((name) => globalThis.spoil(name), spoil);
    await owner.proveCards({ state: () => wallet.state(), proveCard: (given) => wallet.proveCard(given), sync: () => wallet.sync() });
    const [source] = (await wallet.state()).sources;
    const top = await wallet.prepareTopUp({ ...yen(1000), source: source.id });
    if (custody) {
      assert.equal((await top.confirm()).kind, "top-up");
    } else {
      await assert.rejects(top.confirm(), coded("unsupported"));
    }
    await pays(of);
  });
}

test("a new passkey's authenticatorData is read from the attestation object, whatever its getter does", async (t) => {
  const of = await open(t);
  const { kit, page, owner, wallet } = of;
  await page.evaluate(() => {
    const own = navigator.credentials.create;
    Object.defineProperty(navigator.credentials, "create", {
      configurable: true,
      value: async (options) => {
        const credential = await own.call(navigator.credentials, options);
        credential.response.getAuthenticatorData = () => new ArrayBuffer(37);
        credential.rawId = new Uint8Array(16).buffer;
        return credential;
      },
    });
  });
  await kit.enrol(wallet, owner);
  assert.equal(made(kit), 1);
  await pays(of);
});

for (const [spoil, code] of [["the PRF result is empty", "prf-unavailable"], ["getClientExtensionResults throws", "prf-unavailable"]]) {
  test(`${spoil}: a page that named passkey is refused with ${code}, and unlocking names it too`, async (t) => {
    const of = await open(t, { custody: "passkey" });
    const { kit, page, owner, wallet } = of;
    await kit.enrol(wallet, owner);
    await wallet.lock();
    await page.evaluate((name) => globalThis.spoil(name), spoil);
    await assert.rejects(wallet.unlock(), coded(code));
    await page.evaluate(() => globalThis.spoil());
    await wallet.unlock();
    await pays(of);

    const other = await open(t, { custody: "passkey", spoils: [spoil] });
    await assert.rejects(other.kit.enrol(other.wallet, other.owner), coded(code));
  });
}

test("an error whose name throws ends the ceremony with a code, and the next one works", async (t) => {
  const of = await open(t, { spoils: ["an error whose name throws"] });
  const { kit, page, owner, wallet } = of;
  const { attempt } = await wallet.logIn({ login: owner.login, password: owner.password });
  const ticket = await wallet.enterCode({ attempt, code: await owner.code() });
  const ceremony = await wallet.prepareEnrolment({ ticket });
  await assert.rejects(ceremony.confirm(), (error) => typeof error.code === "string" && error.code !== "module-crashed");
  await page.evaluate(() => globalThis.spoil());
  await kit.enrol(wallet, owner);
  await pays(of);
});

test("what tells of the place may throw: it is then not known, and enrolment works", async (t) => {
  const script = `
    const throws = () => { throw new Error("spoiled by a test"); };
    for (const name of ["isUserVerifyingPlatformAuthenticatorAvailable", "getClientCapabilities"]) PublicKeyCredential[name] = throws;
    globalThis.Capacitor = { isNativePlatform: throws };
    Object.defineProperty(navigator, "userActivation", { get: throws });
    document.hasFocus = throws;`;
  const of = await open(t, { script });
  const { kit, page, owner, wallet } = of;
  const able = await page.evaluate(async () => {
    const { capabilities } = await import("/jitsuin/index.js");
    const { passkey, prf, webview, missing } = await capabilities();
    return { passkey, prf, webview, missing };
  });
  assert.deepEqual(able, { passkey: false, prf: "unknown", webview: null, missing: [] });
  await kit.enrol(wallet, owner);
  await pays(of);
  // The report asks for all of it again.
  assert.equal((await page.evaluate(async () => typeof (await import("/jitsuin/index.js")).isSupported())), "boolean");
});
