//! Refusals over HTTP.

use crate::code::Code;
use crate::wire::money::Amount;
use serde::{Deserialize, Serialize};

/// A refusal as RFC 9457 problem details. `code` is what programs read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:jitsuin:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// English, for logs.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Name of the [`Code`].
    pub code: String,
    /// Name of the wire refusal behind `malformed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ends, for `cooling-off`; seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u32>,
    /// What is left, for `over-limit` and `over-allowance`; minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Amount>,
    /// When more is left; seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<u32>,
    /// Seconds to wait, for `too-many-attempts`; also in the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// The bare problem of a code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            kind: format!("urn:jitsuin:problem:{code}"),
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
