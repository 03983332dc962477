//! The till's calls. Each is proved by the till's own key.

use super::call;
use crate::wire::id::Audience;
use crate::wire::json::{json_object, json_words};
use crate::wire::money::{Amount, Currency};
use crate::wire::text::Shown;

/// Registers the till key with the merchant's one-time code.
#[derive(Clone)]
pub struct EnrolTill {
    /// From the merchant.
    pub code: String,
}
json_object! { strict EnrolTill { code } }
call! { EnrolTill "/v1/tills" TillEnrolled, ByCall }

/// Asks who this till is.
#[derive(Clone, Debug)]
pub struct WhichTill {}
json_object! { strict WhichTill {} }
call! { WhichTill "/v1/tills/me" TillEnrolled, Reading }

/// The till is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillEnrolled {
    /// `t/…`.
    pub till: Audience,
    /// `m/…`.
    pub merchant: Audience,
    /// The merchant's registered name.
    pub name: Shown,
    /// Where the till stands, if a place is registered.
    pub place: Option<Shown>,
    /// The one currency it takes.
    pub currency: Currency,
}
json_object! { open TillEnrolled { till, merchant, name, place = "place?", currency } }

/// Takes a payment.
#[derive(Clone)]
pub struct TakePayment {
    /// The token's text as it was scanned.
    pub token: String,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Idempotency key: 16 to 64 characters, unique for this till for 24 hours.
    pub key: String,
}
json_object! { strict TakePayment { token, amount, currency, key } }
call! { TakePayment "/v1/payments" PaymentAnswer, ByKey }

/// Looks a payment up by its idempotency key, after a lost answer.
#[derive(Clone, Debug)]
pub struct LookUpPayment {
    /// The key it was taken with.
    pub key: String,
}
json_object! { strict LookUpPayment { key } }
call! { LookUpPayment "/v1/payments/look-up" PaymentAnswer, ByKey }

/// Reverses an own payment in full, within 15 minutes.
#[derive(Clone, Debug)]
pub struct ReversePayment {
    /// From [`PaymentAnswer`].
    pub payment: String,
    /// Idempotency key of the reversal.
    pub key: String,
}
json_object! { strict ReversePayment { payment, key } }
call! { ReversePayment "/v1/payments/reverse" PaymentAnswer, ByKey }

json_words! {
    /// All a till hears (protocol section 9).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Outcome {
        /// The payment was made.
        Approved "approved",
        /// It was made and then reversed.
        Reversed "reversed",
        /// It was not made; the reason goes to the wallet.
        Declined "declined",
        /// The code is past its time.
        TokenExpired "token-expired",
        /// The code was used.
        TokenUsed "token-used",
        /// The amount is above what the code allows.
        AmountOver "amount-over",
        /// The code could not be read.
        TryAgain "try-again",
        /// The till may not take payments.
        TillBlocked "till-blocked",
    }
}

/// The answer to one till key's call under one idempotency key, the same at every repeat of that call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentAnswer {
    /// What became of it.
    pub outcome: Outcome,
    /// Names the payment, where one was made.
    pub payment: Option<String>,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Seconds since 1970.
    pub at: u32,
    /// With [`Outcome::TokenUsed`], where this very till charged the code before: the payment it made then. This call
    /// made none.
    pub used_here: Option<UsedHere>,
}
json_object! { open PaymentAnswer { outcome, payment = "payment?", amount, currency, at, used_here = "used_here?" } }

impl PaymentAnswer {
    /// An answer where no payment was made.
    #[must_use]
    pub const fn without_payment(outcome: Outcome, amount: Amount, currency: Currency, at: u32) -> Self {
        Self { outcome, payment: None, amount, currency, at, used_here: None }
    }
}

/// The payment that a till made with a code that it now offers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedHere {
    /// Names that payment.
    pub payment: String,
    /// Its amount, minor units.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// When it was made, seconds since 1970.
    pub at: u32,
}
json_object! { open UsedHere { payment, amount, currency, at } }
