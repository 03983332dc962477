//! News from the issuer: clock, head, receipts, state of this device.

mod floor;
mod stopped;

use super::Wallet;
use super::checks::check_time;
use super::client::By;
use super::dating::forget_named;
use super::enrol::registration::give_up_ended;
use super::error::{Details, Error};
use super::history::{apply, broken_alert, plain_alert};
use super::ports::{Clock, Entropy, Platform, millis};
use super::record::{Account, Data, LeftThen};
use super::room::{Anchor, Local, ms, seconds};
use super::state::{Alert, AlertKind, Cause, Missing};
use crate::code::Code;
use crate::rules::lifetime;
use crate::wire::Refusal;
use crate::wire::calls::{FollowNews, ReceiptItem, Sync, Synced};
use crate::wire::head::Head;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::key_set::{KeySet, Use};
use crate::wire::receipt::Kind;
use crate::wire::state::{DeviceState, DeviceStatus, Left};
use crate::wire::time::Time;
use core::time::Duration;
use floor::take_floor;
use stopped::{note_stopped, stopped};

/// A time statement counts only if its round trip took less.
const ROUND_TRIP: Duration = Duration::from_secs(10);
/// Oldest head that is news, in seconds.
const HEAD_AGE: u32 = 60;
/// A clock that is off by more is told to the owner, in milliseconds.
const SKEW_MS: u64 = 120_000;
/// An offset that moved by less is not told again.
const SKEW_STEP_MS: u64 = 60_000;
/// Without news for longer, though the issuer answers, receipts are late; in milliseconds.
const LATE_MS: u64 = 600_000;
/// Answers of one sync: 50 receipts each.
const ROUNDS: usize = 100;

pub(super) enum Round {
    /// The head is reached.
    Complete,
    /// The head is reached, and there was a payment on the way.
    Paid,
    /// There are more receipts, or another tab was faster.
    Again,
}

/// What is asked for, and how this device stood then.
struct Asked {
    call: Sync,
    status: DeviceStatus,
    /// The counter whose naming was answered, if this is to prove it.
    named: Option<u32>,
}

/// An answer whose signatures hold.
struct News {
    asked: Asked,
    head: Box<Head>,
    state: Box<DeviceState>,
    receipts: Vec<ReceiptItem>,
    set: Box<KeySet>,
    /// The time that the issuer signed, in seconds.
    signed_at: u32,
    /// Issuer's clock when the answer was here.
    issuer_ms: u64,
    /// Issuer's clock less the device's; none if the round trip took too long to tell.
    offset_ms: Option<i64>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn ask_for_news(&self) -> Result<u64, Error> {
        let after = self.read(|data| data.account.as_ref().map(|_| data.link.seq))?.ok_or(Code::NotEnrolled)?;
        Ok(self.call_by_newest_key(By::Channel, &FollowNews { after }).await?.newest.get())
    }

    pub(super) fn fetch_news(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let _turn = self.room.news.turn().await;
            let mut fetched = self.fetch_with_held_keys().await;
            if fetched.is_err() && self.read(|data| self.holds_other_keys(data))? {
                // Another tab has renewed the key: the refusal was the old one's.
                self.take_stored().await?;
                fetched = self.fetch_with_held_keys().await;
            }
            // Also where the history does not hold. What hinders it, the next code says.
            let _ = self.name_counters_if_ahead().await;
            fetched
        })
    }

    async fn fetch_with_held_keys(&self) -> Result<(), Error> {
        self.be_sure().await?;
        if let Err(error) = self.finish_earlier().await {
            if let Some(noted) = self.noted(stopped(error.code)) {
                noted.await?;
            }
            return Err(error);
        }
        self.fetch_rounds().await
    }

    fn fetch_rounds(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
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
                let mut refilled = false;
                for late in [true, false] {
                    if let Some(renewed) = self.refill_silently(late) {
                        // Whatever hinders it will hinder the user only once the allowance has ended.
                        refilled |= renewed.await.is_ok() && !late;
                    }
                }
                if refilled {
                    // What is left of the new allowance counts once it is signed.
                    let _ = self.fetch_round(&mut forged).await;
                }
                // Everything was taken: the next sync has nothing to say of it.
                return if forged { Err(Code::ReceiptForged.into()) } else { Ok(()) };
            }
            if paid { Ok(()) } else { Err(Code::ChainGap.into()) }
        })
    }

    /// One call, its answer checked and taken. `forged` becomes true if a receipt came with other details than were signed.
    pub(super) async fn fetch_round(&self, forged: &mut bool) -> Result<Round, Error> {
        let asked = self.next_sync()?;
        let (nonce, after) = (asked.call.nonce, asked.call.after);
        let started = self.platform.clock().running();
        let mut synced = self.call(By::Channel, &asked.call).await?;
        let took = self.platform.clock().running().saturating_sub(started);
        let mut set = self.key_set()?;
        let mut time = self.time_in(&synced.time, &set, nonce)?;
        if time.is_none() || synced.key_set.is_some() {
            let next = self.follow(synced.key_set.take()).await?;
            if time.is_none() {
                set = next;
                time = self.time_in(&synced.time, &set, nonce)?;
            }
        }
        let mut news = self.checked(asked, *synced, set, time.ok_or(Code::IssuerUntrusted)?)?;
        self.learn_clock(&mut news, took)?;
        let mut taken = Err(Cause::Gap);
        self.change(|data| {
            taken = take_news(data, &mut news);
            *forged |= has_forged(data, after);
            Ok(())
        })
        .await?;
        if self.read(|data| data.status == DeviceStatus::Frozen)? {
            // An order on its way has no further effect: the next one is for after a release.
            self.room.freezing.replace(None);
        }
        taken.map_err(|cause| {
            Error::new(match cause {
                Cause::Gap => Code::ChainGap,
                Cause::Fork => Code::ChainFork,
                Cause::Forged | Cause::NeverMadeHere => Code::ReceiptForged,
            })
        })
    }

    /// What to ask for.
    fn next_sync(&self) -> Result<Asked, Error> {
        let nonce = Nonce(self.platform.entropy().draw()?);
        let asked = self.read(|data| {
            let (after, shown) = (data.link.seq, data.drawn.unwrap_or_default());
            let call = || Sync { nonce, after, shown, thumb: data.device_key.thumbprint() };
            data.account.as_ref().map(|_| Asked { call: call(), status: data.status, named: self.room.named.get() })
        })?;
        Ok(asked.ok_or(Code::NotEnrolled)?)
    }

    /// The issuer's time in its answer to this nonce; none: another key set than `set` signed it.
    pub(super) fn time_in(&self, statement: &Bytes, set: &KeySet, nonce: Nonce) -> Result<Option<u64>, Error> {
        let (time, key) = match set.open_undated::<Time>(&statement.0, Use::Time) {
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

    /// The answer with newest link and state as the issuer signed them: for this account, this device, this call and for now.
    fn checked(&self, asked: Asked, synced: Synced, set: Box<KeySet>, issuer_ms: u64) -> Result<Box<News>, Error> {
        let now = seconds(issuer_ms);
        let (head, key) = set.open_undated::<Head>(&synced.head.0, Use::Receipt).map_err(Error::untrusted)?;
        let (state, state_key) =
            set.open_undated::<DeviceState>(&synced.state.0, Use::Receipt).map_err(Error::untrusted)?;
        let (head, state) = (head.into_inner(), state.into_inner());
        let of_account = self.read(|data| {
            let is_own = |account: &Account| head.account == account.id && state.account == account.id;
            data.account.as_ref().is_some_and(is_own)
        })?;
        // Else it was given to another device, or before.
        let of_call = state.issuer == self.settings.issuer
            && state.thumb == asked.call.thumb
            && state.nonce == asked.call.nonce
            && state.seq == head.seq;
        if !of_account || !of_call {
            return Err(Code::IssuerUntrusted.into());
        }
        check_time(key, now)?;
        check_time(state_key, now)?;
        // An old head is how receipts are withheld: it is not taken, and after ten minutes without another one its owner is told.
        if now.abs_diff(head.time) > HEAD_AGE {
            return Err(Error::clock_skew(i64::from(head.time) - i64::from(now)));
        }
        Ok(Box::new(News {
            asked,
            head,
            state,
            receipts: synced.receipts,
            set,
            signed_at: now,
            issuer_ms,
            offset_ms: None,
        }))
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
            // What the key that was replaced hears says nothing of the one that replaced it.
            if let Some(stopped) = stopped.filter(|_| !self.holds_other_keys(data)) {
                note_stopped(data, stopped);
            }
            if let Some(since) = late {
                data.alert(plain_alert(AlertKind::ReceiptsLate, "late", since, now_ms));
            }
            Ok(())
        }))
    }
}

/// Takes what holds and stops at what does not, which stays as an alert.
fn take_news(data: &mut Data, news: &mut News) -> Result<Round, Cause> {
    let News { asked, head, state, receipts, set, signed_at, issuer_ms, offset_ms } = news;
    let issuer_ms = *issuer_ms;
    let now = seconds(issuer_ms);
    if let Some(terms) = &mut data.allowance {
        terms.date(now);
    }
    if let Some(offset) = *offset_ms {
        take_offset(data, offset, issuer_ms);
    }
    // Another tab was faster: what it checked counts, and this answer is about an older state.
    if data.link.seq != asked.call.after || data.device_key.thumbprint() != state.thumb {
        return Ok(Round::Again);
    }
    take_state(data, asked, state, now);
    give_up_ended(data, *signed_at);
    match take_receipts(data, receipts, head, set) {
        Ok(Round::Complete) => {
            data.balance = Some(head.balance);
            warn_of_little(data, &state.left, issuer_ms);
            data.left = Some(LeftThen { left: state.left, as_of: now });
            // A token that is past its end and in no receipt is dead.
            let dead = |ends: u32| u64::from(ends) * 1000 + lifetime::BEHIND_MS < issuer_ms;
            data.shown.retain(|shown| !dead(shown.ends));
            data.forget_settled(issuer_ms);
            data.synced_at = Some(issuer_ms);
            let taken = |kind| data.receipts.iter().rev().take(receipts.len()).any(|receipt| receipt.kind == kind);
            let (paid, unfrozen) = (taken(Kind::Payment), taken(Kind::Unfrozen));
            if data.froze && asked.status == DeviceStatus::Frozen {
                data.froze = false;
                // Nobody let the account go, so it was not the issuer who answered the freeze.
                if state.status == DeviceStatus::Active && !unfrozen {
                    data.alert(plain_alert(AlertKind::Unfrozen, "froze", state.seq.get(), issuer_ms));
                }
            }
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

/// Takes what the issuer signed of device and account.
fn take_state(data: &mut Data, asked: &Asked, state: &DeviceState, now: u32) {
    // What stopped this device since it was asked for is not undone by an answer that does not know of it.
    if state.status != DeviceStatus::Active || data.status == asked.status {
        data.status = state.status;
    }
    data.devices = state.devices.to_vec();
    data.sources = state.sources.to_vec();
    data.limit = Some(state.limit);
    // Another tab may have drawn one more code since: the next sync names that.
    let is_named = asked.named.is_some_and(|named| named == data.atc && named <= state.floor);
    take_floor(data, state.floor, now);
    if is_named {
        forget_named(data, ms(now));
    }
    data.last_contact = now;
}

fn take_receipts(data: &mut Data, items: &[ReceiptItem], head: &Head, set: &KeySet) -> Result<Round, Cause> {
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
