//! Scanned shop codes, in a module of their own: a page that scans none does not load their parser.

use crate::wire::json::{self, json_object};
use crate::wire::shop_code::{self, MerchantCode};
use wasm_bindgen::prelude::wasm_bindgen;

struct Answer {
    taken: Option<MerchantCode>,
    refused: Option<Refused>,
}
json_object! { written Answer { taken, refused } }

/// Where and why a shop's code was refused.
struct Refused {
    code: &'static str,
    reason: &'static str,
    character: usize,
}
json_object! { written Refused { code, reason, character } }

/// An EMVCo merchant-presented code, JPQR included, as JSON: `taken` is the code, with the amount's minor units as decimal
/// text, or `refused` is `{ code, reason, character }` with `shop-code-malformed` or `shop-code-bad-crc`.
#[wasm_bindgen]
#[must_use]
pub fn parse_merchant_code(text: &str) -> String {
    let answer = match shop_code::parse_merchant_code(text) {
        Ok(code) => Answer { taken: Some(code), refused: None },
        Err(refusal) => {
            let (code, reason) = (refusal.code().name(), refusal.reason.name());
            Answer { taken: None, refused: Some(Refused { code, reason, character: refusal.at }) }
        }
    };
    // The writer writes UTF-8 only.
    json::to_text(&answer)
}
