//! Gives a payment back, in full, to the account that made it.

use super::{answered, remember};
use crate::code::Code;
use crate::issuer::books::{Line, Movement};
use crate::issuer::error::Refused;
use crate::issuer::ledger::Records;
use crate::issuer::moment::Moment;
use crate::issuer::receipts::{self, Draft};
use crate::rules::spending::Entry;
use crate::wire::calls::PaymentAnswer;
use crate::wire::id::{AccountId, Audience, Hash};
use crate::wire::number::Whole;
use crate::wire::receipt::Kind;

/// A till's order to give a payment back.
pub(in crate::issuer) struct Reversal<'a> {
    /// The calling till.
    pub(in crate::issuer) till: &'a Audience,
    /// The payment.
    pub(in crate::issuer) payment: &'a str,
    /// Whose it is.
    pub(in crate::issuer) account: &'a AccountId,
    /// Key of the till's answers.
    pub(in crate::issuer) answer_key: &'a str,
    /// Hash of the request.
    pub(in crate::issuer) request: Hash,
}

/// Reverses an own payment. One that is reversed stays so and says so again.
///
/// # Errors
/// [`Code::IdempotencyMismatch`]; [`Code::NotFound`] for a payment that is not the till's own;
/// [`Code::ReversalTooLate`].
pub(in crate::issuer) fn reverse(
    moment: &Moment<'_>,
    records: &mut Records,
    order: &Reversal<'_>,
) -> Result<PaymentAnswer, Refused> {
    let now = moment.now();
    if let Some(before) = answered(records, order.answer_key, order.request, now)? {
        return Ok(before);
    }
    let own = records.payments.get(order.payment).filter(|payment| payment.till == *order.till);
    let mut payment = own.cloned().ok_or(Code::NotFound)?;
    if payment.reversed_at.is_none() {
        if now > payment.at.saturating_add(moment.settings.policy.reversal_seconds) {
            return Err(Code::ReversalTooLate.into());
        }
        let mut account = records.accounts.get(order.account).cloned().ok_or(Code::NotFound)?;
        account.balance =
            account.balance.plus(payment.amount).ok_or_else(|| Refused::failed("a balance can't hold the sum"))?;
        account.held.retain(|held| held.payment != payment.id);
        payment.settle_report(&mut account);
        let metered = Entry { at: payment.at, amount: payment.amount };
        account.spent.take_back(metered);
        if let Some(device) = account.heir_mut(payment.thumb) {
            // Taken back at the counter, it says nothing about where the device is used next.
            device.last_debit = device.last_debit.take().filter(|last| last.payment != payment.id);
            device.spent.take_back(metered);
            if payment.offline {
                device.spent_offline.take_back(metered);
            }
        }
        let till = records.tills.get(order.till).cloned().ok_or(Code::NotFound)?;
        let mut draft = Draft::of(Kind::Refund, payment.thumb);
        draft.token = Some(payment.token);
        draft.body.amount = Some(payment.amount);
        draft.body.currency = Some(payment.currency);
        draft.body.shop = Some(till.name);
        draft.body.place = till.place;
        draft.body.undoes = Some(Whole::saturating(payment.seq));
        receipts::issue(moment, records, &mut account, draft);
        let movement = Movement {
            name: format!("refund/{}", payment.id),
            from: Line::merchant(&payment.merchant),
            to: Line::account(&account.id),
            amount: payment.amount,
            currency: payment.currency,
            at: now,
        };
        records.entries.extend(movement.entries());
        records.accounts.put(order.account, account);
        payment.reversed_at = Some(now);
        records.payments.put(order.payment, payment.clone());
    }
    let answer = payment.to_answer();
    remember(records, order.answer_key, order.request, answer.clone(), now);
    Ok(answer)
}
