//! What exists only with `--demo`, on loopback: two known accounts, two tills, an inbox for all, a card company.

use crate::problem::{problem, refuse};
use crate::routes::is_json;
use crate::state::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer::{Refused, demo};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

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
