// @ts-check
/** Promises as the module's tasks see them, and the other way round. Here the module is called by nobody but `wake`. */
import { tried } from "./platform.js";

/** What the module offers. @typedef {{ run_tasks(): void }} Module */

let due = false;

/** Has every task of the module polled again, once for all that is woken until then. @param {Module} module */
export function wake(module) {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    module.run_tasks();
  });
}

/** How a promise ended, once it has. */
export class Outcome {
  /** 0: it is open; 1: it was fulfilled; 2: it was rejected. */
  state = 0;
  /** With what. @type {any} */
  value = undefined;

  /** @param {Promise<unknown>} promise @param {Module} module */
  constructor(promise, module) {
    /** @param {number} state */
    const ends = (state) => (/** @type {unknown} */ value) => {
      this.state = state;
      this.value = value;
      wake(module);
    };
    promise.then(ends(1), ends(2));
  }

  /** The bytes that it was fulfilled with, if it was. */
  get bytes() {
    return this.state === 1 && this.value instanceof Uint8Array ? this.value : undefined;
  }

  /** The word that it was fulfilled with, or the name of the error that it was rejected with; else an empty text. @returns {string} */
  get word() {
    // An error may be anything that somebody threw.
    return tried(() => String((this.state === 1 ? this.value : this.value?.name) ?? "")) ?? "";
  }
}

/** A promise that a task of the module settles. */
export class Pledge {
  constructor() {
    /** @type {Promise<unknown>} */
    this.promise = new Promise((resolve, reject) => {
      /** @param {boolean} fulfilled @param {unknown} value */
      this.settle = (fulfilled, value) => (fulfilled ? resolve : reject)(value);
    });
  }
}
