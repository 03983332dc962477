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

/// What a processor says of a charge that it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// It knows the charge.
    Found(Answer),
    /// It has never seen the key. The charge may still be on its way: see [`Funding::never_seen_is_final_after`].
    NeverSeen,
    /// It could not be asked, or its answer was lost.
    Unreachable,
}

/// A later answer, sent by the processor on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The processor's name for this notice: two notices of one charge have two.
    pub id: String,
    /// The charge's idempotency key.
    pub key: String,
    /// The answer.
    pub answer: Answer,
}

/// A card processor. `now_ms` is the ledger's clock, milliseconds since 1970.
pub trait Funding: Send + Sync {
    /// Charges a card. A processor that can't be reached is [`Answer::Unknown`].
    fn charge(&self, charge: &Charge, now_ms: u64) -> impl Future<Output = Answer> + Send;

    /// Asks what became of a charge.
    fn look_up(&self, key: &str, now_ms: u64) -> impl Future<Output = LookUp> + Send;

    /// Seconds after the step-up from which [`LookUp::NeverSeen`] is final: no charge is on its way any longer by then,
    /// whichever queues and retries lie between. Only then a top-up is given up.
    fn never_seen_is_final_after(&self) -> u32;

    /// Answers that were not acknowledged yet, oldest first. They are given again until they are.
    fn notices(&self) -> impl Future<Output = Vec<Notice>> + Send;

    /// Forgets a notice: what it says is in the ledger.
    fn acknowledge(&self, notice: &Notice) -> impl Future<Output = ()> + Send;
}
