// @ts-check
/**
 * WebAuthn over `navigator.credentials`. Every call settles by its own deadline, one runs at a time. Of the extension results
 * only the PRF output is read, and it is a key that can't be read before anything else sees it (`seal.js`).
 */
import { Timer } from "./page.js";
import { bytesOf, tried } from "./platform.js";
import { secretOf } from "./seal.js";

/** How long an aborted call may take to close its prompt before the next one starts anyway, in milliseconds. */
const CLOSING = 2_000;

/** ES256, RS256, EdDSA. Some of Windows Hello makes keys of RS256 alone. */
const ALGORITHMS = [-7, -257, -8];

/** What a credential must have. Of a new one, id and authenticatorData stand in the attestation object, so they are not asked for. */
const PARTS = {
  create: ["clientDataJSON", "attestationObject"],
  get: ["rawId", "clientDataJSON", "authenticatorData", "signature"],
};

/** What a person, the deadline or the site's own fault end with. Any other failure may come from asking for a PRF. */
const NOT_OF_PRF = ["NotAllowedError", "PolicyError", "AbortError", "TimeoutError", "SecurityError", "InvalidStateError"];

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

/** How a call ended without a result: facts only, judged by the wallet. */
class Ended {
  /** @param {string} name @param {number} elapsed @param {boolean} late @param {boolean} ours @param {boolean} focused @param {boolean} tapped */
  constructor(name, elapsed, late, ours, focused, tapped) {
    this.name = name;
    this.elapsed = elapsed;
    this.late = late;
    this.ours = ours;
    this.focused = focused;
    this.tapped = tapped;
  }
}

/** A credential's parts by name, as bytes. */
export class Answer {
  #credential;
  /** What the passkey derived: a key, null for what is no secret. @type {CryptoKey | null | undefined} */
  secret = undefined;
  /** Whether the passkey says that it derives. */
  derives = false;

  /** @param {any} credential */
  constructor(credential) {
    this.#credential = credential;
  }

  async readPrf() {
    const prf = tried(() => this.#credential.getClientExtensionResults().prf);
    const first = tried(() => prf.results.first);
    this.derives = tried(() => prf.enabled) === true || bytesOf(first) !== undefined;
    this.secret = await secretOf(first);
  }

  /** @param {string} name @returns {Uint8Array | undefined} */
  bytes(name) {
    const credential = this.#credential;
    if (name !== "rawId") return bytesOf(tried(() => credential.response[name]));
    return bytesOf(tried(() => credential.rawId)) ?? tried(() => fromBase64(credential.id));
  }
}

/** Credentials as the platform is told of them. */
export class Ids {
  /** @type {PublicKeyCredentialDescriptor[]} */
  all = [];

  /** @param {Uint8Array} id a copy is taken, since the bytes lie in the module's memory */
  add(id) {
    this.all.push({ type: "public-key", id: id.slice() });
  }
}

export class Prompts {
  /** The call that has the prompt, or waits for it. @type {{ abort(): void } | null} */
  #open = null;
  /** What the platform has not settled yet. @type {Promise<unknown> | null} */
  #unsettled = null;

  /**
   * @param {string} rpId @param {string} rpName @param {Uint8Array} userHandle @param {string} label
   * @param {Uint8Array} challenge @param {Ids} exclude @param {Uint8Array | undefined} prf @param {number} deadline
   */
  create(rpId, rpName, userHandle, label, challenge, exclude, prf, deadline) {
    return this.#ask("create", deadline, prf?.slice(), {
      rp: { id: rpId, name: rpName },
      user: { id: userHandle.slice(), name: label, displayName: label },
      challenge: challenge.slice(),
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: exclude.all,
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      timeout: deadline,
    });
  }

  /**
   * @param {string} rpId @param {Uint8Array} challenge @param {Ids} credentials @param {Uint8Array | undefined} prf
   * @param {number} deadline
   */
  get(rpId, challenge, credentials, prf, deadline) {
    return this.#ask("get", deadline, prf?.slice(), {
      rpId,
      challenge: challenge.slice(),
      allowCredentials: credentials.all,
      userVerification: "required",
      timeout: deadline,
    });
  }

  abort() {
    const open = this.#open;
    this.#open = null;
    open?.abort();
  }

  /** @param {"create" | "get"} verb @param {number} deadline @param {Uint8Array | undefined} prf @param {object} publicKey */
  async #ask(verb, deadline, prf, publicKey) {
    const start = performance.now();
    // Where the browser does not say, it has, and a tap may still count.
    const focused = tried(() => document.hasFocus()) ?? true;
    const tapped = tried(() => navigator.userActivation.isActive) ?? true;
    const ended = (/** @type {string} */ name, late = false, ours = false) => new Ended(name, performance.now() - start, late, ours, focused, tapped);
    const controller = new AbortController();
    // Given to the platform as the reason; its identity proves whose abort it was.
    const reason = new DOMException("", "AbortError");
    this.abort();
    /** Settles our side at once, whatever the platform does. @type {Promise<never>} */
    const aborted = new Promise((_, reject) => {
      controller.signal.addEventListener("abort", () => reject(ended("AbortError", false, true)), { once: true });
    });
    aborted.catch(() => {});
    const mine = { abort: () => controller.abort(reason) };
    this.#open = mine;
    const free = () => {
      if (this.#open === mine) this.#open = null;
    };
    // Nothing is awaited where no call is open: a platform that wants a tap may not count one that lies before an await.
    if (this.#unsettled) {
      const timer = new Timer(CLOSING);
      await Promise.race([this.#unsettled, timer.rang, aborted.catch(() => {})]);
      timer.stop();
    }
    const credentials = tried(() => navigator.credentials);
    if (controller.signal.aborted) throw ended("AbortError", false, true);
    if (typeof tried(() => credentials?.[verb]) !== "function") {
      free();
      throw ended("NotSupportedError");
    }
    /** @type {Promise<unknown>} */
    let asked;
    const call = async (/** @type {object} */ extensions) => /** @type {any} */ (credentials)[verb]({ publicKey: { ...publicKey, ...extensions }, signal: controller.signal });
    // A real input also at creation: some platforms take an empty question for none. Where none is given a new passkey is told to
    // be able to, so that custody can go up later. A platform that fails over it is asked without.
    const wanted = prf ? { eval: { first: prf } } : verb === "create" ? {} : null;
    if (wanted) {
      const extensions = { prf: wanted };
      asked = call({ extensions }).catch((error) => {
        if (controller.signal.aborted || NOT_OF_PRF.includes(nameOf(error))) throw error;
        return call({});
      });
    } else {
      asked = call({});
    }
    const settled = asked.catch(() => {}).finally(() => {
      if (this.#unsettled === settled) this.#unsettled = null;
    });
    this.#unsettled = settled;
    const timer = new Timer(deadline);
    const late = timer.rang.then(() => Promise.reject(ended("TimeoutError", true)));
    const answered = asked.catch((error) => Promise.reject(ended(nameOf(error), performance.now() - start >= deadline, error === reason)));
    const answer = await Promise.race([aborted, late, answered]).finally(() => {
      timer.stop();
      free();
      // What is still open past its deadline; without effect on what has ended.
      controller.abort(reason);
    });
    if (!answer) throw ended("NotAllowedError");
    const found = new Answer(answer);
    // The platform resolved with something that is not a credential of level 2 or later.
    if (!PARTS[verb].every((part) => found.bytes(part))) throw ended("NotSupportedError");
    if (prf) await found.readPrf();
    return found;
  }
}

/** A refusal by the page's Permissions-Policy has the name of any other, and says what it is in its text alone. */
const OF_A_POLICY = /publickey-credentials|permissions[ -]policy|feature[ -]policy/i;

/** @param {any} error */
function nameOf(error) {
  const [name, message] = [tried(() => String(error.name ?? "")) ?? "", tried(() => String(error.message ?? "")) ?? ""];
  return name === "NotAllowedError" && OF_A_POLICY.test(message) ? "PolicyError" : name;
}
