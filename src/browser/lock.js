// @ts-check
import { SOON, isSilence, within } from "./deadline.js";

/** One held or awaited Web Lock. */
export class Hold {
  #waiting = new AbortController();
  #release = () => {};
  #over = false;

  /** @param {string} name */
  constructor(name) {
    /** Resolves when the lock is ours; rejects where there are no locks, or none comes though nobody holds it. @type {Promise<void>} */
    this.granted = this.#granted(`jitsuin/${name}`);
  }

  /** @param {string} name */
  async #granted(name) {
    /** @type {Promise<void>} */
    const granted = new Promise((granted, refused) => {
      const held = () => {
        // A lock that comes when nobody waits for it any more is given back at once.
        if (this.#over) return undefined;
        granted();
        return new Promise((release) => (this.#release = () => release(undefined)));
      };
      // Where they are missing this throws, which rejects too.
      navigator.locks.request(name, { signal: this.#waiting.signal }, held).catch(refused);
    });
    for (;;) {
      try {
        return await within(SOON, granted);
      } catch (error) {
        if (!isSilence(error) || this.#over) throw error;
        // Another page that holds it may wait for its person: that is no fault, and ends where the wallet's own patience does.
        if (await this.#isHeld(name)) continue;
        // It may have been let go just now, and be ours in a moment.
        return await within(0, granted).catch((error) => this.#giveUp(error));
      }
    }
  }

  /** Whether a page holds it. @param {string} name */
  async #isHeld(name) {
    const { held = [] } = await within(SOON, navigator.locks.query()).catch((error) => this.#giveUp(error));
    return held.some((lock) => lock.name === name);
  }

  /** @param {unknown} error @returns {never} */
  #giveUp(error) {
    this.release();
    throw error;
  }

  /** Gives the lock back, or stops waiting for it. */
  release() {
    this.#over = true;
    this.#release();
    this.#waiting.abort();
  }
}
