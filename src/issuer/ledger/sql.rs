//! Load and save of records in SQL, written once: each database's module has a copy of this one, over its own
//! `Db`, and `LOCK`, the words that lock a row it reads.

use super::{Db, LOCK};
use crate::issuer::books::{Book, Entry};
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::ledger::connections::Connections;
use crate::issuer::ledger::records::{Changes, Stored};
use crate::issuer::ledger::{Kind, LedgerError, Needs, Records, Step};
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::calls::ReceiptItem;
use crate::wire::id::{AccountId, Bytes, Hash};
use crate::wire::money::Currency;
use crate::wire::receipt::{self, Receipt};
use crate::wire::sign1;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Database, Row};

type Connection = <Db as Database>::Connection;
type SqlRow = <Db as Database>::Row;

/// The version from which on a receipt's row has its link.
pub(super) const WITH_LINKS: usize = 8;
/// Rows that get their links at a time.
const AT_A_TIME: i64 = 500;

/// A statement with the name of a kind's table in it, which comes from a closed list.
fn about(kind: Kind, before: &str, after: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{before} {} {after}", kind.name()))
}

/// A row of this table is none of ours. What is wrong with it is left out: it may be a value.
fn corrupt<E>(table: &'static str) -> impl Fn(E) -> LedgerError {
    move |_| LedgerError::corrupt(table)
}

/// Why records could not be loaded or kept.
pub(super) enum Broken {
    /// The database's own failure, whose step the caller knows.
    Sql(sqlx::Error),
    /// Any other.
    Ledger(LedgerError),
}

impl Broken {
    pub(super) fn at(self, step: Step) -> LedgerError {
        match self {
            Self::Sql(error) => LedgerError::at(step, &error),
            Self::Ledger(error) => error,
        }
    }
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<LedgerError> for Broken {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Rows of one table that is only read. A connection whose read failed is not used again.
async fn rows<T>(
    from: &Connections<Db>,
    query: Query<'_, Db, <Db as Database>::Arguments>,
    read: impl Fn(&SqlRow) -> Result<T, Broken>,
) -> Result<Vec<T>, LedgerError> {
    let mut held = from.take().await?;
    let rows = query.fetch_all(&mut *held).await.map_err(|error| LedgerError::at(Step::Read, &error))?;
    held.let_go();
    rows.iter().map(|row| read(row).map_err(|broken| broken.at(Step::Read))).collect()
}

/// Loads what is needed, and locks it.
pub(super) async fn load(from: &mut Connection, needs: &Needs) -> Result<Records, Broken> {
    read(from, needs, LOCK).await
}

/// Looks at what is needed.
pub(super) async fn look<R>(
    from: &Connections<Db>,
    needs: &Needs,
    rule: impl Fn(&Records) -> R,
) -> Result<R, LedgerError> {
    let mut held = from.take().await?;
    let records = read(&mut held, needs, "").await.map_err(|broken| broken.at(Step::Read))?;
    held.let_go();
    records.looked_at(rule)
}

async fn read(from: &mut Connection, needs: &Needs, lock: &str) -> Result<Records, Broken> {
    let mut records = Records::default();
    for (kind, key) in needs.list() {
        let query = sqlx::query(about(*kind, "SELECT body FROM", &["WHERE key = $1", lock].concat())).bind(key);
        let body = query.fetch_optional(&mut *from).await?.map(|row| row.try_get::<String, _>(0)).transpose()?;
        records.load(*kind, key.clone(), body.as_deref().map(str::as_bytes))?;
    }
    Ok(records)
}

/// Keeps what was changed and appended.
pub(super) async fn keep(to: &mut Connection, changes: &Changes) -> Result<(), Broken> {
    for (kind, key, stored) in &changes.rows {
        match stored {
            Some(Stored { body, until }) => {
                let put = "(key, body, until) VALUES ($1, $2, $3) \
                           ON CONFLICT (key) DO UPDATE SET body = excluded.body, until = excluded.until";
                let query = sqlx::query(about(*kind, "INSERT INTO", put)).bind(key).bind(body);
                query.bind(until.map(i64::from)).execute(&mut *to).await?;
            }
            None => {
                sqlx::query(about(*kind, "DELETE FROM", "WHERE key = $1")).bind(key).execute(&mut *to).await?;
            }
        }
    }
    for receipt in &changes.receipts {
        sqlx::query(
            "INSERT INTO receipts (account, seq, kind, at, receipt, body, link) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(receipt.account.as_str())
        .bind(i64::try_from(receipt.seq).map_err(corrupt("receipts"))?)
        .bind(receipt.kind.name())
        .bind(i64::from(receipt.at))
        .bind(&receipt.item.receipt.0)
        .bind(&receipt.item.body.0)
        .bind(link_of(&receipt.item.receipt.0)?)
        .execute(&mut *to)
        .await?;
    }
    for held in &changes.evidence {
        sqlx::query("INSERT INTO evidence (account, seq, until, body) VALUES ($1, $2, $3, $4)")
            .bind(held.account.as_str())
            .bind(i64::try_from(held.seq).map_err(corrupt("evidence"))?)
            .bind(i64::from(held.until))
            .bind(serde_json::to_string(&held.evidence).map_err(corrupt("evidence"))?)
            .execute(&mut *to)
            .await?;
    }
    for (account, now) in &changes.ended_evidence {
        sqlx::query("DELETE FROM evidence WHERE account = $1 AND until < $2")
            .bind(account.as_str())
            .bind(i64::from(*now))
            .execute(&mut *to)
            .await?;
    }
    for (account, seq) in &changes.erased {
        sqlx::query("UPDATE receipts SET body = $1 WHERE account = $2 AND seq = $3")
            .bind(Vec::<u8>::new())
            .bind(account.as_str())
            .bind(i64::try_from(*seq).map_err(corrupt("receipts"))?)
            .execute(&mut *to)
            .await?;
    }
    for entry in &changes.entries {
        sqlx::query(
            "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&entry.movement)
        .bind(entry.book.name())
        .bind(&entry.account)
        .bind(entry.amount)
        .bind(i64::from(entry.currency.number()))
        .bind(i64::from(entry.at))
        .execute(&mut *to)
        .await?;
    }
    for message in &changes.messages {
        sqlx::query(
            "INSERT INTO messages (account, recipient, at, subject, text, code) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(message.account.as_ref().map(AccountId::as_str))
        .bind(&message.to)
        .bind(i64::from(message.at))
        .bind(&message.subject)
        .bind(&message.text)
        .bind(message.code.as_deref())
        .execute(&mut *to)
        .await?;
    }
    Ok(())
}

fn at(row: &SqlRow, table: &'static str, column: &str) -> Result<u32, Broken> {
    Ok(row.try_get::<i64, _>(column)?.try_into().map_err(corrupt(table))?)
}

fn number(row: &SqlRow, table: &'static str, column: &str) -> Result<u64, Broken> {
    Ok(row.try_get::<i64, _>(column)?.try_into().map_err(corrupt(table))?)
}

/// Receipts of an account after a number.
pub(super) async fn receipts(
    from: &Connections<Db>,
    account: &AccountId,
    after: u64,
    most: usize,
) -> Result<Vec<StoredReceipt>, LedgerError> {
    const TABLE: &str = "receipts";
    let query = sqlx::query(
        "SELECT seq, kind, at, receipt, body FROM receipts WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    );
    let query = query.bind(account.as_str()).bind(i64::try_from(after).unwrap_or(i64::MAX));
    rows(from, query.bind(i64::try_from(most).unwrap_or(i64::MAX)), |row| {
        let kind: String = row.try_get("kind")?;
        let kind = receipt::Kind::ALL.iter().copied().find(|held| held.name() == kind);
        Ok(StoredReceipt {
            account: account.clone(),
            seq: number(row, TABLE, "seq")?,
            kind: kind.ok_or_else(|| LedgerError::corrupt(TABLE))?,
            at: at(row, TABLE, "at")?,
            item: ReceiptItem { receipt: Bytes(row.try_get("receipt")?), body: Bytes(row.try_get("body")?) },
        })
    })
    .await
}

/// The link of a receipt's statement.
fn link_of(statement: &[u8]) -> Result<Vec<u8>, LedgerError> {
    Ok(sign1::claimed::<Receipt>(statement).map_err(corrupt("receipts"))?.link().as_bytes().into())
}

/// Whether a receipt of an account has this link.
pub(super) async fn is_link(from: &Connections<Db>, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
    let query = sqlx::query("SELECT 1 FROM receipts WHERE account = $1 AND link = $2 LIMIT 1");
    let query = query.bind(account.as_str()).bind(link.as_bytes().as_slice());
    Ok(!rows(from, query, |_| Ok(())).await?.is_empty())
}

/// Gives the receipts of earlier versions their links.
pub(super) async fn fill_links(to: &mut Connection) -> Result<(), Broken> {
    loop {
        let query = sqlx::query("SELECT account, seq, receipt FROM receipts WHERE link IS NULL LIMIT $1");
        let rows = query.bind(AT_A_TIME).fetch_all(&mut *to).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let query = sqlx::query("UPDATE receipts SET link = $1 WHERE account = $2 AND seq = $3");
            let query = query.bind(link_of(&row.try_get::<Vec<u8>, _>("receipt")?)?);
            let query = query.bind(row.try_get::<String, _>("account")?).bind(row.try_get::<i64, _>("seq")?);
            query.execute(&mut *to).await?;
        }
    }
}

/// What is kept as evidence for an account, in order.
pub(super) async fn evidence(from: &Connections<Db>, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
    const TABLE: &str = "evidence";
    let query = sqlx::query("SELECT seq, until, body FROM evidence WHERE account = $1 ORDER BY seq");
    rows(from, query.bind(account.as_str()), |row| {
        let body: String = row.try_get("body")?;
        Ok(StoredEvidence {
            account: account.clone(),
            seq: number(row, TABLE, "seq")?,
            until: at(row, TABLE, "until")?,
            evidence: serde_json::from_str(&body).map_err(corrupt(TABLE))?,
        })
    })
    .await
}

/// Accounts of which some evidence ended before `now`.
pub(super) async fn ended_evidence(from: &Connections<Db>, now: u32) -> Result<Vec<AccountId>, LedgerError> {
    let query = sqlx::query("SELECT DISTINCT account FROM evidence WHERE until < $1 ORDER BY account");
    let read = |row: &SqlRow| Ok(row.try_get::<String, _>(0)?.parse().map_err(corrupt("evidence"))?);
    rows(from, query.bind(i64::from(now)), read).await
}

/// The keys of one kind.
pub(super) async fn keys(from: &Connections<Db>, kind: Kind) -> Result<Vec<String>, LedgerError> {
    rows(from, sqlx::query(about(kind, "SELECT key FROM", "ORDER BY key")), |row| Ok(row.try_get(0)?)).await
}

/// Every entry, in order.
pub(super) async fn entries(from: &Connections<Db>) -> Result<Vec<Entry>, LedgerError> {
    const TABLE: &str = "entries";
    let query = sqlx::query("SELECT movement, book, account, amount, currency, at FROM entries ORDER BY id");
    rows(from, query, |row| {
        let book: String = row.try_get("book")?;
        Ok(Entry {
            movement: row.try_get("movement")?,
            book: Book::from_name(&book).ok_or_else(|| LedgerError::corrupt(TABLE))?,
            account: row.try_get("account")?,
            amount: row.try_get("amount")?,
            currency: Currency::from_number(number(row, TABLE, "currency")?).map_err(corrupt(TABLE))?,
            at: at(row, TABLE, "at")?,
        })
    })
    .await
}

/// Messages after a number.
pub(super) async fn messages(from: &Connections<Db>, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
    const TABLE: &str = "messages";
    let query =
        sqlx::query("SELECT id, account, recipient, at, subject, text, code FROM messages WHERE id > $1 ORDER BY id");
    rows(from, query.bind(i64::try_from(after).unwrap_or(i64::MAX)), |row| {
        let account: Option<String> = row.try_get("account")?;
        let message = Message {
            account: account.map(|id| id.parse()).transpose().map_err(corrupt(TABLE))?,
            to: row.try_get("recipient")?,
            at: at(row, TABLE, "at")?,
            subject: row.try_get("subject")?,
            text: row.try_get("text")?,
            code: row.try_get("code")?,
        };
        Ok((number(row, TABLE, "id")?, message))
    })
    .await
}

/// Deletes what ended before `now`, each kind by itself: a long sweep holds no row for longer than it takes to delete it.
pub(super) async fn tidy(to: &Connections<Db>, now: u32) -> Result<(), LedgerError> {
    let mut held = to.take().await?;
    for kind in Kind::ALL {
        let query = sqlx::query(about(*kind, "DELETE FROM", "WHERE until < $1")).bind(i64::from(now));
        query.execute(&mut *held).await.map_err(|error| LedgerError::at(Step::Write, &error))?;
    }
    held.let_go();
    Ok(())
}
