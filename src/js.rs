//! How JavaScript says it: parse the arguments, call inner, map the error. Nothing is decided here. The classes are raw:
//! the package's facade wraps them and never hands them out.

mod codes;
mod convert;
mod error;
mod home;
mod presentation;
#[cfg(feature = "js-testing")]
mod vectors;
mod wallet;
#[cfg(feature = "js-testing")]
mod world;

pub use codes::parse_merchant_code;
pub use presentation::RawPresentation;
#[cfg(feature = "js-testing")]
pub use vectors::check_vector;
pub use wallet::RawWallet;
#[cfg(feature = "js-testing")]
pub use world::{RawTill, RawWorld};

use crate::code::Code;
use crate::wallet::picture;
use core::cell::RefCell;
use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static ON_CRASH: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Called once after loading: `on_crash` hears of a panic, after which the module must not be called again.
#[wasm_bindgen]
pub fn start(on_crash: Function) {
    ON_CRASH.with_borrow_mut(|slot| *slot = Some(on_crash));
    std::panic::set_hook(Box::new(|_| {
        // Taken out first: a second panic inside the call must not come back here.
        if let Some(on_crash) = ON_CRASH.take() {
            let _ = on_crash.call0(&JsValue::UNDEFINED);
        }
    }));
}

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
