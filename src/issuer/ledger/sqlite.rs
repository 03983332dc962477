//! A ledger in one SQLite file. The application chooses sqlx's runtime by a feature of its own dependency on sqlx.

// One source for every database: see its first lines.
#[path = "sql.rs"]
#[allow(clippy::duplicate_mod)]
mod sql;

use super::{Clock, Kind, Ledger, LedgerError, Needs, Records};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use core::time::Duration;
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
pub struct SqliteLedger {
    pool: SqlitePool,
    clock: Clock,
}

impl SqliteLedger {
    /// Opens or makes the file, and brings its tables up to date.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if the file can't be opened; [`LedgerError::Corrupt`] if a later version made it.
    pub async fn open(file: &Path) -> Result<Self, LedgerError> {
        Self::open_with(file, Clock::system()).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`].
    pub async fn open_with(file: &Path, clock: Clock) -> Result<Self, LedgerError> {
        keep_private(file)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        migrate(&mut *pool.acquire().await?).await?;
        Ok(Self { pool, clock })
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is running and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn connection(&self) -> Result<PoolConnection<Sqlite>, LedgerError> {
        Ok(self.pool.acquire().await?)
    }
}

/// Makes a new file for its owner alone: it holds keys and unsent messages. SQLite gives its side files the same mode.
fn keep_private(file: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        match opened {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(LedgerError::Unavailable),
            _ => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _no_modes_here = file;
        Ok(())
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
    Ok(transaction.commit().await?)
}

impl Ledger for SqliteLedger {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut records = sql::load(&mut transaction, &needs).await?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            transaction.rollback().await?;
        } else {
            sql::keep(&mut transaction, &changes).await?;
            transaction.commit().await?;
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
