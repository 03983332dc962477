//! The ledger's database: its address, a connection that nobody else reads, and whether it is a ledger.

mod files;

use super::super::place::{Opening, PlaceError};
use super::{BEGIN, Held, LedgerError, MIGRATION, MIGRATIONS, Postgres, Step, lock, lock_name, sql};
use crate::issuer::error::Cause;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row};
use std::net::IpAddr;

/// What sqlx reads of an address. It passes over any other name, and writes it to the log with its value.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// The tables of a ledger, and whether there is anything else. A name with its schema's, for others may be on the path.
const TABLES: &str = "SELECT \
    (SELECT COUNT(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' \
        AND relname IN ('schema_version', 'issuer_keys', 'credentials', 'till_answers', 'receipts', 'entries')), \
    (SELECT COUNT(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f'))";
const KNOWN_BY: i64 = 6;
/// Whether something would be lost with it.
const IS_BEGUN: &str = "SELECT EXISTS (SELECT 1 FROM issuer_keys) OR EXISTS (SELECT 1 FROM accounts) \
    OR EXISTS (SELECT 1 FROM receipts)";

/// Reads an address, and demands TLS where the bytes leave this machine.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, LedgerError> {
    let is_address = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // First of all, for sqlx would pass over them, and log them with their values.
    if is_address && !parameters(url).all(|(name, _)| PARAMETERS.contains(&name) || name.starts_with("options[")) {
        return Err(PlaceError::UnknownParameter.into());
    }
    let read = |url: &str| url.parse::<PgConnectOptions>().ok();
    let mut options = read(url).filter(|_| is_address).ok_or_else(|| unread(url))?;
    // It looks for a host, or a password of it, by the name that it is given.
    if let Some(address) = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let url = url.split('#').next().unwrap_or_default();
        let joined = if url.contains('?') { '&' } else { '?' };
        options = read(&format!("{url}{joined}hostaddr={address}")).ok_or(PlaceError::BadAddress)?;
    }
    let options = private(options)?;
    files::check(parameters(url), &options)?;
    Ok(options)
}

/// What stands after the question mark: names and values, as they are written.
fn parameters(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let (_, after) = url.split_once('?').unwrap_or_default();
    let pairs = after.split('#').next().unwrap_or_default().split('&');
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).filter(|(name, _)| !name.is_empty())
}

/// Why an address can't be read: a parameter that can't be read alone either, or the rest of it.
fn unread(url: &str) -> PlaceError {
    let is_bad = |name: &str, value: &str| format!("postgres:///?{name}={value}").parse::<PgConnectOptions>().is_err();
    let bad = parameters(url).find(|(name, value)| is_bad(name, value));
    let known = bad.and_then(|(name, _)| PARAMETERS.iter().find(|known| **known == name));
    known.map_or(PlaceError::BadAddress, |name| PlaceError::BadParameter(name))
}

fn private(options: PgConnectOptions) -> Result<PgConnectOptions, PlaceError> {
    let host = options.get_host();
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match options.get_ssl_mode() {
        PgSslMode::Disable if !is_here => Err(PlaceError::Unencrypted),
        PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require if !is_here => {
            Ok(options.ssl_mode(PgSslMode::VerifyFull))
        }
        _ => Ok(options),
    }
}

/// A host's name that was looked up in vain, as Rust says it for every system but Windows.
const NOT_LOOKED_UP: &str = "failed to lookup address information";

/// Connects once, for a pool tells only that its time is over.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<(), LedgerError> {
    let connection = PgConnection::connect_with(options).await.map_err(unreached)?;
    // Whatever is wrong with it by now, the pool will find too.
    let _ended = connection.close().await;
    Ok(())
}

/// Why there is no connection. Drivers and their TLS libraries say it in words alone.
fn unreached(error: sqlx::Error) -> LedgerError {
    let said = error.to_string();
    let says = |words: &str| said.contains(words);
    let place = match &error {
        sqlx::Error::Tls(_) if says("server does not support TLS") => PlaceError::NoTls,
        sqlx::Error::Tls(_) if says("built without TLS") => PlaceError::BuiltWithoutTls,
        // Said before the server is spoken to. What is wrong with its own certificate comes over the connection.
        sqlx::Error::Tls(_) if says("Invalid certificate") || says("BadEncoding") => {
            PlaceError::NoCertificate("sslrootcert")
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) if says("certificate") => {
            if says("not valid for name") || says("NotValidForName") {
                PlaceError::OtherName
            // The second is said of an authority that has another one's name, such as one that was made anew.
            } else if says("UnknownIssuer") || says("BadSignature") {
                PlaceError::UnknownAuthority
            } else {
                PlaceError::BadCertificate
            }
        }
        // The name may be a part of a password, and is not repeated.
        sqlx::Error::Io(_) if says(NOT_LOOKED_UP) => {
            let advice = "no host of that name was found: look at the address, in whose password @ : / ? # % have to be \
                          written as %40 %3A %2F %3F %23 %25";
            return LedgerError::Unavailable(Step::Connect, Cause::new(format!("{advice} ({said})")));
        }
        _ => return LedgerError::at(Step::Connect, &error),
    };
    place.into()
}

/// Brings the tables up to date, and makes them where they are to be made.
pub(super) async fn migrate(mut held: Held<'_, Postgres>, opening: Opening) -> Result<(), LedgerError> {
    held.say(Step::Begin, BEGIN).await?;
    // Servers that start together take turns.
    lock(&mut held, vec![lock_name(MIGRATION, "")]).await?;
    bring_up_to_date(&mut held, opening).await.map_err(|broken| broken.at(Step::Open))?;
    held.commit().await
}

async fn bring_up_to_date(connection: &mut PgConnection, opening: Opening) -> Result<(), sql::Broken> {
    let done = if is_ledger(&mut *connection, opening).await? {
        let row = sqlx::query("SELECT version FROM schema_version").fetch_one(&mut *connection).await?;
        usize::try_from(row.try_get::<i64, _>(0)?).map_err(|_| LedgerError::corrupt("schema_version"))?
    } else {
        sqlx::raw_sql("CREATE TABLE schema_version (version BIGINT NOT NULL)").execute(&mut *connection).await?;
        0
    };
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

/// Whether the database is a ledger; it is empty if it is none.
async fn is_ledger(connection: &mut PgConnection, opening: Opening) -> Result<bool, sql::Broken> {
    let row = sqlx::query(TABLES).fetch_one(&mut *connection).await?;
    let (known, all): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if known != KNOWN_BY {
        return match opening {
            _ if all > 0 => Err(LedgerError::from(PlaceError::Foreign).into()),
            Opening::Existing => Err(LedgerError::from(PlaceError::NoTables).into()),
            Opening::New | Opening::Either => Ok(false),
        };
    }
    if opening == Opening::New && sqlx::query(IS_BEGUN).fetch_one(&mut *connection).await?.try_get(0)? {
        return Err(LedgerError::from(PlaceError::Exists).into());
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
