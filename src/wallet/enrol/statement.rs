//! The passkey and the statement that binds the keys to it, which claims the custody that the device key really has.

use super::{Made, Prepared};
use crate::code::Code;
use crate::wallet::Wallet;
use crate::wallet::ceremony::{Asked, DEADLINE, Open};
use crate::wallet::checks::Expected;
use crate::wallet::client::By;
use crate::wallet::error::Error;
use crate::wallet::ports::{CreationOptions, KeyError, Keys, Platform};
use crate::wallet::room::Handle;
use crate::wire::calls::KnownCredential;
use crate::wire::enrolment::{Custody, Enrolment, confirmation_challenge, creation_challenge};
use crate::wire::sign1;
use crate::wire::webauthn::{Assertion, AttestedCredential, Registration};
use core::slice;
use std::rc::Rc;

/// A confirmed statement, and the device key as it is to be stored.
type Confirmation<P> = (Rc<Made>, Assertion, Handle<P>);

impl<P: Platform> Wallet<P> {
    pub(super) async fn make_passkey(&self, open: &Open, prepared: &Prepared) -> Result<Made, Error> {
        if !prepared.known.is_empty() {
            let known = self.find_passkey(open, prepared).await?;
            return self.state_keys(prepared, known, false, None).await;
        }
        let Prepared { account, exclude, nonce, rp_id, .. } = prepared;
        let (device_key, channel_key) = self.read(|data| (data.device_key, data.channel_key))?;
        let issuer = &self.settings.issuer;
        let (thumb, channel_thumb) = (device_key.thumbprint(), channel_key.thumbprint());
        let challenge = creation_challenge(issuer, rp_id, &account.id, thumb, channel_thumb, *nonce);
        let prf = self.room.draft.borrow().as_ref().and_then(|device| self.platform.keys().prf_input(device));
        let options = CreationOptions {
            rp_id: rp_id.clone(),
            rp_name: self.trust(|trust| trust.rp_name.clone())?,
            user_handle: account.user_handle.clone(),
            account_label: account.label.clone(),
            challenge,
            exclude: exclude.clone(),
            prf,
            deadline: DEADLINE,
        };
        let (registration, derives) = self.ask_to_create(open, &options).await?;
        let response = &registration.response;
        let expected =
            Expected { kind: "webauthn.create", challenge: &challenge, origin: self.platform.origin(), rp_id };
        let flags = expected.check(&response.client_data.0, &response.authenticator_data.0)?;
        let attested = AttestedCredential::from_authenticator_data(&response.authenticator_data.0)
            .map_err(|_| Error::new(Code::AssertionRefused))?;
        if attested.id != registration.raw_id {
            return Err(Code::AssertionRefused.into());
        }
        let passkey = KnownCredential {
            key_hash: attested.key_hash(),
            id: attested.id,
            backup_eligible: flags.backup_eligible(),
        };
        if prf.is_some() && !derives {
            self.claim_less().await?;
        }
        self.state_keys(prepared, passkey, flags.backed_up(), Some(registration)).await
    }

    /// The passkey that is here, of those whose device's place may be taken. The statement names it and is what it signs, so
    /// that of several it has to be known before.
    async fn find_passkey(&self, open: &Open, prepared: &Prepared) -> Result<KnownCredential, Error> {
        let Prepared { account, known, rp_id, .. } = prepared;
        if let [known] = known.as_slice() {
            return Ok(known.clone());
        }
        let credentials: Vec<_> = known.iter().map(|known| known.id.clone()).collect();
        let (credentials, user_handle) = (credentials.as_slice(), &account.user_handle);
        let asked = Asked { rp_id, challenge: self.own_challenge()?, credentials, user_handle, prf: None };
        let (Assertion { raw_id, .. }, _) = self.ask_to_get(open, asked).await?;
        known.iter().find(|known| known.id == raw_id).cloned().ok_or_else(|| Code::NoCredential.into())
    }

    /// The statement that binds these keys to a passkey, signed by the device key.
    async fn state_keys(
        &self,
        prepared: &Prepared,
        passkey: KnownCredential,
        backed_up: bool,
        registration: Option<Registration>,
    ) -> Result<Made, Error> {
        let (device_key, channel_key, custody) = self.read(|data| (data.device_key, data.channel_key, data.custody))?;
        let statement = Enrolment {
            issuer: self.settings.issuer.clone(),
            rp_id: prepared.rp_id.clone(),
            account: prepared.account.id.clone(),
            device_key,
            channel_key,
            credential_key_hash: passkey.key_hash,
            credential: passkey.id.clone(),
            backup_eligible: passkey.backup_eligible,
            backed_up,
            custody,
            nonce: prepared.nonce,
            issued_at: self.now(),
        };
        let unsigned = sign1::prepare(&statement, &device_key);
        let signature = self.sign_with(By::Device, unsigned.message()).await?;
        Ok(Made { registration, passkey, backed_up, statement: unsigned.finish(&signature) })
    }

    /// The passkey's assertion over the signed statement, and the device key as it is to be stored, in the custody that the
    /// statement claims. None: it turned out to be a lesser one, and a new statement says so.
    pub(super) async fn confirmed(&self, open: &Open, prepared: &Prepared) -> Result<Option<Confirmation<P>>, Error> {
        let made = prepared.made.borrow().clone().ok_or(Code::IntentExpired)?;
        let (public, custody) = self.read(|data| (data.device_key, data.custody))?;
        let device = self.room.draft.borrow().clone().ok_or(Code::TicketExpired)?;
        let keys = self.platform.keys();
        let asked = Asked {
            rp_id: &prepared.rp_id,
            challenge: confirmation_challenge(&made.statement),
            credentials: slice::from_ref(&made.passkey.id),
            user_handle: &prepared.account.user_handle,
            prf: keys.prf_input(&device).filter(|_| custody == Custody::Passkey),
        };
        let (assertion, secret) = self.ask_to_get(open, asked).await?;
        if keys.prf_input(&device).is_none() {
            return Ok(Some((made, assertion, device)));
        }
        let seal = self.seal_for(&public, &made.passkey.id, &prepared.account.id)?;
        let kept = match (custody, &secret) {
            (Custody::Passkey, None) => Err(KeyError::NoSecret),
            (_, secret) => self.kept_under(&device, &public, secret.as_ref().map(|secret| (secret, &seal))).await,
        };
        match kept {
            Ok((key, device)) => {
                self.room.device.replace(Some(key));
                Ok(Some((made, assertion, device)))
            }
            Err(_) if custody == Custody::Passkey && self.settings.custody.is_none() => {
                // It claims what does not hold: whatever comes next, it must not be sent.
                prepared.made.replace(None);
                self.claim_less().await?;
                let Made { registration, passkey, backed_up, .. } = &*made;
                let made = self.state_keys(prepared, passkey.clone(), *backed_up, registration.clone()).await?;
                prepared.made.replace(Some(Rc::new(made)));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Custody `passkey` does not work with this passkey.
    async fn claim_less(&self) -> Result<(), Error> {
        if self.settings.custody.is_some() {
            return Err(Code::PrfUnavailable.into());
        }
        self.change(|data| {
            data.custody = Custody::Browser;
            Ok(())
        })
        .await
    }
}
