//! Whose password is hashed next. A hash takes memory and a core for tens of milliseconds, and one network may send thousands
//! of logins at once before its tries are counted: they wait in a queue of their own, of which one at a time stands in
//! everybody's.

use crate::forwarded::wide;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Passwords hashed at once.
const AT_ONCE: usize = 2;

/// The queues.
pub(crate) struct Hashing {
    all: Arc<Semaphore>,
    networks: Mutex<HashMap<Option<IpAddr>, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_network: OwnedSemaphorePermit,
}

impl Hashing {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), networks: Mutex::default() }
    }

    /// Waits for the turn of a call from here. No source is a network of its own.
    pub(crate) async fn turn(&self, source: Option<IpAddr>) -> Option<Turn> {
        let of_network = self.queue(source.map(wide)).acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Turn { _of_all: of_all, _of_network: of_network })
    }

    /// The queue of a network. Queues where nobody waits are forgotten.
    fn queue(&self, network: Option<IpAddr>) -> Arc<Semaphore> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks.retain(|_, queue| Arc::strong_count(queue) > 1);
        Arc::clone(networks.entry(network).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

#[cfg(test)]
mod tests;
