//! Enrolling the first device: keys, login, contact code, passkey, statement (protocol section 6).

use super::Wallet;
use super::ceremony::{DEADLINE, Open, Work, stop_here};
use super::checks::Expected;
use super::error::Error;
use super::ports::{Clock, CreationOptions, Kept, Lock, Platform, RequestOptions, Store};
use super::queue::{First, Stop, first};
use super::record::{Account, Data, Enrolling, Terms, Trust};
use super::room::{Fault, ms, this_device, unreadable};
use super::state::{Ceremony, Confirmed, DeviceView, IntentView};
use crate::code::Code;
use crate::wire::Refusal;
use crate::wire::allowance::Allowance;
use crate::wire::calls::{ConfirmEnrolment, Enrolled, EnterCode, LogIn, PrepareEnrolment};
use crate::wire::enrolment::{Enrolment, confirmation_challenge, creation_challenge};
use crate::wire::id::{Bytes, Nonce};
use crate::wire::json;
use crate::wire::key_set::Use;
use crate::wire::sign1;
use crate::wire::webauthn::{AttestedCredential, Registration};
use core::cell::RefCell;

/// Longest label in characters.
const LABEL: usize = 60;

#[derive(Clone)]
pub(super) struct Prepared {
    /// Without its credential, until that is made.
    account: Account,
    exclude: Vec<Bytes>,
    nonce: Nonce,
    trust: Trust,
    /// Kept between two taps, where the platform wants one for each prompt.
    made: Option<Made>,
    /// Whether it was sent.
    sent: bool,
}

#[derive(Clone)]
struct Made {
    registration: Registration,
    credential: Bytes,
    statement: Vec<u8>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn start_login(&self, login: &str, password: &str, language: &str) -> Result<String, Error> {
        self.demand_new()?;
        self.ensure_keys().await?;
        self.trust().await?;
        let call = LogIn { login: login.into(), password: password.into(), language: language.into() };
        let device = self.device_key()?;
        Ok(self.call(&device, &call, None).await?.attempt)
    }

    pub(super) async fn finish_login(&self, attempt: &str, code: &str) -> Result<String, Error> {
        self.demand_new()?;
        let call = EnterCode { attempt: attempt.into(), code: code.into() };
        let device = self.device_key()?;
        Ok(self.call(&device, &call, None).await?.ticket)
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
    ) -> Result<Ceremony, Error> {
        self.end_open(Stop::Superseded).await;
        self.demand_new()?;
        let label = if label.trim().is_empty() { self.settings.label.as_str() } else { label.trim() };
        if label.chars().count() > LABEL {
            return Err(Code::BadArgument.into());
        }
        self.ensure_keys().await?;
        let trust = self.trust().await?;
        if trust.rp_id.as_str() != super::checks::host(self.platform.origin()) {
            return Err(Code::WrongRp.into());
        }
        let (channel_key, custody) = self.read(|data| (data.channel_key, data.custody))?;
        let device = self.device_key()?;
        let call = PrepareEnrolment { ticket: ticket.into(), channel_key };
        let reply = self.call(&device, &call, None).await?;
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
        let prepared = Prepared { account, exclude: reply.exclude, nonce: reply.nonce, trust, made: None, sent: false };
        Ok(self.open_ceremony(intent, Work::Enrol(Box::new(RefCell::new(prepared)))).await)
    }

    /// Under the lock of all tabs, so that two of them end with one device.
    pub(super) async fn confirm_enrolment(
        &self,
        open: &Open,
        prepared: &RefCell<Prepared>,
    ) -> Result<Confirmed, Error> {
        let _guard = self.alone(open).await?;
        if let Some(device) = self.enrolled_elsewhere().await? {
            return Ok(Confirmed::Enrolled { device });
        }
        match self.resume_enrolment().await {
            Ok(true) => {}
            // Left over from an earlier enrolment that came to nothing: this one goes on.
            Err(error) if !prepared.borrow().sent && !is_unanswered(&error) => {
                self.enrol_now(open, prepared).await?;
            }
            Err(error) => return Err(error),
            Ok(false) => self.enrol_now(open, prepared).await?,
        }
        // Learns clock, balance and chain. The device is registered whether that comes now or later.
        let _ = self.fetch_news().await;
        let device = self.read(|data| this_device(data, self.now()))?;
        device.map(|device| Confirmed::Enrolled { device }).ok_or_else(|| Code::NotEnrolled.into())
    }

    async fn enrol_now(&self, open: &Open, prepared: &RefCell<Prepared>) -> Result<(), Error> {
        // Its end is the issuer's to judge: this device's clock is not learned yet.
        self.make_passkey(open, prepared).await?;
        let call = self.sign_in(open, prepared).await?;
        self.register(prepared, &call).await
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

    /// The device that another tab enrolled meanwhile.
    async fn enrolled_elsewhere(&self) -> Result<Option<DeviceView>, Error> {
        let record = match self.platform.store().load().await? {
            Kept::Record(record) => record,
            Kept::Nothing | Kept::Gone => {
                self.room.lose(Some(Fault::KeyLost));
                return Err(Code::KeyLost.into());
            }
        };
        let stored = Data::from_bytes(&record.data).map_err(unreadable)?;
        let same_key = self.read(|data| data.device_key == stored.device_key)?;
        let is_enrolled = stored.account.is_some();
        if is_enrolled || !same_key {
            self.take(record).await?;
            self.room.changed();
        }
        match (is_enrolled, same_key) {
            (true, _) => self.read(|data| this_device(data, self.now())),
            (false, true) => Ok(None),
            // The ticket was for a key that is no longer here.
            (false, false) => Err(Code::TicketExpired.into()),
        }
    }

    async fn make_passkey(&self, open: &Open, prepared: &RefCell<Prepared>) -> Result<(), Error> {
        let Prepared { account, exclude, nonce, trust, made, .. } = prepared.borrow().clone();
        if made.is_some() {
            return Ok(());
        }
        let (device_key, channel_key, custody) = self.read(|data| (data.device_key, data.channel_key, data.custody))?;
        let issuer = self.settings.issuer.clone();
        let (thumb, channel_thumb) = (device_key.thumbprint(), channel_key.thumbprint());
        let challenge = creation_challenge(&issuer, &trust.rp_id, &account.id, thumb, channel_thumb, nonce);
        let options = CreationOptions {
            rp_id: trust.rp_id.clone(),
            rp_name: trust.rp_name,
            user_handle: account.user_handle,
            account_label: account.label,
            challenge,
            exclude,
            deadline: DEADLINE,
        };
        let registration = self.ask_to_create(open, &options).await?;
        let response = &registration.response;
        let expected = Expected {
            kind: "webauthn.create",
            challenge: &challenge,
            origin: self.platform.origin(),
            rp_id: &trust.rp_id,
        };
        let flags = expected.check(&response.client_data.0, &response.authenticator_data.0)?;
        let attested = AttestedCredential::from_authenticator_data(&response.authenticator_data.0)
            .map_err(|_| Error::new(Code::AssertionRefused))?;
        if attested.id != registration.raw_id {
            return Err(Code::AssertionRefused.into());
        }
        let credential = attested.id.clone();
        let statement = Enrolment {
            issuer,
            rp_id: trust.rp_id,
            account: account.id,
            device_key,
            channel_key,
            credential: credential.clone(),
            credential_key_hash: attested.key_hash(),
            backup_eligible: flags.backup_eligible(),
            backed_up: flags.backed_up(),
            custody,
            nonce,
            issued_at: self.now(),
        };
        let unsigned = sign1::prepare(&statement, &device_key);
        let key = self.device_key()?;
        let signature = self.sign_with(&key, unsigned.message()).await?;
        let statement = unsigned.finish(&signature);
        prepared.borrow_mut().made = Some(Made { registration, credential, statement });
        Ok(())
    }

    /// The passkey's assertion over the signed statement, and all of it as one call.
    async fn sign_in(&self, open: &Open, prepared: &RefCell<Prepared>) -> Result<ConfirmEnrolment, Error> {
        let Prepared { account, trust, made, .. } = prepared.borrow().clone();
        let Some(Made { registration, credential, statement }) = made else {
            return Err(Code::IntentExpired.into());
        };
        let challenge = confirmation_challenge(&statement);
        let options = RequestOptions {
            rp_id: trust.rp_id.clone(),
            challenge,
            credential: credential.clone(),
            deadline: DEADLINE,
        };
        let assertion = self.ask_to_get(open, &options).await?;
        let expected = Expected {
            kind: "webauthn.get",
            challenge: &challenge,
            origin: self.platform.origin(),
            rp_id: &trust.rp_id,
        };
        expected.check_assertion(&assertion, &credential, &account.user_handle)?;
        stop_here(open)?;
        Ok(ConfirmEnrolment { registration, statement: Bytes(statement), assertion, label: account.device_label })
    }

    async fn register(&self, prepared: &RefCell<Prepared>, call: &ConfirmEnrolment) -> Result<(), Error> {
        let account = {
            let prepared = prepared.borrow();
            let credential = prepared.made.as_ref().map(|made| made.credential.clone()).unwrap_or_default();
            Account { credential, enrolled_at: self.now(), ..prepared.account.clone() }
        };
        let body = json::to_vec(call).map_err(|_| Error::new(Code::BadArgument))?;
        // On disk before it is sent: whatever happens to the answer, it can be asked for again.
        let enrolling = Enrolling { account, call: Bytes(body) };
        self.change(|data| {
            data.enrolling = Some(enrolling);
            Ok(())
        })
        .await?;
        prepared.borrow_mut().sent = true;
        self.resume_enrolment().await.map(drop)
    }

    /// Sends an enrolment that is on disk, for the first time or again. Whether there was one.
    ///
    /// # Errors
    /// Where no answer came it stays on disk; what the issuer refuses ends it.
    pub(super) async fn resume_enrolment(&self) -> Result<bool, Error> {
        let Some(Enrolling { account, call }) = self.read(|data| data.enrolling.clone())? else { return Ok(false) };
        let device = self.device_key()?;
        let answer = self.call_again::<ConfirmEnrolment>(&device, call.0, Some(&account.id)).await;
        match answer {
            Ok(Enrolled { allowance, atc_floor }) => {
                self.finish_enrolment(account, allowance, atc_floor).await?;
                Ok(true)
            }
            Err(error) if is_unanswered(&error) => Err(error),
            Err(error) => {
                self.change(|data| {
                    data.enrolling = None;
                    Ok(())
                })
                .await?;
                Err(error)
            }
        }
    }

    async fn finish_enrolment(&self, account: Account, allowance: Bytes, atc_floor: u32) -> Result<(), Error> {
        let now = self.now();
        let (terms, unopened) = match self.open_allowance(&allowance.0, &account, now).await {
            Ok(terms) => (Some(terms), None),
            Err(error) if error.code == Code::ClockSkew => (None, Some(allowance)),
            Err(error) => return Err(error),
        };
        self.change(|data| {
            data.enrolling = None;
            data.account = Some(account);
            data.allowance = terms;
            data.unopened = unopened;
            data.atc = data.atc.max(atc_floor);
            data.last_contact = now;
            Ok(())
        })
        .await
    }

    /// Checks an allowance: signature, issuer, account, device key, currency.
    ///
    /// # Errors
    /// `issuer-untrusted`; `clock-skew` if only the key's time does not fit this device's clock.
    pub(super) async fn open_allowance(&self, bytes: &[u8], account: &Account, now: u32) -> Result<Terms, Error> {
        let set = self.key_set().await?;
        let allowance = match set.open::<Allowance>(bytes, Use::Allowance, now) {
            Ok(allowance) => allowance.into_inner(),
            Err(Refusal::WrongKey) if set.keys.iter().any(|key| Ok(key.kid) == sign1::kid_of::<Allowance>(bytes)) => {
                return Err(Code::ClockSkew.into());
            }
            Err(Refusal::WrongKey) => {
                let newer = self.follow_newest().await?;
                newer.open::<Allowance>(bytes, Use::Allowance, now).map_err(Error::untrusted)?.into_inner()
            }
            Err(refusal) => return Err(Error::untrusted(refusal)),
        };
        let (thumb, currency) = self.read(|data| (data.device_key.thumbprint(), data.currency()))?;
        let is_ours = allowance.issuer == self.settings.issuer
            && allowance.account == account.id
            && allowance.thumb == thumb
            && Some(allowance.currency) == currency;
        if is_ours { Ok(Terms::new(allowance, now)) } else { Err(Code::IssuerUntrusted.into()) }
    }
}

/// Whether it may have reached the issuer without an answer that counts.
const fn is_unanswered(error: &Error) -> bool {
    matches!(error.code, Code::Offline | Code::IssuerUnavailable)
}

#[cfg(test)]
mod tests;
