//! Calls of the page's module that need no wallet.

use super::{convert, error};
use crate::code::Code;
use crate::wallet::picture;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Any text as a QR picture: `{ size, path, svg }`.
///
/// # Errors
/// `bad-argument` for a text that fits no QR code.
#[wasm_bindgen]
pub fn qr(text: &str) -> Result<JsValue, JsValue> {
    let picture = picture::draw(text).map_err(|_| error::thrown(&Code::BadArgument.into()))?;
    convert::to_js(&picture)
}

/// Every code with what goes with it, so that a test can hold the package's own lists equal:
/// `[{ code, fix, retryable, message }]`.
///
/// # Errors
/// None in practice: the table is constant.
#[wasm_bindgen]
pub fn codes() -> Result<JsValue, JsValue> {
    let all: Vec<error::Thrown<'_>> = Code::ALL.iter().map(|code| error::Thrown::bare(*code)).collect();
    convert::to_js(&all)
}
