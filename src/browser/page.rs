//! Facts about the page around the wallet.

use super::reflect::get;
use crate::code::Code;

/// The page's origin.
///
/// # Errors
/// [`Code::Unsupported`] outside a window or a secure context, [`Code::WrongOrigin`] in a frame of another origin.
pub(super) fn origin() -> Result<String, Code> {
    let window = web_sys::window().ok_or(Code::Unsupported)?;
    if !window.is_secure_context() {
        return Err(Code::Unsupported);
    }
    let origin = window.location().origin().map_err(|_| Code::Unsupported)?;
    // Reading anything of a foreign window's location throws, which `get` turns into `undefined`.
    let top = window.top().map_err(|_| Code::WrongOrigin)?.ok_or(Code::Unsupported)?;
    let top_origin = get(&get(&top, "location"), "origin").as_string();
    if top_origin.as_deref() == Some(origin.as_str()) { Ok(origin) } else { Err(Code::WrongOrigin) }
}

/// Whether the page is in front and has the keyboard.
pub(super) fn has_focus() -> bool {
    web_sys::window().and_then(|window| window.document()).is_some_and(|document| document.has_focus().unwrap_or(false))
}
