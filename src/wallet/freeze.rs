//! Freezing: it only takes away, so the channel key is enough.

use super::calling::{Body, may_have_landed};
use super::client::{By, parsed};
use super::error::Error;
use super::ports::{Clock, Entropy, Platform};
use super::record::Data;
use super::room::seconds;
use super::{Local, Wallet};
use crate::code::Code;
use crate::wire::calls::{AccountFrozen, FreezeAccount, ReportUse};
use crate::wire::freeze::Freeze;
use crate::wire::id::Nonce;
use crate::wire::sign1::{self, Unsigned};
use crate::wire::state::DeviceStatus;
use core::time::Duration;

/// An order is sent again for less time than the issuer takes it.
const ORDER_LIFE: Duration = Duration::from_secs(120);

/// An order that was signed.
pub(super) struct Freezing {
    by: By,
    /// The receipt of the payment that it reports.
    seq: Option<u64>,
    body: Body,
    since: Duration,
}

impl<P: Platform> Wallet<P> {
    /// Stops every device of the account. Works while locked, suspended, or with the device key lost; asks nobody.
    ///
    /// # Errors
    /// `not-enrolled`, `offline`; why the channel key could not sign (`key-lost`, `storage-failed`, `platform-silent`) if the device
    /// key cannot either; `clock-skew` if the order's date fits no clock even after a sync; `too-many-attempts` once the channel
    /// key's freezes of a day are used up, and the device key's too, or it is locked: then the passkey freezes, without a wallet.
    pub fn freeze(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.send_freeze(None))
    }

    /// The same, and says that the payment of a receipt was not its owner's: its money waits.
    ///
    /// # Errors
    /// As [`Wallet::freeze`].
    pub fn not_mine(&self, sequence: u64) -> Local<'_, Result<(), Error>> {
        Box::pin(self.send_freeze(Some(sequence)))
    }

    /// Waits for no other call: whoever freezes is in a hurry. An order whose date does not fit the issuer's clock is dated
    /// again, by that clock.
    pub(super) async fn send_freeze(&self, seq: Option<u64>) -> Result<(), Error> {
        let mut ordered = self.order_by_either(seq, self.now()).await;
        if self.is_of_old_key(&ordered).await {
            ordered = self.order_by_either(seq, self.now()).await;
        }
        if !ordered.as_ref().is_err_and(|error| error.code == Code::IntentExpired) {
            return ordered;
        }
        let mut learned = self.learn_time().await;
        if learned.as_ref().is_err_and(could_not_sign) {
            // No other key proves a sync, and this one has signed a moment ago.
            learned = self.learn_time().await;
        }
        // What was learned counts also where it could not be stored.
        let now = self.carried_ms().map_or_else(|| self.now(), seconds);
        match self.order_by_either(seq, now).await {
            Err(error) if error.code == Code::IntentExpired => {
                learned?;
                Err(Error::clock_skew(self.read(|data| data.offset_ms)? / 1000))
            }
            done => done,
        }
    }

    /// Orders by the channel key; by the device key where the channel key cannot sign or has no freeze left today: whoever copied
    /// one of them has not used up the other's.
    async fn order_by_either(&self, seq: Option<u64>, now: u32) -> Result<(), Error> {
        let mut ordered = self.order_freeze(By::Channel, seq, now).await;
        if let Err(refused) = &ordered
            && (refused.code == Code::TooManyAttempts || could_not_sign(refused))
        {
            let other = self.order_freeze(By::Device, seq, now).await;
            // Where the device key could not sign either, the first refusal is the one to tell.
            if !other.as_ref().is_err_and(could_not_sign) {
                ordered = other;
            }
        }
        ordered?;
        self.change(|data| {
            if data.status == DeviceStatus::Active {
                data.status = DeviceStatus::Frozen;
                data.froze = true;
            }
            Ok(())
        })
        .await
    }

    async fn order_freeze(&self, by: By, seq: Option<u64>, now: u32) -> Result<(), Error> {
        let body = self.order(by, seq, now).await?;
        let answer = self.send_proved(by, body).await;
        if !answer.as_ref().is_err_and(may_have_landed) {
            self.room.freezing.replace(None);
        }
        parsed::<AccountFrozen>(answer).map(drop)
    }

    /// The order to send: the one before, while that may still have an effect and was not answered.
    async fn order(&self, by: By, seq: Option<u64>, issued_at: u32) -> Result<Body, Error> {
        let now = self.platform.clock().running();
        if let Some(held) = &*self.room.freezing.borrow()
            && (held.by, held.seq) == (by, seq)
            && now < held.since.saturating_add(ORDER_LIFE)
        {
            return Ok(held.body.clone());
        }
        let nonce = Nonce(self.platform.entropy().draw()?);
        let unsigned = self.read(|data| self.freeze_statement(data, by, nonce, issued_at))??;
        let statement = self.signed(by, unsigned).await?;
        // A report of no payment says the same as a freeze.
        let body = match seq {
            Some(_) => self.body::<ReportUse>(&ReportUse { statement, seq }),
            None => self.body::<FreezeAccount>(&FreezeAccount { statement }),
        }?;
        self.room.freezing.replace(Some(Freezing { by, seq, body: body.clone(), since: now }));
        Ok(body)
    }

    fn freeze_statement(&self, data: &Data, by: By, nonce: Nonce, issued_at: u32) -> Result<Unsigned, Error> {
        let account = data.account.as_ref().ok_or(Code::NotEnrolled)?;
        let statement = Freeze {
            issuer: self.settings.issuer.clone(),
            account: account.id.clone(),
            thumb: data.device_key.thumbprint(),
            nonce,
            issued_at,
        };
        let key = if by == By::Channel { &data.channel_key } else { &data.device_key };
        Ok(sign1::prepare(&statement, key))
    }
}

/// Whether an order was not sent for want of a signature. The issuer's refusals cannot have these codes.
fn could_not_sign(error: &Error) -> bool {
    matches!(
        error.code,
        Code::KeyLost
            | Code::Locked
            | Code::StorageFailed
            | Code::PlatformSilent
            | Code::HostSilent
            | Code::HostRefused
            | Code::HostUntrusted
            | Code::Cancelled
    )
}

#[cfg(test)]
mod tests;
