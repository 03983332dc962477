//! Whether the process runs, and whether it can do its work: for load balancers and supervisors. Neither needs a proof.

use crate::ledger::Books;
use crate::log::chain;
use crate::problem::problem;
use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer::ledger::{Ledger as _, LedgerError, Needs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Answers 200 for as long as the process runs.
pub(crate) const HEALTH: &str = "/health";
/// Answers 200 while calls can be answered.
pub(crate) const READY: &str = "/ready";
/// Both.
pub(crate) const PATHS: [&str; 2] = [HEALTH, READY];

/// How long a ledger that is well may take for a transaction.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long its answer counts: probes are no load.
const FRESH: Duration = Duration::from_secs(1);

/// What is known of the ledger, and whether the server ends.
#[derive(Default)]
pub(crate) struct Readiness {
    ending: AtomicBool,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// A transaction that is still running: at most one at a time.
    running: Option<JoinHandle<Result<(), LedgerError>>>,
    last: Option<(Instant, bool)>,
}

impl Readiness {
    /// From now on the server says that it is not ready.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    async fn is_ready(&self, ledger: &Books) -> bool {
        if self.ending.load(Ordering::Relaxed) {
            return false;
        }
        let mut asked = self.asked.lock().await;
        if let Some((at, is_well)) = asked.last
            && at.elapsed() < FRESH
        {
            return is_well;
        }
        let is_well = asked.ask(ledger).await;
        asked.last = Some((Instant::now(), is_well));
        // The end may have begun while the ledger was asked.
        is_well && !self.ending.load(Ordering::Relaxed)
    }
}

impl Asked {
    /// Whether a transaction over no record ends in time. One that does not is left to end by itself.
    async fn ask(&mut self, ledger: &Books) -> bool {
        let mut running = self.running.take().unwrap_or_else(|| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.transact(Needs::new(), |_| ()).await })
        });
        let Ok(ended) = tokio::time::timeout(PATIENCE, &mut running).await else {
            tracing::warn!("not ready: the ledger does not answer in time");
            self.running = Some(running);
            return false;
        };
        match ended {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(cause = chain(&error), "not ready: the ledger failed");
                false
            }
            Err(error) => {
                tracing::error!(%error, "not ready: asking the ledger failed");
                false
            }
        }
    }
}

/// Answers [`HEALTH`].
pub(crate) async fn health() -> Response {
    say(StatusCode::OK)
}

/// Answers [`READY`].
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.readiness.is_ready(app.issuer.ledger()).await {
        say(StatusCode::OK)
    } else {
        problem(Code::IssuerUnavailable)
    }
}

fn say(status: StatusCode) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}
