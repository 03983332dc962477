//! What every call shares: the issuer, and what the server itself was told.

use crate::demo::{self, Made};
use crate::forwarded::Network;
use crate::hashing::Hashing;
use crate::ledger::Books;
use crate::ready::Readiness;
use crate::settings::Settings;
use crate::streams::Streams;
use crate::tally::Tally;
use axum::http::HeaderValue;
use jitsuin::code::Code;
use jitsuin::issuer::desk::{Reply, Request, SLOW};
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Kind, Ledger as _, LedgerError, PlaceError};
use jitsuin::issuer::{self, Cause, Issuer, Refused};
use jitsuin::wire::origin::Origin;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::runtime::Handle;
use tracing::{Instrument as _, Span};

/// The demo's processor knows only the demo's cards; to any other it says no.
type Desk = Issuer<Books, DemoProcessor>;

/// One per process.
pub(crate) struct App {
    /// The issuer.
    pub(crate) issuer: Arc<Desk>,
    /// Its public URL.
    pub(crate) url: String,
    /// The proxies in front.
    pub(crate) trusted_proxies: Vec<Network>,
    /// What probes are told.
    pub(crate) readiness: Readiness,
    /// What strangers caused.
    pub(crate) tally: Arc<Tally>,
    /// Wallets that follow their news.
    pub(crate) streams: Arc<Streams>,
    origins: Vec<Origin>,
    hosts: Vec<String>,
    hashing: Hashing,
}

impl App {
    /// Opens the ledger and the issuer, for so many streams of news at most.
    ///
    /// # Errors
    /// An unusable address, or what the ledger says.
    pub(crate) async fn open(
        settings: &Settings,
        addresses: &[SocketAddr],
        streams: usize,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let port = addresses.first().map_or(0, SocketAddr::port);
        let url = settings.public_url.as_ref().map_or_else(|| format!("http://localhost:{port}"), ToString::to_string);
        let origins = if settings.origins.is_empty() { vec![url.parse()?] } else { settings.origins.clone() };
        let listed: Vec<&str> = origins.iter().map(Origin::as_str).collect();
        let rules =
            issuer::Settings::new(&url, &listed).map_err(|refusal| format!("--public-url, --origins: {refusal}"))?;
        let unopened = |error| unopened(settings, error);
        let ledger = Books::open(&settings.ledger, settings.opening()).await.map_err(unopened)?;
        let issuer = Arc::new(opened(ledger, settings, &rules).await?);
        let mut hosts: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
        hosts.extend(addresses.iter().map(|address| format!("localhost:{}", address.port())));
        let hashing = Hashing::new();
        let streams = Streams::new(streams);
        let (trusted_proxies, readiness) = (settings.trusted_proxies.clone(), Readiness::default());
        let tally = Arc::default();
        Ok(Self { issuer, url, trusted_proxies, readiness, tally, origins, hosts, hashing, streams })
    }

    /// Whether pages of this origin may call.
    pub(crate) fn lists(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|listed| listed.as_str().as_bytes() == origin.as_bytes())
    }

    /// Whether a `Host` header names this machine.
    pub(crate) fn is_here(&self, host: &HeaderValue) -> bool {
        self.hosts.iter().any(|held| held.as_bytes() == host.as_bytes())
    }

    /// Asks the desk. A call that hashes a password gets a thread that may block; none, if that thread failed.
    pub(crate) async fn answer(&self, request: Request) -> Option<Reply> {
        if !SLOW.contains(&request.path.as_str()) {
            return Some(self.issuer.answer(&request).await);
        }
        // The thread keeps its turn to the end: a caller who hangs up makes no room.
        let turn = self.hashing.turn(request.source.parse().ok()).await?;
        let issuer = Arc::clone(&self.issuer);
        let runtime = Handle::current();
        let span = Span::current();
        let answered = tokio::task::spawn_blocking(move || {
            let reply = runtime.block_on(issuer.answer(&request).instrument(span));
            drop(turn);
            reply
        });
        answered.await.inspect_err(|error| tracing::error!(%error, "the thread of a slow call failed")).ok()
    }

    /// Closes the ledger: what was begun is written, and its file stands alone.
    pub(crate) async fn close(&self) {
        self.issuer.ledger().close().await;
    }
}

/// What the ledger's place needs, with this program's own options.
fn unopened(settings: &Settings, error: LedgerError) -> String {
    let hint = match error {
        LedgerError::Place(PlaceError::Missing | PlaceError::Empty | PlaceError::NoTables) if !settings.create => {
            " (--create makes a new ledger and a new issuer there)"
        }
        LedgerError::Place(PlaceError::Exists) => " (leave --create out)",
        _ => "",
    };
    format!("can't open the ledger {}: {}{hint}", settings.ledger, Cause::new(error).in_full())
}

/// The issuer over an open ledger.
///
/// # Errors
/// What to look at: the keys in a ledger are those of one identity.
async fn opened(ledger: Books, settings: &Settings, rules: &issuer::Settings) -> Result<Desk, String> {
    let refused = match look_and_open(&ledger, settings, rules).await {
        Ok((issuer, made)) => {
            let root = issuer.keys().set().root.thumbprint().to_string();
            let other = settings.root.as_ref().filter(|wanted| **wanted != root);
            match (other, made.refuses(settings.demo).filter(|_| settings.serves())) {
                (None, None) => return Ok(issuer),
                (Some(wanted), _) => format!("its root is {root}, and --root says {wanted}: look at its name"),
                (None, Some(why)) => why.into(),
            }
        }
        Err(refused) => said_of(&refused, &ledger).await,
    };
    // Or SQLite's log would be left beside the file.
    ledger.close().await;
    Err(format!("can't use the ledger {}: {refused}", settings.ledger))
}

/// The issuer, and whose the ledger was before it was opened.
async fn look_and_open(ledger: &Books, settings: &Settings, rules: &issuer::Settings) -> Result<(Desk, Made), Refused> {
    let made = Made::of(ledger).await?;
    if made == Made::New && settings.demo && settings.serves() {
        demo::mark(ledger).await?;
    }
    Ok((Issuer::open(ledger.clone(), DemoProcessor::new(), rules.clone()).await?, made))
}

async fn said_of(refused: &Refused, ledger: &Books) -> String {
    let Some(cause) = &refused.cause else {
        return match refused.code {
            Code::IssuerUnavailable => "its issuer's keys can't be read: restore it from a backup".into(),
            _ => refused.to_string(),
        };
    };
    let cause = cause.in_full();
    match ledger.keys(Kind::IssuerKeys).await {
        Ok(keys) if keys.is_empty() => {
            format!("{cause}: look at its name, or make the issuer in it with --create if no account is in it yet")
        }
        _ => cause,
    }
}
