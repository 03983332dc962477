//! What every call shares: the issuer, and what the server itself was told.

use crate::ledger::Books;
use crate::settings::Settings;
use axum::http::HeaderValue;
use jitsuin::code::Code;
use jitsuin::issuer::desk::{Reply, Request, SLOW};
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::{self, Issuer};
use jitsuin::wire::origin::Origin;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Passwords hashed at once: each takes memory and a core for tens of milliseconds.
const HASHES_AT_ONCE: usize = 2;
/// Wallets that follow their news at once.
const FOLLOWERS: usize = 1_000;

/// The demo's processor knows only the demo's cards; to any other it says no.
type Desk = Issuer<Books, DemoProcessor>;

/// One per process.
pub(crate) struct App {
    /// The issuer.
    pub(crate) issuer: Arc<Desk>,
    /// Its public URL.
    pub(crate) url: String,
    /// The proxy in front, if one is named.
    pub(crate) proxy: Option<IpAddr>,
    origins: Vec<Origin>,
    hosts: Vec<String>,
    hashing: Arc<Semaphore>,
    followers: Arc<Semaphore>,
}

impl App {
    /// Opens the ledger and the issuer.
    ///
    /// # Errors
    /// An unusable address, or what the ledger says.
    pub(crate) async fn open(
        settings: &Settings,
        addresses: &[SocketAddr],
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let port = addresses.first().map_or(0, SocketAddr::port);
        let url = settings.public_url.as_ref().map_or_else(|| format!("http://localhost:{port}"), ToString::to_string);
        let origins = if settings.origins.is_empty() { vec![url.parse()?] } else { settings.origins.clone() };
        let listed: Vec<&str> = origins.iter().map(Origin::as_str).collect();
        let rules =
            issuer::Settings::new(&url, &listed).map_err(|refusal| format!("--public-url, --origins: {refusal}"))?;
        let unopened = |error| format!("can't open the ledger {}: {error}", settings.ledger);
        let ledger = Books::open(&settings.ledger).await.map_err(unopened)?;
        let issuer = Arc::new(opened(ledger, settings, &rules).await?);
        let mut hosts: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
        hosts.extend(addresses.iter().map(|address| format!("localhost:{}", address.port())));
        let hashing = Arc::new(Semaphore::new(HASHES_AT_ONCE));
        let followers = Arc::new(Semaphore::new(FOLLOWERS));
        Ok(Self { issuer, url, proxy: settings.proxy, origins, hosts, hashing, followers })
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
        // The thread keeps its permit to the end: a caller who hangs up makes no room.
        let permit = Arc::clone(&self.hashing).acquire_owned().await.ok()?;
        let issuer = Arc::clone(&self.issuer);
        let runtime = Handle::current();
        let answered = tokio::task::spawn_blocking(move || {
            let reply = runtime.block_on(issuer.answer(&request));
            drop(permit);
            reply
        });
        answered.await.ok()
    }

    /// Room for one more stream; none, if there are too many or the server ends.
    pub(crate) fn follower(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.followers).try_acquire_owned().ok()
    }

    /// Ends every stream within a second.
    pub(crate) fn end_streams(&self) {
        self.followers.close();
    }

    /// Whether streams are to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.followers.is_closed()
    }

    /// Closes the ledger: what was begun is written, and its file stands alone.
    pub(crate) async fn close(&self) {
        self.issuer.ledger().close().await;
    }
}

/// The issuer over an open ledger.
///
/// # Errors
/// What to look at: the keys in a ledger are those of one identity.
async fn opened(ledger: Books, settings: &Settings, rules: &issuer::Settings) -> Result<Desk, String> {
    let refused = match Issuer::open(ledger.clone(), DemoProcessor::new(), rules.clone()).await {
        Ok(issuer) => return Ok(issuer),
        Err(refused) => refused,
    };
    // Or SQLite's log would be left beside the file.
    ledger.close().await;
    Err(match refused.code {
        Code::IssuerUnavailable => format!(
            "can't use the ledger {}: it can't be read, or it is another issuer's. --public-url has to be what it was made \
             with; it is {} now",
            settings.ledger, rules.issuer
        ),
        _ => format!("can't use the ledger {}: {refused}", settings.ledger),
    })
}
