//! Opening what is stored, making keys, locking and unlocking.

use super::client::By;
use super::error::Error;
use super::ports::{Clock, Entropy, Kept, KeyError, Keys, Platform, Record, Seal, SigningKey, Store, StoreError};
use super::queue::{Stop, first};
use super::record::Data;
use super::room::{Fault, Handle, Key, Local, Secret, unreadable};
use super::state::Status;
use super::{Settings, Wallet};
use crate::code::Code;
use crate::wire::calls::SignOff;
use crate::wire::enrolment::Custody;
use crate::wire::id::{AccountId, CredentialId};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::seal::SealedFor;
use core::time::Duration;
use std::rc::Rc;

/// How long an erasure waits for the issuer to hear of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nothing else that is signed starts so.
const PROOF: &[u8] = b"jitsuin/v1/key-proof\0";

/// Device key, channel key, and the handles to store of both.
pub(super) type Pair<P> = (Rc<Key<P>>, Rc<Key<P>>, (Handle<P>, Handle<P>));

impl<P: Platform> Wallet<P> {
    pub(super) async fn open_record(platform: P, settings: Settings) -> Result<Self, Error> {
        let wallet = Self::new_with(platform, settings);
        wallet.take_stored().await?;
        Ok(wallet)
    }

    pub(super) async fn take_stored(&self) -> Result<(), Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        match self.platform.store().load().await {
            // Not on disk yet.
            Ok(Kept::Nothing | Kept::Gone) if self.is_draft() => {}
            // Never stored, or forgotten in another tab.
            Ok(Kept::Nothing) => self.room.lose(None),
            Ok(Kept::Gone) | Err(StoreError::Gone) => self.room.lose(Some(Fault::KeyLost)),
            Err(StoreError::Corrupt) => self.room.lose(Some(Fault::Corrupt)),
            Err(error) => return Err(error.into()),
            Ok(Kept::Record(record)) => {
                let same_key = |data: Box<Data>| {
                    let mut held = self.room.data.borrow_mut();
                    let same = held.as_ref().is_some_and(|held| held.device_key == data.device_key)
                        && !self.holds_other_keys(&data);
                    if same {
                        // One that was told as not written, and is: what is registered is never in memory alone.
                        self.room.stored.set(self.room.stored.get() || data.known_account().is_some());
                        *held = Some(data);
                    }
                    same
                };
                // Keys that are open stay open, and a locked wallet stays locked.
                if self.room.fault.get().is_some() || !Data::from_bytes(&record.data).is_ok_and(same_key) {
                    self.take(record).await?;
                } else {
                    self.room.handles.replace(Some((record.device, record.channel)));
                }
            }
        }
        self.room.unsure.set(false);
        self.room.changed();
        Ok(())
    }

    /// Reads the record again if it is not known what became of a write.
    pub(super) fn be_sure(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move { if self.room.unsure.get() { self.take_stored().await } else { Ok(()) } })
    }

    /// Whether the keys in memory are others than the record names: another tab has renewed them.
    pub(super) fn holds_other_keys(&self, data: &Data) -> bool {
        let is_other = |key: &Option<Rc<Key<P>>>, named| key.as_ref().is_some_and(|key| *key.public() != named);
        is_other(&self.room.device.borrow(), data.device_key) || is_other(&self.room.channel.borrow(), data.channel_key)
    }

    /// Takes the stored record if another tab has renewed the keys since this wallet read it; whether one has.
    pub(super) fn take_renewed(&self) -> Local<'_, Result<bool, Error>> {
        Box::pin(async move {
            let Kept::Record(record) = self.platform.store().load().await? else { return Ok(false) };
            if !self.is_outdated_by(&record) {
                return Ok(false);
            }
            self.take(record).await?;
            self.room.changed();
            Ok(true)
        })
    }

    /// Whether a stored record names other keys than this wallet holds or knows of. Those of this wallet's own renewal are left to it.
    pub(super) fn is_outdated_by(&self, record: &Record<Handle<P>>) -> bool {
        let Ok(data) = Data::from_bytes(&record.data) else { return false };
        let knows_others = self.read(|known| known.device_key != data.device_key).unwrap_or(false);
        !self.is_draft() && !self.is_next(&data.device_key) && (knows_others || self.holds_other_keys(&data))
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
            return Err(Error::bad_argument("issuer"));
        }
        let pinned = data.trust.as_ref().map(|trust| trust.key_set.root.thumbprint());
        if let (Some(pinned), Some(wanted)) = (pinned, self.settings.root)
            && pinned != wanted
        {
            return Err(Code::IssuerUntrusted.into());
        }
        if data.known_account().is_none() {
            // An enrolment that came to nothing: its keys were never registered.
            if !self.is_draft() {
                self.room.lose(None);
            }
            return Ok(());
        }
        let device = self.opened(&record.device, &data.device_key, None).await;
        let channel = self.opened(&record.channel, &data.channel_key, None).await;
        if let Some(silent) = [device.as_ref(), channel.as_ref()]
            .into_iter()
            .find_map(|opened| opened.err().filter(|error| **error == KeyError::NoAnswer))
        {
            // Nothing is known of the keys: the next call opens them.
            return Err((*silent).into());
        }
        let lost = device.as_ref().is_err_and(|error| *error == KeyError::Lost);
        // A wallet that was locked stays locked, whoever changed its record.
        let locked = self.room.device.borrow().is_none() && self.room.data.borrow().is_some();
        self.room.lose(lost.then_some(Fault::KeyLost));
        self.room.device.replace(device.ok().filter(|_| !locked));
        self.room.channel.replace(channel.ok());
        self.room.handles.replace(Some((record.device, record.channel)));
        self.room.stored.set(true);
        self.room.data.replace(Some(data));
        Ok(())
    }

    /// Whether the keys in memory are not on disk yet.
    pub(super) fn is_draft(&self) -> bool {
        !self.room.stored.get() && self.room.data.borrow().is_some()
    }

    /// Opens a handle and proves by a round trip that it is the key that the record names.
    pub(super) fn opened<'a>(
        &'a self,
        handle: &'a Handle<P>,
        public: &'a PublicKey,
        seal: Option<(&'a Secret<P>, &'a Seal)>,
    ) -> Local<'a, Result<Rc<Key<P>>, KeyError>> {
        Box::pin(async move {
            let key = self.platform.keys().open(handle, public, seal).await?;
            let random: [u8; 16] = self.platform.entropy().draw().map_err(|_| KeyError::Failed)?;
            let message = [PROOF, &random].concat();
            let signature = key.sign(&message).await?;
            public.verify(&message, &signature).map_err(|_| KeyError::Lost)?;
            Ok(Rc::new(key))
        })
    }

    /// What a key of this account is sealed for.
    pub(super) fn seal_for(
        &self,
        public: &PublicKey,
        credential: &CredentialId,
        account: &AccountId,
    ) -> Result<Seal, Error> {
        let thumb = public.thumbprint();
        let bound = SealedFor { issuer: &self.settings.issuer, account, thumb, credential }.to_bytes();
        Ok(Seal { rp_id: self.trust(|trust| trust.rp_id.clone())?, thumb, bound })
    }

    /// The handle to store for a key that was made for custody `passkey`, proved by opening it, and the key as it comes out.
    pub(super) async fn kept_under(
        &self,
        handle: &Handle<P>,
        public: &PublicKey,
        seal: Option<(&Secret<P>, &Seal)>,
    ) -> Result<(Rc<Key<P>>, Handle<P>), KeyError> {
        let handle = self.platform.keys().keep(handle, seal).await?;
        let key = self.opened(&handle, public, seal).await?;
        Ok((key, handle))
    }

    /// Whether this device's keys are here already. Opens the channel key if it did not open with the record.
    ///
    /// # Errors
    /// Why none can be made, or those that are here are of no use.
    pub(super) async fn has_keys(&self) -> Result<bool, Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        if self.room.fault.get() == Some(Fault::Corrupt) {
            return Err(Code::StorageCorrupt.into());
        }
        if self.room.data.borrow().is_none() {
            return Ok(false);
        }
        if self.room.device.borrow().is_some() {
            self.have_key(By::Channel).await?;
        }
        let usable = self.room.device.borrow().is_some() && self.room.channel.borrow().is_some();
        match self.status() {
            _ if usable => Ok(true),
            Status::Locked => Err(Code::Locked.into()),
            _ => Err(Code::KeyLost.into()),
        }
    }

    /// Takes keys that were made now, in memory alone. The first of all tabs that registers one wins.
    pub(super) fn hold_keys(&self, custody: Custody, (device, channel, handles): Pair<P>) {
        let data = Data::new(self.settings.issuer.clone(), *device.public(), *channel.public(), custody);
        self.room.lose(None);
        self.room.device.replace(Some(device));
        self.room.channel.replace(Some(channel));
        self.room.draft.replace(Some(handles.0.clone()));
        self.room.handles.replace(Some(handles));
        self.room.data.replace(Some(data));
        self.room.changed();
    }

    /// A device key for this custody and the channel key that goes with it.
    pub(super) fn make_pair(&self, custody: Custody) -> Local<'_, Result<Pair<P>, KeyError>> {
        Box::pin(async move {
            let keys = self.platform.keys();
            let (device, device_handle) = keys.make(custody).await?;
            // The channel key works while the wallet is locked, so a custody that locks is not for it.
            let of_channel = if custody == Custody::Software { Custody::Software } else { Custody::Browser };
            let (channel, channel_handle) = keys.make(of_channel).await?;
            Ok((Rc::new(device), Rc::new(channel), (device_handle, channel_handle)))
        })
    }

    /// Opens the channel key if it is to sign and did not open with the record: a platform that failed then says nothing of it.
    ///
    /// # Errors
    /// Why the platform does not open it.
    pub(super) fn have_key(&self, by: By) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            if by != By::Channel || self.room.channel.borrow().is_some() {
                return Ok(());
            }
            // Also where the device key is lost: a freeze then depends on this key. A record that is lost has no handles.
            let handle = self.room.handles.borrow().as_ref().map(|(_, channel)| channel.clone());
            let Some(handle) = handle else { return Ok(()) };
            let public = self.read(|data| data.channel_key)?;
            let key = self.opened(&handle, &public, None).await?;
            // Another tab may have renewed the keys meanwhile.
            if self.read(|data| data.channel_key)? == public {
                self.room.channel.replace(Some(key));
            }
            Ok(())
        })
    }

    /// The key that proves, if it is there.
    pub(super) fn key(&self, by: By) -> Result<Rc<Key<P>>, Error> {
        let held = if by == By::Channel { &self.room.channel } else { &self.room.device };
        if let Some(key) = &*held.borrow() {
            return Ok(Rc::clone(key));
        }
        Err(Error::new(match self.room.fault.get() {
            _ if self.room.closed.get() => Code::Closed,
            Some(Fault::Corrupt) => Code::StorageCorrupt,
            Some(Fault::KeyLost) => Code::KeyLost,
            None if self.room.data.borrow().is_none() => Code::NotEnrolled,
            None if by == By::Channel => Code::KeyLost,
            None => Code::Locked,
        }))
    }

    /// Signs. A device key that no longer works is lost.
    pub(super) fn sign_with<'a>(&'a self, by: By, message: &'a [u8]) -> Local<'a, Result<Signature, Error>> {
        Box::pin(async move {
            self.have_key(by).await?;
            let signed = self.key(by)?.sign(message).await;
            if signed == Err(KeyError::Lost) && by != By::Channel {
                self.room.device.replace(None);
                self.room.fault.set(Some(Fault::KeyLost));
                self.room.changed();
            }
            Ok(signed?)
        })
    }

    pub(super) async fn erase(&self) -> Result<(), Error> {
        self.end_open(Stop::Cancelled).await;
        // What is under way may still write: let it end first.
        let _codes = self.room.codes.turn().await;
        let _news = self.room.news.turn().await;
        // The key to sign off is the registered one. What hinders the reading, the erasure says itself.
        let _ = self.take_renewed().await;
        // First: a record that stays is of a device that stays registered.
        if let Err(error) = self.platform.store().erase().await {
            // One that does not answer may have done it.
            self.room.unsure.set(true);
            if error != StoreError::NoAnswer || !matches!(self.platform.store().load().await, Ok(Kept::Nothing)) {
                return Err(error.into());
            }
        }
        if self.read(|data| data.account.is_some()).unwrap_or(false) {
            // Told where the issuer can be reached, and never waited for. A locked wallet can't tell: its device stays registered.
            let told = self.call(By::Device, &SignOff {});
            let _ = first(told, self.platform.clock().sleep(PATIENCE)).await;
        }
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
