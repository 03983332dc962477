//! The page's clocks and timers.

use super::page::{Timer, now, running};
use super::tasks::Outcome;
use crate::wallet::ports::{Clock, millis};
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

    async fn sleep(&self, time: Duration) {
        /// Clears the timer when dropped.
        struct Running(Timer);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.stop();
            }
        }
        let timer = Running(Timer::new(millis(time) as f64));
        Outcome::of(timer.0.rang(), |_| ()).await;
    }
}
