//! Refusals that strangers can cause without end: each kind is logged at once, then at most once a minute with its number.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often one kind is logged.
pub(super) const EVERY: Duration = Duration::from_secs(60);

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
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
}

impl Refusal {
    const ALL: [Self; 6] =
        [Self::OfOne, Self::InAll, Self::SlowHead, Self::Unread, Self::Unreadable, Self::NotAccepted];

    const fn text(self) -> &'static str {
        match self {
            Self::OfOne => "connections: too many of one address; its oldest that waits is closed, or else its newest",
            Self::InAll => "connections: too many in all; the oldest that waits is closed, or else the newest",
            Self::SlowHead => "connections: closed, since a request's head did not come in time",
            Self::Unread => "connections: closed, since an answer was not read in time",
            Self::Unreadable => "connections: closed, since a request's head can't be read",
            Self::NotAccepted => "connections: the system gives none (is the limit of open files reached?)",
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
pub(super) struct Tally(Mutex<[Count; Refusal::ALL.len()]>);

impl Tally {
    /// Counts one.
    pub(super) fn note(&self, refusal: Refusal) {
        self.count(refusal, None);
    }

    /// Counts one with its cause.
    pub(super) fn note_error(&self, refusal: Refusal, error: &std::io::Error) {
        self.count(refusal, Some(error));
    }

    /// Logs what came since it was last logged.
    pub(super) fn tell(&self) {
        let mut counts = self.lock();
        for (refusal, count) in Refusal::ALL.iter().zip(counts.iter_mut()) {
            if count.untold > 0 {
                count.tell(*refusal, None);
            }
        }
    }

    fn count(&self, refusal: Refusal, error: Option<&std::io::Error>) {
        let mut counts = self.lock();
        for (kind, count) in Refusal::ALL.iter().zip(counts.iter_mut()).filter(|(kind, _)| **kind == refusal) {
            count.untold = count.untold.saturating_add(1);
            if count.told.is_none_or(|told| told.elapsed() >= EVERY) {
                count.tell(*kind, error);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, [Count; Refusal::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn tell(&mut self, refusal: Refusal, error: Option<&std::io::Error>) {
        tracing::warn!(count = self.untold, error = error.map(tracing::field::display), "{}", refusal.text());
        *self = Self { untold: 0, told: Some(Instant::now()) };
    }
}
