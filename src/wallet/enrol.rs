//! Enrolling the first device: keys, login, contact code, passkey, statement (protocol section 6).

pub(super) mod registration;
pub(super) mod statement;

use super::Wallet;
use super::calling::Body;
use super::ceremony::{Open, Work};
use super::client::{By, parse, parsed};
use super::error::Error;
use super::ports::{Keys, Lock, Platform};
use super::record::{Data, Trust};
use super::room::{Fault, Local, ms, this_device};
use super::state::{Ceremony, Confirmed, IntentView};
use crate::code::Code;
use crate::wire::calls::{
    EnrolmentPrepared, EnterCode, KnownCredential, LogIn, LogInStarted, PrepareEnrolment, PrepareRecovery, Ticket,
};
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, RpId};
use crate::wire::key::PublicKey;
use crate::wire::origin::host;
use crate::wire::text::Label;
use crate::wire::webauthn::Registration;
use core::cell::{Cell, OnceCell, RefCell};
use registration::{Resumed, is_unanswered};

/// An enrolment lives no longer, in seconds.
const LIFE: u32 = 600;

pub(super) struct Prepared {
    /// The account, and the passkeys of the devices whose place may be taken; where it names none, a new one is made.
    reply: Box<EnrolmentPrepared>,
    /// What the device is to be called.
    label: Label,
    /// Device key and channel key.
    keys: (PublicKey, PublicKey),
    rp_id: RpId,
    /// Kept between two taps, where the platform wants one for each prompt.
    made: OnceCell<Box<Made>>,
    /// Whether it was sent.
    sent: Cell<bool>,
}

/// The passkey, and what the device key says of it.
struct Made {
    registration: Option<Box<Registration>>,
    passkey: KnownCredential,
    backed_up: bool,
    /// Whether it can seal the device key, as far as is known.
    seals: Cell<bool>,
    /// The signed statement; empty while it is to be signed.
    statement: RefCell<Bytes>,
}

impl<P: Platform> Wallet<P> {
    pub(super) fn start_login(&self, call: &LogIn) -> Local<'_, Result<String, Error>> {
        let read = |reply: &[u8]| Ok(parse::<LogInStarted>(reply)?.attempt);
        self.step_in(true, self.body::<LogIn>(call), read)
    }

    pub(super) fn finish_login(&self, call: &EnterCode) -> Local<'_, Result<String, Error>> {
        let read = |reply: &[u8]| Ok(parse::<Ticket>(reply)?.ticket);
        self.step_in(false, self.body::<EnterCode>(call), read)
    }

    /// One step of a login, what is needed of its answer being one text.
    fn step_in(
        &self,
        is_first: bool,
        body: Result<Body, Error>,
        read: fn(&[u8]) -> Result<String, Error>,
    ) -> Local<'_, Result<String, Error>> {
        Box::pin(async move {
            self.demand_new()?;
            if is_first {
                self.introduced().await?;
            }
            read(&self.send_proved(By::NewDevice, body?).await?)
        })
    }

    /// Makes keys and learns whom to believe, whatever of both is still to do.
    fn introduced(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            if !self.has_keys().await? {
                let custody = match self.settings.custody {
                    Some(custody) => custody,
                    None => match self.platform.keys().custody().await? {
                        Custody::Software => return Err(Code::Unsupported.into()),
                        custody => custody,
                    },
                };
                let made = self.make_pair(custody).await?;
                self.hold_keys(custody, made);
            }
            if self.read(|data| data.trust.is_none())? {
                let known = self.room.known.take();
                let known = match known {
                    Some(known) => known,
                    None => self.ask_who().await?,
                };
                self.pin(&known)?.await?;
            }
            Ok(())
        })
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
        let id = self.begin_ceremony().await;
        self.demand_new()?;
        let label = if label.trim().is_empty() { self.settings.label.as_str() } else { label };
        let label: Label = label.parse().map_err(|_| Error::new(Code::BadLabel))?;
        self.introduced().await?;
        if !self.trust(|trust| host(self.platform.origin()) == trust.rp_id.as_str())? {
            return Err(Code::WrongRp.into());
        }
        // Both say the same, to two paths.
        let channel_key = self.read(|data| data.channel_key)?;
        let call = PrepareEnrolment { ticket: ticket.into(), channel_key, label: label.to_string() };
        let body = if replaces { self.body::<PrepareRecovery>(&call) } else { self.body::<PrepareEnrolment>(&call) };
        let mut reply: Box<EnrolmentPrepared> = parsed(self.send_proved(By::NewDevice, body?).await)?;
        if expected_account_label.is_some_and(|expected| expected != reply.account_label.as_str()) {
            return Err(Code::WrongAccount.into());
        }
        // The answer is not signed. What the page expects is shown; without that the id, which the allowance must name.
        if expected_account_label.is_none() {
            reply.account_label = reply.account.as_str().parse().map_err(|_| Error::new(Code::IssuerRefused))?;
        }
        reply.expires_at = reply.expires_at.min(self.now().saturating_add(LIFE));
        match (replaces, &reply.exclude, &reply.credentials) {
            (true, None, Some(known)) if known.is_empty() => return Err(Code::NoCredential.into()),
            (false, Some(_), None) | (true, None, Some(_)) => {}
            _ => return Err(Code::IssuerRefused.into()),
        }
        let (intent, prepared) = self.read(|data| prepared(data, label, reply))??;
        self.open_ceremony(id, intent, Work::Enrol(prepared))
    }

    /// Under the lock of all tabs, so that two of them end with one device.
    pub(super) async fn confirm_enrolment(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let mut guard = None;
        let granted = async {
            guard = Some(self.platform.lock().acquire("enrolment").await?);
            Ok(())
        };
        self.patiently(open, Some(&open.signal), Box::pin(granted)).await?;
        // Another tab may have been here first.
        self.take_stored().await?;
        while self.read(|data| data.account.is_none())? {
            let is_there = match self.resume_registration().await.and_then(Resumed::into_registered) {
                // Of an earlier enrolment that came to nothing: this one goes on.
                Err(error) if !prepared.sent.get() && !is_unanswered(&error) => false,
                other => other?,
            };
            if !is_there {
                if self.read(|data| data.device_key != prepared.keys.0).unwrap_or(true) {
                    // The ticket was for a key that is no longer here.
                    return Err(Code::TicketExpired.into());
                }
                self.register(open, prepared).await?;
                prepared.sent.set(true);
            }
        }
        drop(guard);
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
}

/// What the user is to see, and what the enrolment is made of.
fn prepared(data: &Data, label: Label, reply: Box<EnrolmentPrepared>) -> Result<(IntentView, Box<Prepared>), Error> {
    let Trust { rp_id, .. } = data.trust.as_ref().ok_or(Code::IssuerUntrusted)?;
    let intent = IntentView::Enrol {
        account_label: reply.account_label.to_string(),
        label: label.to_string(),
        custody: data.custody,
        expires_at: ms(reply.expires_at),
    };
    let prepared = Prepared {
        reply,
        label,
        keys: (data.device_key, data.channel_key),
        rp_id: rp_id.clone(),
        made: OnceCell::new(),
        sent: Cell::new(false),
    };
    Ok((intent, Box::new(prepared)))
}

#[cfg(test)]
mod tests;
