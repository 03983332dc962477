//! Codes that need no wallet.

use super::convert::to_js;
use super::error::Thrown;
use crate::wire::json::json_object;
use crate::wire::shop_code::{self, ShopCodeRefusal};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Where and why a shop's code was refused.
struct Details {
    reason: &'static str,
    character: usize,
}
json_object! { written Details { reason, character } }

fn thrown(refusal: ShopCodeRefusal) -> JsValue {
    let details = Details { reason: refusal.reason.name(), character: refusal.at };
    Thrown { details: Some(&details), ..Thrown::bare(refusal.code()) }.to_js()
}

/// An EMVCo merchant-presented code, JPQR included, as plain values; the amount's minor units as decimal text.
///
/// # Errors
/// `shop-code-malformed`, `shop-code-bad-crc`, both with `{ reason, character }`.
#[wasm_bindgen]
pub fn parse_merchant_code(text: &str) -> Result<JsValue, JsValue> {
    to_js(&shop_code::parse_merchant_code(text).map_err(thrown)?)
}
