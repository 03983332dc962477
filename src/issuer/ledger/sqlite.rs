//! A ledger in one SQLite file. The application chooses sqlx's runtime by a feature of its own dependency on sqlx.

// One source for every database: see its first lines.
#[path = "sql.rs"]
#[allow(clippy::duplicate_mod)]
mod sql;

mod file;

use super::{Clock, Kind, Ledger, LedgerError, Needs, Opening, Records};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use core::time::Duration;
use file::{File, Found};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Row, Sqlite, SqliteConnection, SqlitePool};
use std::path::Path;

type Connection = SqliteConnection;
type SqlRow = SqliteRow;
/// A writer has the whole file.
const LOCK: &str = "";

/// The steps from an empty file to this build's tables. A step is never changed once it has been released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
];
/// How long a transaction waits for another one.
const BUSY: Duration = Duration::from_secs(10);
/// Writers take turns anyway; the others read.
const CONNECTIONS: u32 = 4;

/// The issuer's records in a file.
///
/// It is missed when it is moved, deleted or replaced while it is open: each call looks whether the file is still where it was
/// opened, and a transaction again after it was written, so that nothing counts as done that is in no ledger. The same file,
/// put back, works again.
pub struct SqliteLedger {
    pool: SqlitePool,
    file: File,
    makes_keys: bool,
    clock: Clock,
}

impl SqliteLedger {
    /// Opens a ledger that is there, and brings its tables up to date. It is known by the mark in its header, and one from
    /// before there was a mark by its tables. A name that is a link is followed; the files beside it are the target's.
    ///
    /// # Errors
    /// [`LedgerError::Place`] for what is no ledger, and for one that others than its owner may read or write; such a file is
    /// left as it is. [`LedgerError::Unavailable`] if it can't be opened; [`LedgerError::Corrupt`] if a later version made it.
    pub async fn open(file: &Path) -> Result<Self, LedgerError> {
        Self::open_with(file, Opening::Existing, Clock::system()).await
    }

    /// Makes a new ledger, in a file that only its owner may read and write.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`]; [`PlaceError::Exists`](super::PlaceError::Exists) where there is one.
    pub async fn create(file: &Path) -> Result<Self, LedgerError> {
        Self::open_with(file, Opening::New, Clock::system()).await
    }

    /// Either of the two, or whichever is right; with a clock.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`] and [`SqliteLedger::create`].
    pub async fn open_with(file: &Path, opening: Opening, clock: Clock) -> Result<Self, LedgerError> {
        let found = Found::at(file, opening).await?;
        let options = SqliteConnectOptions::new()
            .filename(found.path())
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let file = found.keep_open(&options).await?;
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        let ledger = Self { pool, file, makes_keys: opening.makes(), clock };
        if let Err(error) = ledger.migrate().await {
            // Or its log would be left beside it.
            ledger.close().await;
            return Err(error);
        }
        Ok(ledger)
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is running and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
        self.file.close().await;
    }

    async fn migrate(&self) -> Result<(), LedgerError> {
        migrate(&mut *self.connection().await?).await
    }

    async fn connection(&self) -> Result<PoolConnection<Sqlite>, LedgerError> {
        // Before a connection is made anew, for SQLite has no words of its own for it.
        self.file.check()?;
        let connection = self.pool.acquire().await?;
        self.file.check()?;
        Ok(connection)
    }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), LedgerError> {
    let mut transaction = sqlx::Connection::begin_with(connection, "BEGIN IMMEDIATE").await?;
    let version: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *transaction).await?.try_get(0)?;
    let done = usize::try_from(version).map_err(|_| LedgerError::Corrupt)?;
    let steps = MIGRATIONS.get(done..).ok_or(LedgerError::Corrupt)?;
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    if done < sql::WITH_LINKS {
        sql::fill_links(&mut transaction).await?;
    }
    let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", MIGRATIONS.len()));
    sqlx::raw_sql(version).execute(&mut *transaction).await?;
    let mark = sqlx::AssertSqlSafe(format!("PRAGMA application_id = {}", file::APPLICATION));
    sqlx::raw_sql(mark).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

impl Ledger for SqliteLedger {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    fn may_make_keys(&self) -> bool {
        self.makes_keys
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        let mut connection = self.connection().await?;
        let mut transaction = sqlx::Connection::begin_with(&mut *connection, "BEGIN IMMEDIATE").await?;
        // Its turn may have come late.
        self.file.check()?;
        let mut records = sql::load(&mut transaction, &needs).await?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            transaction.rollback().await?;
        } else {
            sql::keep(&mut transaction, &changes).await?;
            transaction.commit().await?;
            self.file.check()?;
        }
        Ok(result)
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        sql::receipts(&mut *self.connection().await?, account, after, most).await
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        sql::is_link(&mut *self.connection().await?, account, link).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        sql::evidence(&mut *self.connection().await?, account).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        sql::ended_evidence(&mut *self.connection().await?, now).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        sql::keys(&mut *self.connection().await?, kind).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        sql::entries(&mut *self.connection().await?).await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        sql::messages(&mut *self.connection().await?, after).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        sql::tidy(&mut *self.connection().await?, now).await
    }
}
