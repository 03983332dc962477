// @ts-check
/** Chromium's virtual authenticator: a platform's own, with a resident key, user verification and PRF, driven over the protocol of DevTools. */

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").CDPSession} CDPSession */

const OPTIONS = /** @type {const} */ ({
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, hasPrf: true, isUserVerified: true,
  automaticPresenceSimulation: true,
});
const BITS = /** @type {const} */ ({ signature: "isBogusSignature", uv: "isBadUV", up: "isBadUP" });

/**
 * @param {Page} page
 * @param {CDPSession} cdp
 */
export async function authenticator(page, cdp) {
  /** @type {"cdp" | "injected"} */
  let how = "cdp";
  /** @type {string | null} */
  let id = null;
  let blocked = false;
  let hasPrf = true;
  /** What a removed authenticator held. @type {any[]} */
  let kept = [];
  /** @type {{ operation: "create" | "get", at: Date }[]} */
  const prompts = [];
  /** @param {"create" | "get"} operation */
  const note = (operation) => () => void prompts.push(Object.freeze({ operation, at: new Date() }));
  cdp.on("WebAuthn.credentialAdded", note("create"));
  cdp.on("WebAuthn.credentialAsserted", note("get"));
  await cdp.send("WebAuthn.enable");
  await add();

  async function add() {
    if (id !== null) return id;
    const added = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { ...OPTIONS, hasPrf } });
    id = added.authenticatorId;
    // A credential that was taken out and put back has lost its PRF: the protocol gives no way to copy it.
    for (const credential of kept) await cdp.send("WebAuthn.addCredential", { authenticatorId: id, credential });
    kept = [];
    return id;
  }

  async function remove() {
    if (id === null) return;
    kept = (await cdp.send("WebAuthn.getCredentials", { authenticatorId: id })).credentials;
    await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: id });
    id = null;
  }

  /** @param {boolean} verified */
  async function answer(verified) {
    await inject(false);
    // As real ones do, it stops asking after some failures; another one with the same passkeys has not failed yet.
    if (verified && blocked) await remove();
    blocked = !verified;
    const authenticatorId = await add();
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: verified });
    await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  }

  /** Replaces the page's own calls, in all its frames as they are now. @param {boolean} on */
  async function inject(on) {
    if (!on && how === "cdp") return;
    how = on ? "injected" : "cdp";
    const replace = (/** @type {boolean} */ refuse) => {
      for (const name of ["create", "get"]) {
        if (!refuse) Reflect.deleteProperty(navigator.credentials, name);
        else {
          // Slower than any machine that refuses by itself, as a person is.
          const value = () => new Promise((_, reject) => setTimeout(() => reject(new DOMException("denied by a test", "NotAllowedError")), 300));
          Object.defineProperty(navigator.credentials, name, { configurable: true, value });
        }
      }
    };
    for (const frame of page.frames()) await frame.evaluate(replace, on);
  }

  return Object.freeze({
    get how() {
      return how;
    },
    get prompts() {
      return Object.freeze([...prompts]);
    },
    /** @param {{ prf?: "get" | "none" }} [options] */
    async approve(options) {
      const wanted = options?.prf ? options.prf !== "none" : hasPrf;
      if (wanted !== hasPrf) {
        hasPrf = wanted;
        await remove();
      }
      await answer(true);
    },
    uvFail: () => answer(false),
    deny: () => inject(true),

    async noDevice() {
      await inject(false);
      await remove();
    },

    async hang() {
      await inject(false);
      await remove();
    },

    async noPresence() {
      await inject(false);
      await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: await add(), enabled: false });
    },

    async forgetPasskey() {
      kept = [];
      if (id !== null) await cdp.send("WebAuthn.clearCredentials", { authenticatorId: id });
    },

    /** @param {keyof typeof BITS | null} what */
    async tamper(what) {
      await inject(false);
      const bits = { isBogusSignature: false, isBadUV: false, isBadUP: false };
      if (what !== null) bits[BITS[what]] = true;
      await cdp.send("WebAuthn.setResponseOverrideBits", { authenticatorId: await add(), ...bits });
    },
  });
}
