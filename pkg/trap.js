// @ts-check
/**
 * The module's exports, watched: the glue (scripts/pkg.sh) calls the module through these only, also from tasks and events that no
 * call of the package waits for. Whatever is thrown out of one (a trap, a full stack) leaves the module's memory in an unknown state.
 */

/** @type {{ name: string, listener: (cause: unknown) => void }[]} */
const listeners = [];

/**
 * @param {string} name of the module, as its folder below `wasm`
 * @param {(cause: unknown) => void} listener hears of its every trap
 */
export function onTrap(name, listener) {
  listeners.push({ name, listener });
}

/**
 * @param {string} module
 * @param {Record<string, any>} exports
 * @returns {Record<string, any>}
 */
export function watched(module, exports) {
  /** @param {(...given: unknown[]) => unknown} call */
  const watch = (call) => (/** @type {unknown[]} */ ...given) => {
    try {
      return call(...given);
    } catch (cause) {
      for (const { name, listener } of listeners) if (name === module) listener(cause);
      throw cause;
    }
  };
  return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, typeof value === "function" ? watch(value) : value]));
}
