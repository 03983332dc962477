//! The page's clocks and timers.

use super::page::{Timer, now, running};
use super::tasks::{Outcome, Settled};
use crate::wallet::ports::{Clock, millis};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// `Date` and `performance.now()`.
#[derive(Clone, Copy, Debug)]
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now_ms(&self) -> u64 {
        // 53 bits of milliseconds outlast the calendar; a float cast saturates.
        now() as u64
    }

    fn running(&self) -> Duration {
        Duration::from_micros((running() * 1000.0) as u64)
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> {
        let timer = Timer::new(millis(time) as f64);
        Sleep { rang: Outcome::of(timer.rang(), |_| ()), timer }
    }
}

/// Clears its timer when dropped.
struct Sleep {
    rang: Settled<()>,
    timer: Timer,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.rang).poll(context)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.timer.stop();
    }
}
