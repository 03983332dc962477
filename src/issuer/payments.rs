//! Payments by tills: take, look up, reverse, and what a till asked before.

mod breakers;
mod held;
mod redeem;
mod reverse;

pub use breakers::Patron;
pub use held::{Held, HeldCause, Hold};
pub(super) use held::{both_mine, key as hold_key, look_again, note_fetched, postpone, read_key, report, settle};
pub(super) use redeem::{Taking, redeem};
pub(super) use reverse::{Reversal, reverse};

use super::error::Refused;
use super::ledger::{CLOCK_BACK, Record, Records};
use crate::code::Code;
use crate::wire::calls::{Outcome, PaymentAnswer};
use crate::wire::id::{AccountId, Audience, Hash, Thumbprint};
use crate::wire::money::{Amount, Currency};
use crate::wire::sha256;
use serde::{Deserialize, Serialize};

/// How long an idempotency key is kept, in seconds.
const KEPT: u32 = 24 * 3600;

/// A payment that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// Where.
    pub till: Audience,
    /// Who got the money.
    pub merchant: Audience,
    /// Who paid.
    pub account: AccountId,
    /// With which device key.
    pub thumb: Thumbprint,
    /// The token's counter and random part.
    pub token: (u32, [u8; 4]),
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Seconds since 1970.
    pub at: u32,
    /// Number of its receipt.
    pub seq: u64,
    /// Whether it was metered as offline.
    pub offline: bool,
    /// When it was reversed, seconds since 1970.
    pub reversed_at: Option<u32>,
    /// When its owner said that it was not theirs, seconds since 1970, where `Account::held` had no room left for it: its
    /// money waits as well.
    #[serde(default)]
    pub reported_at: Option<u32>,
}

impl Record for Payment {}

impl Payment {
    /// What a till hears of it now.
    #[must_use]
    pub fn to_answer(&self) -> PaymentAnswer {
        PaymentAnswer {
            outcome: if self.reversed_at.is_some() { Outcome::Reversed } else { Outcome::Approved },
            payment: Some(self.id.clone()),
            amount: self.amount,
            currency: self.currency,
            at: self.reversed_at.unwrap_or(self.at),
            used_here: None,
        }
    }
}

/// What a till was answered under one idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TillAnswer {
    request: Hash,
    answer: PaymentAnswer,
    until: u32,
    /// Whether the till was told that there is no such payment: then there will be none.
    #[serde(default)]
    closed: bool,
}

impl Record for TillAnswer {
    fn until(&self) -> Option<u32> {
        Some(self.until.saturating_add(CLOCK_BACK))
    }
}

/// The key of [`Records::till_answers`]: idempotency keys are unique for each till key, of which a till may have several.
pub(super) fn answer_key(caller: Thumbprint, key: &str) -> String {
    format!("{caller}|{key}")
}

/// Checks an idempotency key's form.
///
/// # Errors
/// [`Code::BadArgument`].
pub(super) fn check_key(key: &str) -> Result<(), Refused> {
    let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (16..=64).contains(&key.len()) { Ok(()) } else { Err(Code::BadArgument.into()) }
}

/// What stands for a request: its path and body.
pub(super) fn request_hash(path: &str, body: &[u8]) -> Hash {
    Hash(sha256(&[path.as_bytes(), &[0], body].concat()))
}

/// The answer given before under this key, if one was.
///
/// # Errors
/// [`Code::IdempotencyMismatch`] if it was given to another request; [`Code::Declined`] if the till has since looked
/// the payment up and was told that there is none.
pub(super) fn answered(
    records: &Records,
    key: &str,
    request: Hash,
    now: u32,
) -> Result<Option<PaymentAnswer>, Refused> {
    match records.till_answers.get(key).filter(|held| held.until > now) {
        None => Ok(None),
        Some(held) if held.closed => Err(Code::Declined.into()),
        Some(held) if held.request == request => Ok(Some(held.answer.clone())),
        Some(_) => Err(Code::IdempotencyMismatch.into()),
    }
}

/// The answer that a payment under this key was given before. Looked up and not found, there will be none: it was not taken.
///
/// # Errors
/// [`Code::IdempotencyMismatch`] if it was given to another request.
pub(super) fn taken_before(
    records: &Records,
    key: &str,
    request: Hash,
    untaken: impl Fn(Outcome) -> PaymentAnswer,
    now: u32,
) -> Result<Option<PaymentAnswer>, Refused> {
    match answered(records, key, request, now) {
        Err(refused) if refused.code == Code::Declined => Ok(Some(untaken(Outcome::Declined))),
        before => before,
    }
}

/// The last answer under this key, whatever it was asked with. None closes the key: a request that is still on its way
/// may not take money that its till was told nobody took.
pub(super) fn look_up(records: &mut Records, key: &str, currency: Currency, now: u32) -> Option<PaymentAnswer> {
    match records.till_answers.get(key).filter(|held| held.until > now) {
        Some(held) => (!held.closed).then(|| held.answer.clone()),
        None => {
            let answer = PaymentAnswer::without_payment(Outcome::Declined, Amount::ZERO, currency, now);
            let until = now.saturating_add(KEPT);
            records.till_answers.put(key, TillAnswer { request: Hash::ZERO, answer, until, closed: true });
            None
        }
    }
}

/// Keeps an answer.
pub(super) fn remember(records: &mut Records, key: &str, request: Hash, answer: PaymentAnswer, now: u32) {
    let until = now.saturating_add(KEPT);
    records.till_answers.put(key, TillAnswer { request, answer, until, closed: false });
}

#[cfg(test)]
mod tests;
