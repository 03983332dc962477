//! The event stream: one line for each newest receipt, read by `fetch`. Where responses are buffered on the way, the
//! wallet polls instead.

use crate::state::App;
use crate::streams::Place;
use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use jitsuin::issuer::desk::{Following, Reply};
use jitsuin::issuer::in_full;
use jitsuin::wire::calls::News;
use jitsuin::wire::number::Whole;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
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
    let Some(place) = app.streams.join(&following.account) else { return crate::routes::response(reply) };
    let (to, from) = mpsc::channel::<Line>(4);
    tokio::spawn(follow(Arc::clone(app), following, to, place).in_current_span());
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

async fn follow(app: Arc<App>, mut following: Following, to: mpsc::Sender<Line>, mut place: Place) {
    let line = |newest| {
        serde_json::to_string(&News { newest: Whole::saturating(newest) }).map(|line| line + "\n").unwrap_or_default()
    };
    if !say(&to, &mut place, line(following.newest)).await {
        return;
    }
    let mut ticks = tokio::time::interval(EVERY);
    for count in 1..=MOST {
        tokio::select! {
            _ = ticks.tick() => {}
            () = to.closed() => return,
            () = place.ended() => return,
        }
        let now = match app.issuer.newer(&following).await {
            Ok(now) => now,
            // Ends with its device too, and where the ledger fails: its wallet comes again.
            Err(refused) => {
                if refused.code.status() >= 500 {
                    tracing::error!(cause = in_full(&refused), "a stream of news ends");
                }
                return;
            }
        };
        let next = if now > following.newest {
            following.newest = now;
            line(now)
        } else if count % ALIVE == 0 {
            "\n".into()
        } else {
            continue;
        };
        if !say(&to, &mut place, next).await {
            return;
        }
    }
}

/// Whether a line was taken, rather than the stream ended.
async fn say(to: &mpsc::Sender<Line>, place: &mut Place, line: String) -> bool {
    tokio::select! {
        said = to.send(Ok(line)) => said.is_ok(),
        () = place.ended() => false,
    }
}
