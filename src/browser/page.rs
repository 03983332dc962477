//! Facts about the page around the wallet.

use super::tasks::Promise;
use crate::code::Code;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Window;

#[wasm_bindgen(raw_module = "./browser/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = ownWindow)]
    fn own_window() -> Option<Window>;
    #[wasm_bindgen(js_name = isAtHome)]
    fn is_at_home() -> bool;
    /// Milliseconds since 1970 by the device's clock.
    pub(super) fn now() -> f64;
    /// Milliseconds; never goes back.
    pub(super) fn running() -> f64;

    /// Rings once.
    pub(super) type Timer;
    #[wasm_bindgen(constructor)]
    pub(super) fn new(ms: f64) -> Timer;
    /// Fulfilled when the time is over.
    #[wasm_bindgen(method, getter)]
    pub(super) fn rang(this: &Timer) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn stop(this: &Timer);
}

/// The page's origin.
///
/// # Errors
/// [`Code::Unsupported`] outside a window or a secure context, [`Code::WrongOrigin`] in a frame of another origin.
pub(super) fn origin() -> Result<String, Code> {
    let window = own_window().filter(Window::is_secure_context).ok_or(Code::Unsupported)?;
    if is_at_home() { Ok(window.origin()) } else { Err(Code::WrongOrigin) }
}
