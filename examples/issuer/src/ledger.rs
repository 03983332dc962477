//! One of the crate's ledgers, chosen when the server starts.

use crate::settings::Place;
use jitsuin::issuer::books::Entry;
use jitsuin::issuer::evidence::StoredEvidence;
use jitsuin::issuer::ledger::{
    Clock, Kind, Ledger, LedgerError, Needs, Opening, PostgresLedger, Records, SqliteLedger,
};
use jitsuin::issuer::messages::Message;
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::wire::id::{AccountId, Hash};
use std::sync::Arc;

/// The issuer's records. A clone is the same ledger.
#[derive(Clone)]
pub(crate) enum Books {
    Sqlite(Arc<SqliteLedger>),
    Postgres(Arc<PostgresLedger>),
}

impl Books {
    pub(crate) async fn open(place: &Place, opening: Opening) -> Result<Self, LedgerError> {
        let clock = Clock::system();
        match place {
            Place::File(file) => {
                SqliteLedger::open_with(file, opening, clock).await.map(|ledger| Self::Sqlite(Arc::new(ledger)))
            }
            Place::Database(url) => {
                PostgresLedger::open_with(url, opening, clock).await.map(|ledger| Self::Postgres(Arc::new(ledger)))
            }
        }
    }

    /// Waits for what is running and closes the ledger.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(ledger) => ledger.close().await,
            Self::Postgres(ledger) => ledger.close().await,
        }
    }
}

impl Ledger for Books {
    fn now_ms(&self) -> u64 {
        match self {
            Self::Sqlite(ledger) => ledger.now_ms(),
            Self::Postgres(ledger) => ledger.now_ms(),
        }
    }

    fn may_make_keys(&self) -> bool {
        match self {
            Self::Sqlite(ledger) => ledger.may_make_keys(),
            Self::Postgres(ledger) => ledger.may_make_keys(),
        }
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.transact(needs, rule).await,
            Self::Postgres(ledger) => ledger.transact(needs, rule).await,
        }
    }

    async fn look<R: Send>(&self, needs: Needs, rule: impl Fn(&Records) -> R + Send + Sync) -> Result<R, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.look(needs, rule).await,
            Self::Postgres(ledger) => ledger.look(needs, rule).await,
        }
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.receipts(account, after, most).await,
            Self::Postgres(ledger) => ledger.receipts(account, after, most).await,
        }
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.is_link(account, link).await,
            Self::Postgres(ledger) => ledger.is_link(account, link).await,
        }
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.evidence(account).await,
            Self::Postgres(ledger) => ledger.evidence(account).await,
        }
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.ended_evidence(now).await,
            Self::Postgres(ledger) => ledger.ended_evidence(now).await,
        }
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.keys(kind).await,
            Self::Postgres(ledger) => ledger.keys(kind).await,
        }
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.entries().await,
            Self::Postgres(ledger) => ledger.entries().await,
        }
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.messages(after).await,
            Self::Postgres(ledger) => ledger.messages(after).await,
        }
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.tidy(now).await,
            Self::Postgres(ledger) => ledger.tidy(now).await,
        }
    }
}
