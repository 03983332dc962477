//! A phone's clocks over the town's time: the wall may be off, drift, stand and jump, the monotonic one may sleep.

use jitsuin::wallet::ports::Clock;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Shared by the tabs of a phone.
#[derive(Clone)]
pub struct PhoneClock {
    inner: Rc<Inner>,
}

struct Inner {
    start_ms: u64,
    began: Instant,
    off_ms: Cell<i64>,
    /// Milliseconds that it gains in an hour, since when.
    drift: Cell<(i64, Instant)>,
    /// Since when the wall clock stands.
    stands: Cell<Option<u64>>,
    /// How long the monotonic clock has stood.
    slept: Cell<Duration>,
}

impl PhoneClock {
    /// Right, at `start_ms` since 1970.
    pub fn new(start_ms: u64) -> Self {
        let began = Instant::now();
        let (off_ms, slept) = (Cell::new(0), Cell::new(Duration::ZERO));
        let (drift, stands) = (Cell::new((0, began)), Cell::new(None));
        Self { inner: Rc::new(Inner { start_ms, began, off_ms, drift, stands, slept }) }
    }

    /// True time when it began.
    pub fn start_ms(&self) -> u64 {
        self.true_ms()
    }

    fn true_ms(&self) -> u64 {
        self.inner.start_ms + u64::try_from(self.inner.began.elapsed().as_millis()).unwrap()
    }

    /// How far the wall clock is off now.
    pub fn off_ms(&self) -> i64 {
        self.now_ms().cast_signed() - self.true_ms().cast_signed()
    }

    /// Puts the wall clock off the true time by this much.
    pub fn set_off(&self, ms: i64) {
        self.inner.off_ms.set(ms);
    }

    /// Lets it gain so many milliseconds an hour from now on.
    pub fn drift(&self, ms_an_hour: i64) {
        self.inner.drift.set((ms_an_hour, Instant::now()));
    }

    /// Lets the wall clock stand.
    pub fn stand(&self) {
        self.inner.stands.set(Some(self.now_ms()));
    }

    /// The monotonic clock has stood for this long.
    pub fn slept(&self, time: Duration) {
        let slept = (self.inner.slept.get() + time).min(self.inner.began.elapsed());
        self.inner.slept.set(slept);
    }

    /// It goes on from where it is, right or not, as fast as it should.
    pub fn steady(&self) {
        let off = self.off_ms();
        self.inner.stands.set(None);
        self.drift(0);
        self.set_off(off);
    }

    /// It is right from now on.
    pub fn calm(&self) {
        self.inner.stands.set(None);
        self.set_off(0);
        self.drift(0);
    }
}

impl Clock for PhoneClock {
    fn now_ms(&self) -> u64 {
        if let Some(stands) = self.inner.stands.get() {
            return stands;
        }
        let (gain, since) = self.inner.drift.get();
        let drifted = gain * i64::try_from(since.elapsed().as_secs()).unwrap() / 3600;
        self.true_ms().saturating_add_signed(self.inner.off_ms.get() + drifted)
    }

    fn running(&self) -> Duration {
        self.inner.began.elapsed() - self.inner.slept.get()
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }
}
