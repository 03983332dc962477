//! Connections under limits that begin before any request: how many in all and of one address, how long a head, a pause or
//! an unread answer may take, and what a head has to look like. At a limit whoever keeps the server waiting goes first.

mod answer;
mod head;
mod limits;
mod socket;

use crate::forwarded::{Network, is_trusted, neighbour};
use crate::tally::{self, Event, Tally};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, header};
use head::Unreadable;
pub(crate) use head::refuse_unreadable;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jitsuin::issuer::in_full;
pub(crate) use limits::Limits;
use socket::{Progress, Socket};
use std::collections::HashMap;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// Longest time for a request's head, and longest pause between requests: more than the 15 seconds after which a wallet asks
/// again, so that it does not meet a connection that is just closing.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// The same for trusted proxies, which keep connections open and drop them first.
const PROXY_TIME: Duration = Duration::from_secs(75);
/// How long accepting pauses after it failed.
const PAUSE: Duration = Duration::from_millis(200);
/// How often, and how many times, somebody is looked for who makes room, before the newest is turned away.
const LOOK: Duration = Duration::from_millis(20);
/// See [`LOOK`].
const LOOKS: u32 = 100;
/// Connections that may still be closing beyond the limit.
const CLOSING: usize = 16;

/// Every connection of the process, over all listeners.
pub(crate) struct Connections {
    limits: Limits,
    trusted: Vec<Network>,
    held: Mutex<Held>,
    /// Tells that a connection closed, or stays although it was asked to make room.
    changed: Notify,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct Held {
    next: u64,
    all: HashMap<u64, Connection>,
}

struct Connection {
    neighbour: IpAddr,
    is_trusted: bool,
    progress: Arc<Progress>,
    /// Asks it to make room.
    yields: Arc<Notify>,
    is_yielding: bool,
}

/// A connection's place; dropping it makes room.
struct Place {
    connections: Arc<Connections>,
    number: u64,
    is_trusted: bool,
    progress: Arc<Progress>,
    yields: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().all.remove(&self.number);
        self.connections.changed.notify_waiters();
    }
}

impl Connections {
    /// None yet.
    pub(crate) fn new(limits: Limits, trusted: Vec<Network>, tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { limits, trusted, held: Mutex::default(), changed: Notify::new(), tally })
    }

    /// Accepts connections until the server ends, then waits for those that are open.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        router: Router,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut open = JoinSet::new();
        let mut minutes = tokio::time::interval(tally::EVERY);
        loop {
            let accepted = tokio::select! {
                accepted = async {
                    self.room().await;
                    listener.accept().await
                } => accepted,
                // An error means that the sender is gone, which is an end as well.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                Some(_) = open.join_next() => continue,
                _ = minutes.tick() => {
                    self.tally.tell();
                    continue;
                }
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(place) = self.admit_soon(peer.ip()).await {
                        open.spawn(serve(stream, peer, router.clone(), place, stopped.clone()));
                    } else {
                        turn_away(stream);
                    }
                }
                Err(error) => {
                    self.tally.note_error(Event::NotAccepted, &error);
                    self.make_room(&mut self.lock(), None);
                    // Or it would fail again at once, for as long as there is no descriptor.
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(listener);
        while open.join_next().await.is_some() {}
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more; `None` if there is none and nobody makes room in time.
    async fn admit_soon(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        for _ in 0..LOOKS {
            match self.admit(peer) {
                Ok(place) => return Some(place),
                Err(Event::InAll) => tokio::time::sleep(LOOK).await,
                // One address that has too many holds up no other.
                Err(refusal) => {
                    self.tally.note(refusal);
                    return None;
                }
            }
        }
        self.tally.note(Event::InAll);
        None
    }

    /// A place for one more.
    ///
    /// # Errors
    /// The limit that is reached, if nobody makes room.
    fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Event> {
        let (neighbour, is_trusted) = (neighbour(peer), is_trusted(&self.trusted, peer));
        let mut held = self.lock();
        let (mut in_all, mut of_one) = (0, 0);
        for other in held.all.values().filter(|other| !other.is_yielding) {
            in_all += 1;
            of_one += usize::from(other.neighbour == neighbour);
        }
        let reached = if !is_trusted && of_one >= self.limits.of_one {
            Some((Event::OfOne, Some(neighbour)))
        } else if in_all >= self.limits.in_all {
            Some((Event::InAll, None))
        } else {
            None
        };
        if let Some((refusal, of)) = reached {
            if !self.make_room(&mut held, of) {
                return Err(refusal);
            }
            self.tally.note(refusal);
        }
        let number = held.next;
        held.next = held.next.wrapping_add(1);
        let (progress, yields) = (Arc::new(Progress::default()), Arc::new(Notify::new()));
        let connection = Connection {
            neighbour,
            is_trusted,
            progress: Arc::clone(&progress),
            yields: Arc::clone(&yields),
            is_yielding: false,
        };
        held.all.insert(number, connection);
        Ok(Place { connections: Arc::clone(self), number, is_trusted, progress, yields })
    }

    /// Closes the connection that has kept the server waiting for longest, of this neighbour, or else of the one who has most
    /// that wait. Whether there was one. A trusted proxy's connections stay.
    fn make_room(&self, held: &mut Held, of: Option<IpAddr>) -> bool {
        let mut waiting: HashMap<IpAddr, (usize, u64, u64)> = HashMap::new();
        for (number, connection) in &held.all {
            let Some(since) = connection.progress.waits_since() else { continue };
            if connection.is_trusted || connection.is_yielding || of.is_some_and(|of| of != connection.neighbour) {
                continue;
            }
            let (count, oldest, first) = waiting.entry(connection.neighbour).or_insert((0, since, *number));
            *count += 1;
            if since < *oldest {
                (*oldest, *first) = (since, *number);
            }
        }
        let most = waiting.into_values().max_by_key(|(count, oldest, _)| (*count, std::cmp::Reverse(*oldest)));
        let Some(connection) = most.and_then(|(.., first)| held.all.get_mut(&first)) else { return false };
        connection.is_yielding = true;
        connection.yields.notify_one();
        true
    }

    /// Keeps a connection that was asked to make room and has begun a call since.
    fn keep(&self, number: u64) {
        if let Some(connection) = self.lock().all.get_mut(&number) {
            connection.is_yielding = false;
        }
        self.changed.notify_waiters();
    }

    /// Waits until there is a descriptor for one more: connections that make room close soon.
    async fn room(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            if !self.must_wait() {
                return;
            }
            changed.await;
        }
    }

    /// Whether there is no descriptor for one more before a connection that makes room has closed.
    fn must_wait(&self) -> bool {
        let held = self.lock();
        let is_full = held.all.len() >= self.limits.in_all + CLOSING;
        is_full && held.all.values().any(|connection| connection.is_yielding)
    }
}

/// Says that there is no room, as far as the socket takes it at once.
fn turn_away(stream: TcpStream) {
    // Whoever can't be told sees the connection close.
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(answer::NO_ROOM.as_bytes());
    }
}

/// Serves one connection to its end.
async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, place: Place, mut stopped: watch::Receiver<bool>) {
    let Place { connections, number, is_trusted, progress, yields } = &place;
    // Answers are written whole; without this, the last packet of a long one waits for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let calls = service_fn(|request| answer_one(request, peer, router.clone(), Arc::clone(progress)));
    let io = TokioIo::new(Socket::new(stream, Arc::clone(progress)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(if *is_trusted { PROXY_TIME } else { HEAD_TIME });
    http.max_buf_size(head::MOST).max_header_size(head::MOST);
    let mut connection = pin!(http.serve_connection(io, calls));
    let mut is_ending = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = yields.notified() => {
                if progress.waits_since().is_some() {
                    return;
                }
                connections.keep(*number);
            }
            _ = stopped.wait_for(|stopped| *stopped), if !is_ending => {
                if progress.is_idle() {
                    return;
                }
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    let Err(error) = ended else { return };
    if progress.was_stalled() {
        connections.tally.note(Event::Unread);
    } else if error.is_parse() {
        connections.tally.note(Event::Unreadable);
    } else if error.is_timeout() && progress.is_in_head() {
        connections.tally.note(Event::SlowHead);
    } else {
        tracing::debug!(cause = in_full(&error), "a connection ended");
    }
}

/// Answers one request of a connection.
async fn answer_one(
    request: Request<Incoming>,
    peer: SocketAddr,
    router: Router,
    progress: Arc<Progress>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let mut request = request.map(|body| Body::new(answer::Asked::new(body, Arc::clone(&progress))));
    let call = progress.begin();
    request.extensions_mut().insert(ConnectInfo(peer));
    let (is_refused, is_last) = (progress.is_refused(), progress.is_last());
    if is_refused {
        request.extensions_mut().insert(Unreadable);
    }
    let mut response = router.oneshot(request).await?;
    if is_refused || is_last {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Body::new(answer::Answer::new(body, call))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
