/** Keeps the memory of a page's module as `memory`. Runs before the page's own scripts. */
export function keepMemory() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (async (/** @type {any} */ source, /** @type {any} */ imports) => {
    const made = /** @type {any} */ (await instantiate(source, imports));
    // The part that comes later shares it.
    const { memory } = (made.instance ?? made).exports;
    if (memory) Object.assign(globalThis, { memory });
    return made;
  });
}
