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
