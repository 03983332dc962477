// @ts-check
/** One held or awaited Web Lock. */
export class Hold {
  #waiting = new AbortController();
  #release = () => {};

  /** @param {string} name */
  constructor(name) {
    /** Resolves when the lock is ours; rejects where there are no locks. @type {Promise<void>} */
    this.granted = new Promise((granted, refused) => {
      const held = () => {
        granted();
        return new Promise((release) => (this.#release = () => release(undefined)));
      };
      // Where they are missing this throws, which rejects too.
      navigator.locks.request(`jitsuin/${name}`, { signal: this.#waiting.signal }, held).catch(refused);
    });
  }

  /** Gives the lock back, or stops waiting for it. */
  release() {
    this.#release();
    this.#waiting.abort();
  }
}
