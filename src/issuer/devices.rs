//! What a device asks about its account, and the order that stops it.

use super::account::{Account, Device, State};
use super::buckets::WeakProof;
use super::error::Refused;
use super::evidence::Evidence;
use super::ledger::{CLOCK_BACK, Records};
use super::messages::{Event, Message, Named};
use super::moment::Moment;
use super::receipts::{self, Draft};
use super::used::Used;
use super::{allowance, freeze, limits, payments};
use crate::code::Code;
use crate::wire::calls::{AccountFrozen, CountersNamed, NameCounters, SignedOff, Sync, Synced};
use crate::wire::freeze::Freeze;
use crate::wire::id::{AccountId, Bytes, Nonce, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::key_set::Use;
use crate::wire::number::Whole;
use crate::wire::receipt::Kind;
use crate::wire::sign1;
use crate::wire::state::{DeviceItem, DeviceState, Devices, Sources};
use crate::wire::time::Time;

/// How old, or how far ahead, a freeze statement may be, in seconds.
const FREEZE_LIFE: u32 = 300;

/// Whether this device key may sign.
///
/// # Errors
/// [`Code::NotEnrolled`], [`Code::Revoked`], [`Code::Suspended`], [`Code::Frozen`].
pub(super) fn require_active(account: &Account, thumb: Thumbprint) -> Result<(), Code> {
    match account.device(thumb).map(|device| device.state) {
        None => Err(Code::NotEnrolled),
        Some(State::Revoked) => Err(Code::Revoked),
        Some(State::Suspended) => Err(Code::Suspended),
        Some(State::Active) if account.frozen_at.is_some() => Err(Code::Frozen),
        Some(State::Active) => Ok(()),
    }
}

/// Refuses whoever was signed off: the profile may be another's by now, so it hears no more.
///
/// # Errors
/// [`Code::NotEnrolled`], [`Code::Revoked`].
pub(super) fn require_reader(records: &Records, account: &AccountId, thumb: Thumbprint) -> Result<(), Refused> {
    let owner = records.accounts.get(account).ok_or(Code::NotEnrolled)?;
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if device.state == State::Revoked { Err(Code::Revoked.into()) } else { Ok(()) }
}

/// Answers a sync, but for the receipts, which follow up to the head signed here. Notes the contact.
///
/// # Errors
/// [`Code::NotEnrolled`], [`Code::Revoked`].
pub(super) fn sync(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &Sync,
) -> Result<(Synced, u64), Refused> {
    require_reader(records, account, thumb)?;
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    let now = moment.now();
    let device = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    device.last_contact = now;
    // The numbers stand in a proved call: whoever sends it holds the wallet's record.
    if let Some(last) = device.last_debit.as_mut().filter(|last| last.seq <= call.after) {
        last.seen_at = last.seen_at.or(Some(now));
        // What it has not checked it can't have shown.
        if last.seq <= call.shown {
            last.shown_at = last.shown_at.or(Some(now));
        }
    }
    payments::note_fetched(&mut owner, thumb, call.after, now);
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    let time =
        Time { issuer: moment.settings.issuer.clone(), nonce: call.nonce, now_ms: Whole::saturating(moment.now_ms) };
    let state = DeviceState {
        issuer: moment.settings.issuer.clone(),
        account: owner.id.clone(),
        thumb,
        nonce: call.nonce,
        seq: Whole::saturating(owner.link.seq),
        status: owner.status(device),
        floor: device.window.floor(),
        devices: listed(&owner, device),
        sources: Sources::of_first(owner.sources.iter().map(|source| source.item(thumb))),
        left: allowance::left(moment, &owner, device),
        limit: limits::current(moment, &owner, device),
    };
    let synced = Synced {
        time: Bytes(moment.keys.sign(Use::Time, &time)),
        head: receipts::head(moment, &owner),
        state: Bytes(moment.keys.sign(Use::Receipt, &state)),
        receipts: Vec::new(),
        key_set: None,
    };
    let newest = owner.link.seq;
    records.accounts.put(account, owner);
    Ok((synced, newest))
}

/// Counts every counter of the calling device key up to the named one as used, and as evidence of nothing: its wallet may
/// have dated them by a wrong clock. The same call again changes nothing.
///
/// # Errors
/// The state's code; [`Code::BadArgument`] for a counter more than 65,536 ahead.
pub(super) fn name_counters(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &NameCounters,
) -> Result<CountersNamed, Refused> {
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    require_active(&owner, thumb)?;
    let device = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    device.last_contact = moment.now();
    if !device.window.name(call.counter) {
        return Err(Code::BadArgument.into());
    }
    records.accounts.put(account, owner);
    let time =
        Time { issuer: moment.settings.issuer.clone(), nonce: call.nonce, now_ms: Whole::saturating(moment.now_ms) };
    Ok(CountersNamed { time: Bytes(moment.keys.sign(Use::Time, &time)) })
}

/// The account's devices, oldest first. Where they are too many, the asking one stays, and of the others those that were not
/// signed off and those that came last.
fn listed(account: &Account, asking: &Device) -> Devices {
    let mut places: Vec<usize> = (0..account.devices.len()).collect();
    places.sort_by_key(|place| {
        let device = account.devices.get(*place);
        let is_gone = device.is_none_or(|device| device.state == State::Revoked);
        let is_other = device.is_none_or(|device| device.thumb != asking.thumb);
        (is_other, is_gone, core::cmp::Reverse(*place))
    });
    places.truncate(Devices::MOST);
    places.sort_unstable();
    Devices::of_first(
        places.into_iter().filter_map(|place| account.devices.get(place)).map(|device| item(account, device)),
    )
}

fn item(account: &Account, device: &Device) -> DeviceItem {
    DeviceItem {
        thumb: device.thumb,
        label: device.label.parse().unwrap_or_default(),
        custody: device.custody,
        status: account.status(device),
        added_at: device.added_at,
        cooled_at: device.cooled_at,
        last_used_at: device.last_debit.as_ref().map(|debit| debit.at),
    }
}

/// Signs a device off on the word of its own wallet, under its device key: whoever holds only the channel key can't silence
/// the device that hears the alarms. Neither a freeze nor a suspicion hinders it. The same call again says since when.
///
/// # Errors
/// [`Code::NotEnrolled`]; [`Code::Revoked`] for a device that somebody else signed off.
pub(super) fn sign_off(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    evidence: Evidence,
) -> Result<SignedOff, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    let device = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    if device.state == State::Revoked {
        return device.signed_off_at.map(|at| SignedOff { at }).ok_or_else(|| Code::Revoked.into());
    }
    device.state = State::Revoked;
    device.signed_off_at = Some(now);
    device.end_intents();
    let label = device.label.clone();
    let mut draft = Draft::of(Kind::DeviceRevoked, thumb);
    draft.body.device_label = Some(label.clone());
    draft.evidence = Some(evidence);
    receipts::issue(moment, records, &mut owner, draft);
    records.messages.push(Message::alarm(moment, &owner, &Event::SignedOff(Named(&label))));
    records.accounts.put(account, owner);
    Ok(SignedOff { at: now })
}

/// The key of [`Records::used`] for a freeze order.
pub(super) fn freeze_key(nonce: Nonce) -> String {
    format!("freeze/{}", crate::wire::id::to_base64(nonce.as_bytes()))
}

/// Freezes the account on the order of the calling key, which may name the receipt of a payment that its owner did not
/// make: its money waits. Ends open step-ups; enrolments and tokens meet the frozen
/// state. The same order again, or one for a frozen account, says since when it is frozen.
///
/// # Errors
/// What [`sign1::open`] refuses; [`Code::WrongAccount`] for another account, issuer or device;
/// [`Code::IntentExpired`] for an order too old, or dated ahead; [`Code::Revoked`] for a device that was signed off.
pub(super) fn freeze(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    caller: &PublicKey,
    thumb: Thumbprint,
    (statement, reported): (&[u8], Option<(u64, &str)>),
) -> Result<AccountFrozen, Refused> {
    let now = moment.now();
    let order = sign1::open::<Freeze>(statement, caller)?;
    if order.issuer != moment.settings.issuer || order.account != *account || order.thumb != thumb {
        return Err(Code::WrongAccount.into());
    }
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if device.state == State::Revoked {
        return Err(Code::Revoked.into());
    }
    let used = freeze_key(order.nonce);
    let spent = records.used.get(&used).is_some();
    if order.issued_at.abs_diff(now) > FREEZE_LIFE || spent {
        // An old order stops nothing again, but a lost answer may be asked for.
        return owner.frozen_at.map(|at| AccountFrozen { at }).ok_or_else(|| Code::IntentExpired.into());
    }
    let evidence = Evidence::freeze(statement, caller);
    let weak = Some(WeakProof::Key(caller.thumbprint()));
    // What is refused here changes nothing: neither is the payment reported nor the order used up.
    let stopped = freeze::stop(moment, records, &mut owner, Some(thumb), weak, Some(evidence))?;
    if let Some(reported) = reported {
        freeze::report(moment, records, &mut owner, reported);
    }
    records.used.put(&used, Used { until: order.issued_at.saturating_add(FREEZE_LIFE).saturating_add(CLOCK_BACK) });
    records.accounts.put(account, owner);
    Ok(stopped)
}

/// The nonce of a freeze order, to know which record it needs; nothing of it is believed.
///
/// # Errors
/// What the form refuses.
pub(super) fn freeze_nonce(statement: &[u8], caller: &PublicKey) -> Result<Nonce, Refused> {
    Ok(sign1::open::<Freeze>(statement, caller)?.nonce)
}
