//! Lifted codes: when code or device turn up at another place within minutes, the money of the first payment waits
//! until it is settled who made it (protocol section 6, "Pay, consumer-presented").

use super::Payment;
use crate::code::Code;
use crate::issuer::account::Account;
use crate::issuer::books::{Line, Movement};
use crate::issuer::devices::require_active;
use crate::issuer::error::Refused;
use crate::issuer::evidence::Evidence;
use crate::issuer::ledger::{Record, Records};
use crate::issuer::messages::{Event, Message, Named};
use crate::issuer::moment::Moment;
use crate::issuer::receipts::{self, Draft};
use crate::issuer::replay::Use;
use crate::issuer::tills::Till;
use crate::rules::policy::Policy;
use crate::wire::calls::{BothMine, HoldReleased};
use crate::wire::id::{AccountId, Thumbprint};
use crate::wire::money::Amount;
use crate::wire::number::Whole;
use crate::wire::receipt::Kind;
use crate::wire::token::Token;
use serde::{Deserialize, Serialize};

/// Most payments of one account that have a row here: as many that somebody else's use made doubtful, and as many that only
/// their owner reported, so that whoever reports with a copied key leaves the others their room.
const MOST: usize = 100;

/// A payment whose money waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The payment.
    pub payment: String,
    /// Number of its receipt.
    pub seq: u64,
    /// Since when, seconds since 1970.
    pub at: u32,
    /// Whether its owner said that it was not them.
    pub reported: bool,
    /// Why.
    #[serde(default)]
    pub cause: HeldCause,
    /// Number of the `held` receipt; 0 if there is none.
    #[serde(default)]
    pub told: u64,
    /// When the wallet that paid proved that it has checked that receipt, seconds since 1970.
    #[serde(default)]
    pub fetched_at: Option<u32>,
}

/// Why a payment's money waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldCause {
    /// A second till offered the same live token, or the owner said that it was not them: a person decides.
    #[default]
    Person,
    /// The next payment came from another place: its owner, or time, releases it.
    Elsewhere(Thumbprint),
}

/// Names a held payment under the time at which time may release it, for the sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// The payment.
    payment: String,
}

impl Record for Hold {}

/// The key of a [`Hold`]: when it is to be looked at, whose it is, and the payment that caused it.
pub(in crate::issuer) fn key(due: u32, account: &AccountId, by: &str) -> String {
    format!("{due:010}/{account}/{by}")
}

/// When the hold under this key is to be looked at, whose it is, and the payment that caused it.
pub(in crate::issuer) fn read_key(key: &str) -> Option<(u32, AccountId, &str)> {
    let (due, rest) = key.split_once('/')?;
    let (account, by) = rest.split_once('/')?;
    Some((due.parse().ok()?, account.parse().ok()?, by))
}

/// A second till offers a live token that was taken: its payment waits for a person.
pub(super) fn hold_offered_twice(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &mut Account,
    seen: &Use,
    (thumb, till): (Thumbprint, &Till),
) {
    let Some(payment) = seen.payment.as_deref() else { return };
    if let Some(held) = account.held.iter_mut().find(|held| held.payment == payment) {
        // Neither its owner's word nor time releases it from now on.
        held.cause = HeldCause::Person;
        return;
    }
    hold(moment, records, account, (payment, seen.seq, Some(seen.amount)), (thumb, till), HeldCause::Person);
}

/// A payment at another place within minutes makes the one before doubtful, if its token was made before the wallet had
/// shown that one's receipt. The hold is kept under `key` for the sweep.
pub(super) fn hold_last_elsewhere(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &mut Account,
    (token, thumb, till): (&Token, Thumbprint, &Till),
    key: String,
) {
    let within = moment.settings.policy.elsewhere_seconds;
    let Some(last) = account.device(thumb).and_then(|device| device.last_debit.clone()) else { return };
    let was_shown = last.shown_at.is_some_and(|shown_at| token.issued_at >= shown_at);
    if was_shown || moment.now().abs_diff(last.at) >= within || !till.is_elsewhere_than(&last) {
        return;
    }
    let cause = HeldCause::Elsewhere(thumb);
    if hold(moment, records, account, (&last.payment, last.seq, last.amount), (thumb, till), cause) {
        if last.reported
            && let Some(held) = account.held.last_mut()
        {
            held.reported = true;
        }
        records.holds.put(key, Hold { payment: last.payment });
    }
}

/// Holds a payment, once, and tells its owner; whether it was not held before.
fn hold(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &mut Account,
    (payment, seq, amount): (&str, u64, Option<Amount>),
    (thumb, till): (Thumbprint, &Till),
    cause: HeldCause,
) -> bool {
    let is_full = account.held.iter().filter(|held| held.told > 0).count() >= MOST;
    if payment.is_empty() || is_full || account.held.iter().any(|held| held.payment == payment) {
        return false;
    }
    let mut draft = Draft::of(Kind::Held, thumb);
    draft.body.amount = amount;
    draft.body.currency = Some(till.currency);
    draft.body.shop = Some(till.name.clone());
    draft.body.place = till.place.clone();
    draft.body.undoes = Some(Whole::saturating(seq));
    let reason = match cause {
        HeldCause::Person => Code::TokenUsed,
        HeldCause::Elsewhere(_) => Code::UsedElsewhere,
    };
    draft.body.reason = Some(reason.into());
    receipts::issue(moment, records, account, draft);
    let (at, told) = (moment.now(), account.link.seq);
    account.held.push(Held { payment: payment.into(), seq, at, reported: false, cause, told, fetched_at: None });
    let place = till.place.as_ref().unwrap_or(&till.name);
    let event = match cause {
        HeldCause::Person => Event::OfferedTwice(Named(place)),
        HeldCause::Elsewhere(_) => Event::UsedElsewhere(Named(place)),
    };
    records.messages.push(Message::alarm(moment, account, &event));
    true
}

/// "It was not me": the money of the payment of a receipt waits for a person. One that finds no room says so itself, so that
/// nothing of its owner is lost and an account does not grow with every report.
pub(in crate::issuer) fn report(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    (seq, payment): (u64, &str),
) {
    let at = moment.now();
    if let Some(held) = owner.held.iter_mut().find(|held| held.seq == seq) {
        held.reported = true;
        return;
    }
    if owner.held.iter().filter(|held| held.told == 0).count() < MOST {
        let cause = HeldCause::Person;
        owner.held.push(Held { payment: payment.into(), seq, at, reported: true, cause, told: 0, fetched_at: None });
        return;
    }
    let unmarked = records.payments.get(payment).filter(|held| held.reported_at.is_none()).cloned();
    if let Some(marked) = unmarked {
        let debits = owner.devices.iter_mut().filter_map(|device| device.last_debit.as_mut());
        debits.filter(|last| last.payment == payment).for_each(|last| last.reported = true);
        owner.reported_more = owner.reported_more.saturating_add(1);
        records.payments.put(payment, Payment { reported_at: Some(at), ..marked });
    }
}

impl Payment {
    /// Takes the mark of a report off; whether there was one.
    pub(super) const fn settle_report(&mut self, owner: &mut Account) -> bool {
        let was_marked = self.reported_at.take().is_some();
        if was_marked {
            owner.reported_more = owner.reported_more.saturating_sub(1);
        }
        was_marked
    }
}

/// Notes that the wallet which paid has checked the receipts that say what waits: from then on time counts.
pub(in crate::issuer) fn note_fetched(account: &mut Account, thumb: Thumbprint, after: u64, now: u32) {
    let mut held = core::mem::take(&mut account.held);
    for one in held.iter_mut().filter(|one| one.told <= after && one.fetched_at.is_none()) {
        if let HeldCause::Elsewhere(payer) = one.cause
            && account.heir_mut(payer).is_some_and(|heir| heir.thumb == thumb)
        {
            one.fetched_at = Some(now);
        }
    }
    account.held = held;
}

impl Held {
    /// When time releases it; `None` while only a person, or its owner, may.
    fn released_at(&self, policy: &Policy) -> Option<u32> {
        match self.cause {
            HeldCause::Person => None,
            HeldCause::Elsewhere(_) if self.reported => None,
            HeldCause::Elsewhere(_) => {
                let latest = self.at.saturating_add(policy.hold_most_seconds);
                Some(self.fetched_at.map_or(latest, |at| latest.min(at.saturating_add(policy.hold_seconds))))
            }
        }
    }
}

/// Looks at the hold under this key, whose time has come: releases it if it may be, and forgets it if time has no say.
/// Else the answer is when to look again.
///
/// # Errors
/// None.
pub(in crate::issuer) fn look_again(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    key: &str,
) -> Result<Option<u32>, Refused> {
    let (now, policy) = (moment.now(), &moment.settings.policy);
    let payment = records.holds.get(key).map(|hold| hold.payment.clone());
    let mut owner = records.accounts.get(account).cloned();
    let at =
        owner.as_ref().and_then(|owner| owner.held.iter().position(|held| Some(&held.payment) == payment.as_ref()));
    let held = owner.as_ref().zip(at).and_then(|(owner, at)| owner.held.get(at));
    match held.and_then(|held| Some((held.released_at(policy)?, held.fetched_at))) {
        Some((until, _)) if until <= now => {
            if let (Some(owner), Some(at)) = (&mut owner, at) {
                release(moment, records, owner, at, None);
                records.accounts.put(account, owner.clone());
            }
        }
        Some((until, Some(_))) => return Ok(Some(until)),
        // Not fetched: if it is from now on, it is not released earlier than that.
        Some((until, None)) => return Ok(Some(until.min(now.saturating_add(policy.hold_seconds)))),
        None => {}
    }
    records.holds.take(key);
    Ok(None)
}

/// Moves a hold to the time at which it is to be looked at again.
pub(in crate::issuer) fn postpone(records: &mut Records, key: &str, later: &str) {
    if let Some(hold) = records.holds.take(key) {
        records.holds.put(later, hold);
    }
}

/// "Both were mine": releases the payment of a `held` receipt on the word of the device key that paid.
///
/// # Errors
/// The device's state; [`Code::CoolingOff`]; [`Code::NotFound`] for a receipt whose payment does not wait, waits for a
/// person, or was paid by another device.
pub(in crate::issuer) fn both_mine(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &BothMine,
    evidence: Evidence,
) -> Result<HoldReleased, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    require_active(&owner, thumb)?;
    let cooled_at = owner.device(thumb).ok_or(Code::NotEnrolled)?.cooled_at;
    if now < cooled_at {
        return Err(Refused::cooling_off(cooled_at));
    }
    let at = owner.held.iter().position(|held| held.told == call.seq).ok_or(Code::NotFound)?;
    let held = owner.held.get(at).ok_or(Code::NotFound)?;
    let HeldCause::Elsewhere(payer) = held.cause else { return Err(Code::NotFound.into()) };
    let is_reported = held.reported;
    let is_payer = owner.heir_mut(payer).is_some_and(|heir| heir.thumb == thumb);
    if is_reported || !is_payer {
        return Err(Code::NotFound.into());
    }
    release(moment, records, &mut owner, at, Some((thumb, evidence)));
    records.accounts.put(account, owner);
    Ok(HoldReleased { at: now })
}

/// Ends a hold: the merchant keeps the money.
fn release(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    at: usize,
    by: Option<(Thumbprint, Evidence)>,
) {
    let held = owner.held.remove(at);
    say_released(moment, records, owner, held.seq, by);
}

fn say_released(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    seq: u64,
    by: Option<(Thumbprint, Evidence)>,
) {
    let mut draft = Draft::new(Kind::Released);
    if let Some((thumb, evidence)) = by {
        draft = Draft { evidence: Some(evidence), ..Draft::of(Kind::Released, thumb) };
    }
    draft.body.undoes = Some(Whole::saturating(seq));
    receipts::issue(moment, records, owner, draft);
}

/// Settles a held payment, as a person of the issuer decides: the merchant keeps the money, or its owner gets it back.
///
/// # Errors
/// [`Code::NotFound`] for a payment that is not held.
pub(in crate::issuer) fn settle(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    id: &str,
    give_back: bool,
) -> Result<(), Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotFound)?;
    let own = records.payments.get(id).filter(|payment| payment.account == *account);
    let mut payment = own.cloned().ok_or(Code::NotFound)?;
    let rows = owner.held.len();
    owner.held.retain(|held| held.payment != id);
    let had_row = owner.held.len() < rows;
    if !payment.settle_report(&mut owner) && !had_row {
        return Err(Code::NotFound.into());
    }
    if !give_back {
        say_released(moment, records, &mut owner, payment.seq, None);
    } else if payment.reversed_at.is_none() {
        owner.balance =
            owner.balance.plus(payment.amount).ok_or_else(|| Refused::failed("a balance can't hold the sum"))?;
        let mut draft = Draft::of(Kind::Refund, payment.thumb);
        draft.token = Some(payment.token);
        draft.body.amount = Some(payment.amount);
        draft.body.currency = Some(payment.currency);
        draft.body.undoes = Some(Whole::saturating(payment.seq));
        receipts::issue(moment, records, &mut owner, draft);
        let movement = Movement {
            name: format!("refund/{id}"),
            from: Line::merchant(&payment.merchant),
            to: Line::account(account),
            amount: payment.amount,
            currency: payment.currency,
            at: now,
        };
        records.entries.extend(movement.entries());
        payment.reversed_at = Some(now);
    }
    records.payments.put(id, payment);
    records.accounts.put(account, owner);
    Ok(())
}
