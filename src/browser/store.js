// @ts-check
/** IndexedDB with promises, for one object store with one record, and a mark that tells a lost record from one that never was. */
import { SOON, isSilence, within } from "./deadline.js";

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

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const completed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** Resolves when all of it is on disk. @param {IDBTransaction} transaction @param {() => void} [then] runs then, also where nobody waits any more */
async function onDisk(transaction, then = () => {}) {
  try {
    await within(SOON, completed(transaction).then(then));
  } catch (error) {
    // One that stays open holds up whatever comes after it, in every tab. Where it can't be aborted any more it may land all the same:
    // before all that is begun later, so that a later write reads it.
    abort(transaction);
    throw error;
  }
}

/** @param {IDBTransaction} transaction */
function abort(transaction) {
  try {
    transaction.abort();
  } catch {
    // It is over.
  }
}

/** @param {string} name */
async function open(name) {
  if (!globalThis.indexedDB) throw new DOMException("", "NotSupportedError");
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    if (!request.result.objectStoreNames.contains(STORE)) request.result.createObjectStore(STORE);
  };
  /** @type {Promise<never>} */
  const blocked = new Promise((_, reject) => {
    // A page of an older version does not let go.
    request.onblocked = () => reject(new DOMException("", "BlockedError"));
  });
  try {
    const database = await within(SOON, Promise.race([settled(request), blocked]));
    // A page that deletes or upgrades the database must not wait for this one for ever.
    database.onversionchange = () => database.close();
    return database;
  } catch (error) {
    // Should it come after all, nobody waits for it any more.
    request.addEventListener("success", () => request.result.close());
    throw error;
  }
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
  #failed;

  /** @param {string} name @param {IDBTransaction} transaction @param {any} record @param {() => void} failed told of a write that failed */
  constructor(name, transaction, record, failed) {
    this.#name = name;
    this.#transaction = transaction;
    this.#record = record;
    this.#failed = failed;
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
      this.#failed();
      throw error;
    }
    await this.#onDisk(true);
  }

  /** Removes the record; resolves when that is on disk. */
  async erase() {
    this.#transaction.objectStore(STORE).delete(KEY);
    await this.#onDisk(false);
  }

  /** @param {boolean} stored what the mark is to say then */
  async #onDisk(stored) {
    try {
      await onDisk(this.#transaction, () => mark.set(this.#name, stored));
    } catch (error) {
      this.#failed();
      throw error;
    }
  }

  abort() {
    abort(this.#transaction);
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
    const kept = this.#database;
    if (kept) {
      try {
        return await this.#slot(kept, write);
      } catch (error) {
        // The handle died under its first read, as it does while storage is being cleared: nothing was written yet, and another one may
        // live. A platform that does not answer is not asked twice in one call.
        if (isSilence(error)) throw error;
      }
    }
    const database = await open(this.#name);
    this.close();
    this.#database = database;
    return this.#slot(database, write);
  }

  /** A handle that failed, at whatever, is not used again: the next call opens another. @param {IDBDatabase} database @param {boolean} write */
  async #slot(database, write) {
    const failed = () => {
      database.close();
      if (this.#database === database) this.#database = null;
    };
    try {
      const transaction = begin(database, write);
      try {
        return new Slot(this.#name, transaction, await within(SOON, settled(transaction.objectStore(STORE).get(KEY))), failed);
      } catch (error) {
        abort(transaction);
        throw error;
      }
    } catch (error) {
      failed();
      throw error;
    }
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
    await onDisk(writing);
    const back = await within(SOON, settled(begin(database, false).objectStore(STORE).get(slot)));
    const cleaning = begin(database, true);
    cleaning.objectStore(STORE).delete(slot);
    await onDisk(cleaning);
    return back;
  } finally {
    database.close();
  }
}
