//! Load and save of records in SQL, written once: each database's module has a copy of this one, over its own
//! `Connection`, `SqlRow`, and `LOCK`, the words that lock a row it reads.

use super::{Connection, LOCK, SqlRow};
use crate::issuer::books::{Book, Entry};
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::ledger::records::{Changes, Stored};
use crate::issuer::ledger::{Kind, LedgerError, Needs, Records};
use crate::issuer::messages::Message;
use crate::issuer::receipts::StoredReceipt;
use crate::wire::calls::ReceiptItem;
use crate::wire::id::{AccountId, Bytes, Hash};
use crate::wire::money::Currency;
use crate::wire::receipt::{self, Receipt};
use crate::wire::sign1;
use sqlx::{AssertSqlSafe, Row};

/// The version from which on a receipt's row has its link.
pub(super) const WITH_LINKS: usize = 8;
/// Rows that get their links at a time.
const AT_A_TIME: i64 = 500;

/// A statement with the name of a kind's table in it, which comes from a closed list.
fn about(kind: Kind, before: &str, after: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{before} {} {after}", kind.name()))
}

fn corrupt<E>(_: E) -> LedgerError {
    LedgerError::Corrupt
}

/// Loads what is needed.
pub(super) async fn load(from: &mut Connection, needs: &Needs) -> Result<Records, LedgerError> {
    let mut records = Records::default();
    for (kind, key) in needs.list() {
        let query = sqlx::query(about(*kind, "SELECT body FROM", &["WHERE key = $1", LOCK].concat())).bind(key);
        let body = query.fetch_optional(&mut *from).await?.map(|row| row.try_get::<String, _>(0)).transpose()?;
        records.load(*kind, key.clone(), body.as_deref().map(str::as_bytes))?;
    }
    Ok(records)
}

/// Keeps what was changed and appended.
pub(super) async fn keep(to: &mut Connection, changes: &Changes) -> Result<(), LedgerError> {
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
        .bind(i64::try_from(receipt.seq).map_err(corrupt)?)
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
            .bind(i64::try_from(held.seq).map_err(corrupt)?)
            .bind(i64::from(held.until))
            .bind(serde_json::to_string(&held.evidence).map_err(corrupt)?)
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
            .bind(i64::try_from(*seq).map_err(corrupt)?)
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

fn at(row: &SqlRow, column: &str) -> Result<u32, LedgerError> {
    row.try_get::<i64, _>(column)?.try_into().map_err(corrupt)
}

/// Receipts of an account after a number.
pub(super) async fn receipts(
    from: &mut Connection,
    account: &AccountId,
    after: u64,
    most: usize,
) -> Result<Vec<StoredReceipt>, LedgerError> {
    let rows = sqlx::query(
        "SELECT seq, kind, at, receipt, body FROM receipts WHERE account = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    )
    .bind(account.as_str())
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(from)
    .await?;
    let read = |row: &SqlRow| {
        let kind: String = row.try_get("kind")?;
        Ok(StoredReceipt {
            account: account.clone(),
            seq: row.try_get::<i64, _>("seq")?.try_into().map_err(corrupt)?,
            kind: receipt::Kind::ALL.iter().copied().find(|held| held.name() == kind).ok_or(LedgerError::Corrupt)?,
            at: at(row, "at")?,
            item: ReceiptItem { receipt: Bytes(row.try_get("receipt")?), body: Bytes(row.try_get("body")?) },
        })
    };
    rows.iter().map(read).collect()
}

/// The link of a receipt's statement.
fn link_of(statement: &[u8]) -> Result<Vec<u8>, LedgerError> {
    Ok(sign1::claimed::<Receipt>(statement).map_err(corrupt)?.link().as_bytes().into())
}

/// Whether a receipt of an account has this link.
pub(super) async fn is_link(from: &mut Connection, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
    let query = sqlx::query("SELECT 1 FROM receipts WHERE account = $1 AND link = $2");
    Ok(query.bind(account.as_str()).bind(link.as_bytes().as_slice()).fetch_optional(from).await?.is_some())
}

/// Gives the receipts of earlier versions their links.
pub(super) async fn fill_links(to: &mut Connection) -> Result<(), LedgerError> {
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
pub(super) async fn evidence(from: &mut Connection, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
    let query = sqlx::query("SELECT seq, until, body FROM evidence WHERE account = $1 ORDER BY seq");
    let rows = query.bind(account.as_str()).fetch_all(from).await?;
    let read = |row: &SqlRow| {
        Ok(StoredEvidence {
            account: account.clone(),
            seq: row.try_get::<i64, _>("seq")?.try_into().map_err(corrupt)?,
            until: at(row, "until")?,
            evidence: serde_json::from_str(&row.try_get::<String, _>("body")?).map_err(corrupt)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Accounts of which some evidence ended before `now`.
pub(super) async fn ended_evidence(from: &mut Connection, now: u32) -> Result<Vec<AccountId>, LedgerError> {
    let query = sqlx::query("SELECT DISTINCT account FROM evidence WHERE until < $1 ORDER BY account");
    let rows = query.bind(i64::from(now)).fetch_all(from).await?;
    rows.iter().map(|row| row.try_get::<String, _>(0)?.parse().map_err(corrupt)).collect()
}

/// The keys of one kind.
pub(super) async fn keys(from: &mut Connection, kind: Kind) -> Result<Vec<String>, LedgerError> {
    let rows = sqlx::query(about(kind, "SELECT key FROM", "ORDER BY key")).fetch_all(from).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Every entry, in order.
pub(super) async fn entries(from: &mut Connection) -> Result<Vec<Entry>, LedgerError> {
    let rows = sqlx::query("SELECT movement, book, account, amount, currency, at FROM entries ORDER BY id")
        .fetch_all(from)
        .await?;
    let read = |row: &SqlRow| {
        let book: String = row.try_get("book")?;
        let currency: u64 = row.try_get::<i64, _>("currency")?.try_into().map_err(corrupt)?;
        Ok(Entry {
            movement: row.try_get("movement")?,
            book: Book::from_name(&book).ok_or(LedgerError::Corrupt)?,
            account: row.try_get("account")?,
            amount: row.try_get("amount")?,
            currency: Currency::from_number(currency).map_err(corrupt)?,
            at: at(row, "at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Messages after a number.
pub(super) async fn messages(from: &mut Connection, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
    let rows =
        sqlx::query("SELECT id, account, recipient, at, subject, text, code FROM messages WHERE id > $1 ORDER BY id")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .fetch_all(from)
            .await?;
    let read = |row: &SqlRow| {
        let account: Option<String> = row.try_get("account")?;
        let message = Message {
            account: account.map(|id| id.parse()).transpose().map_err(corrupt)?,
            to: row.try_get("recipient")?,
            at: at(row, "at")?,
            subject: row.try_get("subject")?,
            text: row.try_get("text")?,
            code: row.try_get("code")?,
        };
        Ok((row.try_get::<i64, _>("id")?.try_into().map_err(corrupt)?, message))
    };
    rows.iter().map(read).collect()
}

/// Deletes what ended before `now`.
pub(super) async fn tidy(to: &mut Connection, now: u32) -> Result<(), LedgerError> {
    for kind in Kind::ALL {
        sqlx::query(about(*kind, "DELETE FROM", "WHERE until < $1")).bind(i64::from(now)).execute(&mut *to).await?;
    }
    Ok(())
}
