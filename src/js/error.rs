//! What is thrown: a plain object that the package turns into its `JitsuinError`. What is the same each time (who can mend
//! it, whether a retry helps, the English sentence) stands in the package, `pkg/code-table.js`, not in the module.

use super::convert::plain;
use crate::code::Code;
use crate::wallet::{Confidence, Error};
use crate::wire::json::{ToJson, Writer};
use wasm_bindgen::JsValue;

/// The members of a thrown object.
pub(super) struct Thrown<'a> {
    pub(super) code: Code,
    pub(super) confidence: Confidence,
    pub(super) details: Option<&'a dyn ToJson>,
}

impl Thrown<'_> {
    pub(super) const fn bare(code: Code) -> Self {
        Self { code, confidence: Confidence::Certain, details: None }
    }

    pub(super) fn to_js(&self) -> JsValue {
        // What is written here is JSON; a bare value would still be an error to the package.
        plain(self).unwrap_or(JsValue::NULL)
    }
}

impl ToJson for Thrown<'_> {
    fn write(&self, to: &mut Writer) {
        let Self { code, confidence, details } = self;
        let details = details.unwrap_or(&None::<String>);
        to.object("code confidence details", &[&code.name(), confidence, details]);
    }
}

/// The object for this error.
pub(super) fn thrown(error: &Error) -> JsValue {
    let details = error.details.as_ref().map(|details| details as &dyn ToJson);
    Thrown { confidence: error.confidence, details, ..Thrown::bare(error.code) }.to_js()
}

impl From<Error> for JsValue {
    #[inline(never)]
    fn from(error: Error) -> Self {
        thrown(&error)
    }
}
