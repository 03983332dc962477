//! The native side of a webview as a key store, over the bridge that the package makes of the host that the page names
//! (docs/webview.md). Nothing here looks for a host.

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Every call settles.
    #[derive(Clone, Debug)]
    pub type Bridge;
    /// Fulfilled once a key was made, used and erased.
    #[wasm_bindgen(method)]
    pub(super) fn prove(this: &Bridge) -> Promise;
}
