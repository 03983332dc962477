// @ts-check
/** The part of the page's module that is needed once or seldom. When, the module says; how it comes, the package. */

/** Of a module that is in one piece there is nothing to wait for. */
let load = () => Promise.resolve();

/** @param {() => Promise<void>} how fulfilled once the part's functions are in their places */
export function provide(how) {
  load = how;
}

export function later() {
  return load();
}

/** @param {unknown} error that loading ended with */
export function codeOf(error) {
  return String(/** @type {any} */ (error)?.code);
}
