//! Enrolling the first device: keys, login, contact code, passkey, statement (protocol section 6).

use super::Wallet;
use super::ceremony::{Asked, DEADLINE, Open, Work};
use super::checks::Expected;
use super::client::{By, parse};
use super::error::Error;
use super::ports::{Clock, CreationOptions, Kept, Lock, Platform, Store};
use super::queue::{First, Stop, first};
use super::record::{Account, Data, Enrolling, Terms};
use super::room::{Fault, Local, ms, this_device, unreadable};
use super::state::{Ceremony, Confirmed, DeviceView, IntentView};
use crate::code::Code;
use crate::wire::Refusal;
use crate::wire::allowance::Allowance;
use crate::wire::calls::{
    Call, ConfirmEnrolment, ConfirmRecovery, Enrolled, EnrolmentPrepared, EnterCode, KnownCredential, LogIn,
    PrepareEnrolment, PrepareRecovery, RecoveryPrepared,
};
use crate::wire::enrolment::{Enrolment, confirmation_challenge, creation_challenge};
use crate::wire::id::{Bytes, Nonce, RpId};
use crate::wire::json;
use crate::wire::key_set::Use;
use crate::wire::sign1;
use crate::wire::webauthn::{AttestedCredential, Registration};
use core::cell::{Cell, OnceCell};

/// Longest label in characters.
const LABEL: usize = 60;

pub(super) struct Prepared {
    /// Without its credential, until that is made.
    account: Account,
    exclude: Vec<Bytes>,
    /// The passkey of the device whose place is taken; none: a new one is made.
    known: Option<KnownCredential>,
    nonce: Nonce,
    rp_id: RpId,
    /// Kept between two taps, where the platform wants one for each prompt.
    made: OnceCell<Made>,
    /// Whether it was sent.
    sent: Cell<bool>,
}

struct Made {
    registration: Option<Registration>,
    credential: Bytes,
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
        if rp_id.as_str() != super::checks::host(self.platform.origin()) {
            return Err(Code::WrongRp.into());
        }
        let (channel_key, custody) = self.read(|data| (data.channel_key, data.custody))?;
        let ticket = String::from(ticket);
        let (reply, known) = if replaces {
            let reply = self.call(By::NewDevice, &PrepareRecovery { ticket, channel_key }).await?;
            let RecoveryPrepared { account, account_label, user_handle, nonce, expires_at, credentials } = reply;
            let known = credentials.into_iter().next().ok_or(Code::NoCredential)?;
            let exclude = Vec::new();
            (EnrolmentPrepared { account, account_label, user_handle, nonce, expires_at, exclude }, Some(known))
        } else {
            (self.call(By::NewDevice, &PrepareEnrolment { ticket, channel_key }).await?, None)
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
            Prepared { account, exclude, known, nonce, rp_id, made: OnceCell::new(), sent: Cell::new(false) };
        Ok(self.open_ceremony(intent, Work::Enrol(Box::new(prepared))).await)
    }

    /// Under the lock of all tabs, so that two of them end with one device.
    pub(super) async fn confirm_enrolment(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let _guard = self.alone(open).await?;
        if let Some(device) = self.enrolled_elsewhere().await? {
            return Ok(Confirmed::Enrolled { device });
        }
        let is_registered = match self.resume_enrolment().await {
            Ok(is_registered) => is_registered,
            // Left over from an earlier enrolment that came to nothing: this one goes on.
            Err(error) if !prepared.sent.get() && !is_unanswered(&error) => false,
            Err(error) => return Err(error),
        };
        if !is_registered {
            self.enrol_now(open, prepared).await?;
        }
        // Learns clock, balance and chain. The device is registered whether that comes now or later.
        let _ = self.fetch_news().await;
        let device = self.read(|data| this_device(data, self.now()))?;
        device.map(|device| Confirmed::Enrolled { device }).ok_or_else(|| Code::NotEnrolled.into())
    }

    async fn enrol_now(&self, open: &Open, prepared: &Prepared) -> Result<(), Error> {
        // Its end is the issuer's to judge: this device's clock is not learned yet.
        let made = match prepared.made.get() {
            Some(made) => made,
            None => {
                let made = self.make_passkey(open, prepared).await?;
                prepared.made.get_or_init(|| made)
            }
        };
        // The passkey's assertion over the signed statement.
        let credential = &made.credential;
        let challenge = confirmation_challenge(&made.statement);
        let user_handle = &prepared.account.user_handle;
        let assertion = self.ask_to_get(open, Asked { rp_id: &prepared.rp_id, challenge, credential, user_handle });
        let assertion = assertion.await?;
        let (statement, label) = (Bytes(made.statement.clone()), prepared.account.device_label.clone());
        let recovers = made.registration.is_none();
        let body = match made.registration.clone() {
            Some(registration) => {
                json::to_vec(&ConfirmEnrolment { registration, statement, assertion, label, attestation: None })
            }
            None => json::to_vec(&ConfirmRecovery { statement, assertion, label }),
        };
        let credential = credential.clone();
        let account = Account { credential, enrolled_at: self.now(), ..prepared.account.clone() };
        // On disk before it is sent: whatever happens to the answer, it can be asked for again.
        let enrolling = Enrolling { account, call: Bytes(body), recovers: recovers.then_some(true) };
        self.change(|data| {
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

    async fn make_passkey(&self, open: &Open, prepared: &Prepared) -> Result<Made, Error> {
        if let Some(known) = &prepared.known {
            return self.state_keys(prepared, known.clone(), false, None).await;
        }
        let Prepared { account, exclude, nonce, rp_id, .. } = prepared;
        let (device_key, channel_key) = self.read(|data| (data.device_key, data.channel_key))?;
        let issuer = &self.settings.issuer;
        let (thumb, channel_thumb) = (device_key.thumbprint(), channel_key.thumbprint());
        let challenge = creation_challenge(issuer, rp_id, &account.id, thumb, channel_thumb, *nonce);
        let options = CreationOptions {
            rp_id: rp_id.clone(),
            rp_name: self.trust(|trust| trust.rp_name.clone())?,
            user_handle: account.user_handle.clone(),
            account_label: account.label.clone(),
            challenge,
            exclude: exclude.clone(),
            deadline: DEADLINE,
        };
        let registration = self.ask_to_create(open, &options).await?;
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
        self.state_keys(prepared, passkey, flags.backed_up(), Some(registration)).await
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
        Ok(Made { registration, credential: passkey.id, statement: unsigned.finish(&signature) })
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
                    Err(error)
                }
            }
        })
    }

    async fn finish_enrolment(&self, Enrolled { allowance, atc_floor }: Enrolled) -> Result<(), Error> {
        let now = self.now();
        let terms = match self.open_allowance(&allowance.0, now).await {
            Ok(terms) => Some(terms),
            Err(error) if error.code == Code::ClockSkew => None,
            Err(error) => return Err(error),
        };
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
        .await
    }

    /// Checks an allowance: signature, issuer, account, device key, currency.
    ///
    /// # Errors
    /// `issuer-untrusted`; `clock-skew` if only the key's time does not fit this device's clock.
    pub(super) fn open_allowance<'a>(&'a self, bytes: &'a [u8], now: u32) -> Local<'a, Result<Terms, Error>> {
        Box::pin(async move {
            let mut set = self.key_set()?;
            let mut allowance = set.open::<Allowance>(bytes, Use::Allowance, now);
            if matches!(allowance, Err(Refusal::WrongKey)) {
                if set.keys.iter().any(|key| Ok(key.kid) == sign1::kid_of::<Allowance>(bytes)) {
                    return Err(Code::ClockSkew.into());
                }
                set = self.follow(None).await?;
                allowance = set.open(bytes, Use::Allowance, now);
            }
            let allowance = allowance.map_err(Error::untrusted)?.into_inner();
            let is_ours = self.read(|data| {
                allowance.issuer == data.issuer
                    && data.known_account().is_some_and(|account| allowance.account == account.id)
                    && allowance.thumb == data.device_key.thumbprint()
                    && Some(allowance.currency) == data.currency()
            })?;
            if is_ours { Ok(Terms::new(allowance, now)) } else { Err(Code::IssuerUntrusted.into()) }
        })
    }
}

/// Whether it may have reached the issuer without an answer that counts.
const fn is_unanswered(error: &Error) -> bool {
    matches!(error.code, Code::Offline | Code::IssuerUnavailable)
}

#[cfg(test)]
mod tests;
