//! The owner's own limit: lowered and raised by a step-up, never above what the issuer allows.

use super::account::{Account, Device};
use super::devices::require_active;
use super::error::Refused;
use super::evidence::Evidence;
use super::ledger::Records;
use super::messages::{Event, Message};
use super::moment::Moment;
use super::receipts::{self, Draft};
use crate::code::Code;
use crate::wire::calls::ReceiptItem;
use crate::wire::id::Thumbprint;
use crate::wire::money::{Amount, Money};
use crate::wire::receipt::Kind;

/// What all devices may pay in 24 hours now.
pub(super) fn current(moment: &Moment<'_>, owner: &Account, device: &Device) -> Amount {
    let most = device.limits(&moment.settings.policy, moment.now()).per_account;
    owner.own_limit.map_or(most, |own| own.min(most))
}

/// Checks a new limit, at `prepare` and again at `confirm`.
///
/// # Errors
/// The state's code; [`Code::CoolingOff`]; [`Code::IntentMismatch`] if `old` is not the limit; [`Code::BadAmount`] if
/// `new` is nothing or the same; [`Code::OverLimit`] with what the issuer allows.
pub(super) fn check(
    moment: &Moment<'_>,
    owner: &Account,
    thumb: Thumbprint,
    old: Amount,
    new: Amount,
) -> Result<(), Refused> {
    let now = moment.now();
    require_active(owner, thumb)?;
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if now < device.cooled_at {
        return Err(Refused::cooling_off(device.cooled_at));
    }
    if old != current(moment, owner, device) {
        return Err(Code::IntentMismatch.into());
    }
    if new == old || new.is_zero() {
        return Err(Code::BadAmount.into());
    }
    let most = device.limits(&moment.settings.policy, now).per_account;
    if new > most {
        return Err(Refused { left: Some(most), ..Refused::new(Code::OverLimit) });
    }
    Ok(())
}

/// Sets the limit and tells the owner.
pub(super) fn set(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    thumb: Thumbprint,
    new: Amount,
    evidence: Evidence,
) -> ReceiptItem {
    owner.own_limit = Some(new);
    let mut draft = Draft::of(Kind::LimitsChanged, thumb);
    draft.evidence = Some(evidence);
    draft.body.amount = Some(new);
    draft.body.currency = Some(owner.currency);
    let receipt = receipts::issue(moment, records, owner, draft);
    let money = Money { amount: new, currency: owner.currency };
    records.messages.push(Message::alarm(moment, owner, &Event::LimitSet(money)));
    receipt
}
