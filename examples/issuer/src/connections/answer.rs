//! An answer's body, which ends its call when it is dropped, and the answer of whoever finds no room.

use super::socket::Call;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Written before any request was read.
pub(super) const NO_ROOM: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n";

/// A body with its call.
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
