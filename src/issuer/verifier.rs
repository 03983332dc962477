//! The checks of a payment token in their fixed order, pure: nothing is read, written or remembered here
//! (protocol section 2, "Order of checks").
//!
//! First the form ([`UnverifiedToken::from_text`]), then the handle names at most four keys, then [`authenticate`], and
//! only then what the token says: [`Sale::check`]. State, counters, limits and balance follow in `payments`. The checks
//! of a step-up are in [`step_up`].

pub mod assertion;
pub mod credential_key;
pub mod step_up;

use crate::code::Code;
use crate::rules::lifetime::{self, NotAlive};
use crate::wire::Verified;
use crate::wire::id::{Audience, Thumbprint, Veil};
use crate::wire::key::PublicKey;
use crate::wire::money::{Amount, Currency};
use crate::wire::token::{Limit, Token, UnverifiedToken};

/// A device key that a token's handle may mean.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its id.
    pub thumb: Thumbprint,
    /// The key.
    pub key: PublicKey,
    /// The veil of the allowance with that handle.
    pub veil: Veil,
}

/// Most keys that are tried for one token.
pub const MOST_CANDIDATES: usize = 4;

/// Finds the key under which the token's signature holds, among the first [`MOST_CANDIDATES`].
///
/// # Errors
/// [`Code::TokenUnknown`] without any candidate, [`Code::BadSignature`] if it holds under none.
pub fn authenticate(token: &UnverifiedToken, candidates: &[Candidate]) -> Result<(Verified<Token>, Thumbprint), Code> {
    if candidates.is_empty() {
        return Err(Code::TokenUnknown);
    }
    candidates
        .iter()
        .take(MOST_CANDIDATES)
        .find_map(|candidate| Some((token.verify(&candidate.key, &candidate.veil).ok()?, candidate.thumb)))
        .ok_or(Code::BadSignature)
}

/// A stricter clock than the protocol's. It can only take away: larger figures change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strictness {
    /// A token counts as ended this long after its `iat`, in seconds.
    pub max_lifetime: u32,
    /// How far clocks may differ either way, in seconds; never more than the protocol's figures.
    pub leeway: u32,
}

impl Strictness {
    /// Checks a token's time, before [`Sale::check`] does so by the protocol's own figures.
    ///
    /// # Errors
    /// [`Code::TokenAhead`], [`Code::TokenExpired`].
    pub fn check(&self, token: &Verified<Token>, now_ms: u64) -> Result<(), Code> {
        let ms = |seconds: u32| u64::from(seconds) * 1000;
        if ms(token.issued_at) > now_ms.saturating_add(ms(self.leeway)) {
            return Err(Code::TokenAhead);
        }
        let end = token.expires_at.min(token.issued_at.saturating_add(self.max_lifetime));
        let behind = ms(self.leeway).min(lifetime::BEHIND_MS);
        if now_ms >= ms(end).saturating_add(behind) { Err(Code::TokenExpired) } else { Ok(()) }
    }
}

/// What a till asks for, with the till's own names as the issuer knows them, never as a request says.
#[derive(Clone, Debug)]
pub struct Sale {
    /// `t/…`
    pub till: Audience,
    /// `m/…`
    pub merchant: Audience,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Milliseconds since 1970 when the till's first request arrived.
    pub now_ms: u64,
}

impl Sale {
    /// Checks time, audience, currency and amount, in this order. `per_payment` is the allowance's bound.
    ///
    /// # Errors
    /// [`Code::TokenAhead`], [`Code::TokenExpired`], [`Code::WrongTill`], [`Code::CurrencyMismatch`],
    /// [`Code::AmountMismatch`], [`Code::AmountOver`].
    pub fn check(&self, token: &Verified<Token>, per_payment: Amount) -> Result<(), Code> {
        lifetime::check(token, self.now_ms).map_err(|not_alive| match not_alive {
            NotAlive::Ahead => Code::TokenAhead,
            NotAlive::Expired => Code::TokenExpired,
        })?;
        if let Limit::Exact { audience, .. } = &token.limit
            && *audience != self.till
            && *audience != self.merchant
        {
            return Err(Code::WrongTill);
        }
        if let Limit::UpTo { currency, .. } | Limit::Exact { currency, .. } = &token.limit
            && *currency != self.currency
        {
            return Err(Code::CurrencyMismatch);
        }
        match &token.limit {
            Limit::Exact { amount, .. } if *amount != self.amount => Err(Code::AmountMismatch),
            Limit::UpTo { amount, .. } if self.amount > *amount => Err(Code::AmountOver),
            _ if self.amount > per_payment => Err(Code::AmountOver),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
