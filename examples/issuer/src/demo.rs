//! What exists only with `--demo`, on loopback: two known accounts, two tills, an inbox for all, a card company.

use crate::ledger::Books;
use crate::problem::{problem, refuse};
use crate::routes::is_json;
use crate::state::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer::ledger::{Kind, Ledger as _, LedgerError, Needs};
use jitsuin::issuer::used::Used;
use jitsuin::issuer::{Refused, demo};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// Marks a ledger as a demo's: among what was used, for ever.
const MARK: &str = "demo";

/// Whose ledger it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// Nobody's yet: there are no keys of an issuer in it.
    New,
    /// A demo's.
    ByDemo,
    /// An issuer's own.
    ByIssuer,
}

impl Made {
    /// Whose an open ledger is. A demo of before there was a mark is known by its first till: anybody may open an account
    /// under any login, but tills are the issuer's.
    ///
    /// # Errors
    /// The ledger's failure.
    pub(crate) async fn of(ledger: &Books) -> Result<Self, LedgerError> {
        let shop = demo::Plan::default().shops.into_iter().next();
        let needs = Needs::new().and(Kind::Used, MARK);
        let needs = shop.iter().fold(needs, |needs, shop| needs.and(Kind::Tills, &shop.till));
        let is_demos = ledger.transact(needs, |records| {
            let is_till = |shop: &demo::Shop| {
                let held = records.tills.get(&shop.till);
                held.is_some_and(|held| held.merchant == shop.merchant && held.name == shop.name.clone().into())
            };
            records.used.get(MARK).is_some() || shop.as_ref().is_some_and(is_till)
        });
        Ok(match is_demos.await? {
            true => Self::ByDemo,
            false if ledger.keys(Kind::IssuerKeys).await?.is_empty() => Self::New,
            false => Self::ByIssuer,
        })
    }

    /// Why a server, with `--demo` or without, does not run over it; a demo's passwords are known to everybody.
    pub(crate) const fn refuses(self, demo: bool) -> Option<&'static str> {
        match (self, demo) {
            (Self::ByIssuer, true) => Some(
                "it was made without --demo, which adds accounts with known passwords: leave --demo out, or name another place",
            ),
            (Self::ByDemo, false) => {
                Some("it was made with --demo, whose passwords are known: start it with --demo, or name another place")
            }
            _ => None,
        }
    }
}

/// Marks a new ledger as a demo's, before anything else is in it.
///
/// # Errors
/// The ledger's failure.
pub(crate) async fn mark(ledger: &Books) -> Result<(), LedgerError> {
    let needs = Needs::new().and(Kind::Used, MARK);
    ledger.transact(needs, |records| records.used.put(MARK, Used { until: u32::MAX })).await
}

/// A message as the inbox page shows it.
#[derive(Serialize)]
struct Shown {
    to: String,
    subject: String,
    text: String,
    at: u32,
}

/// What the card company's page sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardCode {
    proof: String,
    code: String,
}

/// Writes the demo's people and shops into a new ledger. An old one gets fresh till codes, since its own may be used.
///
/// # Errors
/// The issuer's refusal.
pub(crate) async fn seed(app: &App) -> Result<(), Refused> {
    let plan = demo::Plan::default();
    let seeded = demo::seed(&app.issuer, &plan).await?;
    for shop in &plan.shops {
        if !seeded.till_codes.iter().any(|(till, _)| *till == shop.till) {
            app.issuer.send_till_code(&shop.till).await?;
        }
    }
    Ok(())
}

/// Says where to look and who to be.
///
/// # Errors
/// Stdout is closed.
pub(crate) fn say(app: &App, out: &mut impl Write) -> std::io::Result<()> {
    let url = &app.url;
    writeln!(out, "wallet  {url}/")?;
    writeln!(out, "till    {url}/till.html    (one-time till codes: in the inbox)")?;
    writeln!(out, "inbox   {url}/inbox.html")?;
    writeln!(out, "attack  {url}/attack.html    (the steps of 2019, tried against this issuer)")?;
    for person in demo::Plan::default().people {
        let demo::Person { login, password, opened_with_wallet, .. } = person;
        let about = if opened_with_wallet { "opened with the wallet" } else { "existed before: first-day limits" };
        writeln!(out, "login   {login} / {password}    ({about})")?;
    }
    Ok(())
}

/// Every message so far, oldest first.
pub(crate) async fn inbox(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !is_own_page(&app, from, &headers) {
        return problem(Code::NotFound);
    }
    match app.issuer.inbox(0).await {
        Ok(messages) => {
            let shown = |(_, message): (u64, jitsuin::issuer::messages::Message)| Shown {
                to: message.to,
                subject: message.subject,
                text: message.text,
                at: message.at,
            };
            (NO_STORE, Json(messages.into_iter().map(shown).collect::<Vec<_>>())).into_response()
        }
        Err(refused) => refuse(&refused),
    }
}

/// Finishes the proof of a card, as a card company does once its customer has typed its code.
pub(crate) async fn card(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_own_page(&app, from, &headers) {
        return problem(Code::NotFound);
    }
    let Ok(CardCode { proof, code }) = serde_json::from_slice(&body) else { return problem(Code::BadArgument) };
    match app.issuer.finish_card_proof(&proof, &code).await {
        Ok(()) => (NO_STORE, Json(serde_json::json!({}))).into_response(),
        Err(refused) => refuse(&refused),
    }
}

/// A page elsewhere can reach loopback too, by its own origin or by a name made to point here: neither gets an answer.
pub(crate) fn is_own_page(app: &App, from: SocketAddr, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).is_none_or(|origin| app.lists(origin));
    let host = headers.get(header::HOST).is_some_and(|host| app.is_here(host));
    from.ip().is_loopback() && origin && host && is_json(headers)
}
