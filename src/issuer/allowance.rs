//! Grants allowances: new handle, new veil, new end; never a new window.

use super::account::{Account, Device, Granted, HandleEntries, HandleUse, State};
use super::error::Refused;
use super::ledger::Records;
use super::moment::Moment;
use crate::code::Code;
use crate::rules::spending::{Cap, Left};
use crate::wire::allowance::{Allowance, Offline, Tier};
use crate::wire::calls;
use crate::wire::id::{AccountId, Bytes, Handle, Thumbprint, Veil};
use crate::wire::key_set::Use;
use crate::wire::money::{Amount, Currency};

/// A silent refill at most once in so many seconds.
const SILENT: u32 = 24 * 3600;
/// Handles of a device that are still known, the current one included.
const KEPT: usize = 4;

/// What an allowance needs besides its device.
pub(super) struct Terms {
    /// Drawn before the transaction.
    pub(super) handle: Handle,
    /// Drawn in it.
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
    let now = moment.now();
    let limits = policy.of(terms.tier);
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
        until: now.saturating_add(policy.allowance_seconds),
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
    let mut entries = records.handles.get(handle).cloned().unwrap_or_default();
    if entries.0.len() >= HandleEntries::MOST {
        return Err(Code::IssuerUnavailable.into());
    }
    entries.0.push((account.clone(), thumb));
    records.handles.put(handle, entries);
    Ok(())
}

/// Renews a device's allowance without asking its owner. The handle before stays good until the new one is used.
///
/// # Errors
/// The state's code; [`Code::CoolingOff`]; [`Code::OverLimit`] with the time of the next silent refill.
pub(super) fn refill(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    handle: Handle,
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
    let next = device.allowance.at.saturating_add(SILENT);
    if now < next {
        return Err(Refused { resets_at: Some(next), ..Refused::new(Code::OverLimit) });
    }
    index(records, handle, &id, thumb)?;
    let terms = Terms { handle, veil: Veil(moment.chance.next()), cooled_at: device.cooled_at, tier: device.tier(now) };
    device.allowance = grant(moment, &id, currency, thumb, &terms);
    device.handles.push(HandleUse { handle, veil: terms.veil, retired: None });
    if device.handles.len() > KEPT {
        device.handles.remove(0);
    }
    let allowance = device.allowance.statement.clone();
    let left = owner.device(thumb).map(|device| left(moment, &owner, device)).ok_or(Code::NotEnrolled)?;
    records.accounts.put(id, owner);
    Ok(calls::Refilled { allowance, left })
}

/// The caps of one device key's payments.
pub(super) const fn cap(granted: &Granted) -> Cap {
    Cap { each: granted.per_payment, total: granted.total, count: granted.count }
}

/// The cap of an account's payments.
pub(super) const fn account_cap(moment: &Moment<'_>, granted: &Granted) -> Cap {
    Cap { each: Amount::MAX, total: moment.settings.policy.of(granted.tier).per_account, count: u32::MAX }
}

/// What key and account leave together.
pub(super) fn left(moment: &Moment<'_>, account: &Account, device: &Device) -> calls::Left {
    let now = moment.now();
    let by_key = device.spent.left(&cap(&device.allowance), now);
    let by_account = account.spent.left(&account_cap(moment, &device.allowance), now);
    let Left { amount, count, resets_at, .. } = by_key;
    let over = now >= device.allowance.until || device.state != State::Active;
    let (amount, count) = if over { (Amount::ZERO, 0) } else { (amount.min(by_account.amount), count) };
    calls::Left { amount, count, resets_at: resets_at.max(now) }
}
