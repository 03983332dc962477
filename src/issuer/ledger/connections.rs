//! Connections that come back only when they are sound, whatever the database.

use super::error::{LedgerError, Step};
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{AssertSqlSafe, Connection, Database, Executor, Pool};

/// How long a call waits for a connection, and then for a lock. A call with two transactions still ends within the time
/// that a server has for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A pool. Who waits for one of its connections is served in the order of arrival.
pub(super) struct Connections<DB: Database> {
    pool: Pool<DB>,
    /// How many are in use.
    in_use: AtomicUsize,
}

/// A connection in use. It is closed and not returned to its pool, unless it is [`let_go`](Self::let_go): after an error,
/// after a panic, and when the call that uses it is cut off at any point. So no transaction outlives its call, and none that
/// the database ended by itself is taken for an open one.
pub(super) struct Held<'p, DB: Database> {
    connection: PoolConnection<DB>,
    is_sound: bool,
    pool: &'p Connections<DB>,
}

impl<DB: Database> Connections<DB> {
    /// A pool of at most so many. Nothing is opened yet.
    pub(super) fn new(options: <DB::Connection as Connection>::Options, most: u32) -> Self {
        Self::of(PoolOptions::new(), options, most)
    }

    /// A pool of so many, all opened now and kept: where the database has no room for new ones, these are there.
    pub(super) async fn kept(
        options: <DB::Connection as Connection>::Options,
        number: u32,
    ) -> Result<Self, LedgerError> {
        let kept = Self::of(PoolOptions::new().idle_timeout(None).max_lifetime(None), options, number);
        let mut all = Vec::new();
        for _ in 0..number {
            all.push(kept.take().await?);
        }
        all.into_iter().for_each(Held::let_go);
        Ok(kept)
    }

    fn of(pool: PoolOptions<DB>, options: <DB::Connection as Connection>::Options, most: u32) -> Self {
        let pool = pool.max_connections(most).acquire_timeout(PATIENCE).connect_lazy_with(options);
        Self { pool, in_use: AtomicUsize::new(0) }
    }

    /// Waits for a connection.
    pub(super) async fn take(&self) -> Result<Held<'_, DB>, LedgerError> {
        let connection = match self.pool.acquire().await {
            Ok(connection) => connection,
            Err(sqlx::Error::PoolTimedOut) => return Err(self.why_none().await),
            Err(error) => return Err(LedgerError::at(Step::Connect, &error)),
        };
        self.in_use.fetch_add(1, Ordering::Relaxed);
        Ok(Held { connection, is_sound: false, pool: self })
    }

    /// Waits until everybody who waits for a connection now has had one, and keeps who comes later waiting until the answer
    /// is dropped. The connection itself is not used.
    #[cfg(feature = "sqlite")]
    pub(super) async fn turn(&self) -> Result<PoolConnection<DB>, LedgerError> {
        self.pool.acquire().await.map_err(|error| LedgerError::at(Step::Connect, &error))
    }

    /// Why no connection could be had in time. A pool goes on trying a database that refuses connections, and then tells
    /// only that the time is over. Where others have connections the database is there, and is not asked once more.
    async fn why_none(&self) -> LedgerError {
        if self.in_use.load(Ordering::Relaxed) == 0 {
            match DB::Connection::connect_with(&self.pool.connect_options()).await {
                Ok(connection) => drop(connection.close().await),
                Err(error) => return LedgerError::at(Step::Connect, &error),
            }
        }
        LedgerError::at(Step::Connect, &sqlx::Error::PoolTimedOut)
    }

    /// Waits for what is running and closes all.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl<DB: Database> Held<'_, DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Says a statement without values.
    pub(super) async fn say(&mut self, step: Step, statement: &'static str) -> Result<(), LedgerError> {
        let said = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *self.connection).await;
        said.map(drop).map_err(|error| LedgerError::at(step, &error))
    }

    /// Keeps what the transaction changed.
    pub(super) async fn commit(mut self) -> Result<(), LedgerError> {
        self.say(Step::Commit, "COMMIT").await?;
        self.let_go();
        Ok(())
    }

    /// Ends a transaction that changed nothing.
    pub(super) async fn roll_back(mut self) -> Result<(), LedgerError> {
        self.say(Step::Rollback, "ROLLBACK").await?;
        self.let_go();
        Ok(())
    }
}

impl<DB: Database> Held<'_, DB> {
    /// Returns the connection to its pool. No transaction may be open.
    pub(super) fn let_go(mut self) {
        self.is_sound = true;
    }
}

impl<DB: Database> Deref for Held<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Held<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<DB: Database> Drop for Held<'_, DB> {
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Ordering::Relaxed);
        if !self.is_sound {
            self.connection.close_on_drop();
        }
    }
}
