//! Freezing: it only takes away, so the channel key is enough.

use super::Wallet;
use super::client::{By, parsed};
use super::error::Error;
use super::ports::{Entropy, Platform};
use super::record::Data;
use crate::code::Code;
use crate::wire::calls::{AccountFrozen, Call as _, FreezeAccount, ReportUse};
use crate::wire::freeze::Freeze;
use crate::wire::id::Nonce;
use crate::wire::json;
use crate::wire::sign1::{self, Unsigned};
use crate::wire::state::DeviceStatus;

impl<P: Platform> Wallet<P> {
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
        let nonce = Nonce(self.platform.entropy().draw()?);
        let unsigned = self.read(|data| self.freeze_statement(data, nonce))??;
        let statement = self.signed(By::Channel, unsigned).await?;
        // A report of no payment says the same as a freeze.
        let path = if seq.is_some() { ReportUse::PATH } else { FreezeAccount::PATH };
        let body = json::to_vec(&ReportUse { statement, seq });
        parsed::<AccountFrozen>(self.send_proved(By::Channel, path, body).await)?;
        self.change(|data| {
            if data.status == DeviceStatus::Active {
                data.status = DeviceStatus::Frozen;
                data.froze = true;
            }
            Ok(())
        })
        .await
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
