//! Opening what is stored, making keys, locking and unlocking.

use super::client::By;
use super::error::Error;
use super::ports::{Entropy, Kept, KeyError, Keys, Platform, Record, SigningKey, Store, StoreError};
use super::queue::Stop;
use super::record::Data;
use super::room::{Fault, Handle, Key, Local, unreadable};
use super::{Settings, Wallet};
use crate::code::Code;
use crate::wire::enrolment::Custody;
use crate::wire::key::{PublicKey, Signature};
use std::rc::Rc;

/// Nothing else that is signed starts so.
const PROOF: &[u8] = b"jitsuin/v1/key-proof\0";

impl<P: Platform> Wallet<P> {
    pub(super) async fn open_record(platform: P, settings: Settings) -> Result<Self, Error> {
        let wallet = Self::new_with(platform, settings);
        match wallet.platform.store().load().await {
            Ok(Kept::Nothing) => {}
            Ok(Kept::Gone) | Err(StoreError::Gone) => wallet.room.lose(Some(Fault::KeyLost)),
            Ok(Kept::Record(record)) => wallet.take(record).await?,
            Err(StoreError::Corrupt) => wallet.room.lose(Some(Fault::Corrupt)),
            Err(error) => return Err(error.into()),
        }
        Ok(wallet)
    }

    pub(super) async fn take_stored(&self) -> Result<(), Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        match self.platform.store().load().await {
            // Forgotten in another tab.
            Ok(Kept::Nothing) => self.room.lose(None),
            Ok(Kept::Gone) | Err(StoreError::Gone) => self.room.lose(Some(Fault::KeyLost)),
            Err(StoreError::Corrupt) => self.room.lose(Some(Fault::Corrupt)),
            Err(error) => return Err(error.into()),
            Ok(Kept::Record(record)) => {
                let same_key = |data: Data| {
                    let mut held = self.room.data.borrow_mut();
                    let same = held.as_ref().is_some_and(|held| held.device_key == data.device_key);
                    if same {
                        *held = Some(Box::new(data));
                    }
                    same
                };
                // Keys that are open stay open, and a locked wallet stays locked.
                if self.room.fault.get().is_some() || !Data::from_bytes(&record.data).is_ok_and(same_key) {
                    self.take(record).await?;
                }
            }
        }
        self.room.changed();
        Ok(())
    }

    /// Takes a stored record for the truth and opens its keys.
    pub(super) async fn take(&self, record: Record<Handle<P>>) -> Result<(), Error> {
        let data = match Data::from_bytes(&record.data).map_err(unreadable) {
            Ok(data) => data,
            Err(error) if error.code == Code::StorageCorrupt => {
                self.room.lose(Some(Fault::Corrupt));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if data.issuer != self.settings.issuer {
            return Err(Code::BadArgument.into());
        }
        let pinned = data.trust.as_ref().map(|trust| trust.key_set.root.thumbprint());
        if let (Some(pinned), Some(wanted)) = (pinned, self.settings.root)
            && pinned != wanted
        {
            return Err(Code::IssuerUntrusted.into());
        }
        let device = self.opened(&record.device, &data.device_key).await;
        let channel = self.opened(&record.channel, &data.channel_key).await;
        let lost = device.as_ref().is_err_and(|error| *error == KeyError::Lost);
        self.room.lose(lost.then_some(Fault::KeyLost));
        self.room.device.replace(device.ok());
        self.room.channel.replace(channel.ok());
        self.room.data.replace(Some(Box::new(data)));
        Ok(())
    }

    /// Opens a handle and proves by a round trip that it is the key that the record names.
    async fn opened(&self, handle: &Handle<P>, public: &PublicKey) -> Result<Rc<Key<P>>, KeyError> {
        let key = self.platform.keys().open(handle, public).await?;
        let random: [u8; 16] = self.platform.entropy().draw().map_err(|_| KeyError::Failed)?;
        let message = [PROOF, &random].concat();
        let signature = key.sign(&message).await?;
        public.verify(&message, &signature).map_err(|_| KeyError::Lost)?;
        Ok(Rc::new(key))
    }

    /// Makes this device's keys if there are none. The first of all tabs wins, and the others use its keys.
    pub(super) async fn ensure_keys(&self) -> Result<(), Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        if self.room.fault.get() == Some(Fault::Corrupt) {
            return Err(Code::StorageCorrupt.into());
        }
        if self.room.data.borrow().is_some() {
            let usable = self.room.device.borrow().is_some() && self.room.channel.borrow().is_some();
            return if usable { Ok(()) } else { Err(Code::KeyLost.into()) };
        }
        let keys = self.platform.keys();
        let custody = match self.settings.custody {
            Some(custody) => custody,
            None => match keys.custody().await? {
                Custody::Software => return Err(Code::Unsupported.into()),
                custody => custody,
            },
        };
        let (device, device_handle) = keys.make(custody).await?;
        // The channel key works while the wallet is locked, so a custody that locks is not for it.
        let of_channel = if custody == Custody::Software { Custody::Software } else { Custody::Browser };
        let (channel, channel_handle) = keys.make(of_channel).await?;
        let data = Data::new(self.settings.issuer.clone(), *device.public(), *channel.public(), custody);
        let data = data.to_bytes();
        let record = Record { device: device_handle, channel: channel_handle, data };
        let stored = self.platform.store().create(record).await?;
        // Another tab may have been first: what is stored counts, and it is proved by opening it.
        self.take(stored).await?;
        self.room.changed();
        if self.room.device.borrow().is_some() && self.room.channel.borrow().is_some() {
            Ok(())
        } else {
            Err(Code::KeyLost.into())
        }
    }

    /// The key that proves, if it is there.
    pub(super) fn key(&self, by: By) -> Result<Rc<Key<P>>, Error> {
        let held = if by == By::Channel { &self.room.channel } else { &self.room.device };
        if let Some(key) = &*held.borrow() {
            return Ok(Rc::clone(key));
        }
        Err(Error::new(match self.room.fault.get() {
            _ if self.room.closed.get() => Code::Closed,
            Some(Fault::Corrupt) if by == By::Channel => Code::StorageCorrupt,
            Some(_) => Code::KeyLost,
            None if self.room.data.borrow().is_none() => Code::NotEnrolled,
            None if by == By::Channel => Code::KeyLost,
            None => Code::Locked,
        }))
    }

    /// Signs. A device key that no longer works is lost.
    pub(super) fn sign_with<'a>(&'a self, by: By, message: &'a [u8]) -> Local<'a, Result<Signature, Error>> {
        Box::pin(async move {
            let signed = self.key(by)?.sign(message).await;
            if signed == Err(KeyError::Lost) && by != By::Channel {
                self.room.device.replace(None);
                self.room.fault.set(Some(Fault::KeyLost));
                self.room.changed();
            }
            Ok(signed?)
        })
    }

    pub(super) fn drop_device_key(&self) {
        if self.room.device.replace(None).is_some() {
            self.room.changed();
        }
    }

    pub(super) async fn open_device_key(&self) -> Result<(), Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        if self.room.device.borrow().is_some() {
            return Ok(());
        }
        let public = self.read(|data| data.device_key)?;
        let record = match self.platform.store().load().await {
            Ok(Kept::Record(record)) => record,
            Ok(Kept::Nothing | Kept::Gone) | Err(StoreError::Gone) => {
                self.room.lose(Some(Fault::KeyLost));
                self.room.changed();
                return Err(Code::KeyLost.into());
            }
            Err(error) => return Err(error.into()),
        };
        match self.opened(&record.device, &public).await {
            Ok(key) => {
                self.room.device.replace(Some(key));
                self.room.fault.set(None);
            }
            Err(error) => {
                if error == KeyError::Lost {
                    self.room.fault.set(Some(Fault::KeyLost));
                }
                self.room.changed();
                return Err(error.into());
            }
        }
        self.room.changed();
        Ok(())
    }

    pub(super) async fn erase(&self) -> Result<(), Error> {
        self.end_open(Stop::Cancelled).await;
        // What is under way may still write: let it end first.
        let _codes = self.room.codes.turn().await;
        let _news = self.room.news.turn().await;
        self.platform.store().erase().await?;
        self.room.lose(None);
        self.room.changed();
        Ok(())
    }

    pub(super) async fn shut(&self) {
        self.room.closed.set(true);
        self.end_open(Stop::Closed).await;
        self.room.lose(None);
        self.room.changed();
        self.room.silence();
    }
}

#[cfg(test)]
mod tests;
