// Runs before anything else in a test page: a clock that tests move, and WebAuthn that tests answer. A classic script, so that nothing
// of the package has taken a function before it.
(() => {
  const real = { now: performance.now.bind(performance), date: Date.now, timeout: globalThis.setTimeout.bind(globalThis), clear: globalThis.clearTimeout.bind(globalThis) };
  let ahead = 0;
  let wall = 0;
  /** @type {number | null} */
  let frozen = null;
  /** Long waits are not waited for: they end when a test moves the clock. @type {Map<number, { at: number, ring: () => void }>} */
  const held = new Map();
  let last = 1_000_000_000;
  const running = () => (frozen ?? real.now()) + ahead;
  performance.now = running;
  Date.now = () => real.date() + ahead + wall;
  globalThis.setTimeout = /** @type {any} */ ((/** @type {any} */ run, /** @type {number} */ ms = 0, /** @type {any[]} */ ...given) => {
    // A driver has long waits of its own.
    if (ms < 10_000 || ms > 200_000) return real.timeout(run, ms, ...given);
    last += 1;
    held.set(last, { at: running() + ms, ring: () => run(...given) });
    return last;
  });
  globalThis.clearTimeout = /** @type {any} */ ((/** @type {any} */ id) => (held.delete(id) ? undefined : real.clear(id)));

  const clock = {
    /** The monotonic clock stands, so that nothing takes time. */
    freeze: () => void (frozen ??= real.now()),
    /** Time passes, on both clocks. @param {number} ms */
    advance(ms) {
      ahead += ms;
      for (const [id, { at, ring }] of [...held]) {
        if (at > running()) continue;
        held.delete(id);
        ring();
      }
    },
    /** Somebody sets the wall clock. @param {number} ms */
    jump: (ms) => void (wall += ms),
    get waits() {
      return held.size;
    },
    /** Resolves when the package waits for something long. */
    waiting: async () => {
      while (held.size === 0) await new Promise((resolve) => real.timeout(resolve, 5));
    },
  };

  // ---- WebAuthn ------------------------------------------------------------------------------------------------

  const text = (/** @type {ArrayBuffer | Uint8Array} */ bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const bytes = (/** @type {string} */ of) => Uint8Array.from(atob(of.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const sha256 = async (/** @type {BufferSource} */ of) => new Uint8Array(await crypto.subtle.digest("SHA-256", of));
  const joined = (/** @type {(number[] | Uint8Array)[]} */ ...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const utf8 = (/** @type {string} */ of) => new TextEncoder().encode(of);
  const CURVE = { name: "ECDSA", namedCurve: "P-256" };
  const ES256 = { name: "ECDSA", hash: "SHA-256" };

  /** A CBOR head. @param {number} major @param {number} size */
  const head = (major, size) => (size < 24 ? [(major << 5) | size] : size < 256 ? [(major << 5) | 24, size] : [(major << 5) | 25, size >> 8, size & 255]);
  const cborText = (/** @type {string} */ of) => joined(head(3, of.length), utf8(of));
  const cborBytes = (/** @type {Uint8Array} */ of) => joined(head(2, of.length), of);

  /** r and s of 32 bytes each as an ASN.1 sequence. @param {Uint8Array} raw */
  function der(raw) {
    const integer = (/** @type {Uint8Array} */ part) => {
      const start = part.findIndex((byte) => byte !== 0);
      const short = part.slice(start < 0 ? 31 : start);
      return joined([2, short.length + (short[0] >> 7)], short[0] >> 7 ? [0] : [], short);
    };
    const inner = joined(integer(raw.slice(0, 32)), integer(raw.slice(32)));
    return joined([0x30, inner.length], inner);
  }

  const authenticator = {
    /** How the next calls end: null by a good answer, "silent" by an abort alone, "deaf" never, else by a DOMException of this name. @type {string | null} */
    ends: null,
    /** Whether that takes as long as a person takes; else it ends at once. */
    slowly: true,
    /** Whether a tap still counts, and whether the page is in front. */
    tapped: true,
    focused: true,
    /** Backup eligible, backed up: flags of the next answers. */
    backup: 0,
    /** What stands in the extension results of the next answers: "create", "get" or "none". */
    prf: "none",
    /** @type {{ verb: string, publicKey: any, name: string | null }[]} */
    calls: [],
    /** The passkeys outlive the page. @returns {Record<string, { jwk: JsonWebKey, user: string }>} */
    get passkeys() {
      return JSON.parse(localStorage.getItem("test-passkeys") ?? "{}");
    },
    forget: () => localStorage.removeItem("test-passkeys"),
  };

  /** @param {any} publicKey @param {number} flags @param {Uint8Array} [attested] */
  async function authenticatorData(publicKey, flags, attested = new Uint8Array()) {
    const rpId = publicKey.rp?.id ?? publicKey.rpId;
    return joined(await sha256(utf8(rpId)), [0x05 | authenticator.backup | flags], [0, 0, 0, 0], attested);
  }

  /** @param {string} type @param {any} publicKey */
  const clientData = (type, publicKey) =>
    utf8(JSON.stringify({ type, challenge: text(publicKey.challenge.buffer ? publicKey.challenge : new Uint8Array(publicKey.challenge)), origin: location.origin, crossOrigin: false }));

  /** What must never leave the page, where a platform gives it. @param {"create" | "get"} verb */
  const extensions = (verb) => (authenticator.prf === verb ? { prf: { enabled: true, results: { first: new Uint8Array(32).fill(7).buffer } } } : {});

  /** @param {Uint8Array} id @param {object} response @param {"create" | "get"} verb */
  const credential = (id, response, verb) => ({ id: text(id), rawId: id.buffer, type: "public-key", response, getClientExtensionResults: () => extensions(verb) });

  const verbs = {
    /** @param {any} publicKey */
    async create(publicKey) {
      const pair = await crypto.subtle.generateKey(CURVE, true, ["sign"]);
      const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
      const id = crypto.getRandomValues(new Uint8Array(16));
      const key = joined([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21], cborBytes(bytes(x)), [0x22], cborBytes(bytes(y)));
      const data = await authenticatorData(publicKey, 0x40, joined(new Uint8Array(16), [0, id.length], id, key));
      const kept = { ...authenticator.passkeys, [text(id)]: { jwk: await crypto.subtle.exportKey("jwk", pair.privateKey), user: text(publicKey.user.id) } };
      localStorage.setItem("test-passkeys", JSON.stringify(kept));
      const attestation = joined([0xa3], cborText("fmt"), cborText("none"), cborText("attStmt"), [0xa0], cborText("authData"), cborBytes(data));
      const response = {
        clientDataJSON: clientData("webauthn.create", publicKey).buffer, attestationObject: attestation.buffer, getAuthenticatorData: () => data.buffer,
        getTransports: () => ["internal"], getPublicKeyAlgorithm: () => -7,
      };
      return credential(id, response, "create");
    },
    /** @param {any} publicKey */
    async get(publicKey) {
      const [{ id }] = publicKey.allowCredentials;
      const found = authenticator.passkeys[text(id)];
      if (!found) throw new DOMException("no such passkey", "NotAllowedError");
      const data = await authenticatorData(publicKey, 0);
      const json = clientData("webauthn.get", publicKey);
      const key = await crypto.subtle.importKey("jwk", { ...found.jwk, key_ops: ["sign"] }, CURVE, false, ["sign"]);
      const signature = der(new Uint8Array(await crypto.subtle.sign(ES256, key, joined(data, await sha256(json)))));
      const response = { clientDataJSON: json.buffer, authenticatorData: data.buffer, signature: signature.buffer, userHandle: bytes(found.user).buffer };
      return credential(new Uint8Array(id), response, "get");
    },
  };

  /** @param {"create" | "get"} verb */
  const answer = (verb) => (/** @type {any} */ { publicKey, signal }) => {
    const ended = authenticator.ends;
    if (ended === null) return verbs[verb](publicKey);
    return new Promise((_, reject) => {
      if (ended === "deaf") return;
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (ended === "silent") return;
      if (authenticator.slowly) clock.advance(3_000);
      reject(new DOMException("refused by a test", ended));
    });
  };

  /** Notes what is asked and how it ended, whoever answers. @param {any} of @param {"create" | "get"} verb @param {any} answered */
  function note(of, verb, answered) {
    const value = (/** @type {any} */ options) => {
      /** @type {{ verb: string, publicKey: any, name: string | null }} */
      const call = { verb, publicKey: options.publicKey, name: null };
      authenticator.calls.push(call);
      const promise = answered.call(of, options);
      promise.catch((/** @type {any} */ error) => (call.name = error?.name ?? String(error)));
      return promise;
    };
    Object.defineProperty(of, verb, { configurable: true, value });
  }

  const injected = new URLSearchParams(location.search).has("injected");
  if (injected && !navigator.credentials) Object.defineProperty(navigator, "credentials", { configurable: true, value: {} });
  if (injected && !("PublicKeyCredential" in globalThis)) Object.defineProperty(globalThis, "PublicKeyCredential", { configurable: true, value: class PublicKeyCredential {} });
  Object.defineProperty(navigator, "userActivation", { configurable: true, get: () => ({ isActive: authenticator.tapped, hasBeenActive: true }) });
  document.hasFocus = () => authenticator.focused;
  for (const verb of /** @type {const} */ (["create", "get"])) {
    if (injected) note(navigator.credentials, verb, answer(verb));
    else if (navigator.credentials) note(navigator.credentials, verb, navigator.credentials[verb]);
  }
  Object.assign(globalThis, { testClock: clock, testAuthenticator: authenticator });
})();
