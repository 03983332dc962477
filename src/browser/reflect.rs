//! Plain objects and members by name, for what web-sys has no stable binding of.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A plain object with these members.
pub(super) fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        // Defining a member of a fresh plain object can't fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}

/// A member, or `undefined` if there is none or it can't be read.
pub(super) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A member that is a function.
pub(super) fn method(of: &JsValue, name: &str) -> Option<Function> {
    get(of, name).dyn_into().ok()
}

/// The name of an error, or an empty text.
pub(super) fn error_name(error: &JsValue) -> String {
    get(error, "name").as_string().unwrap_or_default()
}

/// A promise and the function that fulfils it.
pub(super) fn deferred() -> (Promise, Function) {
    let mut fulfil = None;
    let promise = Promise::new(&mut |resolve, _| fulfil = Some(resolve));
    // The executor runs inside the constructor.
    (promise, fulfil.unwrap_or_else(|| Function::from(JsValue::UNDEFINED)))
}

/// Settles as the first of these settles.
pub(super) async fn first(of: &[&Promise]) -> Result<JsValue, JsValue> {
    let all = Array::new();
    for promise in of {
        all.push(promise);
    }
    JsFuture::from(Promise::race(&all)).await
}
