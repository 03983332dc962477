//! The port to a card processor. A charge happens outside the database, so its answer may be late, come twice or never.

mod demo;

pub use demo::{CardKind, DemoProcessor};

use crate::wire::money::{Amount, Currency};
use core::future::Future;

/// One charge of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Idempotency key: the processor charges once for it, however often it is asked.
    pub key: String,
    /// What the processor knows the card by.
    pub card: String,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
}

/// What a processor says of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The money is on its way.
    Accepted,
    /// It is not, and never will be.
    Declined,
    /// Nobody knows yet.
    Unknown,
}

/// A later answer, sent by the processor on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The charge's idempotency key.
    pub key: String,
    /// The answer.
    pub answer: Answer,
}

/// A card processor. `now_ms` is the ledger's clock, milliseconds since 1970.
pub trait Funding: Send + Sync {
    /// Charges a card. A processor that can't be reached is [`Answer::Unknown`].
    fn charge(&self, charge: &Charge, now_ms: u64) -> impl Future<Output = Answer> + Send;

    /// Asks what became of a charge; none, if the processor has never seen its key.
    fn look_up(&self, key: &str, now_ms: u64) -> impl Future<Output = Option<Answer>> + Send;

    /// Answers that came since the last call.
    fn notices(&self) -> impl Future<Output = Vec<Notice>> + Send;
}
