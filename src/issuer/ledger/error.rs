//! What a ledger fails with. Each failure names its step and keeps its cause, for the operator's log alone.

use super::PlaceError;
use crate::issuer::error::Cause;

/// What a ledger was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Opening the file, or making the first connection.
    Open,
    /// Waiting for a connection, or making one.
    Connect,
    /// Beginning a transaction.
    Begin,
    /// Waiting for the locks of the records that a transaction needs.
    Lock,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Committing. Only here the transaction may have been kept all the same: the database's answer is what is missing.
    Commit,
    /// Ending a transaction that changed nothing.
    Rollback,
}

impl core::fmt::Display for Step {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Connect => "connect",
            Self::Begin => "begin a transaction",
            Self::Lock => "lock records",
            Self::Read => "read",
            Self::Write => "write",
            Self::Commit => "commit",
            Self::Rollback => "roll back",
        })
    }
}

/// The ledger failed. Nothing of the transaction was kept, unless it failed at [`Step::Commit`], where nobody can tell.
/// Causes are left out of comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerError {
    /// The database failed or can't be reached.
    Unavailable(Step, Cause),
    /// The database, or another user of it, kept the call waiting for too long. Nothing was done.
    Busy(Step, Cause),
    /// The database gave a transaction up for other ones, again and again. Nothing was done.
    Conflict(Step, Cause),
    /// The place where it is kept is not as it has to be. Nothing was done.
    Place(PlaceError),
    /// A record can't be read or written.
    Corrupt(Cause),
    /// A later version of this crate made the ledger.
    LaterVersion,
    /// A rule asked for a record that its needs do not name: a mistake in the rule.
    NotNeeded,
    /// A movement does not sum to zero: a mistake in the rule.
    Unbalanced,
}

impl LedgerError {
    /// A record of this table can't be read or written. Says nothing of what is in it.
    #[must_use]
    pub fn corrupt(table: &str) -> Self {
        Self::Corrupt(Cause::new(format!("a row of {table}")))
    }

    /// What a database's failure is.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) fn at(step: Step, error: &sqlx::Error) -> Self {
        let cause = Cause::new(sql::told(error));
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Corrupt(cause)
            }
            sqlx::Error::PoolTimedOut => Self::Busy(step, cause),
            sqlx::Error::Database(error) => match sql::verdict(&error.code().unwrap_or_default()) {
                sql::Verdict::Slow => Self::Busy(step, cause),
                sql::Verdict::GivenUp => Self::Conflict(step, cause),
                sql::Verdict::Failed => Self::Unavailable(step, cause),
            },
            _ => Self::Unavailable(step, cause),
        }
    }
}

impl core::fmt::Display for LedgerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unavailable(step, _) => write!(f, "the ledger failed to {step}"),
            Self::Busy(step, _) => write!(f, "the ledger took too long to {step}"),
            Self::Conflict(step, _) => write!(f, "the ledger gave the transaction up for others, failing to {step}"),
            Self::Place(place) => place.fmt(f),
            Self::Corrupt(_) => f.write_str("a record of the ledger is corrupt"),
            Self::LaterVersion => f.write_str("a later version made the ledger: run that version or one after it"),
            Self::NotNeeded => f.write_str("a rule asked for a record it had not named"),
            Self::Unbalanced => f.write_str("a movement does not sum to zero"),
        }
    }
}

impl From<PlaceError> for LedgerError {
    fn from(place: PlaceError) -> Self {
        Self::Place(place)
    }
}

impl core::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unavailable(_, cause) | Self::Busy(_, cause) | Self::Conflict(_, cause) | Self::Corrupt(cause) => {
                Some(cause)
            }
            Self::Place(_) | Self::LaterVersion | Self::NotNeeded | Self::Unbalanced => None,
        }
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql {
    /// What a database's code means.
    pub(super) enum Verdict {
        /// A wait was too long.
        Slow,
        /// Given up for other transactions: to be tried again.
        GivenUp,
        /// Anything else.
        Failed,
    }

    /// PostgreSQL's codes have five characters, SQLite's are smaller numbers whose low byte is the kind.
    pub(super) fn verdict(code: &str) -> Verdict {
        match code {
            // serialization_failure, deadlock_detected.
            "40001" | "40P01" => Verdict::GivenUp,
            // lock_not_available; query_canceled, which is the database's own time limit.
            "55P03" | "57014" => Verdict::Slow,
            // SQLITE_BUSY, SQLITE_LOCKED.
            _ => match code.parse::<u32>().map(|code| code & 0xff) {
                Ok(5 | 6) if code.len() < SQLSTATE => Verdict::Slow,
                _ => Verdict::Failed,
            },
        }
    }

    /// Whether the database says that its own files are damaged.
    pub(super) fn is_damage(code: &str) -> bool {
        // SQLITE_CORRUPT and SQLITE_NOTADB; data_corrupted, index_corrupted.
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(11 | 26) => code.len() < SQLSTATE,
            _ => matches!(code, "XX001" | "XX002"),
        }
    }

    const SQLSTATE: usize = 5;
    /// SQLite: the words are those of a trigger.
    const OF_A_TRIGGER: &str = "1811";
    /// Classes of PostgreSQL's errors whose words are about the server and its tables. Those of all others may repeat what
    /// stands in a row.
    const ABOUT_THE_SERVER: &[&str] =
        &["08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"];

    /// A failure in words for the operator's log. What may hold a row's values (a constraint's or a trigger's words, a value
    /// that can't be decoded, PostgreSQL's `DETAIL`) is left out.
    pub(super) fn told(error: &sqlx::Error) -> String {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                let is_sqlstate = code.len() == SQLSTATE;
                let speaks = match is_sqlstate {
                    true => ABOUT_THE_SERVER.iter().any(|class| code.starts_with(class)),
                    false => code != OF_A_TRIGGER,
                };
                let database = if is_sqlstate { "PostgreSQL" } else { "SQLite" };
                let about = [("table", error.table()), ("constraint", error.constraint())];
                let about = about.into_iter().filter_map(|(what, name)| Some(format!(", {what} {}", name?)));
                let about: String = about.collect();
                let advice = if is_damage(&code) { ": restore the ledger from a backup" } else { "" };
                match speaks {
                    true => format!("{} ({database} {code}{about}){advice}", error.message()),
                    false => format!("{database} {code}{about}{advice}"),
                }
            }
            sqlx::Error::ColumnDecode { index, .. } => format!("a value of the column {index} can't be decoded"),
            sqlx::Error::Decode(_) => "a value can't be decoded".into(),
            sqlx::Error::PoolTimedOut => "no connection was free in time".into(),
            // The words of these have their source in them, where they have one.
            other => other.to_string(),
        }
    }
}

#[cfg(all(test, any(feature = "sqlite", feature = "postgres")))]
mod tests;
