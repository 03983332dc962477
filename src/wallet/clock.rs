//! Times that do not fit this device's clock: the issuer's is learned once, and what still differs is told as a clock.

use super::Wallet;
use super::error::Error;
use super::ports::{Clock as _, Platform};
use super::room::Local;
use crate::code::Code;
use crate::wire::intent::{Intent, MAX_LIFETIME};
use core::time::Duration;

/// How far the issuer's clock may be ahead of what the wallet thinks it is, in seconds.
pub(super) const LEEWAY: u32 = 30;

impl<P: Platform> Wallet<P> {
    /// Learns the issuer's clock by one sync, whatever else that sync brings. Waits for no other sync.
    ///
    /// # Errors
    /// As a sync. The clock may be learned all the same, as where the receipts of an answer do not hold.
    pub(super) fn learn_time(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move { self.fetch_round(&mut false).await.map(drop) })
    }

    /// When an intent of the issuer ends, by the monotonic clock. Learns the issuer's clock once if its end does not fit this
    /// device's.
    ///
    /// # Errors
    /// `clock-skew` if it does not fit then either; why the clock could not be learned.
    pub(super) fn end_of<'a>(&'a self, intent: &'a Intent) -> Local<'a, Result<Duration, Error>> {
        Box::pin(async move {
            let left = match self.life_left(intent) {
                Ok(left) => left,
                Err(_) => {
                    let learned = self.learn_time().await;
                    self.life_left(intent).map_err(|skew| learned.err().unwrap_or(skew))?
                }
            };
            Ok(self.platform.clock().running().saturating_add(left))
        })
    }

    /// How long an intent still lives.
    ///
    /// # Errors
    /// `clock-skew` if no intent that was made now can end then.
    fn life_left(&self, intent: &Intent) -> Result<Duration, Error> {
        let (now, end) = (i64::from(self.now()), i64::from(intent.expires_at));
        let latest = now + i64::from(MAX_LIFETIME);
        if end > latest + i64::from(LEEWAY) {
            return Err(Error::clock_skew(end - latest));
        }
        match u64::try_from(end - now) {
            Ok(left @ 1..) => Ok(Duration::from_secs(left)),
            _ => Err(Error::clock_skew(end - now)),
        }
    }

    /// Demands that an intent that ends at `ends`, by the monotonic clock, has not ended. A wall clock that jumped says that it
    /// has, and so does one that went on while the monotonic clock stood: the issuer's is learned to tell.
    ///
    /// # Errors
    /// `intent-expired`; why the clock could not be learned.
    pub(super) fn check_alive<'a>(&'a self, intent: &'a Intent, ends: Duration) -> Local<'a, Result<(), Error>> {
        Box::pin(async move {
            let is_alive = || intent.expires_at > self.now();
            if is_alive() {
                return Ok(());
            }
            if self.platform.clock().running() >= ends {
                return Err(Code::IntentExpired.into());
            }
            let learned = self.learn_time().await;
            if is_alive() { Ok(()) } else { Err(learned.err().unwrap_or(Code::IntentExpired.into())) }
        })
    }
}

#[cfg(test)]
mod tests;
