//! The passkey and the statement that binds the keys to it, which claims the custody that the device key really has.

use super::{Made, Prepared};
use crate::code::Code;
use crate::wallet::Wallet;
use crate::wallet::calling::Body;
use crate::wallet::ceremony::{DEADLINE, Open};
use crate::wallet::checks::Expected;
use crate::wallet::classify::{Asked, classify};
use crate::wallet::client::By;
use crate::wallet::error::Error;
use crate::wallet::ports::{Authenticator, CreationOptions, Keys, Platform, RequestOptions};
use crate::wallet::record::{Account, Enrolling};
use crate::wallet::room::{Handle, Key, Local, Secret};
use crate::wire::calls::{ConfirmEnrolment, ConfirmRecovery, KnownCredential, Registering};
use crate::wire::enrolment::{Custody, Enrolment, confirmation_challenge, creation_challenge};
use crate::wire::id::{AccountId, Bytes, Hash, Nonce, RpId};
use crate::wire::key::PublicKey;
use crate::wire::sign1::{self, Unsigned};
use crate::wire::webauthn::{Assertion, AttestedCredential, Registration};
use core::cell::{Cell, RefCell};
use core::slice;
use std::rc::Rc;

/// What a device key signs of itself, beside what this wallet is.
pub(in crate::wallet) struct Bound<'a> {
    /// Device key and channel key.
    pub(in crate::wallet) keys: &'a (PublicKey, PublicKey),
    pub(in crate::wallet) custody: Custody,
    pub(in crate::wallet) rp_id: &'a RpId,
    pub(in crate::wallet) account: &'a AccountId,
    pub(in crate::wallet) passkey: &'a KnownCredential,
    pub(in crate::wallet) backed_up: bool,
    pub(in crate::wallet) nonce: Nonce,
}

/// A key, and the handle to store that it came out of.
type Opened<P> = (Rc<Key<P>>, Handle<P>);

impl<P: Platform> Wallet<P> {
    /// A new passkey, or the one that is here of those whose device's place may be taken. The statement names it and is what
    /// it signs, so that of several it has to be known before.
    fn make_passkey<'a>(&'a self, open: &'a Open, prepared: &'a Prepared) -> Local<'a, Result<(), Error>> {
        match prepared.reply.credentials.as_deref() {
            None => self.patiently(open, None, Box::pin(self.create_passkey(prepared))),
            Some(known) => Box::pin(self.find_passkey(open, prepared, known)),
        }
    }

    async fn create_passkey(&self, prepared: &Prepared) -> Result<(), Error> {
        let (challenge, prf) = self.creation(prepared);
        let options = CreationOptions {
            rp_id: &prepared.rp_id,
            rp_name: prepared.rp_id.as_str(),
            user_handle: &prepared.reply.user_handle,
            account_label: &prepared.reply.account_label,
            challenge: &challenge,
            exclude: prepared.reply.exclude.as_deref().unwrap_or_default(),
            prf: prf.as_ref(),
            deadline: DEADLINE,
        };
        let created = self.platform.authenticator().create(&options).await;
        let made = self.registered(&options, created.map_err(|ended| classify(&ended, Asked::Create))?)?;
        prepared.made.get_or_init(|| made);
        Ok(())
    }

    async fn find_passkey(&self, open: &Open, prepared: &Prepared, known: &[KnownCredential]) -> Result<(), Error> {
        let found = match known {
            [known] => known,
            several => {
                let credentials: Vec<_> = several.iter().map(|known| known.id.clone()).collect();
                let (rp_id, challenge, credentials) = (&prepared.rp_id, &self.own_challenge()?, credentials.as_slice());
                let options = RequestOptions { rp_id, challenge, credentials, prf: None, deadline: DEADLINE };
                let answer = self.ask_to_get(open, &options, &prepared.reply.user_handle).await?;
                several.iter().find(|known| known.id == answer.0.raw_id).ok_or(Code::NoCredential)?
            }
        };
        prepared.made.get_or_init(|| Made::again(found));
        Ok(())
    }

    /// The challenge for a new passkey, and what it is to derive a secret from.
    fn creation(&self, prepared: &Prepared) -> (Hash, Option<[u8; 32]>) {
        let Prepared { reply, keys, rp_id, .. } = prepared;
        let (thumb, channel_thumb) = (keys.0.thumbprint(), keys.1.thumbprint());
        let (issuer, account) = (&self.settings.issuer, &reply.account);
        let draft = self.room.draft.borrow();
        let prf = draft.as_ref().and_then(|device| self.platform.keys().prf_input(device));
        (creation_challenge(issuer, rp_id, account, thumb, channel_thumb, reply.nonce), prf)
    }

    /// The passkey of a registration, checked.
    fn registered(
        &self,
        options: &CreationOptions<'_>,
        (registration, derives): (Box<Registration>, bool),
    ) -> Result<Box<Made>, Error> {
        let response = &registration.response;
        let CreationOptions { challenge, rp_id, .. } = *options;
        let expected = Expected { kind: "webauthn.create", challenge, origin: self.platform.origin(), rp_id };
        let flags = expected.check(&response.client_data.0, &response.authenticator_data.0)?;
        let attested = AttestedCredential::from_authenticator_data(&response.authenticator_data.0)
            .map_err(|_| Error::new(Code::AssertionRefused))?;
        if attested.id != registration.raw_id {
            return Err(Code::AssertionRefused.into());
        }
        let (key_hash, backup_eligible) = (attested.key_hash(), flags.backup_eligible());
        Ok(Box::new(Made {
            registration: Some(registration),
            passkey: KnownCredential { id: attested.id, key_hash, backup_eligible },
            backed_up: flags.backed_up(),
            seals: Cell::new(derives || options.prf.is_none()),
            statement: RefCell::default(),
        }))
    }

    /// The statement that binds keys to a passkey, for the device key among them to sign.
    pub(in crate::wallet) fn statement(&self, bound: &Bound<'_>) -> Unsigned {
        let (device_key, channel_key) = *bound.keys;
        let statement = Enrolment {
            issuer: self.settings.issuer.clone(),
            rp_id: bound.rp_id.clone(),
            account: bound.account.clone(),
            device_key,
            channel_key,
            credential: bound.passkey.id.clone(),
            credential_key_hash: bound.passkey.key_hash,
            backup_eligible: bound.passkey.backup_eligible,
            backed_up: bound.backed_up,
            custody: bound.custody,
            nonce: bound.nonce,
            issued_at: self.now(),
        };
        sign1::prepare(&statement, &device_key)
    }

    /// The device key as it is to be stored, if it was made to be sealed: under what the passkey derived, where the statement
    /// claims that, and proved by opening it.
    pub(in crate::wallet) fn sealed_for<'a>(
        &'a self,
        device: &'a Handle<P>,
        bound: &'a Bound<'a>,
        secret: Option<Secret<P>>,
    ) -> Local<'a, Result<Opened<P>, Error>> {
        Box::pin(async move {
            let public = &bound.keys.0;
            let seal = self.seal_for(public, &bound.passkey.id, bound.account)?;
            if bound.custody == Custody::Passkey && secret.is_none() {
                return Err(Code::PrfUnavailable.into());
            }
            Ok(self.kept_under(device, public, secret.as_ref().map(|secret| (secret, &seal))).await?)
        })
    }

    /// The custody that the statement is to claim: a lesser one, if the passkey can't seal and the page names none.
    fn claimed(&self, made: &Made) -> Result<Custody, Error> {
        let custody = self.read(|data| data.custody)?;
        if custody != Custody::Passkey || made.seals.get() {
            return Ok(custody);
        }
        if self.settings.custody.is_some() {
            return Err(Code::PrfUnavailable.into());
        }
        // Its keys are not on disk yet, nor is the record.
        if let Some(data) = self.room.data.borrow_mut().as_mut() {
            data.custody = Custody::Browser;
        }
        self.room.changed();
        Ok(Custody::Browser)
    }

    /// The call that registers the key: of a new passkey, or of one that was registered before.
    fn registering(&self, made: &Made, assertion: &Assertion, attestation: &Option<Bytes>) -> Result<Body, Error> {
        let (registration, statement) = (&made.registration, &*made.statement.borrow());
        let call = Registering { registration, statement, assertion, attestation };
        match registration {
            Some(_) => self.body::<ConfirmEnrolment>(&call),
            None => self.body::<ConfirmRecovery>(&call),
        }
    }

    /// Asks for all that an enrolment takes and puts it on disk, in the custody that the device key really has.
    pub(super) async fn register(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        let made = loop {
            match prepared.made.get() {
                Some(made) => break made,
                None => self.make_passkey(open, prepared).await?,
            }
        };
        let Prepared { reply, keys, rp_id, .. } = prepared;
        loop {
            let custody = self.claimed(made)?;
            let bound = Bound {
                keys,
                custody,
                rp_id,
                account: &reply.account,
                passkey: &made.passkey,
                backed_up: made.backed_up,
                nonce: reply.nonce,
            };
            if made.statement.borrow().0.is_empty() {
                made.statement.replace(self.signed(By::Device, self.statement(&bound)).await?);
            }
            let mut device = self.room.draft.borrow().clone().ok_or(Code::TicketExpired)?;
            let input = self.platform.keys().prf_input(&device);
            let options = RequestOptions {
                rp_id,
                challenge: &confirmation_challenge(&made.statement.borrow().0),
                credentials: slice::from_ref(&made.passkey.id),
                prf: input.as_ref().filter(|_| custody == Custody::Passkey),
                deadline: DEADLINE,
            };
            let mut answer = self.ask_to_get(open, &options, &reply.user_handle).await?;
            if input.is_some() {
                match self.sealed_for(&device, &bound, answer.1.take()).await {
                    Ok((key, kept)) => {
                        self.room.device.replace(Some(key));
                        device = kept;
                    }
                    Err(error)
                        if error.code != Code::PlatformSilent
                            && custody == Custody::Passkey
                            && self.settings.custody.is_none() =>
                    {
                        // The passkey did not do what it promised: the statement claims what does not hold, and must not be
                        // sent, whatever comes next. It is asked once more.
                        made.seals.set(false);
                        made.statement.take();
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            let attestation = match made.registration {
                Some(_) => self.platform.keys().attest(&device, reply.nonce).await,
                None => None,
            };
            let body = self.registering(made, &answer.0, &attestation)?;
            let enrolling = prepared.enrolling(made, Bytes(body.into_text()), self.now());
            // On disk before it is sent: whatever happens to the answer, it can be asked for again.
            return self
                .change_with(device, |data| {
                    data.enrolling = Some(enrolling);
                    Ok(())
                })
                .await;
        }
    }
}

impl Prepared {
    fn enrolling(&self, made: &Made, call: Bytes, now: u32) -> Enrolling {
        let account = Account {
            id: self.reply.account.clone(),
            label: self.reply.account_label.clone(),
            device_label: self.label.to_string(),
            credential: made.passkey.id.clone(),
            user_handle: self.reply.user_handle.clone(),
            enrolled_at: now,
        };
        Enrolling { account, call, recovers: made.registration.is_none().then_some(true) }
    }
}

impl Made {
    /// A passkey that was registered before. What it derives will show.
    fn again(known: &KnownCredential) -> Box<Self> {
        let (seals, statement) = (Cell::new(true), RefCell::default());
        Box::new(Self { registration: None, passkey: known.clone(), backed_up: false, seals, statement })
    }
}
