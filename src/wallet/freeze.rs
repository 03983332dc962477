//! Freezing: it only takes away, so the channel key is enough.

use super::Wallet;
use super::error::Error;
use super::ports::{Entropy, Platform, SigningKey};
use crate::code::Code;
use crate::wire::calls::{DeviceStatus, FreezeAccount};
use crate::wire::freeze::Freeze;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::sign1;

impl<P: Platform> Wallet<P> {
    /// Waits for no other call: whoever freezes is in a hurry.
    pub(super) async fn send_freeze(&self) -> Result<(), Error> {
        let key = self.channel_key()?;
        let (account, thumb) = self.read(|data| {
            let account = data.account.as_ref().map(|account| account.id.clone());
            (account, data.device_key.thumbprint())
        })?;
        let account = account.ok_or(Code::NotEnrolled)?;
        let statement = Freeze {
            issuer: self.settings.issuer.clone(),
            account: account.clone(),
            thumb,
            nonce: Nonce(self.platform.entropy().draw()?),
            issued_at: self.now(),
        };
        let unsigned = sign1::prepare(&statement, key.public());
        let signature = self.sign_with(&key, unsigned.message()).await?;
        let call = FreezeAccount { statement: Bytes(unsigned.finish(&signature)) };
        self.call(&key, &call, Some(&account)).await?;
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
