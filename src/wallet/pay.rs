//! Payment codes: the counter is on disk before the code is on screen (protocol sections 2, 6 and 8).

use super::Wallet;
use super::client::By;
use super::dating::{check_order, is_dated_ahead};
use super::error::{Details, Error};
use super::picture;
use super::ports::{Clock, Entropy, Platform};
use super::presentation::{LONGEST_MS, ROTATION_MS};
use super::queue::Turn;
use super::record::{Counting, Data, Made, Shown, Terms};
use super::room::{ms, seconds};
use super::state::{PaymentCode, Remaining};
use crate::code::Code;
use crate::rules::lifetime::{LIFETIME, OFFLINE_AFTER};
use crate::rules::spending::{Cap, Meter};
use crate::wire::money::{Amount, Money};
use crate::wire::sign1::Unsigned;
use crate::wire::state::DeviceStatus;
use crate::wire::till_code::Form;
use crate::wire::token::{Limit, Token};

/// Least time between two codes, in milliseconds.
const APART_MS: u64 = 1_000;
/// Most codes in a minute.
const A_MINUTE: usize = 10;
/// A code that follows the last one this soon belongs to the same presentation.
const UNBROKEN_MS: u64 = ROTATION_MS + 15_000;

impl<P: Platform> Wallet<P> {
    pub(super) async fn make_code(&self, max: Option<Amount>, form: Form) -> Result<PaymentCode, Error> {
        let turn = self.room.codes.turn().await;
        self.make_code_in_turn(max, form, &turn).await
    }

    /// The same for a caller that has the turn.
    pub(super) async fn make_code_in_turn(
        &self,
        max: Option<Amount>,
        form: Form,
        _turn: &Turn<'_>,
    ) -> Result<PaymentCode, Error> {
        self.demand_ready()?;
        if max.is_some_and(Amount::is_zero) {
            return Err(Code::BadAmount.into());
        }
        self.be_able_to_count().await?;
        let random = self.platform.entropy().draw()?;
        // Counter and time are taken in one transaction that has reached the disk when this returns. A crash from
        // here on skips a number and nothing else.
        let mut taken = self.take_counter(max, random).await?;
        if taken.is_none() {
            // Another tab has renewed the key: the one in memory is dead.
            self.take_stored().await?;
            self.demand_ready()?;
            self.be_able_to_count().await?;
            taken = self.take_counter(max, random).await?;
        }
        let Taken { unsigned, counter, issued_at, expires_at } = *taken.ok_or(Code::StorageFailed)?;
        let signed = self.signed(By::Device, unsigned).await?;
        // Locked or frozen meanwhile: a code that may not be shown is not handed out.
        self.demand_ready()?;
        let text = form.text(&signed.0).map_err(|_| Error::new(Code::ModuleCrashed))?;
        let picture = picture::draw(&text).map_err(|_| Error::new(Code::ModuleCrashed))?;
        let here = self.platform.clock().now_ms();
        let left = ms(expires_at).saturating_sub(self.now_ms());
        Ok(PaymentCode {
            text,
            counter,
            made_at: ms(issued_at),
            expires_at: ms(expires_at),
            expires_at_here: here.saturating_add(left),
            size: picture.size,
            path: picture.path,
            svg: picture.svg,
        })
    }
}

impl<P: Platform> Wallet<P> {
    /// Learns what the next counter needs: the floor of a new key, and the naming of those that a wrong clock dated.
    async fn be_able_to_count(&self) -> Result<(), Error> {
        let is_unknown = |data: &Data| data.counting == Counting::Unknown;
        let is_ahead = self.read(|data| is_dated_ahead(data, self.now_ms()))?;
        if !is_ahead && !self.read(is_unknown)? {
            return Ok(());
        }
        let fetched = self.fetch_news().await;
        self.demand_ready()?;
        // What hinders the naming, the code that is not made says itself.
        if self.read(is_unknown)? { fetched } else { Ok(()) }
    }

    /// Takes the next counter; `None` if the record names another device key than the one in memory.
    async fn take_counter(&self, max: Option<Amount>, random: [u8; 4]) -> Result<Option<Box<Taken>>, Error> {
        let mut taken = None;
        self.change(|data| {
            if !self.holds_other_keys(data) {
                // Read here: a sync, or another tab's transaction, may have taken a while.
                taken = Some(take_token(data, max, random, self.now_ms())?);
            }
            Ok(())
        })
        .await?;
        Ok(taken)
    }
}

/// A token that was counted, to be signed.
struct Taken {
    unsigned: Unsigned,
    counter: u32,
    issued_at: u32,
    expires_at: u32,
}

/// Takes the next counter, or refuses and takes nothing.
fn take_token(data: &mut Data, max: Option<Amount>, random: [u8; 4], now_ms: u64) -> Result<Box<Taken>, Error> {
    // Another tab may know more than this one did a moment ago.
    check_may_pay(data)?;
    check_order(data, now_ms)?;
    check_pace(data, now_ms)?;
    let terms = data.allowance.as_ref().ok_or_else(|| over(None, Amount::ZERO, now_ms))?;
    let issued_at = seconds(now_ms).max(data.last_iat);
    let offline = issued_at > data.last_contact.saturating_add(OFFLINE_AFTER);
    let goes_on = data.shown.last().is_some_and(|shown| {
        now_ms.abs_diff(shown.latest) <= UNBROKEN_MS && now_ms.saturating_sub(shown.began) < LONGEST_MS
    });
    // A presentation is one payment, so going on with it costs nothing more than it did already.
    let others = data.shown.len().saturating_sub(usize::from(goes_on));
    let others = data.shown.get(..others).unwrap_or_default();
    let left = worst(data, terms, issued_at, others);
    let left = if offline { left.and(offline_left(terms, issued_at, others)) } else { left };
    let most = max.unwrap_or(terms.per_payment).min(left.each);
    if left.count == 0 || left.each.is_zero() || max.is_some_and(|max| max > left.each) {
        return Err(over(Some(terms), left.each, ms(left.resets_at)));
    }
    // A counter that is full starts again with a new key.
    let atc = data.atc.checked_add(1).ok_or(Code::RotateNeeded)?;
    let expires_at = issued_at.checked_add(LIFETIME).ok_or(Code::ClockSkew)?;
    let currency = terms.currency;
    let limit = max.map_or(Limit::Allowance, |amount| Limit::UpTo { amount, currency });
    let token = Token { limit, expires_at, issued_at, atc, random };
    let unsigned = token.prepare(terms.handle, &terms.veil).map_err(|_| Code::ClockSkew)?;
    let made = Made { atc, random, at: now_ms, most: max.unwrap_or(terms.per_payment), spent: None, named: false };
    data.atc = atc;
    data.last_iat = issued_at;
    data.remember(made);
    match data.shown.last_mut().filter(|_| goes_on) {
        Some(shown) => {
            shown.last = atc;
            shown.latest = now_ms;
            shown.ends = expires_at;
            shown.worst = shown.worst.max(most);
            shown.offline |= offline;
        }
        None => data.shown.push(Shown {
            first: atc,
            last: atc,
            began: now_ms,
            latest: now_ms,
            ends: expires_at,
            worst: most,
            offline,
        }),
    }
    Ok(Box::new(Taken { unsigned, counter: atc, issued_at, expires_at }))
}

pub(super) fn check_may_pay(data: &Data) -> Result<(), Error> {
    Err(Error::new(match data.status {
        _ if data.account.is_none() => Code::NotEnrolled,
        DeviceStatus::Active => match data.counting {
            Counting::On => return Ok(()),
            Counting::Ahead => Code::RotateNeeded,
            // No sync came through since the rotation: the next one brings the floor.
            Counting::Unknown => Code::Offline,
        },
        DeviceStatus::Frozen => Code::Frozen,
        DeviceStatus::Suspended => Code::Suspended,
        DeviceStatus::Revoked => Code::Revoked,
    }))
}

fn check_pace(data: &Data, now_ms: u64) -> Result<(), Error> {
    for (within, most) in [(APART_MS, 1), (60_000, A_MINUTE)] {
        let (mut recent, mut oldest) = (0, u64::MAX);
        for made in data.made.iter().filter(|made| !made.named) {
            // A distance, so that a clock that went back does not stop the wallet.
            if now_ms.abs_diff(made.at) < within {
                recent += 1;
                oldest = oldest.min(made.at);
            }
        }
        if recent >= most {
            let retry_after_ms = Some(oldest.saturating_add(within).saturating_sub(now_ms));
            return Err(Error::new(Code::TooFast).with_details(Details { retry_after_ms, ..Details::default() }));
        }
    }
    Ok(())
}

fn over(terms: Option<&Terms>, left: Amount, resets_at: u64) -> Error {
    let left = terms.map(|terms| Money { amount: left, currency: terms.currency });
    Error::new(Code::OverAllowance).with_details(Details { left, resets_at: Some(resets_at), ..Details::default() })
}

impl Remaining {
    /// The lesser of both.
    fn and(self, other: Self) -> Self {
        Self {
            amount: self.amount.min(other.amount),
            each: self.each.min(other.each),
            count: self.count.min(other.count),
            resets_at: self.resets_at.max(other.resets_at),
        }
    }
}

/// What is left if every presentation whose outcome is unknown was paid in full.
pub(super) fn left_at_worst(data: &Data, terms: &Terms, now_ms: u64) -> Remaining {
    worst(data, terms, seconds(now_ms), &data.shown)
}

fn worst(data: &Data, terms: &Terms, now: u32, shown: &[Shown]) -> Remaining {
    let none = |resets_at| Remaining { amount: Amount::ZERO, each: Amount::ZERO, count: 0, resets_at };
    if terms.until <= now {
        return none(now);
    }
    // The owner's own limit, as far as it is known here.
    let total = data.limit.map_or(terms.total, |limit| limit.min(terms.total));
    let cap = Cap { each: terms.per_payment, total, count: terms.count };
    let metered = metered(data.meter.clone(), shown, |_| true, &cap, now);
    // The issuer also sees the account's other devices. Its word counts until more is left than it said.
    match data.left {
        Some(then) if now < then.left.resets_at => {
            let used = shown.iter().try_fold(Amount::ZERO, |sum, shown| sum.plus(shown.worst));
            let amount = used.and_then(|used| then.left.amount.minus(used)).unwrap_or(Amount::ZERO);
            let showings = u32::try_from(shown.len()).unwrap_or(u32::MAX);
            let count = then.left.count.saturating_sub(showings);
            let each = if count == 0 { Amount::ZERO } else { amount };
            metered.and(Remaining { amount, each, count, resets_at: then.left.resets_at })
        }
        _ => metered,
    }
}

fn offline_left(terms: &Terms, now: u32, shown: &[Shown]) -> Remaining {
    let cap = if now < terms.cooled_at {
        Cap { each: Amount::ZERO, total: Amount::ZERO, count: 0 }
    } else {
        Cap { each: terms.offline.per_payment, total: terms.offline.total, count: terms.offline.count }
    };
    let left = metered(Meter::default(), shown, |shown| shown.offline, &cap, now);
    if now < terms.cooled_at { Remaining { resets_at: terms.cooled_at, ..left } } else { left }
}

/// What those that count leave of a cap, beside what is in the meter already.
fn metered(mut meter: Meter, shown: &[Shown], counts: fn(&Shown) -> bool, cap: &Cap, now: u32) -> Remaining {
    for shown in shown {
        if counts(shown) {
            let entry = shown.entry();
            meter.add(entry.amount, entry.at);
        }
    }
    let left = meter.left(cap, now);
    Remaining { amount: left.amount, each: left.each, count: left.count, resets_at: left.resets_at }
}

#[cfg(test)]
mod tests;
