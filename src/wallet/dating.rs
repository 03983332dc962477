//! The dates of payment codes never run back. A clock that was far ahead for a while, by itself or by a script, is made
//! good by naming to the issuer what was drawn under it (protocol section 2, "Single use and clones").

use super::Wallet;
use super::client::By;
use super::error::{Details, Error};
use super::ports::{Entropy, Platform};
use super::record::Data;
use super::room::{Local, ms, seconds};
use super::state::Status;
use crate::code::Code;
use crate::rules::lifetime::OUT_OF_ORDER;
use crate::wire::calls::NameCounters;
use crate::wire::id::Nonce;

/// Whether the newest code is dated further ahead than clocks explain, so that no code dated by this clock may follow it
/// before its counter was named.
pub(super) fn is_dated_ahead(data: &Data, now_ms: u64) -> bool {
    ms(data.last_iat) > now_ms.saturating_add(ms(OUT_OF_ORDER))
}

/// Refuses a code that would be dated before the newest one.
///
/// # Errors
/// `sync-needed`, with how far ahead the newest code is dated, and with the time after which codes go on without a sync.
pub(super) fn check_order(data: &Data, now_ms: u64) -> Result<(), Error> {
    if !is_dated_ahead(data, now_ms) {
        return Ok(());
    }
    let ahead = ms(data.last_iat).saturating_sub(now_ms);
    let details = Details {
        skew_ms: i64::try_from(ahead).ok().map(|ahead| -ahead),
        retry_after_ms: Some(ahead.saturating_sub(ms(OUT_OF_ORDER))),
        ..Details::default()
    };
    Err(Error::new(Code::SyncNeeded).with_details(details))
}

impl<P: Platform> Wallet<P> {
    /// Names the highest counter drawn, if its code is dated far ahead and the device key is open.
    ///
    /// # Errors
    /// What the call or the sync after it ends with; `issuer-untrusted` if the answer is none to this call.
    pub(super) fn name_counters_if_ahead(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let is_ahead = self.read(|data| is_dated_ahead(data, self.now_ms()))?;
            if !is_ahead || self.status() != Status::Ready || !self.room.online.get() {
                return Ok(());
            }
            let counter = self.read(|data| data.atc)?;
            // The same again after a lost answer is the same call.
            let nonce = match self.room.naming.get() {
                Some((named, nonce)) if named == counter => nonce,
                _ => Nonce(self.platform.entropy().draw()?),
            };
            self.room.naming.set(Some((counter, nonce)));
            let answer = self.call(By::Device, &NameCounters { nonce, counter }).await?;
            let set = self.key_set()?;
            self.time_in(&answer.time, &set, nonce)?.ok_or(Code::IssuerUntrusted)?;
            self.room.naming.set(None);
            // A time statement names neither call nor key, so somebody else's would do as well: the floor in the next state
            // is what proves it.
            self.room.named.set(Some(counter));
            let proved = self.fetch_round(&mut false).await;
            self.room.named.set(None);
            proved.map(drop)
        })
    }
}

/// Takes the issuer's time for the next code's date, now that every code so far counts as used.
pub(super) fn forget_named(data: &mut Data, now_ms: u64) {
    data.last_iat = data.last_iat.min(seconds(now_ms));
    // None of them can be paid any more.
    data.shown.clear();
    for made in &mut data.made {
        // Its date stays what was signed: the receipt of its payment may be on its way.
        made.named = true;
    }
}

#[cfg(test)]
mod tests;
