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
    call: &'d Bytes,
    /// The key that it is of.
    thumb: Thumbprint,
    /// Whether that key is to take the place of the one in use.
    rotates: bool,
}

impl<P: Platform> Wallet<P> {
    /// Sends the registration of a key that is on disk, for the first time or again, and takes the key over once it is
    /// answered. Whether there was one that could be sent.
    ///
    /// # Errors
    /// Where no answer came it stays on disk; what the issuer refuses ends it, and a key that was in use stays so. A rotation is
    /// given up once the issuer has signed how that key stands.
    pub(in crate::wallet) fn resume_registration(&self) -> Local<'_, Result<bool, Error>> {
        Box::pin(async move {
            let copied = |Sent { path, call, thumb, rotates }: Sent<'_>| (Body::kept(path, call), thumb, rotates);
            let Some((body, thumb, rotates)) = self.read(|data| sent(data).map(copied))? else {
                return Ok(false);
            };
            if rotates && self.room.device.borrow().is_none() {
                // It is asked for once the key is open.
                return Ok(false);
            }
            let answer = self.send_proved(By::Device, body).await;
            let (mut enrolled, refused) = match parsed::<Enrolled>(answer) {
                Ok(enrolled) => (Some(enrolled), None),
                Err(error) if is_unanswered(&error) => return Err(error),
                Err(error) => {
                    if rotates {
                        // Nobody signed the refusal. The key in use was not replaced if the issuer signs how it stands; until
                        // then nothing is given up.
                        self.fetch_round(&mut false).await?;
                    }
                    (None, Some(error))
                }
            };
            let now = self.now();
            let mut terms = None;
            if let Some(enrolled) = &enrolled {
                match self.open_allowance(&enrolled.allowance.0, thumb).await {
                    // It is opened later, for this device's clock may not be learned.
                    Err(error) if error.code == Code::ClockSkew => {}
                    opened => terms = Some(opened?),
                }
            }
            let mut settled = false;
            self.change(|data| {
                // Another tab may have been here first.
                settled = sent(data).is_some_and(|sent| sent.thumb == thumb);
                if settled {
                    settle(data, enrolled.take(), terms, now);
                }
                Ok(())
            })
            .await?;
            match refused {
                None if rotates => self.change_over().await?,
                None => drop(self.room.draft.take()),
                Some(error) => {
                    self.room.next.replace(None);
                    if settled && !rotates {
                        self.draft_again();
                    }
                    return Err(error);
                }
            }
            Ok(true)
        })
    }

    /// The same for a registration that another call began. A rotation that was refused is over, which is told where it was asked
    /// for: the key in use goes on.
    pub(in crate::wallet) async fn finish_earlier(&self) -> Result<(), Error> {
        let is_rotating = || self.read(|data| data.rotating.is_some());
        let was_rotating = is_rotating()?;
        match self.resume_registration().await {
            Err(error) if !was_rotating || is_rotating()? => Err(error),
            _ => Ok(()),
        }
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
        return Some(Sent { path, call, thumb: data.device_key.thumbprint(), rotates: false });
    }
    let Rotating { call, device_key, .. } = data.rotating.as_ref()?;
    // For the new key and no other: an old answer, played again, must not end the key that works.
    let thumb = device_key.thumbprint();
    Some(Sent { path: ConfirmRotation::PATH, call, thumb, rotates: true })
}

/// Ends the registration that is on disk: what was registered takes its place in the record; none: it was refused.
fn settle(data: &mut Data, enrolled: Option<Box<Enrolled>>, terms: Option<Box<Terms>>, now: u32) {
    let (enrolling, rotating) = (data.enrolling.take(), data.rotating.take());
    let Some(enrolled) = enrolled else { return };
    let Enrolled { allowance } = *enrolled;
    if let Some(enrolling) = enrolling {
        data.account = Some(enrolling.account);
    }
    if let Some(rotating) = rotating {
        data.predecessors.push(data.device_key.thumbprint());
        data.device_key = rotating.device_key;
        data.channel_key = rotating.channel_key;
        data.custody = rotating.custody;
        // Suspended or signed off was the old key, by this renewal perhaps; frozen is the account, whichever key asks.
        if data.status != DeviceStatus::Frozen {
            data.status = DeviceStatus::Active;
        }
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
