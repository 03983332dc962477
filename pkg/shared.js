// @ts-check
/** One run that several callers share, each with a signal of its own: a double tap, two components. */
import { refuse } from "./error.js";
import { until } from "./given.js";

/** @template T */
export class Shared {
  /** @type {{ ended: Promise<T>, callers: number } | null} */ #run = null;
  #start;
  #stop;

  /**
   * @param {() => Promise<T>} start begins a run
   * @param {() => unknown} stop ends the one that is under way
   */
  constructor(start, stop) {
    this.#start = start;
    this.#stop = stop;
  }

  /** Whether a run is under way. */
  get runs() {
    return this.#run !== null;
  }

  /** Joins the run, or begins one. Whoever is aborted is gone alone; the run ends with the last of them. @param {AbortSignal} [signal] @returns {Promise<T>} */
  async join(signal) {
    if (signal?.aborted) throw refuse("cancelled", { cause: signal.reason });
    const run = (this.#run ??= this.#begun());
    run.callers += 1;
    let off = () => {};
    const gone = new Promise((_, reject) => {
      off = until(signal, () => {
        run.callers -= 1;
        if (run.callers === 0 && this.#run === run) {
          this.leave();
          this.#stop();
        }
        reject(refuse("cancelled", { cause: signal?.reason }));
      });
    });
    try {
      return await /** @type {Promise<T>} */ (Promise.race([run.ended, gone]));
    } finally {
      off();
    }
  }

  /** The next caller begins a run of its own. */
  leave() {
    this.#run = null;
  }

  #begun() {
    const ended = this.#start().finally(() => {
      if (this.#run === run) this.#run = null;
    });
    // Everybody may be gone by then.
    ended.catch(() => {});
    const run = { ended, callers: 0 };
    return run;
  }
}
