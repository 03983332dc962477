//! The passkey and the statement that binds the keys to it, which claims the custody that the device key really has.

use super::{Made, Prepared};
use crate::code::Code;
use crate::wallet::Wallet;
use crate::wallet::ceremony::{Asked, Open};
use crate::wallet::checks::Expected;
use crate::wallet::classify::{Asked as Verb, classify};
use crate::wallet::client::By;
use crate::wallet::error::Error;
use crate::wallet::ports::{Authenticator, CreationOptions, Keys, Platform};
use crate::wallet::record::{Account, Enrolling};
use crate::wallet::room::{Handle, Key, Local, Secret};
use crate::wire::calls::{KnownCredential, Registering};
use crate::wire::enrolment::{Custody, Enrolment, confirmation_challenge};
use crate::wire::id::{AccountId, Bytes, Nonce, RpId};
use crate::wire::json;
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
    async fn make_passkey(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        let Prepared { options, known, .. } = prepared;
        let known = match known.as_slice() {
            [] => {
                let prompt = async {
                    let created = self.platform.authenticator().create(options).await;
                    let made = self.registered(options, created.map_err(|ended| classify(&ended, Verb::Create))?)?;
                    prepared.made.get_or_init(|| made);
                    Ok(())
                };
                return self.patiently(open, None, Box::pin(prompt)).await;
            }
            [known] => known,
            several => {
                let credentials: Vec<_> = several.iter().map(|known| known.id.clone()).collect();
                let asked = Asked {
                    rp_id: &options.rp_id,
                    challenge: self.own_challenge()?,
                    credentials: &credentials,
                    user_handle: &options.user_handle,
                    prf: None,
                };
                let (Assertion { raw_id, .. }, _) = self.ask_to_get(open, asked).await?;
                several.iter().find(|known| known.id == raw_id).ok_or(Code::NoCredential)?
            }
        };
        prepared.made.get_or_init(|| Made::again(known));
        Ok(())
    }

    /// The passkey of a registration, checked.
    fn registered(
        &self,
        options: &CreationOptions,
        (registration, derives): (Registration, bool),
    ) -> Result<Made, Error> {
        let response = &registration.response;
        let (challenge, rp_id) = (&options.challenge, &options.rp_id);
        let expected = Expected { kind: "webauthn.create", challenge, origin: self.platform.origin(), rp_id };
        let flags = expected.check(&response.client_data.0, &response.authenticator_data.0)?;
        let attested = AttestedCredential::from_authenticator_data(&response.authenticator_data.0)
            .map_err(|_| Error::new(Code::AssertionRefused))?;
        if attested.id != registration.raw_id {
            return Err(Code::AssertionRefused.into());
        }
        let (key_hash, backup_eligible) = (attested.key_hash(), flags.backup_eligible());
        Ok(Made {
            registration: Some(registration),
            passkey: KnownCredential { id: attested.id, key_hash, backup_eligible },
            backed_up: flags.backed_up(),
            seals: Cell::new(derives || options.prf.is_none()),
            statement: RefCell::default(),
        })
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

    /// Asks for all that an enrolment takes and puts it on disk, in the custody that the device key really has.
    pub(super) async fn register(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        let made = loop {
            match prepared.made.get() {
                Some(made) => break made,
                None => self.make_passkey(open, prepared).await?,
            }
        };
        loop {
            let (keys, mut custody) = self.read(|data| ((data.device_key, data.channel_key), data.custody))?;
            if custody == Custody::Passkey && !made.seals.get() {
                if self.settings.custody.is_some() {
                    return Err(Code::PrfUnavailable.into());
                }
                custody = Custody::Browser;
                self.change(move |data| {
                    data.custody = custody;
                    Ok(())
                })
                .await?;
            }
            let bound = Bound {
                keys: &keys,
                custody,
                rp_id: &prepared.options.rp_id,
                account: &prepared.account.id,
                passkey: &made.passkey,
                backed_up: made.backed_up,
                nonce: prepared.nonce,
            };
            if made.statement.borrow().0.is_empty() {
                made.statement.replace(self.signed(By::Device, self.statement(&bound)).await?);
            }
            let mut device = self.room.draft.borrow().clone().ok_or(Code::TicketExpired)?;
            let input = self.platform.keys().prf_input(&device);
            let asked = Asked {
                rp_id: bound.rp_id,
                challenge: confirmation_challenge(&made.statement.borrow().0),
                credentials: slice::from_ref(&made.passkey.id),
                user_handle: &prepared.options.user_handle,
                prf: input.filter(|_| custody == Custody::Passkey),
            };
            let (assertion, secret) = self.ask_to_get(open, asked).await?;
            if input.is_some() {
                match self.sealed_for(&device, &bound, secret).await {
                    Ok((key, kept)) => {
                        self.room.device.replace(Some(key));
                        device = kept;
                    }
                    Err(_) if custody == Custody::Passkey && self.settings.custody.is_none() => {
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
                Some(_) => self.platform.keys().attest(&device, prepared.nonce).await,
                None => None,
            };
            let enrolling = prepared.enrolling(made, &assertion, &attestation, self.now());
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
    fn enrolling(&self, made: &Made, assertion: &Assertion, attestation: &Option<Bytes>, now: u32) -> Enrolling {
        let (id, enrolled_at) = (made.passkey.id.clone(), now);
        let account = Account { credential: id, enrolled_at, ..self.account.clone() };
        let (registration, statement) = (&made.registration, &*made.statement.borrow());
        let call = Registering { registration, statement, assertion, label: &account.device_label, attestation };
        let call = Bytes(json::to_vec(&call));
        Enrolling { account, call, recovers: made.registration.is_none().then_some(true) }
    }
}

impl Made {
    /// A passkey that was registered before. What it derives will show.
    fn again(known: &KnownCredential) -> Self {
        let (seals, statement) = (Cell::new(true), RefCell::default());
        Self { registration: None, passkey: known.clone(), backed_up: false, seals, statement }
    }
}
