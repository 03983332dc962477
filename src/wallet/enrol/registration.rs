//! The registration of a key, by enrolment, recovery or rotation, from the disk to its answer: a first allowance.

use crate::code::Code;
use crate::wallet::Wallet;
use crate::wallet::calling::{Body, may_have_landed};
use crate::wallet::checks::check_time;
use crate::wallet::client::{By, parsed};
use crate::wallet::error::Error;
use crate::wallet::ports::Platform;
use crate::wallet::record::{Counting, Data, Enrolling, Rotating, Terms};
use crate::wallet::room::Local;
use crate::wire::Refusal;
use crate::wire::allowance::Allowance;
use crate::wire::calls::{Call, ConfirmEnrolment, ConfirmRecovery, ConfirmRotation, Enrolled};
use crate::wire::id::{Bytes, Thumbprint};
use crate::wire::key_set::Use;
use crate::wire::state::DeviceStatus;

/// A registration that is on disk.
struct Sent<'d> {
    path: &'static str,
    /// Its calls. Any of them may have landed.
    calls: Vec<&'d Bytes>,
    /// The key that it is of.
    thumb: Thumbprint,
    /// Whether that key is to take the place of the one in use.
    rotates: bool,
}

/// What came of a registration that is on disk.
pub(in crate::wallet) enum Resumed {
    /// There was none that could be sent.
    Nothing,
    /// Its key is registered and in use.
    Registered,
    /// It was refused. An enrolment has ended with that. A rotation is kept until its call can no longer land, for nobody
    /// signed the refusal.
    Refused(Error),
}

impl Resumed {
    /// Whether a key was registered.
    ///
    /// # Errors
    /// Why it was refused.
    pub(in crate::wallet) fn into_registered(self) -> Result<bool, Error> {
        match self {
            Self::Nothing => Ok(false),
            Self::Registered => Ok(true),
            Self::Refused(error) => Err(error),
        }
    }
}

impl<P: Platform> Wallet<P> {
    /// Sends the registration of a key that is on disk, for the first time or again, and takes the key over once it is
    /// answered. A refused one ends, and a key that was in use stays so. A refused rotation ends only when the issuer has
    /// signed how the old key stands after the end of the intent: a call that somebody kept back may land until then.
    ///
    /// # Errors
    /// Where no answer came, it stays on disk. So does a refused rotation if the issuer did not sign how the old key stands.
    pub(in crate::wallet) fn resume_registration(&self) -> Local<'_, Result<Resumed, Error>> {
        Box::pin(async move {
            let copied = |Sent { path, calls, thumb, rotates }: Sent<'_>| {
                let bodies: Vec<_> = calls.into_iter().map(|call| Body::kept(path, call)).collect();
                (bodies, thumb, rotates)
            };
            let Some((bodies, thumb, rotates)) = self.read(|data| sent(data).map(copied))? else {
                return Ok(Resumed::Nothing);
            };
            if rotates && self.room.device.borrow().is_none() {
                // It is asked for once the key is open.
                return Ok(Resumed::Nothing);
            }
            let enrolled = match self.ask_each(bodies).await? {
                Ok(enrolled) => enrolled,
                Err(refused) => {
                    if rotates {
                        self.fetch_round(&mut false).await?;
                    } else {
                        self.end_enrolment(thumb).await?;
                    }
                    return Ok(Resumed::Refused(refused));
                }
            };
            let now = self.now();
            let terms = match self.open_allowance(&enrolled.allowance.0, thumb).await {
                // It is opened later, for this device's clock may not be learned.
                Err(error) if error.code == Code::ClockSkew => None,
                opened => Some(opened?),
            };
            self.change(|data| {
                // Another tab may have been here first.
                if is_sent(data, thumb) {
                    settle(data, *enrolled, terms, now);
                }
                Ok(())
            })
            .await?;
            if rotates {
                self.change_over().await?;
            } else {
                self.room.draft.take();
            }
            Ok(Resumed::Registered)
        })
    }

    /// Sends the calls of one registration in turn, until one of them is answered. The inner error is the first refusal, if
    /// all are refused.
    ///
    /// # Errors
    /// Where no answer came.
    fn ask_each(&self, bodies: Vec<Body>) -> Local<'_, Result<Result<Box<Enrolled>, Error>, Error>> {
        Box::pin(async move {
            let mut refused = None;
            for body in bodies {
                match parsed::<Enrolled>(self.send_proved(By::Device, body).await) {
                    Err(error) if is_unanswered(&error) => return Err(error),
                    Err(error) => refused = refused.or(Some(error)),
                    Ok(enrolled) => return Ok(Ok(enrolled)),
                }
            }
            Ok(Err(refused.unwrap_or(Code::IssuerRefused.into())))
        })
    }

    /// Finishes a registration that another call began. A rotation that was refused is no error here: the owner was told where
    /// it was confirmed, and the key in use goes on.
    pub(in crate::wallet) async fn finish_earlier(&self) -> Result<(), Error> {
        let rotates = self.read(|data| data.account.is_some())?;
        if !rotates {
            // Another tab may have given it up and registered another key since. This one would take that one's place.
            self.take_stored().await?;
        }
        match self.resume_registration().await? {
            Resumed::Refused(error) if !rotates => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends an enrolment that was refused. Its keys may be tried again.
    async fn end_enrolment(&self, thumb: Thumbprint) -> Result<(), Error> {
        let mut was_sent = false;
        self.change(|data| {
            // Another tab may have been here first.
            was_sent = is_sent(data, thumb);
            if was_sent {
                data.enrolling = None;
            }
            Ok(())
        })
        .await?;
        if was_sent {
            self.draft_again();
        }
        Ok(())
    }

    /// The keys of an enrolment that was refused were not registered. They may be tried again from here, and from nowhere
    /// else.
    fn draft_again(&self) {
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
    }

    /// Checks an allowance: signature, issuer, account, device key, currency.
    ///
    /// # Errors
    /// `issuer-untrusted`; `clock-skew` if only the key's time does not fit this device's clock.
    pub(in crate::wallet) fn open_allowance<'a>(
        &'a self,
        bytes: &'a [u8],
        thumb: Thumbprint,
    ) -> Local<'a, Result<Box<Terms>, Error>> {
        Box::pin(async move {
            let mut set = self.key_set()?;
            let mut opened = set.open_undated::<Allowance>(bytes, Use::Allowance);
            if matches!(opened, Err(Refusal::WrongKey)) {
                set = self.follow(None).await?;
                opened = set.open_undated(bytes, Use::Allowance);
            }
            let (allowance, key) = opened.map_err(Error::untrusted)?;
            let is_ours = self.read(|data| {
                allowance.issuer == data.issuer
                    && data.known_account().is_some_and(|account| allowance.account == account.id)
                    && allowance.thumb == thumb
                    && data.allowance.as_ref().is_none_or(|held| held.currency == allowance.currency)
            })?;
            if !is_ours {
                return Err(Code::IssuerUntrusted.into());
            }
            // Following the key set may have taken a while.
            check_time(key, self.now())?;
            Ok(Box::new(Terms::new(&allowance)))
        })
    }
}

/// The registration that is on disk, if one is.
fn sent(data: &Data) -> Option<Sent<'_>> {
    if let Some(Enrolling { call, recovers, .. }) = &data.enrolling {
        let path = if recovers.is_some() { ConfirmRecovery::PATH } else { ConfirmEnrolment::PATH };
        return Some(Sent { path, calls: vec![call], thumb: data.device_key.thumbprint(), rotates: false });
    }
    let Rotating { call, earlier, device_key, .. } = data.rotating.as_ref()?;
    // For the new key and no other: an old answer, played again, must not end the key that works.
    let thumb = device_key.thumbprint();
    let calls = core::iter::once(call).chain(earlier).collect();
    Some(Sent { path: ConfirmRotation::PATH, calls, thumb, rotates: true })
}

/// Whether the registration of this key is on disk.
fn is_sent(data: &Data, thumb: Thumbprint) -> bool {
    sent(data).is_some_and(|sent| sent.thumb == thumb)
}

/// Gives up a rotation whose intent has ended, after the issuer signed a state of the old key at this time, in seconds: no
/// call of it can land any more.
pub(in crate::wallet) fn give_up_ended(data: &mut Data, signed_at: u32) {
    data.rotating.take_if(|rotating| rotating.lands_until() < signed_at);
}

/// Ends the registration that is on disk: what was registered takes its place in the record.
fn settle(data: &mut Data, enrolled: Enrolled, terms: Option<Box<Terms>>, now: u32) {
    let (enrolling, rotating) = (data.enrolling.take(), data.rotating.take());
    let Enrolled { allowance } = enrolled;
    if let Some(enrolling) = enrolling {
        data.account = Some(enrolling.account);
    }
    if let Some(rotating) = rotating {
        data.predecessors.push(data.device_key.thumbprint());
        data.device_key = rotating.device_key;
        data.channel_key = rotating.channel_key;
        data.custody = rotating.custody;
        // Suspended or signed off was the old key, by this renewal perhaps; frozen is the account, whichever key asks.
        let is_frozen = rotating.frozen || data.status == DeviceStatus::Frozen;
        data.status = if is_frozen { DeviceStatus::Frozen } else { DeviceStatus::Active };
        // Codes of the old key are dead; what was paid with them comes in receipts.
        data.shown.clear();
        // The new key counts on from where the issuer says that the old one was.
        data.counting = Counting::Unknown;
    }
    data.unopened = terms.is_none().then_some(allowance);
    data.allowance = None;
    if let Some(terms) = terms {
        data.take_terms(*terms);
    }
    data.last_contact = now;
}

/// Whether this is no answer to the call itself, which may have had its effect before: nothing came back, it was not read,
/// or it was not even sent, for want of the key or of its signature.
pub(in crate::wallet) fn is_unanswered(error: &Error) -> bool {
    let never_sent = matches!(
        error.code,
        Code::TooManyAttempts
            | Code::UseDpopNonce
            | Code::Locked
            | Code::Closed
            | Code::Cancelled
            | Code::HostSilent
            | Code::HostRefused
            | Code::NoEntropy
            | Code::StorageFailed
            | Code::PlatformSilent
    );
    never_sent || may_have_landed(error)
}

#[cfg(test)]
mod tests;
