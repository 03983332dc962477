//! Whether the process runs, and whether it can do its work: for load balancers and supervisors. Neither needs a proof.

use crate::ledger::Books;
use crate::problem::problem;
use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer::in_full;
use jitsuin::issuer::ledger::{Kind, Ledger as _, LedgerError, Needs};
use jitsuin::issuer::used::Used;
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
/// The row that probes write over and over, among what was used.
const ROW: &str = "ready";

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
        if is_well && asked.last.is_some_and(|(_, was_well)| !was_well) {
            tracing::info!("ready again");
        }
        asked.last = Some((Instant::now(), is_well));
        // The end may have begun while the ledger was asked.
        is_well && !self.ending.load(Ordering::Relaxed)
    }
}

impl Asked {
    /// Whether a transaction that begins now ends well and in time. One that does not end is left to end by itself: what came
    /// of it is old by the next time and says nothing.
    async fn ask(&mut self, ledger: &Books) -> bool {
        let asking = async {
            if let Some(earlier) = &mut self.running {
                // It was said to be late.
                let _ = earlier.await;
            }
            let ledger = ledger.clone();
            self.running.insert(tokio::spawn(async move { write(&ledger).await })).await
        };
        let Ok(ended) = tokio::time::timeout(PATIENCE, asking).await else {
            tracing::warn!("not ready: the ledger does not answer in time");
            return false;
        };
        self.running = None;
        match ended {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(cause = in_full(&error), "not ready: the ledger failed");
                false
            }
            Err(error) => {
                tracing::error!(%error, "not ready: asking the ledger failed");
                false
            }
        }
    }
}

/// Does what most calls do: on a full disk a ledger can be read and takes nothing.
async fn write(ledger: &Books) -> Result<(), LedgerError> {
    let now = u32::try_from(ledger.now_ms() / 1_000).unwrap_or(u32::MAX);
    ledger.transact(Needs::new().and(Kind::Used, ROW), |records| records.used.put(ROW, Used { until: now })).await
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
