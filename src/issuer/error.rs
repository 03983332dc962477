//! A refusal of the issuer: the code, and the few facts its owner may be told with it.

use super::ledger::LedgerError;
use crate::code::Code;
use crate::rules::spending::Left;
use crate::wire::Refusal;
use crate::wire::calls::Problem;
use crate::wire::money::Amount;
use alloc::borrow::Cow;

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
}

impl Refused {
    /// The bare refusal.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, reason: None, until: None, left: None, resets_at: None, retry_after: None }
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
    fn from(_: LedgerError) -> Self {
        Self::new(Code::IssuerUnavailable)
    }
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.code.fmt(f)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl core::error::Error for Refused {}
