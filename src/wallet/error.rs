//! What a wallet call ends with when it does not end well: a [`Code`], how sure it is, and figures a page may show.

use super::ports::{KeyError, NoEntropy, NotLocked, StoreError, Unreachable};
use crate::code::Code;
use crate::rules::chain::Broken;
use crate::wire::Refusal;
use crate::wire::calls::Problem;
use crate::wire::json::{json_object, json_words};
use crate::wire::money::{Currency, Money};

json_words! {
    /// How sure the wallet is of a code: platforms give one name to several causes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Confidence {
        /// Known.
        Certain "certain",
        /// The usual cause of what was seen.
        Likely "likely",
        /// One cause of several.
        Guess "guess",
    }
}

/// Figures that go with some codes. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Details {
    /// When it ends, for `cooling-off`.
    pub until: Option<u64>,
    /// What is left, for `over-allowance` and `over-limit`.
    pub left: Option<Money>,
    /// When more is left.
    pub resets_at: Option<u64>,
    /// How long to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Where the call went that ended so, if it has to do with the road there.
    pub url: Option<String>,
    /// How far the device's clock is off, for `clock-skew` and `token-ahead`; positive: the device is behind. For
    /// `sync-needed`: how far ahead the newest code is dated, as a negative number.
    pub skew_ms: Option<i64>,
    /// Which argument has the wrong shape, for `bad-argument`.
    pub argument: Option<&'static str>,
}
json_object! {
    written Details {
        until = "until?", left = "left?", resets_at = "resetsAt?", retry_after_ms = "retryAfterMs?",
        url = "url?", skew_ms = "skewMs?", argument = "argument?",
    }
}

impl Details {
    const fn is_empty(&self) -> bool {
        let Self { until, left, resets_at, retry_after_ms, url, skew_ms, argument } = self;
        let no_time = until.is_none() && resets_at.is_none() && retry_after_ms.is_none() && skew_ms.is_none();
        no_time && left.is_none() && url.is_none() && argument.is_none()
    }
}

/// A refusal of the wallet. It holds no secret and repeats no input. One pointer, since nearly every call can fail: what is
/// carried through each `?` is a tenth of the page's module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Refused>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What.
    pub code: Code,
    /// How sure.
    pub confidence: Confidence,
    /// Figures.
    pub details: Option<Details>,
}

impl core::ops::Deref for Error {
    type Target = Refused;

    fn deref(&self) -> &Refused {
        &self.0
    }
}

impl Error {
    /// A certain refusal with no figures.
    #[must_use]
    #[inline(never)]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Refused { code, confidence: Confidence::Certain, details: None }))
    }

    /// The same, less sure.
    #[must_use]
    pub fn with_confidence(mut self, confidence: Confidence) -> Self {
        self.0.confidence = confidence;
        self
    }

    /// The same, with figures.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        self.0.details = (!details.is_empty()).then_some(details);
        self
    }

    /// The same, with a time to wait in seconds if it says none itself.
    #[must_use]
    pub fn or_retry_after(mut self, seconds: Option<u32>) -> Self {
        if let Some(seconds) = seconds {
            let details = self.0.details.get_or_insert_default();
            details.retry_after_ms.get_or_insert(u64::from(seconds) * 1000);
        }
        self
    }

    /// An argument of this name has the wrong shape.
    #[must_use]
    pub fn bad_argument(argument: &'static str) -> Self {
        Self::new(Code::BadArgument).with_details(Details { argument: Some(argument), ..Details::default() })
    }

    /// Clocks differ by so many seconds; positive: this device is behind.
    #[must_use]
    pub fn clock_skew(seconds: i64) -> Self {
        let skew_ms = Some(seconds.saturating_mul(1000));
        Self::new(Code::ClockSkew).with_details(Details { skew_ms, ..Details::default() })
    }

    /// What the issuer refused; its figures are in `currency`, if that is known yet.
    #[must_use]
    pub fn from_problem(problem: &Problem, currency: Option<Currency>) -> Self {
        let ms = |seconds: u32| u64::from(seconds).saturating_mul(1000);
        let left = problem.left.zip(currency).map(|(amount, currency)| Money { amount, currency });
        let known = Code::from_name(&problem.code).filter(|code| !is_said_here(*code)).map(Self::new);
        // Out of time, or a fault on the road or beyond, what was sent may have had its effect: that is no refusal.
        let unknown = || match problem.status {
            408 => Self::new(Code::IssuerBusy).with_confidence(Confidence::Likely),
            500..=599 => Self::new(Code::IssuerUnavailable).with_confidence(Confidence::Likely),
            _ => Code::IssuerRefused.into(),
        };
        known.unwrap_or_else(unknown).with_details(Details {
            until: problem.until.map(ms),
            left,
            resets_at: problem.resets_at.map(ms),
            retry_after_ms: problem.retry_after.map(ms),
            ..Details::default()
        })
    }

    /// The same, with where the call went if it has to do with the road there.
    #[must_use]
    pub fn on_the_road(mut self, url: &str) -> Self {
        let of_the_road = matches!(
            self.code,
            Code::IssuerUnreachable
                | Code::ForeignAnswer
                | Code::ConnectBlocked
                | Code::WrongIssuer
                | Code::WrongOrigin
                | Code::IssuerUnavailable
                | Code::IssuerBusy
        );
        if of_the_road {
            self.0.details.get_or_insert_default().url.get_or_insert_with(|| url.into());
        }
        self
    }

    /// Something that the issuer signed, or should have, does not hold.
    #[must_use]
    pub fn untrusted(refusal: Refusal) -> Self {
        Self::new(if refusal == Refusal::UnknownVersion { Code::UpgradeNeeded } else { Code::IssuerUntrusted })
    }
}

/// Codes that only the wallet, its platform or its package say of themselves. In a refusal, which is not signed, they would have
/// the owner give up a key, or fear a theft, that nothing happened to.
const fn is_said_here(code: Code) -> bool {
    matches!(
        code,
        Code::Cancelled
            | Code::TimedOut
            | Code::TapAgain
            | Code::Superseded
            | Code::UvFailed
            | Code::PrfUnavailable
            | Code::PrfUnusable
            | Code::SealMismatch
            | Code::SealBroken
            | Code::NotFocused
            | Code::WebviewNotLinked
            | Code::HostSilent
            | Code::HostRefused
            | Code::HostUntrusted
            | Code::Locked
            | Code::KeyLost
            | Code::RotateNeeded
            | Code::Closed
            | Code::Busy
            | Code::StorageCorrupt
            | Code::StorageFailed
            | Code::StorageFull
            | Code::StorageBlocked
            | Code::PlatformSilent
            | Code::TooFast
            | Code::InsecurePage
            | Code::PasskeysBlocked
            | Code::Offline
            | Code::IssuerUnreachable
            | Code::ForeignAnswer
            | Code::ConnectBlocked
            | Code::WrongIssuer
            | Code::IssuerUntrusted
            | Code::ChainGap
            | Code::ChainFork
            | Code::ReceiptForged
            | Code::NotInitialised
            | Code::WasmLoadFailed
            | Code::WasmBlocked
            | Code::WasmDigest
            | Code::NoWebassembly
            | Code::ModuleCrashed
    )
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::new(match error {
            StoreError::Gone => Code::KeyLost,
            StoreError::Corrupt => Code::StorageCorrupt,
            StoreError::Full => Code::StorageFull,
            StoreError::Newer => Code::UpgradeNeeded,
            StoreError::Blocked => Code::StorageBlocked,
            StoreError::Unsupported => Code::Unsupported,
            StoreError::Failed => Code::StorageFailed,
            StoreError::NoAnswer => Code::PlatformSilent,
        })
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::new(match error {
            KeyError::Unsupported => Code::Unsupported,
            KeyError::Lost => Code::KeyLost,
            KeyError::Failed => Code::StorageFailed,
            KeyError::NoAnswer => Code::PlatformSilent,
            KeyError::Sealed => Code::Locked,
            KeyError::NoSecret => Code::PrfUnavailable,
            KeyError::BadSecret => Code::PrfUnusable,
            KeyError::OtherSecret => Code::SealMismatch,
            KeyError::Broken => Code::SealBroken,
            KeyError::Cancelled => Code::Cancelled,
            KeyError::Silent => Code::HostSilent,
            KeyError::Refused => Code::HostRefused,
            KeyError::Untrusted => Code::HostUntrusted,
        })
    }
}

impl From<NoEntropy> for Error {
    fn from(NoEntropy: NoEntropy) -> Self {
        Self::new(Code::NoEntropy)
    }
}

impl From<NotLocked> for Error {
    fn from(error: NotLocked) -> Self {
        Self::new(match error {
            NotLocked::Unsupported => Code::Unsupported,
            NotLocked::NoAnswer => Code::PlatformSilent,
        })
    }
}

impl From<Unreachable> for Error {
    fn from(why: Unreachable) -> Self {
        match why {
            Unreachable::Offline => Self::new(Code::Offline),
            Unreachable::Silent => Self::new(Code::IssuerUnreachable).with_confidence(Confidence::Likely),
            Unreachable::Forbidden => Self::new(Code::ConnectBlocked),
            Unreachable::Unlisted => Self::new(Code::WrongOrigin).with_confidence(Confidence::Likely),
        }
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Self::new(match broken {
            Broken::Gap => Code::ChainGap,
            Broken::Fork => Code::ChainFork,
        })
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.code, self.code.text())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests;
