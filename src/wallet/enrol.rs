//! Enrolling the first device: keys, login, contact code, passkey, statement (protocol section 6).

mod statement;

use super::Wallet;
use super::ceremony::{DEADLINE, Open, Work};
use super::client::{By, parse};
use super::error::Error;
use super::ports::{Clock, Kept, Keys, Lock, Platform, Store};
use super::queue::{First, Stop, first};
use super::record::{Account, Data, Enrolling, Terms};
use super::room::{Fault, Local, ms, this_device, unreadable};
use super::state::{Ceremony, Confirmed, IntentView};
use crate::code::Code;
use crate::wire::Refusal;
use crate::wire::allowance::Allowance;
use crate::wire::calls::{
    Call, ConfirmEnrolment, ConfirmRecovery, Enrolled, EnrolmentPrepared, EnterCode, KnownCredential, LogIn,
    PrepareEnrolment, PrepareRecovery, RecoveryPrepared,
};
use crate::wire::id::{Bytes, Nonce, RpId, Thumbprint, host};
use crate::wire::json;
use crate::wire::key_set::{IssuerKey, Use};
use crate::wire::sign1;
use crate::wire::webauthn::Registration;
use core::cell::{Cell, RefCell};
use std::rc::Rc;

/// Longest label in characters.
const LABEL: usize = 60;

pub(super) struct Prepared {
    /// Without its credential, until that is made.
    account: Account,
    exclude: Vec<Bytes>,
    /// The passkeys of the devices whose place may be taken; none: a new one is made.
    known: Vec<KnownCredential>,
    nonce: Nonce,
    rp_id: RpId,
    /// Kept between two taps, where the platform wants one for each prompt.
    made: RefCell<Option<Rc<Made>>>,
    /// Whether it was sent.
    sent: Cell<bool>,
}

struct Made {
    registration: Option<Registration>,
    passkey: KnownCredential,
    backed_up: bool,
    statement: Vec<u8>,
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
        let label = if label.trim().is_empty() { self.settings.label.as_str() } else { label.trim() };
        if label.chars().count() > LABEL {
            return Err(Code::BadArgument.into());
        }
        self.ensure_keys().await?;
        self.learn_issuer().await?;
        let rp_id = self.trust(|trust| trust.rp_id.clone())?;
        if rp_id.as_str() != host(self.platform.origin()) {
            return Err(Code::WrongRp.into());
        }
        let (channel_key, custody) = self.read(|data| (data.channel_key, data.custody))?;
        let ticket = String::from(ticket);
        let (reply, known) = if replaces {
            let reply = self.call(By::NewDevice, &PrepareRecovery { ticket, channel_key }).await?;
            let RecoveryPrepared { account, account_label, user_handle, nonce, expires_at, credentials } = reply;
            if credentials.is_empty() {
                return Err(Code::NoCredential.into());
            }
            let exclude = Vec::new();
            (EnrolmentPrepared { account, account_label, user_handle, nonce, expires_at, exclude }, credentials)
        } else {
            (self.call(By::NewDevice, &PrepareEnrolment { ticket, channel_key }).await?, Vec::new())
        };
        if expected_account_label.is_some_and(|expected| expected != reply.account_label) {
            return Err(Code::WrongAccount.into());
        }
        let intent = IntentView::Enrol {
            account_label: reply.account_label.clone(),
            label: label.into(),
            custody,
            expires_at: ms(reply.expires_at),
        };
        let account = Account {
            id: reply.account,
            label: reply.account_label,
            device_label: label.into(),
            credential: Bytes::default(),
            user_handle: reply.user_handle,
            enrolled_at: 0,
        };
        let (exclude, nonce) = (reply.exclude, reply.nonce);
        let prepared =
            Prepared { account, exclude, known, nonce, rp_id, made: RefCell::default(), sent: Cell::new(false) };
        Ok(self.open_ceremony(intent, Work::Enrol(Box::new(prepared))).await)
    }

    /// Under the lock of all tabs, so that two of them end with one device.
    pub(super) async fn confirm_enrolment(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let _guard = self.alone(open).await?;
        let is_ours = self.take_others().await?;
        let is_registered = self.read(|data| data.account.is_some())?;
        if !is_registered && !self.resume_left_over(prepared).await? {
            if !is_ours {
                // The ticket was for a key that is no longer here.
                return Err(Code::TicketExpired.into());
            }
            self.enrol_now(open, prepared).await?;
        }
        // Learns clock, balance and chain. The device is registered whether that comes now or later.
        let _ = self.fetch_news().await;
        let device = self.read(|data| this_device(data, self.now()))?;
        device.map(|device| Confirmed::Enrolled { device }).ok_or_else(|| Code::NotEnrolled.into())
    }

    /// Asks again for the answer to an enrolment that is on disk. Whether that registered this device.
    async fn resume_left_over(&self, prepared: &Prepared) -> Result<bool, Error> {
        match self.resume_enrolment().await {
            // Of an earlier enrolment that came to nothing: this one goes on.
            Err(error) if !prepared.sent.get() && !is_unanswered(&error) => Ok(false),
            other => other,
        }
    }

    async fn enrol_now(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        // Its end is the issuer's to judge: this device's clock is not learned yet.
        if prepared.made.borrow().is_none() {
            let made = self.make_passkey(open, prepared).await?;
            prepared.made.replace(Some(Rc::new(made)));
        }
        let (made, assertion, device) = match self.confirmed(open, prepared).await? {
            Some(confirmed) => confirmed,
            // The passkey did not do what it promised: the statement must not claim it. It is asked once more.
            None => self.confirmed(open, prepared).await?.ok_or(Code::PrfUnavailable)?,
        };
        let (statement, label) = (Bytes(made.statement.clone()), prepared.account.device_label.clone());
        let recovers = made.registration.is_none();
        let body = match made.registration.clone() {
            Some(registration) => {
                let attestation = self.platform.keys().attest(&device, prepared.nonce).await;
                json::to_vec(&ConfirmEnrolment { registration, statement, assertion, label, attestation })
            }
            None => json::to_vec(&ConfirmRecovery { statement, assertion, label }),
        };
        let credential = made.passkey.id.clone();
        let account = Account { credential, enrolled_at: self.now(), ..prepared.account.clone() };
        // On disk before it is sent: whatever happens to the answer, it can be asked for again.
        let enrolling = Enrolling { account, call: Bytes(body), recovers: recovers.then_some(true) };
        self.change_with(device, |data| {
            data.enrolling = Some(enrolling);
            Ok(())
        })
        .await?;
        prepared.sent.set(true);
        self.resume_enrolment().await.map(drop)
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
        let stored = Data::from_bytes(&record.data).map_err(unreadable)?;
        let is_ours = self.read(|data| data.device_key == stored.device_key)?;
        if stored.account.is_some() || (stored.enrolling.is_some() && !is_ours) {
            self.take(record).await?;
            self.room.changed();
        }
        Ok(is_ours || stored.known_account().is_none())
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
            match answer.and_then(|answer| parse(&answer)) {
                Ok(enrolled) => {
                    self.finish_enrolment(enrolled).await?;
                    Ok(true)
                }
                Err(error) if is_unanswered(&error) => Err(error),
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

    async fn finish_enrolment(&self, Enrolled { allowance, atc_floor }: Enrolled) -> Result<(), Error> {
        let now = self.now();
        let thumb = self.read(|data| data.device_key.thumbprint())?;
        let terms = or_later(self.open_allowance(&allowance.0, thumb, now).await)?;
        self.change(|data| {
            // Another tab may have been here first.
            if let Some(Enrolling { account, .. }) = data.enrolling.take() {
                data.account = Some(account);
                data.unopened = if terms.is_none() { Some(allowance) } else { None };
                data.allowance = terms;
            }
            data.atc = data.atc.max(atc_floor);
            data.last_contact = now;
            Ok(())
        })
        .await?;
        self.room.draft.replace(None);
        Ok(())
    }

    /// Checks an allowance: signature, issuer, account, device key, currency.
    ///
    /// # Errors
    /// `issuer-untrusted`; `clock-skew` if only the key's time does not fit this device's clock.
    pub(super) fn open_allowance<'a>(
        &'a self,
        bytes: &'a [u8],
        thumb: Thumbprint,
        now: u32,
    ) -> Local<'a, Result<Terms, Error>> {
        Box::pin(async move {
            let mut set = self.key_set()?;
            let mut allowance = set.open::<Allowance>(bytes, Use::Allowance, now);
            let mut in_time = true;
            if matches!(allowance, Err(Refusal::WrongKey)) {
                let at = |key: &IssuerKey| (Ok(key.kid) == sign1::kid_of::<Allowance>(bytes)).then_some(key.not_before);
                match set.keys.iter().find_map(at) {
                    // The signature has to hold, whatever this device's clock says.
                    Some(at) => {
                        in_time = false;
                        allowance = set.open(bytes, Use::Allowance, at);
                    }
                    None => {
                        set = self.follow(None).await?;
                        allowance = set.open(bytes, Use::Allowance, now);
                    }
                }
            }
            let allowance = allowance.map_err(Error::untrusted)?.into_inner();
            let is_ours = self.read(|data| {
                allowance.issuer == data.issuer
                    && data.known_account().is_some_and(|account| allowance.account == account.id)
                    && allowance.thumb == thumb
                    && Some(allowance.currency) == data.currency()
            })?;
            match (is_ours, in_time) {
                (false, _) => Err(Code::IssuerUntrusted.into()),
                (true, false) => Err(Code::ClockSkew.into()),
                (true, true) => Ok(Terms::new(allowance, now)),
            }
        })
    }
}

/// The terms of a key's first allowance: none yet if only its time does not fit, for this device's clock may not be learned.
pub(super) fn or_later(opened: Result<Terms, Error>) -> Result<Option<Terms>, Error> {
    match opened {
        Err(error) if error.code == Code::ClockSkew => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether this is no answer to the call itself, which may have had its effect before: nothing came back, it was not read,
/// or it was not even sent, for want of the key or of its signature.
pub(super) fn is_unanswered(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Offline
            | Code::IssuerUnavailable
            | Code::TooManyAttempts
            | Code::UseDpopNonce
            | Code::ProofReplayed
            | Code::Locked
            | Code::Closed
            | Code::Cancelled
            | Code::HostSilent
            | Code::HostRefused
            | Code::NoEntropy
            | Code::StorageFailed
    )
}

#[cfg(test)]
mod tests;
