//! The event stream: one line for each newest receipt, read by `fetch`. Where responses are buffered on the way, the
//! wallet polls instead.

use crate::state::App;
use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use jitsuin::issuer::desk::{Following, Reply};
use jitsuin::wire::calls::News;
use jitsuin::wire::number::Whole;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tracing::Instrument as _;

/// How often the ledger is asked.
const EVERY: Duration = Duration::from_secs(1);
/// An empty line at least this often, so that whoever is between does not take the stream for dead.
const ALIVE: u32 = 15;
/// A stream ends after so many questions; its wallet proves itself again.
const MOST: u32 = 300;

type Line = Result<String, Infallible>;

/// Opens the stream of an answered call.
pub(crate) fn stream(app: &Arc<App>, reply: Reply, following: Following) -> Response {
    // One too many is told once, as a poll would be, and comes again.
    let Some(permit) = app.follower() else { return crate::routes::response(reply) };
    let (to, from) = mpsc::channel::<Line>(4);
    tokio::spawn(follow(Arc::clone(app), following, to, permit).in_current_span());
    let mut response = Body::from_stream(ReceiverStream::new(from)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Some(nonce) = reply.nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
    response
}

async fn follow(app: Arc<App>, mut following: Following, to: mpsc::Sender<Line>, _permit: OwnedSemaphorePermit) {
    let line = |newest| {
        serde_json::to_string(&News { newest: Whole::saturating(newest) }).map(|line| line + "\n").unwrap_or_default()
    };
    if to.send(Ok(line(following.newest))).await.is_err() {
        return;
    }
    let mut ticks = tokio::time::interval(EVERY);
    for count in 1..=MOST {
        tokio::select! {
            _ = ticks.tick() => {}
            () = to.closed() => return,
        }
        if app.is_ending() {
            return;
        }
        // Ends with its device too.
        let now = match app.issuer.newer(&following).await {
            Ok(now) => now,
            Err(refused) => {
                if let Some(cause) = &refused.cause {
                    tracing::error!(cause = cause.in_full(), "a stream ends");
                }
                return;
            }
        };
        let said = if now > following.newest {
            following.newest = now;
            to.send(Ok(line(now))).await
        } else if count % ALIVE == 0 {
            to.send(Ok("\n".into())).await
        } else {
            Ok(())
        };
        if said.is_err() {
            return;
        }
    }
}
