//! What strangers can cause without end: each kind is logged at once, then at most once a minute with its number.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often one kind is logged.
pub(crate) const EVERY: Duration = Duration::from_secs(60);

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// One address had as many connections as it may.
    OfOne,
    /// There were as many connections as there may be.
    InAll,
    /// A head did not come in time.
    SlowHead,
    /// An answer was not read in time.
    Unread,
    /// A head could not be read.
    Unreadable,
    /// The system gave no connection.
    NotAccepted,
    /// A call came by a proxy that is not listed.
    UnlistedProxy,
    /// A listed proxy's two headers name different callers.
    TwoCallers,
}

impl Event {
    const ALL: [Self; 8] = [
        Self::OfOne,
        Self::InAll,
        Self::SlowHead,
        Self::Unread,
        Self::Unreadable,
        Self::NotAccepted,
        Self::UnlistedProxy,
        Self::TwoCallers,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::OfOne => "connections: too many of one address; its oldest that waits is closed, or else its newest",
            Self::InAll => "connections: too many in all; the oldest that waits is closed, or else the newest",
            Self::SlowHead => "connections: closed, since a request's head did not come in time",
            Self::Unread => "connections: closed, since an answer was not read in time",
            Self::Unreadable => "connections: closed, since a request's head can't be read",
            Self::NotAccepted => "connections: the system gives none (is the limit of open files reached?)",
            Self::UnlistedProxy => {
                "X-Forwarded-For or Forwarded came from an address that is not in --trusted-proxy: if a proxy of yours sends \
                 it, all callers behind it share one limit"
            }
            Self::TwoCallers => {
                "X-Forwarded-For and Forwarded name different callers and neither is believed: have the proxy remove the one \
                 that it does not write"
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Count {
    untold: u64,
    told: Option<Instant>,
}

/// Counts of each kind.
#[derive(Default)]
pub(crate) struct Tally(Mutex<[Count; Event::ALL.len()]>);

impl Tally {
    /// Counts one.
    pub(crate) fn note(&self, event: Event) {
        self.count(event, None, None);
    }

    /// Counts one with its cause.
    pub(crate) fn note_error(&self, event: Event, error: &std::io::Error) {
        self.count(event, Some(error), None);
    }

    /// Counts one of whoever is at the other end of a connection. That is logged only where it is no person on the internet.
    pub(crate) fn note_peer(&self, event: Event, peer: IpAddr) {
        self.count(event, None, Some(peer).filter(|peer| is_near(peer.to_canonical())));
    }

    /// Logs what came since it was last logged.
    pub(crate) fn tell(&self) {
        let mut counts = self.lock();
        for (event, count) in Event::ALL.iter().zip(counts.iter_mut()) {
            if count.untold > 0 {
                count.tell(*event, None, None);
            }
        }
    }

    fn count(&self, event: Event, error: Option<&std::io::Error>, peer: Option<IpAddr>) {
        let mut counts = self.lock();
        for (kind, count) in Event::ALL.iter().zip(counts.iter_mut()).filter(|(kind, _)| **kind == event) {
            count.untold = count.untold.saturating_add(1);
            if count.told.is_none_or(|told| told.elapsed() >= EVERY) {
                count.tell(*kind, error, peer);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, [Count; Event::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn tell(&mut self, event: Event, error: Option<&std::io::Error>, peer: Option<IpAddr>) {
        let (error, peer) = (error.map(tracing::field::display), peer.map(tracing::field::display));
        tracing::warn!(count = self.untold, error, peer, "{}", event.text());
        *self = Self { untold: 0, told: Some(Instant::now()) };
    }
}

/// Whether an address is of this machine or of a private network.
const fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn addresses_of_the_internet_are_nobodys_business() {
        let near = ["127.0.0.9", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.0.1", "::1", "fd00::1", "fe80::1"];
        let far = ["203.0.113.7", "172.32.0.1", "8.8.8.8", "100.64.0.1", "2001:db8::1", "::ffff:10.0.0.1", "0.0.0.0"];
        assert!(near.iter().all(|text| text.parse().is_ok_and(is_near)));
        assert!(far.iter().all(|text| text.parse().is_ok_and(|address| !is_near(address))));
    }
}
