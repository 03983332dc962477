//! A ledger in memory: for tests, for the test kit, and to try things out. It keeps what any other ledger keeps.

use super::records::{Changes, Stored};
use super::{Clock, Kind, Ledger, LedgerError, Needs, Records};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Bytes, Hash};
use alloc::collections::{BTreeMap, BTreeSet};
use core::future::{Future, ready};
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
struct Kept {
    rows: BTreeMap<(Kind, String), Stored>,
    receipts: Vec<StoredReceipt>,
    links: BTreeSet<(String, Hash)>,
    evidence: Vec<StoredEvidence>,
    entries: Vec<Entry>,
    messages: Vec<Message>,
}

/// Maps behind a mutex, with a clock that can be moved.
pub struct MemoryLedger {
    kept: Mutex<Kept>,
    clock: Clock,
    /// Whether each transaction so far was an urgent one.
    #[cfg(test)]
    pub(in crate::issuer) urgency: Mutex<Vec<bool>>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            kept: Mutex::default(),
            clock,
            #[cfg(test)]
            urgency: Mutex::default(),
        }
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Every record of one kind as it is kept, by its key: for whoever must see that nothing changed.
    #[must_use]
    pub fn bodies(&self, kind: Kind) -> BTreeMap<String, String> {
        let of_kind = |kept: &mut Kept| {
            let rows = kept.rows.iter().filter(|((held, _), _)| *held == kind);
            rows.map(|((_, key), stored)| (key.clone(), stored.body.clone())).collect()
        };
        self.with(of_kind)
    }

    /// Nothing is kept by a rule that panics, so a poisoned lock guards sound maps.
    fn with<R>(&self, f: impl FnOnce(&mut Kept) -> R) -> R {
        f(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn load(&self, needs: &Needs) -> Result<Records, LedgerError> {
        let mut records = Records::default();
        for (kind, key) in needs.list() {
            let stored = self.rows.get(&(*kind, key.clone()));
            records.load(*kind, key.clone(), stored.map(|stored| stored.body.as_bytes()))?;
        }
        Ok(records)
    }

    fn keep(&mut self, changes: Changes) -> Result<(), LedgerError> {
        let follows = |receipt: &StoredReceipt| {
            receipt.link().is_some()
                && !self.receipts.iter().any(|held| held.account == receipt.account && held.seq == receipt.seq)
        };
        if !changes.receipts.iter().all(follows) {
            return Err(LedgerError::corrupt("receipts"));
        }
        for (kind, key, stored) in changes.rows {
            match stored {
                Some(stored) => self.rows.insert((kind, key), stored),
                None => self.rows.remove(&(kind, key)),
            };
        }
        let link_of = |receipt: &StoredReceipt| Some((String::from(receipt.account.as_str()), receipt.link()?));
        self.links.extend(changes.receipts.iter().filter_map(link_of));
        self.receipts.extend(changes.receipts);
        self.evidence.extend(changes.evidence);
        for (account, now) in changes.ended_evidence {
            self.evidence.retain(|held| held.account != account || held.until >= now);
        }
        for (account, seq) in changes.erased {
            let erased = self.receipts.iter_mut().filter(|held| held.account == account && held.seq == seq);
            erased.for_each(|held| held.item.body = Bytes::default());
        }
        self.entries.extend(changes.entries);
        self.messages.extend(changes.messages);
        Ok(())
    }
}

impl Ledger for MemoryLedger {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    fn may_make_keys(&self) -> bool {
        true
    }

    fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> impl Future<Output = Result<R, LedgerError>> + Send {
        #[cfg(test)]
        self.urgency.lock().unwrap_or_else(PoisonError::into_inner).push(needs.is_urgent());
        ready(self.with(|kept| {
            let mut records = kept.load(&needs)?;
            let result = rule(&mut records);
            kept.keep(records.into_changes()?)?;
            Ok(result)
        }))
    }

    fn look<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&Records) -> R + Send + Sync,
    ) -> impl Future<Output = Result<R, LedgerError>> + Send {
        ready(self.with(|kept| kept.load(&needs)).and_then(|records| records.looked_at(rule)))
    }

    fn receipts(
        &self,
        account: &AccountId,
        after: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<StoredReceipt>, LedgerError>> + Send {
        let newer = |receipt: &&StoredReceipt| receipt.account == *account && receipt.seq > after;
        ready(Ok(self.with(|kept| kept.receipts.iter().filter(newer).take(most).cloned().collect())))
    }

    fn is_link(&self, account: &AccountId, link: Hash) -> impl Future<Output = Result<bool, LedgerError>> + Send {
        ready(Ok(self.with(|kept| kept.links.contains(&(String::from(account.as_str()), link)))))
    }

    fn evidence(&self, account: &AccountId) -> impl Future<Output = Result<Vec<StoredEvidence>, LedgerError>> + Send {
        ready(Ok(self.with(|kept| kept.evidence.iter().filter(|held| held.account == *account).cloned().collect())))
    }

    fn ended_evidence(&self, now: u32) -> impl Future<Output = Result<Vec<AccountId>, LedgerError>> + Send {
        let ended = |kept: &mut Kept| {
            let ended = kept.evidence.iter().filter(|held| held.until < now);
            let mut accounts: Vec<_> = ended.map(|held| held.account.clone()).collect();
            accounts.dedup();
            accounts
        };
        ready(Ok(self.with(ended)))
    }

    fn keys(&self, kind: Kind) -> impl Future<Output = Result<Vec<String>, LedgerError>> + Send {
        let of_kind = |kept: &mut Kept| {
            let rows = kept.rows.range((kind, String::new())..).take_while(|((held, _), _)| *held == kind);
            rows.map(|((_, key), _)| key.clone()).collect()
        };
        ready(Ok(self.with(of_kind)))
    }

    fn entries(&self) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send {
        ready(Ok(self.with(|kept| kept.entries.clone())))
    }

    fn messages(&self, after: u64) -> impl Future<Output = Result<Vec<(u64, Message)>, LedgerError>> + Send {
        ready(Ok(self.with(|kept| (1..).zip(kept.messages.iter().cloned()).filter(|(id, _)| *id > after).collect())))
    }

    fn tidy(&self, now: u32) -> impl Future<Output = Result<(), LedgerError>> + Send {
        self.with(|kept| kept.rows.retain(|_, stored| stored.until.is_none_or(|until| until >= now)));
        ready(Ok(()))
    }
}
