// @ts-check
// A till's own client: a key that can't be exported, sales that are on disk before they are asked for.
import { NO_ANSWER, Prover, base64url, makeKeys } from "/proof.js";

const STORE = "till";
const KEY = "key";
/** Each sale has a record of its own, under its idempotency key. */
const SALE = "sale/";
/** After an answer that never came, the same request again: the same idempotency key makes it one payment. */
const TRIES = 3;

/** @typedef {{ till: string, merchant: string, name: string, place: string, currency: string }} Registration */
/** @typedef {{ payment: string, amount: string, currency: string, at: number }} UsedHere */
/** @typedef {{ outcome: string, payment?: string, amount: string, currency: string, at: number, used_here?: UsedHere }} PaymentAnswer */
/** One sale: what is asked, and the answer once it came.
 * @typedef {{ token: string, amount: string, currency: string, key: string, answer?: PaymentAnswer }} Sale */

/** A refusal or a lost answer, with its code. */
export class TillError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = "TillError";
    this.code = code;
  }
}

/** One till: its key, its nonce, its calls. */
export class TillClient {
  /** None for a client that ends with its page. @type {IDBDatabase | null} */ #database;
  /** @type {Prover} */ #prover;
  /** The sales of this page: ends the hold on each. @type {Map<string, () => void>} */ #held = new Map();

  /** @param {IDBDatabase | null} database @param {Prover} prover */
  constructor(database, prover) {
    this.#database = database;
    this.#prover = prover;
  }

  /** Opens this browser's till; the first time, makes its key. */
  static async open() {
    const { issuer } = await (await fetch("/.well-known/jitsuin", { credentials: "omit" })).json();
    const database = await openDatabase();
    // Two tabs opened at once must end with one key.
    const keys = await navigator.locks.request("jitsuin-till-key", async () => {
      const kept = await get(database, KEY);
      if (kept) return kept;
      const made = await makeKeys();
      await put(database, KEY, made);
      return made;
    });
    return new TillClient(database, new Prover(issuer, keys));
  }

  /** A key for this page alone: it is kept nowhere. */
  static async passing() {
    const { issuer } = await (await fetch("/.well-known/jitsuin", { credentials: "omit" })).json();
    return new TillClient(null, new Prover(issuer, await makeKeys()));
  }

  /** A call that changes something, once. The same again after a lost answer is the same call.
   * @param {string} path @param {object} body @returns {Promise<any>} */
  async change(path, body) {
    return answered(await this.#prover.change(path, body));
  }

  /** @param {string} code @returns {Promise<Registration>} */
  enrol(code) {
    return patiently(() => this.change("/v1/tills", { code }));
  }

  /** Who this till is; nothing if the issuer does not know its key.
   * @returns {Promise<Registration | null>} */
  async who() {
    try {
      return await this.#call("/v1/tills/me", {});
    } catch (error) {
      if (error instanceof TillError && !NO_ANSWER.includes(error.code)) return null;
      throw error;
    }
  }

  /** Takes a payment. The key and the whole request are on disk before they are sent, so that a lost answer can be asked for again,
   * by this page or, after a reload, by the next one.
   * @param {Sale} sale
   * @returns {Promise<PaymentAnswer>} */
  async take(sale) {
    const { key, token, amount, currency } = sale;
    await this.#hold(key);
    await put(this.#database, SALE + key, { key, token, amount, currency });
    return this.keep(sale, await this.#call("/v1/payments", { token, amount, currency, key }));
  }

  /** The answer to a payment whose answer was lost. Takes nothing: one that the issuer has not heard of will never be made.
   * @param {Sale} sale
   * @returns {Promise<PaymentAnswer>} */
  async lookUp(sale) {
    return this.keep(sale, await this.#call("/v1/payments/look-up", { key: sale.key }));
  }

  /** Writes the answer to a sale down, until `forget`.
   * @param {Sale} sale @param {PaymentAnswer} answer */
  async keep({ key, token, amount, currency }, answer) {
    await put(this.#database, SALE + key, { key, token, amount, currency, answer });
    return answer;
  }

  /** The keys of the sales that no page has finished.
   * @returns {Promise<string[]>} */
  async unfinished() {
    if (this.#database === null) return [];
    const all = IDBKeyRange.bound(SALE, `${SALE}\uffff`);
    const keys = await settled(this.#database.transaction(STORE).objectStore(STORE).getAllKeys(all));
    return keys.map((key) => String(key).slice(SALE.length));
  }

  /** Takes over the sale of a page that was closed. Waits while another page has it.
   * @param {string} key
   * @returns {Promise<Sale | undefined>} `undefined` if that page finished it */
  async takeOver(key) {
    await this.#hold(key);
    const sale = await get(this.#database, SALE + key);
    if (sale === undefined) this.#release(key);
    return sale;
  }

  /** Ends a sale whose answer was seen. @param {Sale} sale */
  async forget({ key }) {
    await put(this.#database, SALE + key, undefined);
    this.#release(key);
  }

  /** Keeps every other page of this till off a sale. @param {string} key */
  #hold(key) {
    if (this.#held.has(key)) return undefined;
    return new Promise((held, failed) => {
      const until = () => new Promise((release) => {
        this.#held.set(key, () => release(undefined));
        held(undefined);
      });
      navigator.locks.request(`jitsuin-till-${SALE}${key}`, until).catch(failed);
    });
  }

  /** @param {string} key */
  #release(key) {
    this.#held.get(key)?.();
    this.#held.delete(key);
  }

  /** @param {string} payment @param {string} key @returns {Promise<PaymentAnswer>} */
  reverse(payment, key) {
    return this.#call("/v1/payments/reverse", { payment, key });
  }

  /** @param {string} path @param {object} body */
  #call(path, body) {
    const text = JSON.stringify(body);
    return patiently(async () => answered(await this.#prover.post(path, text)));
  }
}

/** Sends again after an answer that did not come. @template T @param {() => Promise<T>} send @returns {Promise<T>} */
async function patiently(send) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const lost = error instanceof TillError && NO_ANSWER.includes(error.code);
      if (!lost || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
    }
  }
}

/** The body of an answer. @param {{ code: string | null, body: any }} answer */
function answered({ code, body }) {
  if (code !== null) throw new TillError(code);
  return body;
}

/** A fresh idempotency key: 22 characters. */
export function idempotencyKey() {
  return base64url(crypto.getRandomValues(new Uint8Array(16)));
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const request = indexedDB.open("jitsuin-till", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

/** @param {IDBDatabase | null} database @param {string} name @returns {Promise<any>} */
async function get(database, name) {
  if (database === null) return undefined;
  return settled(database.transaction(STORE).objectStore(STORE).get(name));
}

/** @param {IDBDatabase | null} database @param {string} name @param {unknown} value @returns {Promise<void>} */
async function put(database, name, value) {
  if (database === null) return;
  const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
  if (value === undefined) transaction.objectStore(STORE).delete(name);
  else transaction.objectStore(STORE).put(value, name);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
