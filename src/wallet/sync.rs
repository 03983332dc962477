//! News from the issuer: clock, head, receipts, state of this device; and a fresh allowance before the old one ends.

use super::Wallet;
use super::checks::check_time;
use super::client::By;
use super::error::{Details, Error};
use super::history::{apply, broken_alert, plain_alert};
use super::ports::{Clock, Entropy, Platform, millis};
use super::record::{Data, LeftThen, Terms};
use super::room::{Anchor, Local};
use super::state::{Alert, AlertKind, Cause, Missing, Status};
use crate::code::Code;
use crate::rules::lifetime;
use crate::wire::Refusal;
use crate::wire::allowance::Tier;
use crate::wire::calls::{DeviceStatus, FollowNews, Left, Refill, Sync, Synced};
use crate::wire::head::Head;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::key_set::{KeySet, Use};
use crate::wire::receipt::Kind;
use crate::wire::time::Time;
use core::time::Duration;

/// A time statement counts only if its round trip took less.
const ROUND_TRIP: Duration = Duration::from_secs(10);
/// Oldest head that is news, in seconds.
const HEAD_AGE: u32 = 60;
/// A floor further ahead than this is no floor: the issuer would take such a token for a clone's.
const MOST_AHEAD: u32 = 65_536;
/// A clock that is off by more is told to the owner, in milliseconds.
const SKEW_MS: u64 = 120_000;
/// An offset that moved by less is not told again.
const SKEW_STEP_MS: u64 = 60_000;
/// Without news for longer, though the issuer answers, receipts are late; in milliseconds.
const LATE_MS: u64 = 600_000;
/// Answers of one sync: 50 receipts each.
const ROUNDS: usize = 100;
/// A silent refill comes at most once in this many seconds.
const REFILL_APART: u32 = 24 * 3600;
/// An allowance this near its end is refilled, in seconds.
const REFILL_BEFORE: u32 = 48 * 3600;

pub(super) enum Round {
    /// The head is reached.
    Complete,
    /// The head is reached, and there was a payment on the way.
    Paid,
    /// There are more receipts, or another tab was faster.
    Again,
}

/// An answer whose signatures hold.
struct News {
    synced: Box<Synced>,
    head: Box<Head>,
    set: Box<KeySet>,
    /// Issuer's clock when the answer was here.
    issuer_ms: u64,
    /// Issuer's clock less the device's; none if the round trip took too long to tell.
    offset_ms: Option<i64>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn ask_for_news(&self) -> Result<u64, Error> {
        let after = self.read(|data| data.account.as_ref().map(|_| data.link.seq))?.ok_or(Code::NotEnrolled)?;
        Ok(self.call(By::Channel, &FollowNews { after }).await?.newest.get())
    }

    pub(super) fn fetch_news(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let _turn = self.room.news.turn().await;
            self.resume_registration().await?;
            let (mut paid, mut forged) = (false, false);
            for _ in 0..ROUNDS {
                match self.fetch_round(&mut forged).await {
                    // One more call shows the issuer what was checked, so that the next code is good at once.
                    Ok(Round::Paid) if !paid => {
                        paid = true;
                        continue;
                    }
                    Ok(Round::Again) if !paid => continue,
                    Ok(_) => {}
                    // That call may fail, but not unheard: it may say that this device was stopped.
                    Err(mut error) => {
                        let stopped = stopped(error.code);
                        if let Some(noted) = self.noted(stopped)
                            && let Err(failed) = noted.await
                            && stopped.is_some()
                        {
                            error = failed;
                        }
                        if !paid {
                            return Err(error);
                        }
                    }
                }
                for late in [true, false] {
                    if let Some(renewed) = self.refill_silently(late) {
                        // Whatever hinders it will hinder the user only once the allowance has ended.
                        let _ = renewed.await;
                    }
                }
                // Everything was taken: the next sync has nothing to say of it.
                return if forged { Err(Code::ReceiptForged.into()) } else { Ok(()) };
            }
            if paid { Ok(()) } else { Err(Code::ChainGap.into()) }
        })
    }

    pub(super) async fn fetch_allowance(&self) -> Result<(), Error> {
        let _turn = self.room.news.turn().await;
        self.renew(None).await
    }

    /// One call, its answer checked and taken. `forged` becomes true if a receipt came with other details than were signed.
    pub(super) async fn fetch_round(&self, forged: &mut bool) -> Result<Round, Error> {
        let call = self.next_sync()?;
        let started = self.platform.clock().running();
        let mut synced = self.call(By::Channel, &call).await?;
        let took = self.platform.clock().running().saturating_sub(started);
        let mut set = self.key_set()?;
        let mut time = self.time_in(&synced, &set, call.nonce)?;
        if time.is_none() || synced.key_set.is_some() {
            let next = self.follow(synced.key_set.take()).await?;
            if time.is_none() {
                set = next;
                time = self.time_in(&synced, &set, call.nonce)?;
            }
        }
        let mut news = self.checked(synced, set, time.ok_or(Code::IssuerUntrusted)?)?;
        self.learn_clock(&mut news, took)?;
        let mut taken = Err(Cause::Gap);
        self.change(|data| {
            taken = take_news(data, &mut news, call.after);
            *forged |= has_forged(data, call.after);
            Ok(())
        })
        .await?;
        taken.map_err(|cause| {
            Error::new(match cause {
                Cause::Gap => Code::ChainGap,
                Cause::Fork => Code::ChainFork,
                Cause::Forged | Cause::NeverMadeHere => Code::ReceiptForged,
            })
        })
    }

    /// What to ask for.
    fn next_sync(&self) -> Result<Sync, Error> {
        let nonce = Nonce(self.platform.entropy().draw()?);
        let call = self.read(|data| {
            let enrolled = data.account.is_some();
            enrolled.then(|| Sync { nonce, after: data.link.seq, thumb: data.device_key.thumbprint() })
        })?;
        Ok(call.ok_or(Code::NotEnrolled)?)
    }

    /// The issuer's time in its answer to this nonce; none: another key set than `set` signed it.
    fn time_in(&self, synced: &Synced, set: &KeySet, nonce: Nonce) -> Result<Option<u64>, Error> {
        let (time, key) = match set.open_undated::<Time>(&synced.time.0, Use::Time) {
            Err(Refusal::WrongKey) => return Ok(None),
            opened => opened.map_err(Error::untrusted)?,
        };
        if time.issuer != self.settings.issuer || time.nonce != nonce {
            return Err(Code::IssuerUntrusted.into());
        }
        let now_ms = time.now_ms.get();
        check_time(key, seconds(now_ms))?;
        Ok(Some(now_ms))
    }

    /// The answer with the newest link as the issuer signed it, for this account and for now.
    fn checked(&self, synced: Box<Synced>, set: Box<KeySet>, issuer_ms: u64) -> Result<Box<News>, Error> {
        let now = seconds(issuer_ms);
        let (head, key) = set.open_undated::<Head>(&synced.head.0, Use::Receipt).map_err(Error::untrusted)?;
        let head = head.into_inner();
        if self.read(|data| data.account.as_ref().is_none_or(|account| head.account != account.id))? {
            return Err(Code::IssuerUntrusted.into());
        }
        check_time(key, now)?;
        // An old head is how receipts are withheld: it is not taken, and after ten minutes without another one its owner is told.
        if now.abs_diff(head.time) > HEAD_AGE {
            return Err(Error::clock_skew(i64::from(head.time) - i64::from(now)));
        }
        Ok(Box::new(News { synced, head, set, issuer_ms, offset_ms: None }))
    }

    /// Takes the issuer's clock, and how far the device's is behind it, if the round trip was short enough to tell.
    fn learn_clock(&self, news: &mut News, took: Duration) -> Result<(), Error> {
        let issuer_ms = news.issuer_ms.saturating_add(millis(took) / 2);
        let offset = issuer_ms.checked_signed_diff(self.platform.clock().now_ms());
        news.issuer_ms = issuer_ms;
        if took < ROUND_TRIP && offset.is_some() {
            self.room.anchor.set(Some(Anchor { issuer_ms, running: self.platform.clock().running() }));
            news.offset_ms = offset;
            return Ok(());
        }
        if self.read(|data| data.synced_at.is_none())? {
            let details = Details { skew_ms: offset, ..Details::default() };
            return Err(Error::new(Code::ClockSkew).with_details(details));
        }
        Ok(())
    }

    /// A refusal that says how this device stands is news too. And an issuer that answers and shows nothing new for long
    /// withholds something: its owner is told. None: there is nothing to note.
    fn noted(&self, stopped: Option<DeviceStatus>) -> Option<Local<'_, Result<(), Error>>> {
        let now_ms = self.carried_ms().unwrap_or_else(|| self.now_ms());
        let since = self.room.data.borrow().as_ref().and_then(|data| data.synced_at);
        let late = since.filter(|since| self.room.online.get() && since.saturating_add(LATE_MS) < now_ms);
        if stopped.is_none() && late.is_none() {
            return None;
        }
        Some(self.change(move |data| {
            data.status = stopped.unwrap_or(data.status);
            if let Some(since) = late {
                data.alert(plain_alert(AlertKind::ReceiptsLate, "late", since, now_ms));
            }
            Ok(())
        }))
    }

    /// Opens an allowance that came before the clock was learned, where it is late; or else refills, if it is time.
    fn refill_silently(&self, late: bool) -> Option<Local<'_, Result<(), Error>>> {
        if late {
            let unopened = |data: &Data| data.account.as_ref().and(data.unopened.clone());
            let bytes = self.room.data.borrow().as_deref().and_then(unopened)?;
            return Some(self.renew(Some(bytes)));
        }
        let now = self.now();
        let due = self.room.data.borrow().as_ref().is_some_and(|data| is_refill_due(data.allowance.as_ref(), now));
        (due && self.status() == Status::Ready).then(|| self.renew(None))
    }

    /// Takes an allowance that is here already, or else a fresh one from the issuer.
    fn renew(&self, late: Option<Bytes>) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let mut left = None;
            let bytes = match late {
                Some(bytes) => bytes,
                None => {
                    self.demand_ready()?;
                    let reply = self.call(By::Device, &Refill {}).await?;
                    left = Some(reply.left);
                    reply.allowance
                }
            };
            let now = self.now();
            let thumb = self.read(|data| data.device_key.thumbprint())?;
            let opened = self.open_allowance(&bytes.0, thumb, now).await;
            if left.is_some() && opened.as_ref().is_err_and(|error| error.code == Code::ClockSkew) {
                // The issuer gave it out: it is kept until the clock is learned, now or by the next sync.
                let kept = bytes.clone();
                self.change(|data| {
                    data.unopened = Some(kept);
                    Ok(())
                })
                .await?;
                self.learn_time().await?;
                return self.renew(Some(bytes)).await;
            }
            let terms = opened?;
            self.change(|data| {
                data.allowance = Some(*terms);
                match left {
                    None => data.unopened = None,
                    Some(left) => {
                        data.left = Some(LeftThen { left, as_of: now });
                        data.last_contact = data.last_contact.max(now);
                    }
                }
                Ok(())
            })
            .await
        })
    }
}

fn seconds(ms: u64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}

/// How a refusal says that this device stands.
const fn stopped(code: Code) -> Option<DeviceStatus> {
    match code {
        Code::Revoked => Some(DeviceStatus::Revoked),
        Code::Suspended => Some(DeviceStatus::Suspended),
        Code::Frozen => Some(DeviceStatus::Frozen),
        _ => None,
    }
}

fn is_refill_due(terms: Option<&Terms>, now: u32) -> bool {
    let Some(terms) = terms else { return true };
    if terms.since == 0 {
        return false;
    }
    let cooled = terms.tier == Tier::CoolOff && terms.cooled_at <= now;
    let ending = terms.until <= now.saturating_add(REFILL_BEFORE);
    now >= terms.since.saturating_add(REFILL_APART) && (cooled || ending)
}

/// Takes what holds and stops at what does not, which stays as an alert.
fn take_news(data: &mut Data, news: &mut News, after: u64) -> Result<Round, Cause> {
    let News { synced, head, set, issuer_ms, offset_ms } = news;
    let issuer_ms = *issuer_ms;
    let now = seconds(issuer_ms);
    if let Some(terms) = &mut data.allowance {
        terms.date(now);
    }
    if let Some(offset) = *offset_ms {
        take_offset(data, offset, issuer_ms);
        // A date that a wrong clock once wrote would bind every later code; the issuer takes none dated further ahead.
        let ahead = u32::try_from(lifetime::AHEAD_MS / 1000).unwrap_or_default();
        data.last_iat = data.last_iat.min(now.saturating_add(ahead));
    }
    data.status = synced.status;
    core::mem::swap(&mut data.devices, &mut synced.devices);
    core::mem::swap(&mut data.sources, &mut synced.sources);
    data.limit = synced.limit;
    // The floor is not signed: whoever carries the answer may not use the counter up.
    if synced.atc_floor <= data.atc.saturating_add(MOST_AHEAD) {
        data.atc = data.atc.max(synced.atc_floor);
    }
    data.last_contact = now;
    // Another tab was faster: what it checked counts, and this answer is about an older state.
    if data.link.seq != after {
        return Ok(Round::Again);
    }
    match take_receipts(data, &synced.receipts, head, set) {
        Ok(Round::Complete) => {
            data.balance = Some(head.balance);
            warn_of_little(data, &synced.left, issuer_ms);
            data.left = Some(LeftThen { left: synced.left, as_of: now });
            // A token that is past its end and in no receipt is dead.
            let dead = |ends: u32| u64::from(ends) * 1000 + lifetime::BEHIND_MS < issuer_ms;
            data.shown.retain(|shown| !dead(shown.ends));
            data.forget_settled(issuer_ms);
            data.synced_at = Some(issuer_ms);
            let paid =
                data.receipts.iter().rev().take(synced.receipts.len()).any(|receipt| receipt.kind == Kind::Payment);
            Ok(if paid { Round::Paid } else { Round::Complete })
        }
        Ok(round) => Ok(round),
        Err(cause) => {
            let alert = broken_alert(cause, data.link.seq, issuer_ms);
            data.alert(alert);
            Err(cause)
        }
    }
}

fn take_receipts(
    data: &mut Data,
    items: &[crate::wire::calls::ReceiptItem],
    head: &Head,
    set: &KeySet,
) -> Result<Round, Cause> {
    use crate::rules::chain::Broken;
    for item in items {
        apply(data, set, item)?;
    }
    match data.link.meets(head) {
        Ok(()) => match data.receipts.last() {
            Some(last) if head.seq == last.sequence && last.balance.amount != head.balance => Err(Cause::Forged),
            _ => Ok(Round::Complete),
        },
        Err(Broken::Gap) if !items.is_empty() => Ok(Round::Again),
        Err(Broken::Gap) => Err(Cause::Gap),
        Err(Broken::Fork) => Err(Cause::Fork),
    }
}

/// Whether a receipt after this one came with other details than were signed.
fn has_forged(data: &Data, after: u64) -> bool {
    data.receipts.iter().any(|receipt| receipt.sequence > after && receipt.missing == Some(Missing::Forged))
}

/// Says once that a fifth of the allowance, or one payment, is all that is left.
fn warn_of_little(data: &mut Data, left: &Left, now_ms: u64) {
    let Some(terms) = &data.allowance else { return };
    let little = left.amount.minor_units() < terms.total.minor_units() / 5 || left.count <= 1;
    if little && left.resets_at > seconds(now_ms) {
        data.alert(plain_alert(AlertKind::LowAllowance, "low", u64::from(left.resets_at), now_ms));
    }
}

fn take_offset(data: &mut Data, offset: i64, issuer_ms: u64) {
    if offset.unsigned_abs() > SKEW_MS && offset.abs_diff(data.offset_ms) > SKEW_STEP_MS {
        let alert = plain_alert(AlertKind::ClockSkew, "clock", issuer_ms, issuer_ms);
        data.alert(Alert { skew_ms: Some(offset), ..alert });
    }
    data.offset_ms = offset;
}

#[cfg(test)]
mod tests;
