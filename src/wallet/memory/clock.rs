//! A clock that moves only when it is told to.

use crate::wallet::ports::Clock;
use core::cell::{Cell, RefCell};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::rc::Rc;

/// Wall and monotonic clock; both move by [`MemoryClock::advance`], the wall alone by [`MemoryClock::set_skew`].
#[derive(Clone, Debug, Default)]
pub struct MemoryClock {
    inner: Rc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    start_ms: u64,
    skew_ms: Cell<i64>,
    running: Cell<Duration>,
    /// Wakers by the time they wait for.
    sleepers: RefCell<Vec<(Duration, Waker)>>,
}

impl MemoryClock {
    /// At `now_ms` since 1970.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { inner: Rc::new(Inner { start_ms: now_ms, ..Inner::default() }) }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let now = self.inner.running.get().saturating_add(time);
        self.inner.running.set(now);
        let mut sleepers = self.inner.sleepers.borrow_mut();
        let due: Vec<Waker> =
            sleepers.iter().filter(|(until, _)| *until <= now).map(|(_, waker)| waker.clone()).collect();
        sleepers.retain(|(until, _)| *until > now);
        drop(sleepers);
        due.iter().for_each(Waker::wake_by_ref);
    }

    /// Puts the wall clock off the true time by this much from now on.
    pub fn set_skew(&self, skew_ms: i64) {
        self.inner.skew_ms.set(skew_ms);
    }

    /// The true time, for the issuer's side of a test: milliseconds since 1970.
    #[must_use]
    pub fn true_ms(&self) -> u64 {
        let running = u64::try_from(self.inner.running.get().as_millis()).unwrap_or(u64::MAX);
        self.inner.start_ms.saturating_add(running)
    }
}

impl Clock for MemoryClock {
    fn now_ms(&self) -> u64 {
        self.true_ms().saturating_add_signed(self.inner.skew_ms.get())
    }

    fn running(&self) -> Duration {
        self.inner.running.get()
    }

    async fn sleep(&self, time: Duration) {
        let until = self.inner.running.get().saturating_add(time);
        core::future::poll_fn(|context| {
            if self.inner.running.get() >= until {
                return Poll::Ready(());
            }
            self.inner.sleepers.borrow_mut().push((until, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
