//! A socket that says how far its connection is, and that no peer can hold open by not reading.

use super::head::{Found, Heads};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a peer may leave an answer unread.
const UNREAD: Duration = Duration::from_secs(20);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now_ms() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How far a connection is. The socket and the calls write it; whoever looks for room reads it.
pub(super) struct Progress {
    /// Calls whose answer is not at its end.
    calls: AtomicU32,
    /// When it began to wait for its peer, in milliseconds of this process.
    since: AtomicU64,
    /// Whether the body of the call that was begun is still to come. What the socket got says nothing of it: the next call
    /// may follow at once.
    lacks_body: AtomicBool,
    is_blocked: AtomicBool,
    is_in_head: AtomicBool,
    is_last: AtomicBool,
    is_refused: AtomicBool,
    was_stalled: AtomicBool,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            calls: AtomicU32::new(0),
            since: AtomicU64::new(now_ms()),
            lacks_body: AtomicBool::new(false),
            is_blocked: AtomicBool::new(false),
            is_in_head: AtomicBool::new(false),
            is_last: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            was_stalled: AtomicBool::new(false),
        }
    }
}

impl Progress {
    /// Since when it waits for its peer, to send a request or to read an answer; `None` while it works.
    pub(super) fn waits_since(&self) -> Option<u64> {
        let works = self.calls.load(Ordering::Relaxed) > 0
            && !self.lacks_body.load(Ordering::Relaxed)
            && !self.is_blocked.load(Ordering::Relaxed);
        (!works).then(|| self.since.load(Ordering::Relaxed))
    }

    /// Whether no call was begun and no answer is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == 0 && !self.is_blocked.load(Ordering::Relaxed)
    }

    /// Whether part of a head came.
    pub(super) fn is_in_head(&self) -> bool {
        self.is_in_head.load(Ordering::Relaxed)
    }

    /// Whether a head was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Whether the connection ends after this request.
    pub(super) fn is_last(&self) -> bool {
        self.is_last.load(Ordering::Relaxed)
    }

    /// Whether it ended because its peer did not read.
    pub(super) fn was_stalled(&self) -> bool {
        self.was_stalled.load(Ordering::Relaxed)
    }

    /// Begins a call, which ends when the value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Call {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Call(Arc::clone(self))
    }

    /// Says that the body of the call that begins is still to come.
    pub(super) fn begin_body(&self) {
        self.wait();
        self.lacks_body.store(true, Ordering::Relaxed);
    }

    /// Says that the body was read to its end, or is not wanted.
    pub(super) fn end_body(&self) {
        self.lacks_body.store(false, Ordering::Relaxed);
    }

    fn wait(&self) {
        self.since.store(now_ms(), Ordering::Relaxed);
    }

    fn read(&self, found: Found) {
        self.is_in_head.store(found == Found::Head, Ordering::Relaxed);
        if found == Found::Chunked {
            self.is_last.store(true, Ordering::Relaxed);
        }
        if found == Found::Refused {
            self.is_refused.store(true, Ordering::Relaxed);
        }
    }
}

/// A call of a connection.
pub(super) struct Call(Arc<Progress>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.wait();
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that is followed.
pub(super) struct Socket<S> {
    stream: S,
    heads: Heads,
    progress: Arc<Progress>,
    /// Runs while the peer does not read.
    unread: Option<Pin<Box<Sleep>>>,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self { stream, heads: Heads::default(), progress, unread: None }
    }

    /// Ends the connection if its peer has not read for too long.
    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.unread = None;
            self.progress.is_blocked.store(false, Ordering::Relaxed);
            return written;
        }
        if self.unread.is_none() {
            self.progress.wait();
            self.progress.is_blocked.store(true, Ordering::Relaxed);
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(tokio::time::sleep(UNREAD)));
        ready!(unread.as_mut().poll(cx));
        self.progress.was_stalled.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if let Some(bytes) = buffer.filled().get(before..).filter(|bytes| !bytes.is_empty()) {
            let found = this.heads.read(bytes);
            this.progress.read(found);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
