//! A ledger in one SQLite file. The application chooses sqlx's runtime by a feature of its own dependency on sqlx.

// One source for every database: see its first lines.
#[path = "sql.rs"]
#[allow(clippy::duplicate_mod)]
mod sql;

use super::connections::{Connections, Held, PATIENCE};
use super::{Clock, Kind, Ledger, LedgerError, Needs, Records, Step};
use crate::issuer::books::Entry;
use crate::issuer::error::Cause;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Row, Sqlite};
use std::path::Path;

type Db = Sqlite;
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
/// Those that only read, beside the one that writes.
const READERS: u32 = 4;
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The issuer's records in a file.
pub struct SqliteLedger {
    /// One connection, since SQLite has one writer at a time: who waits for it is served in order.
    writer: Connections<Sqlite>,
    /// One more, for transactions that stop something.
    urgent: Connections<Sqlite>,
    readers: Connections<Sqlite>,
    clock: Clock,
}

impl SqliteLedger {
    /// Opens or makes the file, and brings its tables up to date.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if the file can't be opened; [`LedgerError::LaterVersion`].
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
            .busy_timeout(PATIENCE);
        let writer = Connections::new(options.clone(), 1);
        migrate(writer.take().await?).await?;
        let (urgent, readers) = (Connections::new(options.clone(), 1), Connections::new(options, READERS));
        Ok(Self { writer, urgent, readers, clock })
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is running and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.urgent.close().await;
        self.writer.close().await;
    }

    async fn run<R: Send>(
        &self,
        mut held: Held<'_, Sqlite>,
        needs: &Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        held.say(Step::Begin, BEGIN).await?;
        let mut records = sql::load(&mut held, needs).await.map_err(|broken| broken.at(Step::Read))?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            held.roll_back().await?;
        } else {
            sql::keep(&mut held, &changes).await.map_err(|broken| broken.at(Step::Write))?;
            held.commit().await?;
        }
        Ok(result)
    }
}

/// Makes a new file for its owner alone: it holds keys and unsent messages. SQLite gives its side files the same mode.
fn keep_private(file: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        match opened {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(LedgerError::Unavailable(Step::Open, Cause::new(error)))
            }
            _ => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _no_modes_here = file;
        Ok(())
    }
}

async fn migrate(mut held: Held<'_, Sqlite>) -> Result<(), LedgerError> {
    held.say(Step::Begin, BEGIN).await?;
    bring_up_to_date(&mut held).await.map_err(|broken| broken.at(Step::Open))?;
    held.commit().await
}

async fn bring_up_to_date(connection: &mut sqlx::SqliteConnection) -> Result<(), sql::Broken> {
    let version: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *connection).await?.try_get(0)?;
    let done = usize::try_from(version).map_err(|_| LedgerError::corrupt("user_version"))?;
    for step in MIGRATIONS.get(done..).ok_or(LedgerError::LaterVersion)? {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    if done < sql::WITH_LINKS {
        sql::fill_links(&mut *connection).await?;
    }
    let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", MIGRATIONS.len()));
    sqlx::raw_sql(version).execute(connection).await?;
    Ok(())
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
        if needs.is_urgent() {
            return self.run(self.urgent.take().await?, &needs, rule).await;
        }
        let held = self.writer.take().await?;
        // Whoever begins while others try to would have to be lucky to get its turn. One that stops something gets it
        // next, and no stream of those keeps the others out.
        let _turn = if self.urgent.is_in_use() { Some(self.urgent.turn().await?) } else { None };
        self.run(held, &needs, rule).await
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        sql::receipts(&self.readers, account, after, most).await
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        sql::is_link(&self.readers, account, link).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        sql::evidence(&self.readers, account).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        sql::ended_evidence(&self.readers, now).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        sql::keys(&self.readers, kind).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        sql::entries(&self.readers).await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        sql::messages(&self.readers, after).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        sql::tidy(&self.writer, now).await
    }
}
