//! A refusal of the issuer: the code, and the few facts its owner may be told with it.

use super::ledger::LedgerError;
use crate::code::Code;
use crate::rules::spending::Left;
use crate::wire::Refusal;
use crate::wire::calls::Problem;
use crate::wire::money::Amount;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::error::Error;

/// Seconds after which a failure of the issuer's own may be over.
const PAUSE: u32 = 5;

/// Why something failed, for the log of whoever runs the issuer: never a part of an answer. It names files, hosts and tables,
/// and nothing that stands in a record. All causes are equal: what is compared is what was refused.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Another error, or words.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into().into())
    }

    /// The error and every source of it, outermost first, with `: ` between them.
    #[must_use]
    pub fn in_full(&self) -> String {
        in_full(&*self.0)
    }
}

/// An error and every source of it, outermost first, with `: ` between them.
#[must_use]
pub fn in_full(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        words = format!("{words}: {error}");
        next = error.source();
    }
    words
}

impl PartialEq for Cause {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Cause {}

impl core::fmt::Display for Cause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Why the issuer did not do it. Holds no secret and nothing of what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code.
    pub code: Code,
    /// Name of the wire refusal behind `malformed`.
    pub reason: Option<Cow<'static, str>>,
    /// When it ends, seconds since 1970.
    pub until: Option<u32>,
    /// What is left, minor units.
    pub left: Option<Amount>,
    /// When more is left, seconds since 1970.
    pub resets_at: Option<u32>,
    /// Seconds to wait.
    pub retry_after: Option<u32>,
    /// What failed, for the log. No part of the answer.
    pub cause: Option<Cause>,
}

impl Refused {
    /// The bare refusal.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        let retry_after = match code {
            Code::IssuerUnavailable | Code::IssuerBusy => Some(PAUSE),
            _ => None,
        };
        Self { code, reason: None, until: None, left: None, resets_at: None, retry_after, cause: None }
    }

    /// `issuer-unavailable` with what failed.
    #[must_use]
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(Cause::new(cause)), ..Self::new(Code::IssuerUnavailable) }
    }

    /// `cooling-off` with the time it ends.
    #[must_use]
    pub fn cooling_off(until: u32) -> Self {
        Self { until: Some(until), ..Self::new(Code::CoolingOff) }
    }

    /// `over-limit` or `over-allowance` with what is left.
    #[must_use]
    pub fn over(code: Code, left: Left) -> Self {
        Self { left: Some(left.each), resets_at: Some(left.resets_at), ..Self::new(code) }
    }

    /// A refusal that ends by waiting, in seconds.
    #[must_use]
    pub fn wait(code: Code, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(code) }
    }

    /// As it travels (RFC 9457).
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        let mut problem = Problem::new(self.code);
        problem.reason = self.reason.clone().map(Cow::into_owned);
        problem.until = self.until;
        problem.left = self.left;
        problem.resets_at = self.resets_at;
        problem.retry_after = self.retry_after;
        problem
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        Self { reason: (code == Code::Malformed).then(|| refusal.name().into()), ..Self::new(code) }
    }
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        let code = match error {
            LedgerError::Busy(..) | LedgerError::Conflict(..) => Code::IssuerBusy,
            _ => Code::IssuerUnavailable,
        };
        Self { cause: Some(Cause::new(error)), ..Self::new(code) }
    }
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.code.fmt(f)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
