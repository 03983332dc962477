//! Accounts for the attack page to be robbed of: a fresh one for each run, and what the books say of it.

use crate::demo::{NO_STORE, is_own_page};
use crate::problem::{problem, refuse};
use crate::state::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer::books::{Book, balance};
use jitsuin::issuer::funding::CardKind;
use jitsuin::issuer::ledger::{Kind, Ledger, Needs};
use jitsuin::issuer::{Refused, demo};
use jitsuin::wire::id::AccountId;
use jitsuin::wire::money::Amount;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the victim of one report of 2019 lost.
const OPENED: u32 = 90_000;
const PREFIX: &str = "victim-";

/// All that an attacker may know, and a till to spend at.
#[derive(Serialize)]
struct Victim {
    login: String,
    password: String,
    contact: String,
    account: AccountId,
    #[serde(rename = "tillCode")]
    till_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    login: String,
}

/// Minor units as text, as everywhere in JSON.
#[derive(Serialize)]
struct BookLines {
    opened: Amount,
    balance: String,
    charged: String,
}

/// Opens an account that existed before the wallet came, with a stored card.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !is_own_page(&app, from, &headers) {
        return problem(Code::NotFound);
    }
    match make(&app).await {
        Ok(victim) => (NO_STORE, Json(victim)).into_response(),
        Err(refused) => refuse(&refused),
    }
}

async fn make(app: &App) -> Result<Victim, Refused> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // The ledger may know victims of an earlier run of this program.
    let number = format!("{}-{}", app.issuer.ledger().now_ms(), COUNT.fetch_add(1, Ordering::Relaxed));
    let login = format!("{PREFIX}{number}");
    let person = demo::Person {
        login: login.clone(),
        password: "password1".into(),
        label: login.parse()?,
        contact: format!("{login}@example.test"),
        opened_with_wallet: false,
        balance: Amount::of(OPENED),
        cards: vec![CardKind::Normal],
    };
    // A till of its own, so that runs of the page don't use up the keys of a demo's till.
    let mut shops = demo::Plan::default().shops;
    shops.truncate(1);
    for shop in &mut shops {
        shop.till = format!("t/{number}").parse()?;
        shop.merchant = format!("m/{number}").parse()?;
    }
    let seeded = demo::seed(&app.issuer, &demo::Plan { people: vec![person.clone()], shops }).await?;
    let account = seeded.accounts.into_iter().next().map(|(_, account)| account).ok_or(Code::IssuerUnavailable)?;
    let till_code = seeded.till_codes.into_iter().next().map(|(_, code)| code).ok_or(Code::IssuerUnavailable)?;
    let demo::Person { password, contact, .. } = person;
    Ok(Victim { login, password, contact, account, till_code })
}

/// What the books say of a victim. Of nobody else.
pub(crate) async fn books(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_own_page(&app, from, &headers) {
        return problem(Code::NotFound);
    }
    let Ok(Whose { login }) = serde_json::from_slice(&body) else { return problem(Code::BadArgument) };
    match read(&app, &login).await {
        Ok(lines) => (NO_STORE, Json(lines)).into_response(),
        Err(refused) => refuse(&refused),
    }
}

async fn read(app: &App, login: &str) -> Result<BookLines, Refused> {
    let ledger = app.issuer.ledger();
    let find =
        |records: &mut jitsuin::issuer::ledger::Records| records.logins.get(login).map(|held| held.account.clone());
    let found = ledger.transact(Needs::new().and(Kind::Logins, login), find).await?;
    let account = found.filter(|_| login.starts_with(PREFIX)).ok_or(Code::NotFound)?;
    let entries = ledger.entries().await?;
    let own =
        |entry: &&jitsuin::issuer::books::Entry| entry.book == Book::Accounts && entry.account == account.as_str();
    let charged: i64 = entries
        .iter()
        .filter(own)
        .filter(|entry| entry.movement.starts_with("top-up/"))
        .map(|entry| entry.amount)
        .sum();
    Ok(BookLines {
        opened: Amount::of(OPENED),
        balance: balance(&entries, &account).to_string(),
        charged: charged.to_string(),
    })
}
