//! Plain values over the border. Amounts cross as decimal texts, times as milliseconds; the package makes bigints and dates.

use super::error::thrown;
use crate::code::Code;
use crate::wire::json::{self, ToJson};
#[cfg(feature = "js-testing")]
use core::str::FromStr;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parsed(json: &str) -> Result<JsValue, JsValue>;
}

/// A plain object; what is not there is `null`. As JSON, since the module writes that anyway: a second writer of every view
/// would be as large again.
///
/// # Errors
/// `malformed` for what is no JSON after all.
pub(super) fn to_js(value: &dyn ToJson) -> Result<JsValue, JsValue> {
    plain(value).ok_or_else(|| thrown(&Code::Malformed.into()))
}

pub(super) fn plain(value: &dyn ToJson) -> Option<JsValue> {
    parsed(&json::to_text(value)).ok()
}

/// From a plain object. The page's module reads JSON only, with the reader it has anyway.
///
/// # Errors
/// `bad-argument`.
#[cfg(feature = "js-testing")]
pub(super) fn from_js<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|_| thrown(&Code::BadArgument.into()))
}

/// From a text, refused as `code`.
///
/// # Errors
/// `code`.
#[cfg(feature = "js-testing")]
pub(super) fn parse<T: FromStr>(text: &str, code: Code) -> Result<T, JsValue> {
    text.parse().map_err(|_| thrown(&code.into()))
}
