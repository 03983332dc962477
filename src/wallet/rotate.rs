//! Rotation and custody upgrade: the device key signs a new one in, and the record changes over in one transaction, once
//! the issuer has said so (protocol section 6).

use super::Wallet;
use super::ceremony::{Open, Work};
use super::client::{By, parse};
use super::enrol::{is_unanswered, or_later};
use super::error::Error;
use super::ports::{Kept, Keys, Platform, SigningKey, Store};
use super::queue::Stop;
use super::record::{Data, Rotating};
use super::room::{Handle, Key, Local, Secret, ms, this_device};
use super::state::{Ceremony, Confirmed, IntentView};
use super::step_up;
use crate::code::Code;
use crate::wire::approval::Approval;
use crate::wire::calls::{
    Call, ConfirmIntent, ConfirmRotation, DeviceStatus, Enrolled, KnownCredential, PrepareRotation, RotationPrepared,
};
use crate::wire::enrolment::{Custody, Enrolment};
use crate::wire::id::{Bytes, Hash};
use crate::wire::intent::{Action, Intent};
use crate::wire::json;
use crate::wire::key::PublicKey;
use crate::wire::sign1;
use std::rc::Rc;

pub(super) struct Prepared {
    step: step_up::Prepared,
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
        self.end_open(Stop::Superseded).await;
        self.resume_rotation().await?;
        let custody = custody.unwrap_or(self.read(|data| data.custody)?);
        // Whether this wallet may: before keys are made for nothing.
        let action = |new_thumb| Action::Rotate { new_thumb, custody };
        self.demand_for(&action(self.read(|data| data.device_key.thumbprint())?))?;
        let (device, channel, handles) = self.make_pair(custody).await?;
        let new_thumb = device.public().thumbprint();
        let mut credential = None;
        let call = |head: Hash| json::to_vec(&PrepareRotation { new_thumb, custody, head });
        let mut read = |answer: &[u8]| {
            let RotationPrepared { intent, credential: known } = parse(answer)?;
            credential = Some(known);
            Ok(intent)
        };
        let (device_label, step) = self.begin(action(new_thumb), PrepareRotation::PATH, &call, &mut read).await?;
        let credential = credential.ok_or(Code::IssuerRefused)?;
        let view = IntentView::Rotate { custody, device: device_label, expires_at: ms(step.intent().expires_at) };
        let prepared = Prepared { step, credential, custody };
        let ceremony = self.open_ceremony(view, Work::Rotate(Box::new(prepared))).await;
        self.room.next.replace(Some(Next { device: Rc::new(device), channel: Rc::new(channel), handles }));
        Ok(ceremony)
    }

    pub(super) async fn confirm_rotation(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let nonce = prepared.step.intent().nonce;
        let is_sent = |data: &Data| data.rotating.as_ref().is_some_and(|rotating| rotating.nonce == nonce);
        if !self.read(is_sent)? {
            let (rotating, handles) = self.signed_in(open, prepared).await?;
            let old = prepared.step.intent().thumb;
            // On disk before it is sent: whatever happens to the answer, it can be asked for again.
            self.change_next(handles, move |data| {
                if data.device_key.thumbprint() != old || data.rotating.is_some() {
                    return Err(Code::Superseded.into());
                }
                data.rotating = Some(rotating);
                Ok(())
            })
            .await?;
        }
        let turn = self.room.news.turn().await;
        self.resume_rotation().await?;
        drop(turn);
        if self.read(is_sent)? {
            // Locked before it was sent: nothing is renewed yet.
            return Err(Code::Locked.into());
        }
        let _ = self.fetch_news().await;
        let device = self.read(|data| this_device(data, self.now()))?;
        device.map(|device| Confirmed::Enrolled { device }).ok_or_else(|| Code::NotEnrolled.into())
    }

    /// Everything that is signed, by passkey, old key and new key; and the new handles as they are to be stored.
    async fn signed_in(&self, open: &Open, prepared: &Prepared) -> Result<(Rotating, (Handle<P>, Handle<P>)), Error> {
        let intent = prepared.step.intent();
        let (made, channel, mut handles) = {
            let next = self.room.next.borrow();
            let next = next.as_ref().ok_or(Code::IntentExpired)?;
            (Rc::clone(&next.device), Rc::clone(&next.channel), next.handles.clone())
        };
        let (new_key, channel_key) = (*made.public(), *channel.public());
        let prf = self.platform.keys().prf_input(&handles.0);
        let (ConfirmIntent { nonce, assertion, co_signature }, secret) = self.agree(open, &prepared.step, prf).await?;
        if prf.is_some() {
            let (device, kept) = self.sealed_next(&handles.0, &new_key, intent, prepared.custody, secret).await?;
            handles.0 = kept;
            if let Some(next) = self.room.next.borrow_mut().as_mut() {
                next.device = device;
            }
        }
        let Intent { issuer, account, thumb, credential, .. } = intent.clone();
        let (custody, issued_at) = (prepared.custody, self.now());
        let approval =
            Approval { issuer: issuer.clone(), account: account.clone(), thumb, new_key, custody, nonce, issued_at };
        let unsigned = sign1::prepare(&approval, &self.read(|data| data.device_key)?);
        let approval = Bytes(unsigned.finish(&self.sign_with(By::Device, unsigned.message()).await?));
        let statement = Enrolment {
            issuer,
            rp_id: prepared.step.rp_id().clone(),
            account,
            device_key: new_key,
            channel_key,
            credential,
            credential_key_hash: prepared.credential.key_hash,
            backup_eligible: prepared.credential.backup_eligible,
            backed_up: false,
            custody,
            nonce,
            issued_at,
        };
        let unsigned = sign1::prepare(&statement, &new_key);
        let statement = Bytes(unsigned.finish(&made.sign(unsigned.message()).await?));
        let co_signature = co_signature.unwrap_or_default();
        let attestation = self.platform.keys().attest(&handles.0, nonce).await;
        let call = ConfirmRotation { nonce, assertion, co_signature, approval, statement, attestation };
        let call = Bytes(json::to_vec(&call));
        Ok((Rotating { device_key: new_key, channel_key, custody, nonce, call }, handles))
    }

    /// The new key as it is to be stored, proved by opening it.
    async fn sealed_next(
        &self,
        handle: &Handle<P>,
        public: &PublicKey,
        intent: &Intent,
        custody: Custody,
        secret: Option<Secret<P>>,
    ) -> Result<(Rc<Key<P>>, Handle<P>), Error> {
        let seal = self.seal_for(public, &intent.credential, &intent.account)?;
        if custody == Custody::Passkey && secret.is_none() {
            return Err(Code::PrfUnavailable.into());
        }
        Ok(self.kept_under(handle, public, secret.as_ref().map(|secret| (secret, &seal))).await?)
    }

    /// Sends a rotation that is on disk, for the first time or again, and changes over once it is answered.
    ///
    /// # Errors
    /// Where no answer came it stays on disk; what the issuer refuses ends it, and the key stays what it was.
    pub(super) fn resume_rotation(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let Some(call) = self.read(|data| data.rotating.as_ref().map(|rotating| rotating.call.0.clone()))? else {
                return Ok(());
            };
            if self.room.device.borrow().is_none() {
                // It is asked for once the key is open.
                return Ok(());
            }
            let answer = self.send_proved(By::Device, ConfirmRotation::PATH, call).await;
            match answer.and_then(|answer| parse(&answer)) {
                Ok(enrolled) => self.change_over(enrolled).await,
                Err(error) if is_unanswered(&error) => Err(error),
                Err(error) => {
                    self.room.next.replace(None);
                    self.change(|data| {
                        data.rotating = None;
                        Ok(())
                    })
                    .await?;
                    Err(error)
                }
            }
        })
    }

    /// The new keys take the place of the old ones: on disk in one transaction, then here.
    async fn change_over(&self, Enrolled { allowance, atc_floor }: Enrolled) -> Result<(), Error> {
        let now = self.now();
        // For the new key and no other: an old answer, played again, must not end the key that works.
        let new = |data: &Data| data.rotating.as_ref().map_or(data.device_key, |rotating| rotating.device_key);
        let thumb = self.read(|data| new(data).thumbprint())?;
        let terms = or_later(self.open_allowance(&allowance.0, thumb, now).await)?;
        self.change(move |data| {
            // Another tab may have been here first.
            let Some(rotating) = data.rotating.take() else { return Ok(()) };
            data.predecessors.push(data.device_key.thumbprint());
            data.device_key = rotating.device_key;
            data.channel_key = rotating.channel_key;
            data.custody = rotating.custody;
            data.unopened = if terms.is_none() { Some(allowance) } else { None };
            data.allowance = terms;
            data.atc = data.atc.max(atc_floor);
            data.status = DeviceStatus::Active;
            data.last_contact = now;
            // Codes of the old key are dead; what was paid with them comes in receipts.
            data.shown.clear();
            Ok(())
        })
        .await?;
        let public = self.read(|data| data.device_key)?;
        // What this tab prepared may be another rotation than the one that is on disk.
        let next = self.room.next.take().filter(|next| *next.device.public() == public);
        if let Some(Next { device, channel, .. }) = next {
            // Locked while the answer was under way, it stays so.
            if self.room.device.borrow().is_some() {
                self.room.device.replace(Some(device));
            }
            self.room.channel.replace(Some(channel));
            self.room.changed();
        } else if let Kept::Record(record) = self.platform.store().load().await? {
            // After a restart: a sealed one stays locked until its passkey is asked.
            self.take(record).await?;
            self.room.changed();
        }
        Ok(())
    }
}
