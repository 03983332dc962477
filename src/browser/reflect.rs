//! Members by name of what the JavaScript halves of these files give back.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// A member, or `undefined` if there is none or it can't be read.
pub(super) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// The name of an error, or an empty text.
pub(super) fn error_name(error: &JsValue) -> String {
    get(error, "name").as_string().unwrap_or_default()
}
