//! What is thrown: a plain object that the package turns into its `JitsuinError`.

use crate::code::Code;
use crate::wallet::{Details, Error};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// The members of a thrown object.
#[derive(Serialize)]
pub(super) struct Thrown<'a, D = Details> {
    pub(super) code: &'static str,
    pub(super) retryable: bool,
    pub(super) fix: &'static str,
    pub(super) confidence: &'static str,
    pub(super) message: &'static str,
    pub(super) details: Option<&'a D>,
}

impl<D> Thrown<'_, D> {
    pub(super) const fn bare(code: Code) -> Self {
        Self {
            code: code.name(),
            retryable: code.retryable(),
            fix: code.fix().name(),
            confidence: "certain",
            message: code.text(),
            details: None,
        }
    }
}

/// The object for this error.
pub(super) fn thrown(error: &Error) -> JsValue {
    let details = error.details.as_deref();
    let fields = Thrown { confidence: error.confidence.name(), details, ..Thrown::bare(error.code) };
    // Figures are far below 2^53, so this does not fail; a bare object would still be an error to the package.
    fields.serialize(&Serializer::new().serialize_missing_as_null(true)).unwrap_or(JsValue::NULL)
}

impl From<Error> for JsValue {
    #[inline(never)]
    fn from(error: Error) -> Self {
        thrown(&error)
    }
}
