// `jitsuin/wasm`, `jitsuin/wasm/codes`, `jitsuin/wasm/verifier`, `jitsuin/wasm/testing`: the modules themselves. docs/bundlers.md says who needs them.
/** What a bundler makes of an imported wasm file, its address or a compiled module: give it to the entry's `init` or its option `wasm`. */
declare const wasm: string | WebAssembly.Module;
export default wasm;
