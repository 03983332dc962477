//! The part of the page's module that is needed once or seldom (`scripts/later.txt`). It is fetched when something in it is asked for.

use super::tasks::{Outcome, Promise, Settled};
use crate::code::Code;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./browser/later.js")]
extern "C" {
    fn later() -> Promise;
    #[wasm_bindgen(js_name = codeOf)]
    fn code_of(error: &JsValue) -> String;
}

/// Resolves once the part is there; the error is the package's own.
pub(crate) fn later_part() -> Settled<Result<(), JsValue>> {
    Outcome::of(later(), |loaded| if loaded.is_fulfilled() { Ok(()) } else { Err(loaded.value()) })
}

/// The same with the error's code.
pub(super) async fn loaded() -> Result<(), Code> {
    later_part().await.map_err(|error| Code::from_name(&code_of(&error)).unwrap_or(Code::WasmLoadFailed))
}
