//! The bodies of a call: its request's, which says when it was read, and its answer's, which ends the call when it is dropped.
//! And the answer of whoever finds no room.

use super::socket::{Call, Progress};
use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Written before any request was read.
pub(super) const NO_ROOM: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n";

/// A request's body. The call waits for its peer until it was read or is dropped.
pub(super) struct Asked {
    body: Incoming,
    progress: Arc<Progress>,
}

impl Asked {
    pub(super) fn new(body: Incoming, progress: Arc<Progress>) -> Self {
        if !body.is_end_stream() {
            progress.begin_body();
        }
        Self { body, progress }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.progress.end_body();
    }
}

impl hyper::body::Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.progress.end_body();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body with its call.
pub(super) struct Answer {
    body: Body,
    _call: Call,
}

impl Answer {
    pub(super) const fn new(body: Body, call: Call) -> Self {
        Self { body, _call: call }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
