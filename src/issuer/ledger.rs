//! The port to whatever keeps the issuer's records: load under lock, decide, keep, all in one transaction.

mod clock;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod connections;
mod error;
mod memory;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use clock::Clock;
pub use error::{LedgerError, Step};
pub use memory::MemoryLedger;
pub use place::{Opening, Part, PlaceError};
#[cfg(feature = "postgres")]
pub use postgres::PostgresLedger;
pub use records::{Key, Kind, Record, Records, Table};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteLedger;

use super::books::Entry;
use super::evidence::StoredEvidence;
use super::messages::Message;
use super::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use core::future::Future;

/// How far a ledger's clock may be put back, in seconds: two days. What lets a call count once is kept for this long after
/// its end, since a clock that was ahead and is put right makes it live again.
pub const CLOCK_BACK: u32 = 2 * 24 * 3600;

/// The records that a rule may read and change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    list: Vec<(Kind, String)>,
    is_urgent: bool,
}

impl Needs {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), is_urgent: false }
    }

    /// For a transaction that stops something: it does not stand behind those that wait already.
    #[must_use]
    pub const fn urgent(mut self) -> Self {
        self.is_urgent = true;
        self
    }

    /// And this one, whether or not there is one.
    #[must_use]
    pub fn and(mut self, kind: Kind, key: impl Key) -> Self {
        self.list.push((kind, key.key()));
        self
    }

    /// And these ones.
    #[must_use]
    pub(super) fn with(mut self, others: Self) -> Self {
        self.list.extend(others.list);
        self.is_urgent |= others.is_urgent;
        self
    }

    pub(super) fn list(&self) -> &[(Kind, String)] {
        &self.list
    }

    #[cfg(any(test, feature = "sqlite", feature = "postgres"))]
    pub(super) const fn is_urgent(&self) -> bool {
        self.is_urgent
    }
}

/// Keeps the records. `Send`, because servers have threads.
pub trait Ledger: Send + Sync {
    /// Milliseconds since 1970: the only clock that the issuer's decisions see.
    fn now_ms(&self) -> u64;

    /// Whether an issuer's keys may be made in it if it has none: it was opened to be new, or does not mind. `false` for one
    /// that was to be there already, in which missing keys mean that it is the wrong one.
    fn may_make_keys(&self) -> bool;

    /// Loads what `needs` names under lock, runs `rule`, and keeps what it changed and appended, in one transaction.
    /// A refusal is a value of `R` and what the rule changed before it is kept: a refused code stays spent.
    /// `rule` is pure and may run again after a serialisation failure.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing was kept.
    fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> impl Future<Output = Result<R, LedgerError>> + Send;

    /// Loads what `needs` names as it is at this moment, without a lock, and keeps nothing of what `rule` does. For what need
    /// not stand behind those that write; whoever goes by it checks again in a transaction.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn look<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&Records) -> R + Send + Sync,
    ) -> impl Future<Output = Result<R, LedgerError>> + Send;

    /// Receipts of an account after a number, in order.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn receipts(
        &self,
        account: &AccountId,
        after: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<StoredReceipt>, LedgerError>> + Send;

    /// Whether a receipt of this account has this link: whether a head that somebody names is of its chain.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn is_link(&self, account: &AccountId, link: Hash) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// What is kept as evidence for an account, in the order of its receipts.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn evidence(&self, account: &AccountId) -> impl Future<Output = Result<Vec<StoredEvidence>, LedgerError>> + Send;

    /// Accounts of which some evidence ended before `now`, seconds since 1970.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn ended_evidence(&self, now: u32) -> impl Future<Output = Result<Vec<AccountId>, LedgerError>> + Send;

    /// The keys of all records of one kind.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn keys(&self, kind: Kind) -> impl Future<Output = Result<Vec<String>, LedgerError>> + Send;

    /// Every entry of the books, in order.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn entries(&self) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send;

    /// Messages to people after a number, in order; each comes with its number.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn messages(&self, after: u64) -> impl Future<Output = Result<Vec<(u64, Message)>, LedgerError>> + Send;

    /// Forgets records that ended before `now`, seconds since 1970.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn tidy(&self, now: u32) -> impl Future<Output = Result<(), LedgerError>> + Send;
}
