//! A second process over the ledger of a test.

use crate::issuer::Cause;
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::ledger::{Kind, Ledger, LedgerError, MemoryLedger, Needs, Records, Step};
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use core::future::Future;
use core::sync::atomic::{AtomicBool, Ordering};

/// The ledger of a world as another process has it: by a clock that may be ahead or behind, and over a connection that
/// fails, once it is told to, wherever a top-up is to be ended.
pub(in crate::issuer) struct Beside<'a> {
    inner: &'a MemoryLedger,
    /// How far the clock is off, in milliseconds.
    off: i64,
    /// Whether it fails there.
    pub(in crate::issuer) fails: AtomicBool,
}

impl<'a> Beside<'a> {
    /// By the same clock.
    pub(in crate::issuer) const fn new(inner: &'a MemoryLedger) -> Self {
        Self::off(inner, 0)
    }

    /// By a clock that is so many milliseconds ahead.
    pub(in crate::issuer) const fn off(inner: &'a MemoryLedger, off: i64) -> Self {
        Self { inner, off, fails: AtomicBool::new(false) }
    }
}

impl Ledger for Beside<'_> {
    fn now_ms(&self) -> u64 {
        self.inner.now_ms().saturating_add_signed(self.off)
    }

    fn may_make_keys(&self) -> bool {
        self.inner.may_make_keys()
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        let ends = needs.list().iter().any(|(kind, _)| *kind == Kind::OpenTopUps);
        if ends && self.fails.load(Ordering::SeqCst) {
            return Err(LedgerError::Unavailable(Step::Commit, Cause::new("told to")));
        }
        self.inner.transact(needs, rule).await
    }

    fn look<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&Records) -> R + Send + Sync,
    ) -> impl Future<Output = Result<R, LedgerError>> + Send {
        self.inner.look(needs, rule)
    }

    fn receipts(
        &self,
        account: &AccountId,
        after: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<StoredReceipt>, LedgerError>> + Send {
        self.inner.receipts(account, after, most)
    }

    fn is_link(&self, account: &AccountId, link: Hash) -> impl Future<Output = Result<bool, LedgerError>> + Send {
        self.inner.is_link(account, link)
    }

    fn evidence(&self, account: &AccountId) -> impl Future<Output = Result<Vec<StoredEvidence>, LedgerError>> + Send {
        self.inner.evidence(account)
    }

    fn ended_evidence(&self, now: u32) -> impl Future<Output = Result<Vec<AccountId>, LedgerError>> + Send {
        self.inner.ended_evidence(now)
    }

    fn keys(&self, kind: Kind) -> impl Future<Output = Result<Vec<String>, LedgerError>> + Send {
        self.inner.keys(kind)
    }

    fn entries(&self) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send {
        self.inner.entries()
    }

    fn messages(&self, after: u64) -> impl Future<Output = Result<Vec<(u64, Message)>, LedgerError>> + Send {
        self.inner.messages(after)
    }

    fn tidy(&self, now: u32) -> impl Future<Output = Result<(), LedgerError>> + Send {
        self.inner.tidy(now)
    }
}
