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

use super::{Clock, Kind, Ledger, LedgerError, Needs, Records};
use crate::issuer::books::Entry;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::id::{AccountId, Hash};
use crate::wire::tagged_hash;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row, Transaction};

type Connection = PgConnection;
type SqlRow = PgRow;
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
/// How often a transaction is begun that the database gives up.
const TRIES: u32 = 8;
/// The locking above is right for this level; a database may have another as its default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Taken last and held until the commit, so that numbers of messages become visible in their order.
const MESSAGES: &str = "messages";
const MIGRATION: &str = "migration";

/// The issuer's records in a database.
pub struct PostgresLedger {
    pool: PgPool,
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
    /// [`LedgerError::Unavailable`] if there is no such database; [`LedgerError::Corrupt`] if a later version made it.
    pub async fn open(url: &str) -> Result<Self, LedgerError> {
        Self::open_with(url, Clock::system()).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`].
    pub async fn open_with(url: &str, clock: Clock) -> Result<Self, LedgerError> {
        let options = private(url.parse()?)
            .application_name("jitsuin")
            // Waiting ends; and an answered call is on the disk, whatever the database's default is.
            .options([("lock_timeout", "10s"), ("synchronous_commit", "on")]);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        migrate(&pool).await?;
        Ok(Self { pool, clock })
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is running and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn connection(&self) -> Result<PoolConnection<Postgres>, LedgerError> {
        Ok(self.pool.acquire().await?)
    }

    async fn once<R: Send>(
        &self,
        needs: &Needs,
        rule: &(impl Fn(&mut Records) -> R + Send + Sync),
    ) -> Result<R, LedgerError> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        lock(&mut transaction, needs.list().iter().map(|(kind, key)| lock_name(kind.name(), key)).collect()).await?;
        let mut records = sql::load(&mut transaction, needs).await?;
        let result = rule(&mut records);
        let changes = records.into_changes()?;
        if changes.is_empty() {
            transaction.rollback().await?;
        } else {
            if !changes.messages.is_empty() {
                lock(&mut transaction, vec![lock_name(MESSAGES, "")]).await?;
            }
            sql::keep(&mut transaction, &changes).await?;
            transaction.commit().await?;
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
async fn lock(transaction: &mut Transaction<'_, Postgres>, mut names: Vec<i64>) -> Result<(), LedgerError> {
    names.sort_unstable();
    names.dedup();
    for name in names {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(name).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn migrate(pool: &PgPool) -> Result<(), LedgerError> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    // Servers that start together take turns.
    lock(&mut transaction, vec![lock_name(MIGRATION, "")]).await?;
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)";
    sqlx::raw_sql(table).execute(&mut *transaction).await?;
    let row = sqlx::query("SELECT version FROM schema_version").fetch_optional(&mut *transaction).await?;
    let version: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    let done = usize::try_from(version).map_err(|_| LedgerError::Corrupt)?;
    for step in MIGRATIONS.get(done..).ok_or(LedgerError::Corrupt)? {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    if done < sql::WITH_LINKS {
        sql::fill_links(&mut transaction).await?;
    }
    let version =
        format!("DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES ({})", MIGRATIONS.len());
    sqlx::raw_sql(AssertSqlSafe(version)).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
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
        for _ in 0..TRIES {
            match self.once(&needs, &rule).await {
                Err(LedgerError::Conflict) => {}
                ended => return ended,
            }
        }
        Err(LedgerError::Conflict)
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

#[cfg(test)]
mod tests;
