//! The native side of a webview as a key store, over the bridge that the package makes of the host that the page names
//! (docs/webview.md). Nothing here looks for a host.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Every call settles.
    #[derive(Clone, Debug)]
    pub type Bridge;
}
