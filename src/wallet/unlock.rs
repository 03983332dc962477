//! Lock and unlock. A sealed device key is opened by the passkey, inside a tap and without network; any other is opened again.

use super::Wallet;
use super::ceremony::{DEADLINE, Open, Work};
use super::error::Error;
use super::ports::{Entropy, Kept, KeyError, Keys, Platform, RequestOptions, Seal, Store, StoreError};
use super::queue::Stop;
use super::record::Data;
use super::room::{Fault, Handle, Key, Local, Secret};
use super::state::{Confirmed, IntentView};
use crate::code::Code;
use crate::wire::id::{Bytes, CredentialId, Hash};
use crate::wire::tagged_hash;
use core::slice;
use std::rc::Rc;

pub(super) struct Prepared {
    input: [u8; 32],
    seal: Seal,
    credential: CredentialId,
    user_handle: Bytes,
    /// Whether it is to be sealed again.
    again: bool,
}

impl<P: Platform> Wallet<P> {
    pub(super) fn drop_device_key(&self) {
        // A key that is not on disk is all there is of it.
        if self.is_draft() {
            return;
        }
        self.stop_unlocking();
        self.room.screen.drop_undrawn();
        if self.room.device.replace(None).is_some() {
            self.room.changed();
        }
    }

    pub(super) async fn open_device_key(&self, again: bool) -> Result<(), Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        if !again && self.room.device.borrow().is_some() {
            return Ok(());
        }
        let stops = self.room.stops.get();
        // Nothing is awaited before the prompt but a turn: some platforms want it inside the tap.
        let Some(prepared) = self.sealed(again)? else { return self.open_kept(None, stops).await };
        self.end_open(Stop::Superseded).await;
        let id = self.put_open(IntentView::Unlock.kind(), Work::Unlock(prepared));
        let opened = self.run_ceremony(id).await;
        let left = self.room.open.borrow_mut().take_if(|held| held.id == id).is_some();
        if left {
            self.room.changed();
        }
        opened?;
        if self.read(|data| data.enrolling.is_some() || data.rotating.is_some())? {
            // Its answer never came. That it is asked for again now is no part of opening the key.
            let _ = self.fetch_news().await;
        }
        Ok(())
    }

    /// What to ask the passkey, if the key is sealed.
    fn sealed(&self, again: bool) -> Result<Option<Box<Prepared>>, Error> {
        let keys = self.platform.keys();
        let input = self.room.handles.borrow().as_ref().and_then(|(device, _)| keys.prf_input(device));
        let Some(input) = input else { return Ok(None) };
        let data = self.held()?;
        let account = data.known_account().ok_or(Code::NotEnrolled)?;
        let seal = self.seal_for(&data.device_key, &account.credential, &account.id)?;
        let (credential, user_handle) = (account.credential.clone(), account.user_handle.clone());
        Ok(Some(Box::new(Prepared { input, seal, credential, user_handle, again })))
    }

    pub(super) async fn confirm_unlock(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let stops = self.room.stops.get();
        let secret = self.derive(open, prepared, &prepared.input).await?;
        self.open_kept(Some((&secret, prepared)), stops).await?;
        if prepared.again {
            let again: Local<'_, Result<(), Error>> = Box::pin(self.seal_again(open, prepared, &secret));
            again.await?;
        }
        Ok(Confirmed::Unlocked)
    }

    /// Takes the opened key, unless the wallet was locked, or whoever asked has given up, while it was being opened.
    fn take_opened(&self, key: Rc<Key<P>>, stops: u32) -> Result<(), Error> {
        if self.room.stops.get() != stops {
            return Err(Code::Cancelled.into());
        }
        self.room.device.replace(Some(key));
        Ok(())
    }

    /// A challenge that nobody but this wallet checks.
    pub(super) fn own_challenge(&self) -> Result<Hash, Error> {
        let random: [u8; 32] = self.platform.entropy().draw()?;
        Ok(Hash(tagged_hash("jitsuin/v1/unlock", &[&random])))
    }

    /// What the passkey derives from an input.
    async fn derive(&self, open: &Open, prepared: &Prepared, input: &[u8; 32]) -> Result<Secret<P>, Error> {
        let Prepared { seal, credential, user_handle, .. } = prepared;
        // What counts is what the passkey derives.
        let challenge = &self.own_challenge()?;
        let credentials = slice::from_ref(credential);
        let options =
            RequestOptions { rp_id: &seal.rp_id, challenge, credentials, prf: Some(input), deadline: DEADLINE };
        let (_, secret) = *self.ask_to_get(open, &options, user_handle).await?;
        Ok(secret.ok_or(KeyError::NoSecret)?)
    }

    /// Another input, salt and seal. The old one is on disk until the new one was opened and has signed.
    async fn seal_again(&self, open: &Open, prepared: &Prepared, secret: &Secret<P>) -> Result<(), Error> {
        let stops = self.room.stops.get();
        let public = self.read(|data| data.device_key)?;
        let keys = self.platform.keys();
        let held = self.room.handles.borrow().as_ref().map(|(device, _)| device.clone()).ok_or(Code::KeyLost)?;
        let device = keys.again(&held, (secret, &prepared.seal)).await?;
        let input = keys.prf_input(&device).ok_or(Code::Unsupported)?;
        let secret = self.derive(open, prepared, &input).await?;
        let (key, device) = self.kept_under(&device, &public, Some((&secret, &prepared.seal))).await?;
        // Another tab may have renewed the key meanwhile: its seal is not for this one to overwrite.
        let same = move |data: &mut Data| if data.device_key == public { Ok(()) } else { Err(Code::Superseded.into()) };
        self.change_with(device, same).await?;
        self.take_opened(key, stops)
    }

    /// Opens the device key that is on disk. What does not open stays as it is.
    async fn open_kept(&self, sealed: Option<(&Secret<P>, &Prepared)>, stops: u32) -> Result<(), Error> {
        let record = match self.platform.store().load().await {
            Ok(Kept::Record(record)) => record,
            Ok(Kept::Nothing | Kept::Gone) | Err(StoreError::Gone) => {
                self.room.lose(Some(Fault::KeyLost));
                self.room.changed();
                return Err(Code::KeyLost.into());
            }
            Err(error) => return Err(error.into()),
        };
        let is_outdated = self.is_outdated_by(&record);
        let device = record.device.clone();
        if is_outdated {
            // Another tab has renewed the key.
            self.take(record).await?;
            self.room.changed();
            if sealed.is_some() || self.platform.keys().prf_input(&device).is_some() {
                // Its seal takes another prompt, and some platforms want that inside a tap.
                return Err(Code::TapAgain.into());
            }
        }
        let public = self.read(|data| data.device_key)?;
        let opened = match sealed {
            Some((_, prepared)) if !self.asks_for(&device, prepared) => Err(KeyError::OtherSecret),
            _ => self.opened(&device, &public, sealed.map(|(secret, prepared)| (secret, &prepared.seal))).await,
        };
        match opened {
            Ok(key) => {
                self.take_opened(key, stops)?;
                if let Some(handles) = self.room.handles.borrow_mut().as_mut() {
                    handles.0 = device;
                }
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

    fn asks_for(&self, device: &Handle<P>, prepared: &Prepared) -> bool {
        self.platform.keys().prf_input(device) == Some(prepared.input)
    }
}

#[cfg(test)]
mod tests;
