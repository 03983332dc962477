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

use super::connections::{Connections, Held};
use super::{Clock, Kind, Ledger, LedgerError, Needs, Records, Step};
use crate::issuer::books::Entry;
use crate::issuer::error::Cause;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use crate::wire::tagged_hash;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};

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
/// More, for transactions that stop something: the others may all be waiting.
const URGENT: u32 = 2;
/// How often a transaction is begun that the database gives up.
const TRIES: u32 = 8;
/// The locking above is right for this level; a database may have another as its default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Taken last and held until the commit, so that numbers of messages become visible in their order.
const MESSAGES: &str = "messages";
const MIGRATION: &str = "migration";

/// The issuer's records in a database.
pub struct PostgresLedger {
    pool: Connections<Postgres>,
    urgent: Connections<Postgres>,
    clock: Clock,
}

impl PostgresLedger {
    /// Connects to `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or by `?host=/FOLDER` to a socket of this machine, and
    /// brings the tables up to date. The clocks of all servers must agree to the second.
    ///
    /// A connection to another machine is encrypted and its certificate checked, unless the address says `sslmode=disable`;
    /// it fails in a build whose sqlx has no TLS.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if there is no such database; [`LedgerError::LaterVersion`].
    pub async fn open(url: &str) -> Result<Self, LedgerError> {
        Self::open_with(url, Clock::system()).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`].
    pub async fn open_with(url: &str, clock: Clock) -> Result<Self, LedgerError> {
        let address: PgConnectOptions =
            url.parse().map_err(|error: sqlx::Error| LedgerError::Unavailable(Step::Open, Cause::new(error)))?;
        let options = private(address)
            .application_name("jitsuin")
            // Waiting ends; and an answered call is on the disk, whatever the database's default is.
            .options([("lock_timeout", "5s"), ("synchronous_commit", "on")]);
        let pool = Connections::new(options.clone(), CONNECTIONS);
        migrate(pool.take().await?).await?;
        Ok(Self { pool, urgent: Connections::new(options, URGENT), clock })
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
    }

    async fn once<R: Send>(
        &self,
        needs: &Needs,
        rule: &(impl Fn(&mut Records) -> R + Send + Sync),
    ) -> Result<R, LedgerError> {
        let pool = if needs.is_urgent() { &self.urgent } else { &self.pool };
        let mut held = pool.take().await?;
        held.say(Step::Begin, BEGIN).await?;
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

/// Demands TLS where the bytes leave this machine.
fn private(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]");
    match options.get_ssl_mode() {
        PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require if !is_here => {
            options.ssl_mode(PgSslMode::VerifyFull)
        }
        _ => options,
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

async fn migrate(mut held: Held<'_, Postgres>) -> Result<(), LedgerError> {
    held.say(Step::Begin, BEGIN).await?;
    // Servers that start together take turns.
    lock(&mut held, vec![lock_name(MIGRATION, "")]).await?;
    bring_up_to_date(&mut held).await.map_err(|broken| broken.at(Step::Open))?;
    held.commit().await
}

async fn bring_up_to_date(connection: &mut PgConnection) -> Result<(), sql::Broken> {
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)";
    sqlx::raw_sql(table).execute(&mut *connection).await?;
    let row = sqlx::query("SELECT version FROM schema_version").fetch_optional(&mut *connection).await?;
    let version: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    let done = usize::try_from(version).map_err(|_| LedgerError::corrupt("schema_version"))?;
    for step in MIGRATIONS.get(done..).ok_or(LedgerError::LaterVersion)? {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    if done < sql::WITH_LINKS {
        sql::fill_links(&mut *connection).await?;
    }
    let version =
        format!("DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES ({})", MIGRATIONS.len());
    sqlx::raw_sql(AssertSqlSafe(version)).execute(connection).await?;
    Ok(())
}

impl Ledger for PostgresLedger {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
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

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        sql::receipts(&self.pool, account, after, most).await
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        sql::is_link(&self.pool, account, link).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        sql::evidence(&self.pool, account).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        sql::ended_evidence(&self.pool, now).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        sql::keys(&self.pool, kind).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        sql::entries(&self.pool).await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        sql::messages(&self.pool, after).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        sql::tidy(&self.pool, now).await
    }
}

#[cfg(test)]
mod tests;
