//! Rotation and custody upgrade: the device key signs a new one in, and the record changes over in one transaction, once
//! the issuer has said so (protocol section 6).

use super::Wallet;
use super::ceremony::{Open, Work};
use super::client::{By, parse};
use super::enrol::statement::Bound;
use super::error::Error;
use super::keys::Pair;
use super::ports::{Kept, Keys, Platform, Record, SigningKey, Store};
use super::record::{Data, Rotating};
use super::room::{Handle, Key, ms};
use super::state::{Ceremony, Confirmed, IntentView};
use super::step_up;
use crate::code::Code;
use crate::wire::approval::Approval;
use crate::wire::calls::{ConfirmRotation, KnownCredential, PrepareRotation, RotationPrepared};
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Hash};
use crate::wire::intent::{Action, Intent};
use crate::wire::key::PublicKey;
use crate::wire::sign1::{self, Unsigned};
use std::rc::Rc;

/// Refused calls of one rotation at the most: the next one waits for their end.
const MOST_EARLIER: usize = 8;

pub(super) struct Prepared {
    step: Box<step_up::Prepared>,
    /// The passkey, as the new key's statement names it.
    credential: KnownCredential,
    custody: Custody,
}

/// Keys that are to take the place of the ones in use, until they have.
pub(super) struct Next<P: Platform> {
    device: Rc<Key<P>>,
    channel: Rc<Key<P>>,
    handles: (Handle<P>, Handle<P>),
}

impl<P: Platform> Wallet<P> {
    /// `None`: the custody stays.
    pub(super) async fn rotation(&self, custody: Option<Custody>) -> Result<Ceremony, Error> {
        let id = self.begin_ceremony().await;
        self.be_sure().await?;
        if self.read(|data| data.rotating.is_some())? {
            // A sync may be asking for it: what that one hears is about the earlier rotation, and must not come after this.
            let _turn = self.room.news.turn().await;
            self.finish_earlier().await?;
        }
        let custody = custody.unwrap_or(self.read(|data| data.custody)?);
        // Whether this wallet may: before keys are made for nothing.
        let action = |new_thumb| Action::Rotate { new_thumb, custody };
        self.demand_for(&action(self.read(|data| data.device_key.thumbprint())?))?;
        let (device, channel, handles) = self.next_pair(custody).await?;
        let new_thumb = device.public().thumbprint();
        let mut credential = None;
        let call = |head: Hash| self.body::<PrepareRotation>(&PrepareRotation { new_thumb, custody, head });
        let mut read = |answer: &[u8]| {
            let RotationPrepared { intent, credential: known } = *parse(answer)?;
            credential = Some(known);
            Ok(intent)
        };
        let step = self.begin(action(new_thumb), &call, &mut read).await?;
        self.room.pair.replace(None);
        let mut credential = credential.ok_or(Code::IssuerRefused)?;
        // What was agreed to names it.
        credential.id = step.intent().credential.clone();
        let view =
            IntentView::Rotate { custody, device: step.device().clone(), expires_at: ms(step.intent().expires_at) };
        let prepared = Prepared { step, credential, custody };
        let ceremony = self.open_ceremony(id, view, Work::Rotate(Box::new(prepared)))?;
        self.room.next.replace(Some(Next { device, channel, handles }));
        Ok(ceremony)
    }

    /// Keys to come. Those of a preparation that was not answered are asked about again: it is the same call. Those of a
    /// rotation that was refused and may still land are the ones for this rotation too.
    ///
    /// # Errors
    /// `too-many-attempts` if they can't be, with the time until the earlier one can no longer land.
    async fn next_pair(&self, custody: Custody) -> Result<Pair<P>, Error> {
        if let Some(rotating) = self.read(|data| data.rotating.clone())? {
            let left = rotating.lands_until().saturating_add(1).saturating_sub(self.now()).max(1);
            let wait = || Error::new(Code::TooManyAttempts).or_retry_after(Some(left));
            if rotating.custody != custody || rotating.earlier.len() >= MOST_EARLIER {
                return Err(wait());
            }
            return self.pair_on_disk(&rotating).await?.ok_or_else(wait);
        }
        if let Some((held, pair)) = &*self.room.pair.borrow()
            && *held == custody
        {
            return Ok(pair.clone());
        }
        let pair = self.make_pair(custody).await?;
        self.room.pair.replace(Some((custody, pair.clone())));
        Ok(pair)
    }

    /// The keys of a rotation that is on disk. `None` if they do not open, as sealed ones after a restart.
    async fn pair_on_disk(&self, rotating: &Rotating) -> Result<Option<Pair<P>>, Error> {
        if let Some(next) = &*self.room.next.borrow()
            && *next.device.public() == rotating.device_key
        {
            return Ok(Some((Rc::clone(&next.device), Rc::clone(&next.channel), next.handles.clone())));
        }
        let Kept::Record(Record { next: Some(next), .. }) = self.platform.store().load().await? else {
            return Ok(None);
        };
        let device = self.opened(&next.0, &rotating.device_key, None).await;
        let channel = self.opened(&next.1, &rotating.channel_key, None).await;
        Ok(device.ok().zip(channel.ok()).map(|(device, channel)| (device, channel, next)))
    }

    pub(super) async fn confirm_rotation(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        self.be_sure().await?;
        let Intent { nonce, action, .. } = prepared.step.intent();
        let nonce = *nonce;
        // The answer came, and was given up with the write that it was to be kept by.
        let key = self.read(|data| data.device_key.thumbprint())?;
        if matches!(action, Action::Rotate { new_thumb, .. } if *new_thumb == key) {
            return self.enrolled().await;
        }
        let is_sent = |data: &Data| data.rotating.as_ref().is_some_and(|rotating| rotating.nonce == nonce);
        if !self.read(is_sent)? {
            let (mut rotating, handles) = self.signed_in(open, prepared).await?;
            let old = prepared.step.intent().thumb;
            // On disk before it is sent: whatever happens to the answer, it can be asked for again.
            self.change_next(handles, move |data| {
                if data.device_key.thumbprint() != old {
                    return Err(Code::Superseded.into());
                }
                if let Some(before) = data.rotating.take() {
                    // Whichever of its calls lands, the key is the same.
                    if before.device_key != rotating.device_key {
                        return Err(Code::Superseded.into());
                    }
                    rotating.earlier = before.earlier;
                    rotating.earlier.push(before.call);
                    rotating.until = rotating.until.max(before.until);
                    rotating.frozen = before.frozen;
                }
                data.rotating = Some(rotating);
                Ok(())
            })
            .await?;
        }
        let turn = self.room.news.turn().await;
        self.resume_registration().await?.into_registered()?;
        drop(turn);
        if self.read(is_sent)? {
            // Locked before it was sent: nothing is renewed yet.
            return Err(Code::Locked.into());
        }
        self.enrolled().await
    }

    /// Everything that is signed, by passkey, old key and new key; and the new handles as they are to be stored.
    async fn signed_in(&self, open: &Open, prepared: &Prepared) -> Result<(Rotating, (Handle<P>, Handle<P>)), Error> {
        let step = &prepared.step;
        let (made, channel_key, mut handles) = {
            let next = self.room.next.borrow();
            let next = next.as_ref().ok_or(Code::IntentExpired)?;
            (Rc::clone(&next.device), *next.channel.public(), next.handles.clone())
        };
        let prf = self.platform.keys().prf_input(&handles.0);
        let (answer, co_signature) = self.agree(open, step, prf.as_ref()).await?;
        let (assertion, secret) = *answer;
        let nonce = step.intent().nonce;
        let keys = (*made.public(), channel_key);
        let bound = Bound {
            keys: &keys,
            custody: prepared.custody,
            rp_id: step.rp_id(),
            account: &step.intent().account,
            passkey: &prepared.credential,
            backed_up: false,
            nonce,
        };
        let unsigned = self.statement(&bound);
        let statement = Bytes(unsigned.finish(&made.sign(unsigned.message()).await?));
        let unsigned = self.read(|data| self.approval(step.intent(), &bound, &data.device_key))?;
        let approval = self.signed(By::Device, unsigned).await?;
        if prf.is_some() {
            let (device, kept) = self.sealed_for(&handles.0, &bound, secret).await?;
            handles.0 = kept;
            if let Some(next) = self.room.next.borrow_mut().as_mut() {
                next.device = device;
            }
        }
        let attestation = self.platform.keys().attest(&handles.0, nonce).await;
        let intent = Bytes(step.intent().to_bytes());
        let call = ConfirmRotation { intent, assertion, co_signature, approval, statement, attestation };
        let call = Bytes(self.body::<ConfirmRotation>(&call)?.into_text());
        let rotating = Rotating {
            device_key: keys.0,
            channel_key,
            custody: prepared.custody,
            nonce,
            call,
            earlier: Vec::new(),
            until: step.intent().expires_at,
            frozen: false,
        };
        Ok((rotating, handles))
    }

    /// The old key's word for the new one, for it to sign.
    fn approval(&self, intent: &Intent, bound: &Bound<'_>, public: &PublicKey) -> Unsigned {
        let approval = Approval {
            issuer: self.settings.issuer.clone(),
            account: bound.account.clone(),
            thumb: intent.thumb,
            new_key: bound.keys.0,
            custody: bound.custody,
            nonce: bound.nonce,
            issued_at: self.now(),
        };
        sign1::prepare(&approval, public)
    }

    /// Whether this key is the one that a rotation of this wallet's own puts in the place of the device key.
    pub(super) fn is_next(&self, key: &PublicKey) -> bool {
        self.room.next.borrow().as_ref().is_some_and(|next| next.device.public() == key)
    }

    /// The new keys take the place of the old ones here too, once the record names them.
    pub(super) async fn change_over(&self) -> Result<(), Error> {
        // An order of the old key is none of the new one's.
        self.room.freezing.replace(None);
        if !self.take_next()?
            && let Kept::Record(record) = self.platform.store().load().await?
        {
            // After a restart: a sealed one stays locked until its passkey is asked.
            self.take(record).await?;
        }
        self.room.changed();
        Ok(())
    }

    /// Takes the keys that were prepared. What this tab prepared may be another rotation than the one that was on disk.
    fn take_next(&self) -> Result<bool, Error> {
        let public = self.read(|data| data.device_key)?;
        let next = self.room.next.borrow_mut().take_if(|next| *next.device.public() == public);
        let Some(Next { device, channel, .. }) = next else {
            return Ok(false);
        };
        // Locked while the answer was under way, it stays so.
        if self.room.device.borrow().is_some() {
            self.room.device.replace(Some(device));
        }
        self.room.channel.replace(Some(channel));
        Ok(true)
    }
}
