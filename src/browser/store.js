// @ts-check
/** IndexedDB with promises, for one object store with one record, and a mark that tells a lost record from one that never was. */

const STORE = "wallet";
const KEY = "record";
const PROBE = "jitsuin-probe";

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves when all of it is on disk. @param {IDBTransaction} transaction @returns {Promise<void>} */
const completed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** @param {string} name */
async function open(name) {
  if (!globalThis.indexedDB) throw new DOMException("", "NotSupportedError");
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    if (!request.result.objectStoreNames.contains(STORE)) request.result.createObjectStore(STORE);
  };
  /** @type {Promise<never>} */
  const blocked = new Promise((_, reject) => {
    // A page of an older version does not let go. When it does, nobody waits for this any more.
    request.onblocked = () => {
      reject(new DOMException("", "BlockedError"));
      request.addEventListener("success", () => request.result.close());
    };
  });
  const database = await Promise.race([settled(request), blocked]);
  // A page that deletes or upgrades the database must not wait for this one for ever.
  database.onversionchange = () => database.close();
  return database;
}

/** Strict, or a counter may not have reached the disk when its code is on the screen. @param {IDBDatabase} database @param {boolean} write */
const begin = (database, write) => database.transaction(STORE, write ? "readwrite" : "readonly", { durability: "strict" });

/** The mark says only that a record was stored: no key, no state. Without `localStorage` an eviction looks like a first run. */
const mark = {
  /** @param {string} name */
  has(name) {
    try {
      return localStorage.getItem(name) !== null;
    } catch {
      return false;
    }
  },
  /** @param {string} name @param {boolean} stored */
  set(name, stored) {
    try {
      if (stored) localStorage.setItem(name, "stored");
      else localStorage.removeItem(name);
    } catch {
      // Nothing else can be done without it.
    }
  },
};

/** The record inside one transaction, which lives until the first await on something that is not its own. */
export class Slot {
  #name;
  #transaction;
  #record;

  /** @param {string} name @param {IDBTransaction} transaction @param {any} record */
  constructor(name, transaction, record) {
    this.#name = name;
    this.#transaction = transaction;
    this.#record = record;
  }

  /** 0: there is no record and was none; 1: it was removed; 2: here it is. */
  get found() {
    if (this.#record !== undefined) return 2;
    return mark.has(this.#name) ? 1 : 0;
  }

  get device() {
    return this.#record?.device;
  }

  get channel() {
    return this.#record?.channel;
  }

  /** Handles of a rotation under way. */
  get nextDevice() {
    return this.#record?.next?.[0];
  }

  get nextChannel() {
    return this.#record?.next?.[1];
  }

  /** @returns {Uint8Array | undefined} */
  get data() {
    const data = this.#record?.data;
    return data instanceof Uint8Array ? data : undefined;
  }

  /**
   * Writes the record; resolves when it is on disk.
   * @param {unknown} device @param {unknown} channel @param {unknown} nextDevice @param {unknown} nextChannel @param {Uint8Array} data
   */
  async put(device, channel, nextDevice, nextChannel, data) {
    try {
      const next = nextDevice === undefined ? undefined : [nextDevice, nextChannel];
      // A copy, since the bytes lie in the module's memory.
      this.#transaction.objectStore(STORE).put({ device, channel, data: data.slice(), next }, KEY);
    } catch (error) {
      this.abort();
      throw error;
    }
    await completed(this.#transaction);
    mark.set(this.#name, true);
  }

  /** Removes the record; resolves when that is on disk. */
  async erase() {
    this.#transaction.objectStore(STORE).delete(KEY);
    await completed(this.#transaction);
    mark.set(this.#name, false);
  }

  abort() {
    try {
      this.#transaction.abort();
    } catch {
      // It is over.
    }
  }
}

/** The one record of this name. */
export class Records {
  #name;
  /** @type {IDBDatabase | null} */
  #database = null;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @param {boolean} write */
  async begin(write) {
    const kept = this.#live(write);
    if (kept) {
      try {
        return await this.#slot(kept);
      } catch {
        // The handle died under its first read, as it does while storage is being cleared. Nothing was written yet.
      }
    }
    return this.#slot(await this.#renewed(write));
  }

  /** @param {IDBTransaction} transaction */
  async #slot(transaction) {
    return new Slot(this.#name, transaction, await settled(transaction.objectStore(STORE).get(KEY)));
  }

  /** Storage that was cleared closes the old handle without an event, so a dead one is replaced once. @param {boolean} write */
  #live(write) {
    try {
      return this.#database && begin(this.#database, write);
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      if (name === "InvalidStateError" || name === "NotFoundError") return null;
      throw error;
    }
  }

  /** @param {boolean} write */
  async #renewed(write) {
    const database = await open(this.#name);
    const transaction = begin(database, write);
    this.close();
    this.#database = database;
    return transaction;
  }

  async erase() {
    await (await this.begin(true)).erase();
  }

  close() {
    this.#database?.close();
    this.#database = null;
  }
}

/** Whether a value survives being stored: what comes back of it. @param {unknown} value */
export async function storedAndRead(value) {
  const slot = crypto.randomUUID();
  const database = await open(PROBE);
  try {
    const writing = begin(database, true);
    writing.objectStore(STORE).put(value, slot);
    await completed(writing);
    const back = await settled(begin(database, false).objectStore(STORE).get(slot));
    const cleaning = begin(database, true);
    cleaning.objectStore(STORE).delete(slot);
    await completed(cleaning);
    return back;
  } finally {
    database.close();
  }
}
