//! A ledger in a PostgreSQL database, which several servers may share.
//!
//! A transaction holds an advisory lock on the name of every record it needs, whether or not there is such a record, from
//! before it reads until after it commits. Row locks alone would let two transactions find the same thing absent (a proof
//! not yet used, a code not yet spent) and both go ahead. The locks are taken in one order, so no two transactions of this
//! ledger wait for each other; what a stranger to it causes, a deadlock or a serialisation failure, is tried again.

// One source for every database: see its first lines.
#[path = "sql.rs"]
#[allow(clippy::duplicate_mod)]
mod sql;

mod place;

use super::connections::{Connections, Held};
use super::{Clock, Kind, Ledger, LedgerError, Needs, Opening, Records, Step};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use crate::wire::tagged_hash;
use sqlx::{PgConnection, Postgres};

type Db = Postgres;
/// For whoever changes rows past this ledger: it keeps to row locks, which these are.
const LOCK: &str = " FOR UPDATE";

/// The steps from an empty database to this build's tables. A step is never changed once it has been released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/postgres/0001.sql"),
    include_str!("migrations/postgres/0002.sql"),
    include_str!("migrations/postgres/0003.sql"),
    include_str!("migrations/postgres/0004.sql"),
    include_str!("migrations/postgres/0005.sql"),
    include_str!("migrations/postgres/0006.sql"),
    include_str!("migrations/postgres/0007.sql"),
    include_str!("migrations/postgres/0008.sql"),
];
const CONNECTIONS: u32 = 8;
/// Those that only read. Nobody who reads waits for a lock, so a call that stops something does not wait for those who do.
const READERS: u32 = 4;
/// More, for transactions that stop something: the others may all be waiting.
const URGENT: u32 = 2;
/// And for what a call that stops something reads first.
const URGENT_READERS: u32 = 1;
/// How often a transaction is begun that the database gives up.
const TRIES: u32 = 8;
/// The locking above is right for this level; a database may have another as its default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// The same for a call, whose statements end in the time that a server has for it: where it is over the connection is closed, which
/// a database at work does not see, and its locks would stay. Migrations and what reads a whole table may take longer. A commit
/// has no such limit: what it ended would be kept all the same.
const BEGIN_CALL: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '10s'";
/// Taken last and held until the commit, so that numbers of messages become visible in their order.
const MESSAGES: &str = "messages";
const MIGRATION: &str = "migration";

/// The issuer's records in a database.
pub struct PostgresLedger {
    pool: Connections<Postgres>,
    urgent: Connections<Postgres>,
    readers: Connections<Postgres>,
    urgent_readers: Connections<Postgres>,
    makes_keys: bool,
    clock: Clock,
}

impl PostgresLedger {
    /// Connects to `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or by `?host=/FOLDER` to a socket of this machine, and
    /// brings the tables of a ledger that is there up to date. The clocks of all servers must agree to the second.
    ///
    /// A connection to another machine is encrypted and its certificate checked, with the host's name, against the
    /// authorities of this machine and those in `sslrootcert=FILE`; `sslmode=verify-ca` leaves out the name. A build whose
    /// sqlx has no TLS makes none.
    ///
    /// # Errors
    /// [`LedgerError::Place`] for an address that can't be used, a connection that others could read or where a stranger may
    /// answer, and a database that is no ledger. [`LedgerError::Unavailable`] if there is no such database;
    /// [`LedgerError::LaterVersion`].
    pub async fn open(url: &str) -> Result<Self, LedgerError> {
        Self::open_with(url, Opening::Existing, Clock::system()).await
    }

    /// Makes a new ledger in an empty database.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`]; [`PlaceError::Exists`](super::PlaceError::Exists) where there is one.
    pub async fn create(url: &str) -> Result<Self, LedgerError> {
        Self::open_with(url, Opening::New, Clock::system()).await
    }

    /// Either of the two, or whichever is right; with a clock.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`] and [`PostgresLedger::create`].
    pub async fn open_with(url: &str, opening: Opening, clock: Clock) -> Result<Self, LedgerError> {
        let options = place::options(url)?
            .application_name("jitsuin")
            // Waiting ends; and an answered call is on the disk, whatever the database's default is.
            .options([("lock_timeout", "5s"), ("synchronous_commit", "on")]);
        place::reach(&options).await?;
        let pool = Connections::new(options.clone(), CONNECTIONS);
        place::migrate(pool.take().await?, opening).await?;
        let urgent = Connections::kept(options.clone(), URGENT).await?;
        let urgent_readers = Connections::kept(options.clone(), URGENT_READERS).await?;
        let readers = Connections::new(options, READERS);
        Ok(Self { pool, urgent, readers, urgent_readers, makes_keys: opening.makes(), clock })
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is running and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
        self.urgent.close().await;
        self.readers.close().await;
        self.urgent_readers.close().await;
    }

    async fn once<R: Send>(
        &self,
        needs: &Needs,
        rule: &(impl Fn(&mut Records) -> R + Send + Sync),
    ) -> Result<R, LedgerError> {
        let pool = if needs.is_urgent() { &self.urgent } else { &self.pool };
        let mut held = pool.take().await?;
        held.say(Step::Begin, BEGIN_CALL).await?;
        lock(&mut held, needs.list().iter().map(|(kind, key)| lock_name(kind.name(), key)).collect()).await?;
        let mut records = sql::load(&mut held, needs).await.map_err(|broken| broken.at(Step::Read))?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            held.roll_back().await?;
        } else {
            if !changes.messages.is_empty() {
                lock(&mut held, vec![lock_name(MESSAGES, "")]).await?;
            }
            sql::keep(&mut held, &changes).await.map_err(|broken| broken.at(Step::Write))?;
            held.commit().await?;
        }
        Ok(result)
    }
}

/// A lock's number. Two names with one number only wait for each other.
fn lock_name(kind: &str, key: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = tagged_hash("jitsuin/ledger/lock", &[kind.as_bytes(), &[0], key.as_bytes()]);
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Waits for all of them, in one order everywhere. They end with the transaction.
async fn lock(connection: &mut PgConnection, mut names: Vec<i64>) -> Result<(), LedgerError> {
    names.sort_unstable();
    names.dedup();
    for name in names {
        let query = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(name);
        query.execute(&mut *connection).await.map_err(|error| LedgerError::at(Step::Lock, &error))?;
    }
    Ok(())
}

impl Ledger for PostgresLedger {
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
        let mut ended = self.once(&needs, &rule).await;
        for _ in 1..TRIES {
            if !matches!(ended, Err(LedgerError::Conflict(..))) {
                break;
            }
            ended = self.once(&needs, &rule).await;
        }
        ended
    }

    async fn look<R: Send>(&self, needs: Needs, rule: impl Fn(&Records) -> R + Send + Sync) -> Result<R, LedgerError> {
        let from = if needs.is_urgent() { &self.urgent_readers } else { &self.readers };
        sql::look(from, &needs, rule).await
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
        sql::tidy(&self.pool, now).await
    }
}

#[cfg(test)]
mod tests;
