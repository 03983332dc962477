//! Grants allowances: new handle, new veil, new end; never a new window.

use super::account::{Account, AgreedRefill, Device, Granted, HandleEntries, HandleUse, State};
use super::error::Refused;
use super::evidence::Evidence;
use super::ledger::Records;
use super::moment::Moment;
use super::receipts::{self, Draft};
use crate::code::Code;
use crate::rules::lifetime::OUT_OF_ORDER;
use crate::rules::policy::Limits;
use crate::rules::spending::{Cap, Left};
use crate::wire::allowance::{Allowance, Offline, Tier};
use crate::wire::calls;
use crate::wire::id::{AccountId, Bytes, Handle, Thumbprint, Veil};
use crate::wire::key_set::Use;
use crate::wire::money::{Amount, Currency};
use crate::wire::receipt::Kind;
use crate::wire::state;

/// A silent refill at most once in so many seconds.
const SILENT: u32 = 24 * 3600;
/// Handles of a device that are known at once. One a day is given out without asking, so those that live are fewer, unless the
/// owner agrees to many.
const MOST: usize = 32;

/// What is secret in an allowance, derived from the call that it answers.
#[derive(Clone, Copy)]
pub(super) struct Fresh {
    /// Its name.
    pub(super) handle: Handle,
    /// What is mixed into its tokens.
    pub(super) veil: Veil,
}

/// What an allowance needs besides its device.
pub(super) struct Terms {
    /// Its name, which stands in the index.
    pub(super) handle: Handle,
    /// What is mixed into its tokens.
    pub(super) veil: Veil,
    /// When the cool-off ends or ended.
    pub(super) cooled_at: u32,
    /// The tier.
    pub(super) tier: Tier,
}

/// Signs an allowance for a device key.
pub(super) fn grant(
    moment: &Moment<'_>,
    account: &AccountId,
    currency: Currency,
    thumb: Thumbprint,
    terms: &Terms,
) -> Granted {
    let policy = &moment.settings.policy;
    let limits = *policy.of(terms.tier);
    grant_within(
        moment,
        (account, currency, thumb),
        terms,
        &limits,
        moment.now().saturating_add(policy.allowance_seconds),
    )
}

/// The same with limits and an end that its owner agreed to.
fn grant_within(
    moment: &Moment<'_>,
    (account, currency, thumb): (&AccountId, Currency, Thumbprint),
    terms: &Terms,
    limits: &Limits,
    until: u32,
) -> Granted {
    let policy = &moment.settings.policy;
    let now = moment.now();
    let offline = match terms.tier {
        Tier::CoolOff => Offline { per_payment: Amount::ZERO, count: 0, total: Amount::ZERO },
        _ => policy.offline.clone(),
    };
    let allowance = Allowance {
        issuer: moment.settings.issuer.clone(),
        account: account.clone(),
        thumb,
        handle: terms.handle,
        veil: terms.veil,
        per_payment: limits.per_payment,
        count: limits.count,
        total: limits.per_key,
        offline: offline.clone(),
        currency,
        until,
        cooled_at: terms.cooled_at,
        tier: terms.tier,
    };
    Granted {
        per_payment: allowance.per_payment,
        count: allowance.count,
        total: allowance.total,
        offline,
        tier: terms.tier,
        until: allowance.until,
        at: now,
        statement: Bytes(moment.keys.sign(Use::Allowance, &allowance)),
    }
}

/// Whether a handle may be given to one more key.
///
/// # Errors
/// As [`index`].
pub(super) fn has_room(records: &Records, handle: Handle) -> Result<(), Code> {
    let taken = records.handles.get(handle).map_or(0, |entries| entries.0.len());
    if taken < HandleEntries::MOST { Ok(()) } else { Err(Code::IssuerUnavailable) }
}

/// Enters a handle into the index.
///
/// # Errors
/// [`Code::IssuerUnavailable`] if four keys have this handle already, which 64 random bits make a matter of trying again.
pub(super) fn index(
    records: &mut Records,
    handle: Handle,
    account: &AccountId,
    thumb: Thumbprint,
) -> Result<(), Refused> {
    has_room(records, handle)?;
    let mut entries = records.handles.get(handle).cloned().unwrap_or_default();
    entries.0.push((account.clone(), thumb));
    records.handles.put(handle, entries);
    Ok(())
}

/// Checks the terms of a refill that its owner is asked about, at `prepare` and again at `confirm`.
///
/// # Errors
/// The state's code; [`Code::CoolingOff`]; [`Code::BadAmount`] for nothing; [`Code::ClockSkew`] for an end that is past;
/// [`Code::OverLimit`] with what the issuer allows.
pub(super) fn check_refill(
    moment: &Moment<'_>,
    owner: &Account,
    thumb: Thumbprint,
    asked: &AgreedRefill,
) -> Result<(), Refused> {
    let now = moment.now();
    super::devices::require_active(owner, thumb)?;
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if now < device.cooled_at {
        return Err(Refused::cooling_off(device.cooled_at));
    }
    if asked.per_payment.is_zero() || asked.total.is_zero() || asked.count == 0 {
        return Err(Code::BadAmount.into());
    }
    if asked.until <= now {
        return Err(Code::ClockSkew.into());
    }
    let policy = &moment.settings.policy;
    let most = device.limits(policy, now);
    let within = asked.per_payment <= most.per_payment
        && asked.total <= most.per_key
        && asked.count <= most.count
        && asked.until <= now.saturating_add(policy.allowance_seconds);
    if within { Ok(()) } else { Err(Refused { left: Some(most.per_payment), ..Refused::new(Code::OverLimit) }) }
}

/// Notes that the owner agreed: the device's next refill is this one.
pub(super) fn agree(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    thumb: Thumbprint,
    mut agreed: AgreedRefill,
    evidence: Evidence,
) -> calls::ReceiptItem {
    agreed.fetch_by = moment.now().saturating_add(moment.settings.policy.intent_seconds);
    if let Some(device) = owner.device_mut(thumb) {
        device.agreed_refill = Some(agreed);
    }
    let mut draft = Draft::of(Kind::Refilled, thumb);
    draft.evidence = Some(evidence);
    draft.body.amount = Some(agreed.total);
    draft.body.currency = Some(owner.currency);
    receipts::issue(moment, records, owner, draft)
}

/// Renews a device's allowance: as its owner agreed, or else without asking, once in 24 hours. The handle before stays good until the new one is used.
///
/// # Errors
/// The state's code; [`Code::CoolingOff`]; [`Code::OverLimit`] with the time of the next silent refill.
pub(super) fn refill(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    Fresh { handle, veil }: Fresh,
) -> Result<calls::Refilled, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    super::devices::require_active(&owner, thumb)?;
    let (id, currency) = (owner.id.clone(), owner.currency);
    let device = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    device.last_contact = now;
    if now < device.cooled_at {
        return Err(Refused::cooling_off(device.cooled_at));
    }
    let agreed = device.agreed_refill.take().filter(|agreed| now < agreed.fetch_by);
    let next = device.allowance.at.saturating_add(SILENT);
    if now < next && agreed.is_none() {
        return Err(Refused { resets_at: Some(next), ..Refused::new(Code::OverLimit) });
    }
    index(records, handle, &id, thumb)?;
    let terms = Terms { handle, veil, cooled_at: device.cooled_at, tier: device.tier(&moment.settings.policy, now) };
    device.allowance = match agreed {
        Some(AgreedRefill { per_payment, count, total, until, .. }) => {
            let limits = Limits { per_payment, per_key: total, count, ..*moment.settings.policy.of(terms.tier) };
            grant_within(moment, (&id, currency, thumb), &terms, &limits, until)
        }
        None => grant(moment, &id, currency, thumb, &terms),
    };
    device.handles.push(device.allowance.handle_use(handle, terms.veil));
    forget_ended(&mut device.handles, now);
    let allowance = device.allowance.statement.clone();
    let left = owner.device(thumb).map(|device| left(moment, &owner, device)).ok_or(Code::NotEnrolled)?;
    records.accounts.put(id, owner);
    Ok(calls::Refilled { allowance, left })
}

/// Forgets handles under which nothing can be signed any more that is still alive. Until then a token under any of them is
/// evidence, and whatever a copied key fetches in its owner's place makes the issuer forget none of the owner's. The one in use
/// stays in any case: it is the first that is not retired, and a wallet that got none of those after it goes on under it.
fn forget_ended(handles: &mut Vec<HandleUse>, now: u32) {
    let in_use = handles.iter().find(|held| held.retired.is_none()).map(|held| held.handle);
    handles.retain(|held| Some(held.handle) == in_use || now < held.until.saturating_add(OUT_OF_ORDER));
    if handles.len() > MOST {
        let is_first = handles.first().map(|held| held.handle) == in_use;
        handles.remove(usize::from(is_first));
    }
}

/// The cap of an account's payments, of which this device makes the next.
pub(super) fn account_cap(moment: &Moment<'_>, account: &Account, device: &Device) -> Cap {
    let policy = &moment.settings.policy;
    let most = policy.of(device.allowance.tier).per_account.min(device.limits(policy, moment.now()).per_account);
    Cap { each: Amount::MAX, total: account.own_limit.map_or(most, |own| own.min(most)), count: u32::MAX }
}

/// What key and account leave together.
pub(super) fn left(moment: &Moment<'_>, account: &Account, device: &Device) -> state::Left {
    let now = moment.now();
    let by_key = device.spent.left(&device.cap(&moment.settings.policy, now), now);
    let by_account = account.spent.left(&account_cap(moment, account, device), now);
    let Left { amount, count, resets_at, .. } = by_key;
    let over = now >= device.allowance.until || device.state != State::Active;
    let (amount, count) = if over { (Amount::ZERO, 0) } else { (amount.min(by_account.amount), count) };
    state::Left { amount, count, resets_at: resets_at.max(now) }
}

#[cfg(test)]
mod tests;
