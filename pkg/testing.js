// @ts-check
/**
 * One pretend world in this process: the issuer's real rules in wasm over a ledger in memory, wallets over ports in memory, a soft
 * authenticator, a clock you move. For tests only: nothing here keeps a secret.
 */
import { builtin, loader } from "./compile.js";
import { badArgument, refuse } from "./error.js";
import { bind } from "./given.js";
import { adopt, guarded, now as ask } from "./load.js";
import { revive } from "./values.js";
import { Wallet } from "./wallet.js";
// @ts-ignore -- generated; its shape is written down in raw.d.ts
import instantiate, * as glue from "./wasm/testing/jitsuin.js";
// @ts-ignore -- generated
import { digest } from "./wasm/testing/digest.js";

/** @typedef {import("./raw.js").RawWorld} RawWorld */
/** @typedef {import("./testing.js").Failure} Failure */

const ISSUER = "https://issuer.test";
const ORIGIN = "https://wallet.test";
const JSON_TYPE = "application/json";
const UNITS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 };

/** A wallet whose calls go through one of these lives in that world. @type {WeakMap<Function, RawWorld>} */
const homes = new WeakMap();
/** And this gives what its key is sealed under. @type {WeakMap<Function, () => Uint8Array | null>} */
const secrets = new WeakMap();
let worlds = 0;

const load = loader(instantiate, () => new URL("./wasm/testing/jitsuin_bg.wasm", import.meta.url), digest, () => {
  const { RawWallet } = glue;
  adopt({
    ...glue,
    RawWallet: {
      /** @param {string} given @param {Function | undefined} send @param {() => void} changed @param {object} [host] */
      open: (given, send, changed, host) => (send && homes.get(send)?.open_wallet(given, send, changed, secrets.get(send))) ?? RawWallet.open(given, send, changed, host),
    },
  });
});

/** @param {JsonWebKey} key */
const point = ({ kty, crv, x, y }) => ({ kty, crv, x, y });

/** @param {import("./testing.js").WorldOptions} options */
export async function createWorld(options) {
  if (options?.iKnowThisIsATest !== true) throw badArgument("iKnowThisIsATest", "A test world holds no secret: say iKnowThisIsATest: true.");
  const { seed, now, origin = ORIGIN, policy, attestedBy, wasm } = options;
  await load(wasm);
  const started = now?.getTime() ?? Date.now();
  const limits = policy && {
    per_payment: policy.perPayment?.amount.toString(), per_day: policy.perDay?.amount.toString(), top_ups_per_day: policy.topUpsPerDay,
    cool_off_hours: policy.coolOffHours,
  };
  const given = { origin, issuer: ISSUER, now: started, ...(seed === undefined ? {} : { seed }), ...(limits ? { policy: limits } : {}), ...(attestedBy ? { attested_by: point(attestedBy) } : {}) };
  const raw = await guarded(() => /** @type {Promise<RawWorld>} */ (glue.RawWorld.create(given)));
  worlds += 1;
  return new World(raw, `world-${worlds}`, now ? null : started);
}

/** @param {Partial<Record<keyof typeof UNITS, number>>} by */
function milliseconds(by) {
  return Object.entries(UNITS).reduce((sum, [unit, ms]) => sum + ms * (by[/** @type {keyof typeof UNITS} */ (unit)] ?? 0), 0);
}

/** @returns {Promise<void>} */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Whether the issuer gets a call twice, whether its answer is lost, and how it fails otherwise.
 * @param {Failure | readonly Failure[] | undefined} how
 * @returns {[boolean, boolean, Exclude<Failure, "delivered-twice" | "answer-lost"> | undefined]}
 */
function told(how) {
  const all = /** @type {readonly Failure[]} */ (Array.isArray(how) ? how : how === undefined ? [] : [how]);
  /** @type {any} */
  const other = all.find((one) => one !== "delivered-twice" && one !== "answer-lost");
  return [all.includes("delivered-twice"), all.includes("answer-lost"), other];
}

/** What `fetch` rejects with where no answer comes. */
const unreachable = () => new TypeError("Failed to fetch");

/**
 * Serves an issuer on loopback, in Node only.
 * @param {(request: Request) => Promise<Response>} answer
 * @param {number} port
 */
async function listen(answer, port) {
  const { createServer } = builtin("http") ?? {};
  if (!createServer) throw refuse("unsupported", { message: "Only Node serves an issuer: give its `fetch` to the wallet here." });
  const headers = {
    "access-control-allow-origin": "*", "access-control-allow-headers": "content-type, dpop", "access-control-allow-methods": "GET, POST",
    "access-control-expose-headers": "DPoP-Nonce, Retry-After",
  };
  const server = createServer(async (/** @type {any} */ asked, /** @type {any} */ reply) => {
    if (asked.method === "OPTIONS") return reply.writeHead(204, headers).end();
    const parts = [];
    for await (const part of asked) parts.push(part);
    const body = parts.length === 0 ? undefined : new Uint8Array(await new Blob(parts).arrayBuffer());
    const proof = asked.headers.dpop;
    try {
      const response = await answer(new Request(`${ISSUER}${asked.url}`, { method: asked.method, body, headers: proof ? { DPoP: proof } : {} }));
      reply.writeHead(response.status, { ...headers, ...Object.fromEntries(response.headers) }).end(new Uint8Array(await response.arrayBuffer()));
    } catch {
      // No answer is no answer.
      asked.socket.destroy();
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve(undefined)));
  };
  return Object.freeze({ url: `http://localhost:${server.address().port}`, close });
}

class World {
  /** @type {RawWorld} */ #raw;
  /** @type {string} */ #name;
  #wallets = 0;
  /** @type {Set<Wallet>} */ #open = new Set();
  /** @type {{ how: Failure | readonly Failure[], call?: string }[]} */ #failures = [];
  #nonce = "";
  /** When real time was last let pass; `null`: the clock stands until it is moved. @type {number | null} */
  #passed;

  /**
   * @param {RawWorld} raw
   * @param {string} name
   * @param {number | null} started
   */
  constructor(raw, name, started) {
    bind(this);
    this.#raw = raw;
    this.#name = name;
    this.#passed = started;
    this.clock = this.#clock(true);
    this.authenticator = this.#soft();
    this.issuer = Object.freeze({
      url: ISSUER,
      clock: this.#clock(false),
      fetch: (/** @type {Request} */ request) => this.#answer(request),
      listen: (/** @type {number} */ port = 0) => listen((request) => this.#answer(request), port),
      failNext: (/** @type {Failure | readonly Failure[]} */ how, /** @type {string} */ call) => void this.#failures.push({ how, call }),
      account: (/** @type {any} */ account) => this.#account(account),
      till: (/** @type {any} */ till) => this.#till(till),
      inbox: () => this.#inbox(),
      sweep: () => guarded(() => raw.sweep()),
      audit: async () => {
        const wrong = await guarded(() => raw.audit());
        if (wrong) throw new Error(wrong);
      },
    });
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  /** @param {boolean} both */
  #clock(both) {
    const raw = this.#raw;
    return Object.freeze({
      now: () => new Date(ask(() => (both ? raw.wallet_now() : raw.issuer_now()))),
      advance: async (/** @type {any} */ by) => {
        // What was just begun gets as far as its wait, and what waited runs on before the test does.
        await turn();
        ask(() => raw.advance(milliseconds(by), both));
        await turn();
      },
    });
  }

  /** Lets the time pass that really passed since the last call. */
  #pass() {
    if (this.#passed === null) return;
    const now = Date.now();
    ask(() => this.#raw.advance(Math.max(0, now - Number(this.#passed)), true));
    this.#passed = now;
  }

  // ---- the issuer ----------------------------------------------------------------------------------------------

  /** @param {string} path */
  #failure(path) {
    const at = this.#failures.findIndex(({ call }) => call === undefined || call === path);
    return at < 0 ? undefined : this.#failures.splice(at, 1)[0];
  }

  /** @param {Request} request */
  async #answer(request) {
    this.#pass();
    const { pathname } = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const failure = this.#failure(pathname);
    const [twice, lost, how] = told(failure?.how);
    if (how === "no-answer") throw unreachable();
    if (typeof how === "object") return new Response("", { status: how.status });
    if (how === "stale-nonce") return this.#problem("use-dpop-nonce", this.#nonce);
    if (how !== undefined) return this.#problem(how, null);
    const proof = request.headers.get("DPoP") ?? undefined;
    const deliver = () => guarded(() => this.#raw.answer(request.method, pathname, body, proof, "192.0.2.1"));
    let answer = await deliver();
    // What only fetched a nonce was not done: the failure is for the next.
    const done = answer.status !== 401 || JSON.parse(answer.body).code !== "use-dpop-nonce";
    if (failure && !done) this.#failures.unshift(failure);
    if (twice && done) answer = await deliver();
    if (answer.nonce !== null) this.#nonce = answer.nonce;
    if (lost && done) throw unreachable();
    const headers = new Headers({ "Content-Type": answer.contentType, "Cache-Control": "no-store" });
    if (answer.nonce !== null) headers.set("DPoP-Nonce", answer.nonce);
    if (answer.retryAfter !== null) headers.set("Retry-After", String(answer.retryAfter));
    return new Response(answer.body, { status: answer.status, headers });
  }

  /**
   * @param {string} code
   * @param {string | null} nonce
   */
  #problem(code, nonce) {
    const { status, body } = ask(() => this.#raw.problem(code));
    return new Response(body, { status, headers: { "Content-Type": "application/problem+json", ...(nonce === null ? {} : { "DPoP-Nonce": nonce }) } });
  }

  #inbox() {
    return guarded(async () => revive(await this.#raw.inbox()));
  }

  /** @param {import("./testing.js").AccountOptions} [options] */
  async #account(options = {}) {
    const { login = `user-${crypto.randomUUID().slice(0, 8)}`, password = "correct horse battery", balance, cards = ["normal"], openedWithWallet = true } = options;
    const contact = `${login}@example.test`;
    const { label = login } = options;
    const given = { login, password, label, contact, balance: String(balance?.amount ?? 0n), cards, opened_with_wallet: openedWithWallet };
    const id = await guarded(() => this.#raw.add_account(given));
    const inbox = async () => (await this.#inbox()).filter((/** @type {any} */ message) => message.to === contact);
    const code = async () => {
      const found = (await inbox()).findLast((/** @type {any} */ message) => message.code !== null);
      if (!found) throw new Error(`no message with a code was sent to ${login}`);
      return found.code;
    };
    /** @param {{ proof: string }} started */
    const finishCardProof = (started) => guarded(async () => this.#raw.finish_card_proof(started.proof, await code()));
    /** @param {any} wallet */
    const proveCards = async (wallet) => {
      const { sources } = typeof wallet.state === "function" ? await wallet.state() : wallet.state;
      for (const { id: source, usableFrom } of sources) if (usableFrom === null) await finishCardProof(await wallet.proveCard({ source }));
      await wallet.sync();
    };
    const balanceNow = async () => revive(await guarded(() => this.#raw.balance(id)));
    return Object.freeze({ id, login, password, label, inbox, code, balance: balanceNow, finishCardProof, proveCards });
  }

  /** @param {{ name?: string, place?: string | null, placeId?: string | null, merchant?: string }} [options] */
  #till(options = {}) {
    const { name = "Kissaten", place = "Kyoto", placeId = null, merchant = "m/1" } = options;
    const send = (/** @type {Request} */ request) => this.#answer(request);
    /** @type {Promise<any> | null} */
    let enrolled = null;
    const open = () => (enrolled ??= guarded(() => this.#raw.open_till({ name, place, place_id: placeId, merchant }, send)));
    const fresh = () => crypto.randomUUID();
    /** @param {(till: any) => Promise<unknown>} call */
    const run = (call) => guarded(async () => revive(await call(await open())));
    return Object.freeze({
      id: () => run(async (till) => till.id()),
      /** @param {string} token @param {import("./index.js").Money} money @param {{ key?: string }} [more] */
      charge: (token, money, { key = fresh() } = {}) => run((till) => till.charge(token, money.amount.toString(), money.currency, key)),
      /** @param {string} key */
      lookUp: (key) => run((till) => till.look_up(key)),
      /** @param {string} payment @param {{ key?: string }} [more] */
      reverse: (payment, { key = fresh() } = {}) => run((till) => till.reverse(payment, key)),
    });
  }

  // ---- the owner's side ----------------------------------------------------------------------------------------

  #soft() {
    const raw = this.#raw;
    /** @param {string} mode */
    const answer = (mode) => async () => ask(() => raw.prompt_answers(mode));
    return Object.freeze({
      how: /** @type {const} */ ("soft"),
      approve: answer("approve"), deny: answer("deny"), uvFail: answer("uv-fail"), hang: answer("hang"), noDevice: answer("no-device"),
      tamper: async (/** @type {string | null} */ what) => ask(() => raw.prompt_tampers(what ?? "nothing")),
      forgetPasskey: async () => ask(() => raw.forget_passkeys()),
      get prompts() {
        return revive(ask(() => raw.prompts()));
      },
    });
  }

  /** @param {import("./testing.js").WalletChoice} [options] */
  async wallet({ enrolled = false, account, secret, ...options } = {}) {
    this.#wallets += 1;
    this.#pass();
    const send = options.fetch ?? ((/** @type {Request} */ request) => this.#answer(request));
    // A function of this wallet's own: its place in memory hangs on it.
    const mine = (/** @type {Request} */ request) => send(request);
    homes.set(mine, this.#raw);
    if (secret) secrets.set(mine, secret);
    const profile = options.profile ?? `wallet-${this.#wallets}`;
    const wallet = await Wallet.open({ updates: "manual", custody: "software", issuer: ISSUER, ...options, profile: `${this.#name}/${profile}`, fetch: mine });
    this.#open.add(wallet);
    if (enrolled) await this.enrol(wallet, account ?? (await this.#account()));
    return wallet;
  }

  /**
   * Walks the whole enrolment, as a person would.
   * @param {Wallet} wallet
   * @param {{ login: string, password: string, label?: string, code(): Promise<string> }} account
   */
  async enrol(wallet, account) {
    const { attempt } = await wallet.logIn({ login: account.login, password: account.password });
    const ticket = await wallet.enterCode({ attempt, code: await account.code() });
    const ceremony = await wallet.prepareEnrolment({ ticket, label: "Test device", account: account.label });
    const device = await ceremony.confirm();
    await wallet.sync();
    return device;
  }

  /** The platform removes what every wallet of this world has stored. */
  async evict() {
    ask(() => this.#raw.evict());
  }

  /** What every wallet of this world has stored is overwritten with bytes that are no record. */
  async corrupt() {
    ask(() => this.#raw.corrupt());
  }

  async close() {
    for (const wallet of this.#open) await wallet.close();
    this.#open.clear();
  }
}
