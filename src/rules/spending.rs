//! How an allowance is used up: sums and counts in a rolling window of 24 hours.

use crate::wire::json::json_object;
use crate::wire::money::Amount;

/// Length of the window in seconds.
pub const WINDOW: u32 = 24 * 3600;

/// One movement in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Seconds since 1970.
    pub at: u32,
    /// Minor units.
    pub amount: Amount,
}
json_object! { open Entry { at, amount } }

/// What moved in the last 24 hours. It only ever holds entries of the window, so it stays as small as the limits.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Meter {
    entries: Vec<Entry>,
}
json_object! { open Meter { entries } }

/// What a meter is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// One movement.
    pub each: Amount,
    /// The window's sum.
    pub total: Amount,
    /// The window's count.
    pub count: u32,
}

/// What a meter leaves of a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Minor units, at most one movement's cap.
    pub each: Amount,
    /// Minor units in the window.
    pub amount: Amount,
    /// Movements in the window.
    pub count: u32,
    /// When more is left, seconds since 1970; `now` if nothing is in the window.
    pub resets_at: u32,
}

/// Why a movement does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Over {
    /// Above the cap of one movement, at any time.
    Each(Left),
    /// Above what the window leaves now.
    Window(Left),
}

impl Over {
    /// What is left.
    #[must_use]
    pub const fn left(self) -> Left {
        match self {
            Self::Each(left) | Self::Window(left) => left,
        }
    }
}

impl Meter {
    fn in_window(&self, now: u32) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.at.saturating_add(WINDOW) > now)
    }

    /// Sum and count of the window.
    #[must_use]
    pub fn used(&self, now: u32) -> (Amount, u32) {
        self.in_window(now).fold((Amount::ZERO, 0), |(sum, count), entry| {
            (sum.plus(entry.amount).unwrap_or(Amount::MAX), count.saturating_add(1))
        })
    }

    /// What is left of `cap` at `now`.
    #[must_use]
    pub fn left(&self, cap: &Cap, now: u32) -> Left {
        let (used, count) = self.used(now);
        let amount = cap.total.minus(used).unwrap_or(Amount::ZERO);
        let count = cap.count.saturating_sub(count);
        let each = if count == 0 { Amount::ZERO } else { cap.each.min(amount) };
        let resets_at = self.in_window(now).map(|entry| entry.at.saturating_add(WINDOW)).min().unwrap_or(now);
        Left { each, amount, count, resets_at }
    }

    /// Whether `amount` fits at `now`.
    ///
    /// # Errors
    /// [`Over`].
    pub fn check(&self, cap: &Cap, amount: Amount, now: u32) -> Result<(), Over> {
        let left = self.left(cap, now);
        if amount > cap.each {
            return Err(Over::Each(left));
        }
        if amount > left.each { Err(Over::Window(left)) } else { Ok(()) }
    }

    /// Notes a movement and forgets what has left the window.
    pub fn add(&mut self, amount: Amount, now: u32) {
        self.entries.retain(|entry| entry.at.saturating_add(WINDOW) > now);
        self.entries.push(Entry { at: now, amount });
    }

    /// Takes a movement back, as a reversal does: the newest of that amount and time.
    pub fn take_back(&mut self, entry: Entry) {
        if let Some(at) = self.entries.iter().rposition(|held| *held == entry) {
            self.entries.remove(at);
        }
    }

    /// The movement nearest to `now`, seconds since 1970. The newest one, unless the clock was put back since.
    #[must_use]
    pub fn nearest_at(&self, now: u32) -> Option<u32> {
        self.entries.iter().map(|entry| entry.at).min_by_key(|at| at.abs_diff(now))
    }
}

#[cfg(test)]
mod tests;
