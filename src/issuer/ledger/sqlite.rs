//! A ledger in one SQLite file. The application chooses sqlx's runtime by a feature of its own dependency on sqlx.

// One source for every database: see its first lines.
#[path = "sql.rs"]
#[allow(clippy::duplicate_mod)]
mod sql;

mod file;

use super::connections::{Connections, Held, PATIENCE};
use super::{Clock, Kind, Ledger, LedgerError, Needs, Opening, Records, Step};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use file::{File, Found};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Row, Sqlite};
use std::path::Path;
use std::time::Instant;

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
const COMMIT: &str = "COMMIT";

/// The issuer's records in a file.
///
/// It is missed when it is moved, deleted or replaced while it is open: each call looks whether the file is still where it was
/// opened, and a transaction again after it was written, so that nothing counts as done that is in no ledger. The same file,
/// put back, works again.
pub struct SqliteLedger {
    file: File,
    makes_keys: bool,
    /// One connection, since SQLite has one writer at a time: who waits for it is served in order.
    writer: Connections<Sqlite>,
    /// One more, for transactions that stop something.
    urgent: Connections<Sqlite>,
    /// Whose turn it is of the two connections above, served in order: where both have a queue they alternate. SQLite itself
    /// lets whoever tries at the right moment go first. It is no connection to the file.
    turns: Connections<Sqlite>,
    readers: Connections<Sqlite>,
    /// One more, for what a call that stops something reads first.
    urgent_reader: Connections<Sqlite>,
    clock: Clock,
}

impl SqliteLedger {
    /// Opens a ledger that is there, and brings its tables up to date. It is known by the mark in its header, and one from
    /// before there was a mark by its tables. A name that is a link is followed; the files beside it are the target's.
    ///
    /// # Errors
    /// [`LedgerError::Place`] for what is no ledger, and for one that everybody may read or write; such a file is left
    /// as it is. One that its group may read or write becomes its owner's alone, or is refused if it can't. [`LedgerError::Unavailable`] if it can't be opened; [`LedgerError::LaterVersion`].
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
        let began = Instant::now();
        loop {
            match Self::opened(file, opening).await {
                // Where two open a new file at once, one is told so without any wait: SQLite waits for no lock while it
                // makes the log, lest the two wait for each other. A lock that is kept has taken up the time by itself.
                Err(LedgerError::Busy(..)) if began.elapsed() < PATIENCE => {}
                ended => return ended.map(|ledger| Self { clock, ..ledger }),
            }
        }
    }

    async fn opened(file: &Path, opening: Opening) -> Result<Self, LedgerError> {
        let found = Found::at(file, opening).await?;
        let options = SqliteConnectOptions::new()
            .filename(found.path())
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let file = found.keep_open(&options).await?;
        let writer = Connections::new(options.clone(), 1);
        let turns = Connections::new(SqliteConnectOptions::new().in_memory(true), 1);
        let readers = Connections::new(options.clone(), READERS);
        let urgent = Connections::kept(options.clone(), 1).await?;
        let urgent_reader = Connections::kept(options, 1).await?;
        let makes_keys = opening.makes();
        let clock = Clock::system();
        let ledger = Self { file, makes_keys, writer, urgent, turns, readers, urgent_reader, clock };
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
        self.readers.close().await;
        self.urgent_reader.close().await;
        self.urgent.close().await;
        self.writer.close().await;
        self.turns.close().await;
        self.file.close().await;
    }

    async fn migrate(&self) -> Result<(), LedgerError> {
        self.file.check()?;
        migrate(self.writer.take().await?).await
    }

    /// For what only reads.
    fn reader(&self, is_urgent: bool) -> Result<&Connections<Sqlite>, LedgerError> {
        self.file.check()?;
        Ok(if is_urgent { &self.urgent_reader } else { &self.readers })
    }

    async fn run<R: Send>(
        &self,
        mut held: Held<'_, Sqlite>,
        needs: &Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        held.say(Step::Begin, BEGIN).await?;
        // Its turn may have come late.
        self.file.check()?;
        let mut records = sql::load(&mut held, needs).await.map_err(|broken| broken.at(Step::Read))?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            held.roll_back().await?;
        } else {
            sql::keep(&mut held, &changes).await.map_err(|broken| broken.at(Step::Write))?;
            held.say(Step::Commit, COMMIT).await?;
            self.file.check()?;
            held.let_go();
        }
        Ok(result)
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
    sqlx::raw_sql(version).execute(&mut *connection).await?;
    let mark = sqlx::AssertSqlSafe(format!("PRAGMA application_id = {}", file::APPLICATION));
    sqlx::raw_sql(mark).execute(connection).await?;
    Ok(())
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
        // Before a connection is made anew, for SQLite has no words of its own for it.
        self.file.check()?;
        let held = if needs.is_urgent() { &self.urgent } else { &self.writer }.take().await?;
        // One of each kind at most waits here: the next that stops something stands behind one other transaction, and no
        // other stands behind more than one that stops something.
        let _turn = self.turns.turn().await?;
        self.run(held, &needs, rule).await
    }

    async fn look<R: Send>(&self, needs: Needs, rule: impl Fn(&Records) -> R + Send + Sync) -> Result<R, LedgerError> {
        sql::look(self.reader(needs.is_urgent())?, &needs, rule).await
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        sql::receipts(self.reader(false)?, account, after, most).await
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        sql::is_link(self.reader(false)?, account, link).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        sql::evidence(self.reader(false)?, account).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        sql::ended_evidence(self.reader(false)?, now).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        sql::keys(self.reader(false)?, kind).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        sql::entries(self.reader(false)?).await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        sql::messages(self.reader(false)?, after).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        self.file.check()?;
        sql::tidy(&self.writer, now).await
    }
}
