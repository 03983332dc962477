//! The page's clocks and timers.

use super::reflect::deferred;
use crate::wallet::ports::Clock;
use core::time::Duration;
use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;

/// `Date` and `performance.now()`.
#[derive(Clone, Copy, Debug)]
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now_ms(&self) -> u64 {
        // 53 bits of milliseconds outlast the calendar; a float cast saturates.
        js_sys::Date::now() as u64
    }

    fn running(&self) -> Duration {
        let ms = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now());
        Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
    }

    async fn sleep(&self, time: Duration) {
        let timer = Timer::new(time);
        let _ = JsFuture::from(timer.rang.clone()).await;
    }
}

/// A timer that is cleared when dropped.
pub(super) struct Timer {
    id: Option<i32>,
    /// Fulfilled when the time is over.
    pub(super) rang: Promise,
}

impl Timer {
    pub(super) fn new(time: Duration) -> Self {
        let (rang, ring) = deferred();
        let ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let id = web_sys::window()
            .and_then(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(&ring, ms).ok());
        Self { id, rang }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let (Some(window), Some(id)) = (web_sys::window(), self.id) {
            window.clear_timeout_with_handle(id);
        }
    }
}
