//! Refusals over HTTP.

use crate::code::Code;
use crate::wire::json::json_object;
use crate::wire::money::Amount;

/// A refusal as RFC 9457 problem details. `code` is what programs read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `urn:jitsuin:problem:` and the code.
    pub kind: String,
    /// English, for logs.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Name of the [`Code`].
    pub code: String,
    /// Name of the wire refusal behind `malformed`.
    pub reason: Option<String>,
    /// When it ends, for `cooling-off`; seconds since 1970.
    pub until: Option<u32>,
    /// What is left, for `over-limit` and `over-allowance`; minor units.
    pub left: Option<Amount>,
    /// When more is left; seconds since 1970.
    pub resets_at: Option<u32>,
    /// Seconds to wait, for `too-many-attempts`; also in the `Retry-After` header.
    pub retry_after: Option<u32>,
}
json_object! {
    open Problem {
        kind = "type", title, status, code, reason = "reason?", until = "until?", left = "left?",
        resets_at = "resets_at?", retry_after = "retry_after?",
    }
}

impl Problem {
    /// The bare problem of a code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            kind: ["urn:jitsuin:problem:", code.name()].concat(),
            title: code.text().into(),
            status: code.status(),
            code: code.name().into(),
            reason: None,
            until: None,
            left: None,
            resets_at: None,
            retry_after: None,
        }
    }
}
