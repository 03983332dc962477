//! The till's calls. Each is proved by the till's own key.

use super::call;
use crate::wire::id::Audience;
use crate::wire::money::{Amount, Currency};
use serde::{Deserialize, Serialize};

/// Registers the till key with the merchant's one-time code.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolTill {
    /// From the merchant.
    pub code: String,
}
call! { EnrolTill "/v1/tills" TillEnrolled }

/// Asks who this till is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhichTill {}
call! { WhichTill "/v1/tills/me" TillEnrolled }

/// The till is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillEnrolled {
    /// `t/…`.
    pub till: Audience,
    /// `m/…`.
    pub merchant: Audience,
    /// The merchant's registered name.
    pub name: String,
    /// Where the till stands.
    pub place: String,
    /// The one currency it takes.
    pub currency: Currency,
}

/// Takes a payment.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
call! { TakePayment "/v1/payments" PaymentAnswer }

/// Looks a payment up by its idempotency key, after a lost answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookUpPayment {
    /// The key it was taken with.
    pub key: String,
}
call! { LookUpPayment "/v1/payments/look-up" PaymentAnswer }

/// Reverses an own payment in full, within 15 minutes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReversePayment {
    /// From [`PaymentAnswer`].
    pub payment: String,
    /// Idempotency key of the reversal.
    pub key: String,
}
call! { ReversePayment "/v1/payments/reverse" PaymentAnswer }

/// All a till hears (protocol section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The payment was made.
    Approved,
    /// It was made and then reversed.
    Reversed,
    /// It was not made; the reason goes to the wallet.
    Declined,
    /// The code is past its time.
    TokenExpired,
    /// The code was used.
    TokenUsed,
    /// The amount is above what the code allows.
    AmountOver,
    /// The code could not be read.
    TryAgain,
    /// The till may not take payments.
    TillBlocked,
}

/// The answer to a payment, the same at every repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAnswer {
    /// What became of it.
    pub outcome: Outcome,
    /// Names the payment, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Seconds since 1970.
    pub at: u32,
}
