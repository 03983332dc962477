//! Plain values over the border. Amounts cross as decimal texts, times as milliseconds; the package makes bigints and dates.

use super::error::thrown;
use crate::code::Code;
use core::str::FromStr;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// A plain object; what is not there is `null`.
///
/// # Errors
/// `malformed` for a number that JavaScript can't hold exactly.
pub(super) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(|_| thrown(&Code::Malformed.into()))
}

/// From a plain object.
///
/// # Errors
/// `bad-argument`.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|_| thrown(&Code::BadArgument.into()))
}

/// From a text, refused as `code`.
///
/// # Errors
/// `code`.
pub(super) fn parse<T: FromStr>(text: &str, code: Code) -> Result<T, JsValue> {
    text.parse().map_err(|_| thrown(&code.into()))
}
