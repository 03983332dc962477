//! Enrolling the first device: keys, login, contact code, passkey, statement (protocol section 6).

pub(super) mod registration;
pub(super) mod statement;

use super::Wallet;
use super::ceremony::{DEADLINE, Open, Work};
use super::client::{By, parse};
use super::error::Error;
use super::ports::{Clock, CreationOptions, Kept, Keys, Lock, Platform, Store};
use super::queue::{First, Stop, first};
use super::record::{Account, Data, Enrolling};
use super::room::{Fault, Local, ms, this_device, unreadable};
use super::state::{Ceremony, Confirmed, IntentView};
use crate::code::Code;
use crate::wire::calls::{
    Call, ConfirmEnrolment, ConfirmRecovery, EnrolmentPrepared, EnterCode, KnownCredential, LogIn, PrepareEnrolment,
    PrepareRecovery, RecoveryPrepared,
};
use crate::wire::enrolment::creation_challenge;
use crate::wire::id::{AccountId, Bytes, Nonce, host};
use crate::wire::json;
use crate::wire::webauthn::{Assertion, Registration};
use core::cell::{Cell, RefCell};
use registration::{is_unanswered, judged};
use std::rc::Rc;

/// Longest label in characters.
const LABEL: usize = 60;

pub(super) struct Prepared {
    account: AccountId,
    device_label: String,
    /// The passkeys of the devices whose place may be taken; none: a new one is made.
    known: Vec<KnownCredential>,
    /// What a new one is made with.
    options: CreationOptions,
    nonce: Nonce,
    /// Kept between two taps, where the platform wants one for each prompt.
    made: RefCell<Option<Rc<Made>>>,
    /// Whether it was sent.
    sent: Cell<bool>,
}

/// The passkey, and what the device key says of it.
struct Made {
    registration: Option<Registration>,
    passkey: KnownCredential,
    backed_up: bool,
    /// Whether it can seal the device key, as far as is known.
    seals: Cell<bool>,
    /// The signed statement; empty while it is to be signed.
    statement: RefCell<Bytes>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn start_login(&self, login: &str, password: &str, language: &str) -> Result<String, Error> {
        self.demand_new()?;
        self.ensure_keys().await?;
        self.learn_issuer().await?;
        let call = LogIn { login: login.into(), password: password.into(), language: language.into() };
        Ok(self.call(By::NewDevice, &call).await?.attempt)
    }

    pub(super) async fn finish_login(&self, attempt: &str, code: &str) -> Result<String, Error> {
        self.demand_new()?;
        let call = EnterCode { attempt: attempt.into(), code: code.into() };
        Ok(self.call(By::NewDevice, &call).await?.ticket)
    }

    /// That no device is enrolled here.
    fn demand_new(&self) -> Result<(), Error> {
        let enrolled = self.room.data.borrow().as_ref().is_some_and(|data| data.account.is_some());
        match self.room.fault.get() {
            // The channel key may still be there to freeze with: only the owner gives that up, by `forget`.
            Some(Fault::KeyLost) if enrolled => Err(Code::KeyLost.into()),
            _ if enrolled => Err(Code::AlreadyEnrolled.into()),
            _ => Ok(()),
        }
    }

    pub(super) async fn enrolment(
        &self,
        ticket: &str,
        label: &str,
        expected_account_label: Option<&str>,
        replaces: bool,
    ) -> Result<Ceremony, Error> {
        self.end_open(Stop::Superseded).await;
        self.demand_new()?;
        let label = label.trim();
        let label = if label.is_empty() { self.settings.label.as_str() } else { label };
        if label.chars().count() > LABEL {
            return Err(Code::BadArgument.into());
        }
        self.ensure_keys().await?;
        self.learn_issuer().await?;
        if !self.trust(|trust| host(self.platform.origin()) == trust.rp_id.as_str())? {
            return Err(Code::WrongRp.into());
        }
        let (channel_key, ticket) = (self.read(|data| data.channel_key)?, ticket.into());
        // Both say the same, to two paths.
        let body = json::to_vec(&PrepareEnrolment { ticket, channel_key });
        let path = if replaces { PrepareRecovery::PATH } else { PrepareEnrolment::PATH };
        let answer = self.send_proved(By::NewDevice, path, body).await?;
        let (reply, known) = if replaces { read_recovery(&answer)? } else { (parse(&answer)?, Vec::new()) };
        if expected_account_label.is_some_and(|expected| expected != reply.account_label) {
            return Err(Code::WrongAccount.into());
        }
        let (intent, prepared) = self.prepared_enrolment(label, reply, known)?;
        self.open_ceremony(intent, Work::Enrol(prepared)).await
    }

    /// What the user is to see, and what the passkey is to be made with.
    fn prepared_enrolment(
        &self,
        label: &str,
        reply: EnrolmentPrepared,
        known: Vec<KnownCredential>,
    ) -> Result<(IntentView, Box<Prepared>), Error> {
        let EnrolmentPrepared { account, account_label, user_handle, nonce, expires_at, exclude } = reply;
        let (keys, custody) = self.read(|data| ((data.device_key, data.channel_key), data.custody))?;
        let (rp_id, rp_name) = self.trust(|trust| (trust.rp_id.clone(), trust.rp_name.clone()))?;
        let (thumb, channel_thumb) = (keys.0.thumbprint(), keys.1.thumbprint());
        let challenge = creation_challenge(&self.settings.issuer, &rp_id, &account, thumb, channel_thumb, nonce);
        let prf = self.room.draft.borrow().as_ref().and_then(|device| self.platform.keys().prf_input(device));
        let intent = IntentView::Enrol {
            account_label: account_label.clone(),
            label: label.into(),
            custody,
            expires_at: ms(expires_at),
        };
        let device_label = label.into();
        let deadline = DEADLINE;
        let options = CreationOptions { rp_id, rp_name, user_handle, account_label, challenge, exclude, prf, deadline };
        let (made, sent) = (RefCell::default(), Cell::new(false));
        Ok((intent, Box::new(Prepared { account, device_label, known, options, nonce, made, sent })))
    }

    /// Under the lock of all tabs, so that two of them end with one device.
    pub(super) async fn confirm_enrolment(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let _guard = self.alone(open).await?;
        let is_ours = self.take_others().await?;
        let mut is_registered = self.read(|data| data.account.is_some())?;
        if !is_registered {
            is_registered = match self.resume_enrolment().await {
                // Of an earlier enrolment that came to nothing: this one goes on.
                Err(error) if !prepared.sent.get() && !is_unanswered(&error) => false,
                other => other?,
            };
        }
        if !is_registered {
            if !is_ours {
                // The ticket was for a key that is no longer here.
                return Err(Code::TicketExpired.into());
            }
            self.enrol_now(open, prepared).await?;
        }
        self.enrolled().await
    }

    /// Learns clock, balance and chain. The device is registered whether that comes now or later.
    pub(super) fn enrolled(&self) -> Local<'_, Result<Confirmed, Error>> {
        Box::pin(async move {
            let _ = self.fetch_news().await;
            let device = self.read(|data| this_device(data, self.now()))?.ok_or(Code::NotEnrolled)?;
            Ok(Confirmed::Enrolled { device })
        })
    }

    async fn enrol_now(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        // Its end is the issuer's to judge: this device's clock is not learned yet.
        let held = prepared.made.borrow().clone();
        let made = match held {
            Some(made) => made,
            None => {
                let made = Rc::new(self.make_passkey(open, prepared).await?);
                prepared.made.replace(Some(Rc::clone(&made)));
                made
            }
        };
        let (assertion, device) = loop {
            // The passkey did not do what it promised: the statement must not claim it. It is asked once more.
            if let Some(confirmed) = self.confirmed(open, prepared, &made).await? {
                break confirmed;
            }
        };
        let attestation = match made.registration {
            Some(_) => self.platform.keys().attest(&device, prepared.nonce).await,
            None => None,
        };
        let enrolling = self.enrolling(prepared, &made, assertion, attestation);
        // On disk before it is sent: whatever happens to the answer, it can be asked for again.
        self.change_with(device, |data| {
            data.enrolling = Some(enrolling);
            Ok(())
        })
        .await?;
        prepared.sent.set(true);
        self.resume_enrolment().await.map(drop)
    }

    fn enrolling(
        &self,
        prepared: &Prepared,
        made: &Made,
        assertion: Assertion,
        attestation: Option<Bytes>,
    ) -> Enrolling {
        let (statement, label) = (made.statement.borrow().clone(), prepared.device_label.clone());
        let account = Account {
            id: prepared.account.clone(),
            label: prepared.options.account_label.clone(),
            device_label: label.clone(),
            credential: made.passkey.id.clone(),
            user_handle: prepared.options.user_handle.clone(),
            enrolled_at: self.now(),
        };
        let (call, recovers) = match made.registration.clone() {
            Some(registration) => {
                let call = ConfirmEnrolment { registration, statement, assertion, label, attestation };
                (json::to_vec(&call), None)
            }
            None => (json::to_vec(&ConfirmRecovery { statement, assertion, label }), Some(true)),
        };
        Enrolling { account, call: Bytes(call), recovers }
    }

    /// Waits for the other tabs, but not for ever.
    async fn alone(&self, open: &Open) -> Result<<P::Lock as Lock>::Guard, Error> {
        let lock = self.platform.lock().acquire("enrolment");
        let give_up = first(open.signal.stopped(), self.platform.clock().sleep(DEADLINE));
        match first(lock, give_up).await {
            First::Left(guard) => Ok(guard?),
            First::Right(First::Left(_)) => Err(Code::Cancelled.into()),
            First::Right(First::Right(())) => Err(Code::TimedOut.into()),
        }
    }

    /// Takes what another tab has stored meanwhile, if anything. Whether the keys here are those that the ticket is for.
    async fn take_others(&self) -> Result<bool, Error> {
        let record = match self.platform.store().load().await? {
            Kept::Record(record) => record,
            Kept::Nothing | Kept::Gone if self.is_draft() => return Ok(true),
            Kept::Nothing | Kept::Gone => {
                self.room.lose(Some(Fault::KeyLost));
                return Err(Code::KeyLost.into());
            }
        };
        let (is_ours, is_used, is_new) = {
            let stored = Data::from_bytes(&record.data).map_err(unreadable)?;
            let is_ours = self.read(|data| data.device_key == stored.device_key)?;
            (is_ours, stored.known_account().is_some(), stored.account.is_some() || !is_ours)
        };
        if is_used && is_new {
            self.take(record).await?;
            self.room.changed();
        }
        Ok(is_ours || !is_used)
    }

    /// Sends an enrolment that is on disk, for the first time or again. Whether there was one.
    ///
    /// # Errors
    /// Where no answer came it stays on disk; what the issuer refuses ends it.
    pub(super) fn resume_enrolment(&self) -> Local<'_, Result<bool, Error>> {
        Box::pin(async move {
            let sent = |enrolling: &Enrolling| (enrolling.call.0.clone(), enrolling.recovers.is_some());
            let call = self.read(|data| data.enrolling.as_ref().map(sent))?;
            let Some((call, recovers)) = call else { return Ok(false) };
            let path = if recovers { ConfirmRecovery::PATH } else { ConfirmEnrolment::PATH };
            let answer = self.send_proved(By::Device, path, call).await;
            match judged(answer)? {
                Ok(enrolled) => {
                    let thumb = self.read(|data| data.device_key.thumbprint())?;
                    let begun = self.begun(enrolled, thumb).await?;
                    self.change(move |data| {
                        // Another tab may have been here first.
                        let Some(enrolling) = data.enrolling.take() else { return Ok(()) };
                        data.account = Some(enrolling.account);
                        begun.enter(data);
                        Ok(())
                    })
                    .await?;
                    self.room.draft.replace(None);
                    Ok(true)
                }
                Err(error) => {
                    self.change(|data| {
                        data.enrolling = None;
                        Ok(())
                    })
                    .await?;
                    // Its keys were not registered. They may be tried again from here, and from nowhere else.
                    let draft = self.room.draft.borrow().clone();
                    match draft {
                        Some(device) => {
                            self.room.stored.set(false);
                            if let Some(handles) = self.room.handles.borrow_mut().as_mut() {
                                handles.0 = device;
                            }
                        }
                        None => self.room.lose(None),
                    }
                    self.room.changed();
                    Err(error)
                }
            }
        })
    }
}

/// The same for both, but for the passkeys: those that are known take the place of a new one.
fn read_recovery(answer: &[u8]) -> Result<(EnrolmentPrepared, Vec<KnownCredential>), Error> {
    let RecoveryPrepared { account, account_label, user_handle, nonce, expires_at, credentials } = parse(answer)?;
    if credentials.is_empty() {
        return Err(Code::NoCredential.into());
    }
    let exclude = Vec::new();
    Ok((EnrolmentPrepared { account, account_label, user_handle, nonce, expires_at, exclude }, credentials))
}

#[cfg(test)]
mod tests;
