//! How many streams of news are open: in all, and of one account, whose oldest ends when one more comes. Who follows an
//! account was proved, so a stranger's copy of a device can't keep its owner's streams out.

use jitsuin::wire::id::AccountId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Streams of one account: a few devices, each with a few pages.
const OF_ONE: usize = 8;

/// The streams of the process.
pub(crate) struct Streams {
    in_all: Arc<Semaphore>,
    /// Of each account that has some, the oldest first.
    accounts: Mutex<HashMap<AccountId, VecDeque<Open>>>,
}

struct Open {
    number: u64,
    /// Dropped to end the stream.
    _ends: oneshot::Sender<()>,
}

/// A stream's place; dropping it makes room.
pub(crate) struct Place {
    streams: Arc<Streams>,
    account: AccountId,
    number: u64,
    ended: oneshot::Receiver<()>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// None yet, and so many at most.
    pub(crate) fn new(in_all: usize) -> Arc<Self> {
        Arc::new(Self { in_all: Arc::new(Semaphore::new(in_all)), accounts: Mutex::default() })
    }

    /// A place for one more stream of an account; `None` if there are too many in all, or the server ends.
    pub(crate) fn join(self: &Arc<Self>, account: &AccountId) -> Option<Place> {
        let mut accounts = self.lock();
        let open = accounts.entry(account.clone()).or_default();
        // The oldest gives its place in the account at once, and its place in all as soon as it has ended.
        if open.len() >= OF_ONE {
            open.pop_front();
        }
        let Ok(permit) = Arc::clone(&self.in_all).try_acquire_owned() else {
            accounts.retain(|_, open| !open.is_empty());
            return None;
        };
        let number = open.back().map_or(0, |newest| newest.number.wrapping_add(1));
        let (ends, ended) = oneshot::channel();
        open.push_back(Open { number, _ends: ends });
        Some(Place { streams: Arc::clone(self), account: account.clone(), number, ended, _permit: permit })
    }

    /// Takes no further stream, and ends those that are open within a second.
    pub(crate) fn end(&self) {
        self.in_all.close();
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, VecDeque<Open>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits until the stream has to end.
    pub(crate) async fn ended(&mut self) {
        // The sender is dropped, never used.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut accounts = self.streams.lock();
        if let Some(open) = accounts.get_mut(&self.account) {
            open.retain(|other| other.number != self.number);
            if open.is_empty() {
                accounts.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    fn has_ended(place: &mut Place) -> bool {
        place.ended.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    fn account(name: &str) -> AccountId {
        name.parse().unwrap()
    }

    #[test]
    fn the_oldest_of_an_account_ends_when_one_more_comes() {
        let streams = Streams::new(100);
        let mut other = streams.join(&account("acc-2")).unwrap();
        let mut own: Vec<_> = (0..OF_ONE).map(|_| streams.join(&account("acc-1")).unwrap()).collect();
        assert!(!own.iter_mut().any(has_ended));
        own.push(streams.join(&account("acc-1")).unwrap());
        let ended: Vec<_> = own.iter_mut().map(has_ended).collect();
        assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
        assert!(ended[0] && !has_ended(&mut other));
        // One that went by itself makes room, and one that was ended takes nothing with it.
        own.remove(0);
        own.remove(0);
        own.push(streams.join(&account("acc-1")).unwrap());
        assert!(!own.iter_mut().any(has_ended));
        drop((own, other));
        assert!(streams.lock().is_empty());
    }

    #[test]
    fn there_are_so_many_in_all() {
        let streams = Streams::new(2);
        let first = streams.join(&account("acc-1")).unwrap();
        let mut second = streams.join(&account("acc-2")).unwrap();
        assert!(streams.join(&account("acc-3")).is_none());
        drop(first);
        let third = streams.join(&account("acc-3"));
        assert!(third.is_some());
        streams.end();
        assert!(has_ended(&mut second));
        drop(third);
        assert!(streams.join(&account("acc-4")).is_none());
    }
}
