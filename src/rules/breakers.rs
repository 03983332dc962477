//! Circuit breakers: how much one till, one merchant and the whole issuer may take, since an attack may be on all
//! users at once (protocol section 8).

use super::policy::Ceiling;
use crate::wire::money::Amount;
use serde::{Deserialize, Serialize};

const HOUR: u32 = 3600;
const DAY: u32 = 24 * 3600;
/// Payments are summed in steps of so many seconds, which bounds what is kept: 288 sums a day.
const STEP: u32 = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    /// Seconds since 1970.
    at: u32,
    amount: Amount,
    new_payers: u32,
}

/// What went through one place in the last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    steps: Vec<Step>,
    /// When somebody was last told that it tripped, seconds since 1970.
    #[serde(default)]
    told_at: u32,
}

/// The ceiling that a payment would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tripped {
    /// Minor units in an hour or a day.
    Amount,
    /// Accounts that had never paid this merchant, in an hour or a day.
    NewPayers,
}

impl Flow {
    /// Sums of the last `window` seconds. A step that began before the window and ended in it counts whole.
    fn sums(&self, window: u32, now: u32) -> (Amount, u32) {
        let inside = |step: &&Step| step.at.saturating_add(STEP).saturating_add(window) > now;
        self.steps.iter().filter(inside).fold((Amount::ZERO, 0), |(sum, payers), step| {
            (sum.plus(step.amount).unwrap_or(Amount::MAX), payers.saturating_add(step.new_payers))
        })
    }

    /// Seconds until the oldest step of the last hour counts no more.
    #[must_use]
    pub fn hour_ends(&self, now: u32) -> u32 {
        let ends = self.steps.iter().map(|step| step.at.saturating_add(STEP).saturating_add(HOUR));
        ends.filter(|end| *end > now).min().map_or(1, |end| end.saturating_sub(now))
    }

    /// When nothing of it counts any more, seconds since 1970.
    #[must_use]
    pub fn ends(&self) -> u32 {
        let ends = self.steps.iter().map(|step| step.at.saturating_add(STEP).saturating_add(DAY));
        ends.max().unwrap_or_default().max(self.told_at.saturating_add(HOUR))
    }

    /// Whether a payment fits, by an account that has never paid this merchant if `is_new`.
    ///
    /// # Errors
    /// [`Tripped`]. Payers who are known here may go on paying while only new ones are too many.
    pub fn check(&self, ceiling: &Ceiling, amount: Amount, is_new: bool, now: u32) -> Result<(), Tripped> {
        let windows = [(HOUR, ceiling.hour, ceiling.new_payers_hour), (DAY, ceiling.day, ceiling.new_payers_day)];
        for (window, most, most_payers) in windows {
            let (sum, payers) = self.sums(window, now);
            if sum.plus(amount).is_none_or(|sum| sum > most) {
                return Err(Tripped::Amount);
            }
            if is_new && payers >= most_payers {
                return Err(Tripped::NewPayers);
            }
        }
        Ok(())
    }

    /// Notes a payment. A reversal gives nothing back: an attack that reverses is still one.
    pub fn add(&mut self, amount: Amount, is_new: bool, now: u32) {
        self.steps.retain(|step| step.at.saturating_add(STEP).saturating_add(DAY) > now);
        let at = now - now % STEP;
        let new_payers = u32::from(is_new);
        match self.steps.iter_mut().find(|step| step.at == at) {
            Some(step) => {
                step.amount = step.amount.plus(amount).unwrap_or(Amount::MAX);
                step.new_payers = step.new_payers.saturating_add(new_payers);
            }
            None => self.steps.push(Step { at, amount, new_payers }),
        }
    }

    /// Whether somebody should be told now that it tripped: once an hour.
    pub fn tell(&mut self, now: u32) -> bool {
        let news = self.told_at.saturating_add(HOUR) <= now;
        if news {
            self.told_at = now;
        }
        news
    }
}

#[cfg(test)]
mod tests;
