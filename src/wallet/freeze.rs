//! Freezing: it only takes away, so the channel key is enough.

use super::calling::{Body, may_have_landed};
use super::client::{By, parsed};
use super::error::Error;
use super::ports::{Clock, Entropy, Platform};
use super::record::Data;
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

impl<P: Platform> Wallet<P> {
    /// Stops every device of the account. Works while locked, suspended, or with the device key lost; asks nobody.
    ///
    /// # Errors
    /// `not-enrolled`, `key-lost` if the channel key is gone too, `offline`; `clock-skew` if the order's date fits no clock even
    /// after a sync.
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
        match self.order_freeze(seq).await {
            Err(error) if error.code == Code::IntentExpired => {}
            done => return done,
        }
        let learned = self.learn_time().await;
        match self.order_freeze(seq).await {
            Err(error) if error.code == Code::IntentExpired => {
                learned?;
                Err(Error::clock_skew(self.read(|data| data.offset_ms)? / 1000))
            }
            done => done,
        }
    }

    async fn order_freeze(&self, seq: Option<u64>) -> Result<(), Error> {
        let body = self.order(seq).await?;
        let answer = self.send_proved(By::Channel, body).await;
        if !answer.as_ref().is_err_and(may_have_landed) {
            self.room.freezing.replace(None);
        }
        parsed::<AccountFrozen>(answer)?;
        self.change(|data| {
            if data.status == DeviceStatus::Active {
                data.status = DeviceStatus::Frozen;
                data.froze = true;
            }
            Ok(())
        })
        .await
    }

    /// The order to send: the one before, while that may still have an effect and was not answered.
    async fn order(&self, seq: Option<u64>) -> Result<Body, Error> {
        let now = self.platform.clock().running();
        if let Some((held, body, since)) = &*self.room.freezing.borrow()
            && *held == seq
            && now < since.saturating_add(ORDER_LIFE)
        {
            return Ok(body.clone());
        }
        let nonce = Nonce(self.platform.entropy().draw()?);
        let unsigned = self.read(|data| self.freeze_statement(data, nonce))??;
        let statement = self.signed(By::Channel, unsigned).await?;
        // A report of no payment says the same as a freeze.
        let body = match seq {
            Some(_) => self.body::<ReportUse>(&ReportUse { statement, seq }),
            None => self.body::<FreezeAccount>(&FreezeAccount { statement }),
        }?;
        self.room.freezing.replace(Some((seq, body.clone(), now)));
        Ok(body)
    }

    fn freeze_statement(&self, data: &Data, nonce: Nonce) -> Result<Unsigned, Error> {
        let account = data.account.as_ref().ok_or(Code::NotEnrolled)?;
        let statement = Freeze {
            issuer: self.settings.issuer.clone(),
            account: account.id.clone(),
            thumb: data.device_key.thumbprint(),
            nonce,
            issued_at: self.now(),
        };
        Ok(sign1::prepare(&statement, &data.channel_key))
    }
}

#[cfg(test)]
mod tests;
