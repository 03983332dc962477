//! Freezing: it only takes away, so the channel key is enough.

use super::Wallet;
use super::client::By;
use super::error::Error;
use super::ports::{Entropy, Platform};
use crate::code::Code;
use crate::wire::calls::{DeviceStatus, FreezeAccount, ReportUse};
use crate::wire::freeze::Freeze;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::sign1;

impl<P: Platform> Wallet<P> {
    /// Waits for no other call: whoever freezes is in a hurry.
    pub(super) async fn send_freeze(&self, not_mine: Option<u64>) -> Result<(), Error> {
        let (account, thumb, public) = self.read(|data| {
            let account = data.account.as_ref().map(|account| account.id.clone());
            (account, data.device_key.thumbprint(), data.channel_key)
        })?;
        let statement = Freeze {
            issuer: self.settings.issuer.clone(),
            account: account.ok_or(Code::NotEnrolled)?,
            thumb,
            nonce: Nonce(self.platform.entropy().draw()?),
            issued_at: self.now(),
        };
        let unsigned = sign1::prepare(&statement, &public);
        let signature = self.sign_with(By::Channel, unsigned.message()).await?;
        let statement = Bytes(unsigned.finish(&signature));
        match not_mine {
            None => self.call(By::Channel, &FreezeAccount { statement }).await?,
            seq => self.call(By::Channel, &ReportUse { statement, seq }).await?,
        };
        self.change(|data| {
            if data.status == DeviceStatus::Active {
                data.status = DeviceStatus::Frozen;
            }
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
