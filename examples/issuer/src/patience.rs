//! The limit of a call's time, and whose it was.

use crate::problem::problem;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use hyper::body::{Frame, SizeHint};
use jitsuin::code::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Answers a request, its body's arrival included, within the limit. Who was too slow to send it is told `timed-out` (408).
/// Once all of it is here it is the server that was too slow: what was asked may have been done, and `issuer-busy` (503) says
/// so to the caller, who asks again.
pub(crate) async fn limit<F: Future<Output = Response>>(
    limit: Duration,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let arrived = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let request = request.map(|inner| Body::new(Watched { inner, arrived: Arc::clone(&arrived) }));
    match tokio::time::timeout(limit, answer(request)).await {
        Ok(response) => response,
        Err(_) if arrived.load(Ordering::Relaxed) => {
            tracing::warn!(
                seconds = limit.as_secs(),
                "a call was cut off: the ledger or the card processor did not answer in time"
            );
            problem(Code::IssuerBusy)
        }
        Err(_) => problem(Code::TimedOut),
    }
}

/// A body that notes when all of it is here.
struct Watched {
    inner: Body,
    arrived: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if frame.is_none() || self.inner.is_end_stream() {
            self.arrived.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
