//! The ledger's clock.

use core::sync::atomic::{AtomicU64, Ordering};

/// Milliseconds since 1970.
#[derive(Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Debug)]
enum Source {
    #[cfg(not(target_arch = "wasm32"))]
    System,
    Movable(AtomicU64),
}

impl Clock {
    /// The operating system's clock.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub const fn system() -> Self {
        Self { source: Source::System }
    }

    /// A clock that stands at `now_ms` until somebody moves it.
    #[must_use]
    pub const fn movable(now_ms: u64) -> Self {
        Self { source: Source::Movable(AtomicU64::new(now_ms)) }
    }

    /// The time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        match &self.source {
            #[cfg(not(target_arch = "wasm32"))]
            Source::System => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            Source::Movable(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Sets a movable clock; the operating system's is left alone.
    pub fn set(&self, now_ms: u64) {
        match &self.source {
            #[cfg(not(target_arch = "wasm32"))]
            Source::System => {}
            Source::Movable(now) => now.store(now_ms, Ordering::SeqCst),
        }
    }

    /// Moves a movable clock ahead.
    pub fn advance(&self, ms: u64) {
        self.set(self.now_ms().saturating_add(ms));
    }
}
