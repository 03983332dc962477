//! Lifted codes: when code or device turn up at another place within minutes, the money of the first payment waits
//! until it is settled who made it (protocol section 6, "Pay, consumer-presented").

use crate::code::Code;
use crate::issuer::account::{Account, Held};
use crate::issuer::books::{Line, Movement};
use crate::issuer::error::Refused;
use crate::issuer::ledger::Records;
use crate::issuer::messages::{Event, Message, Named};
use crate::issuer::moment::Moment;
use crate::issuer::receipts::{self, Draft};
use crate::wire::id::{AccountId, Thumbprint};
use crate::wire::money::{Amount, Currency};
use crate::wire::number::Whole;
use crate::wire::receipt::Kind;
use crate::wire::text::Shown;

/// Most payments of one account that wait at once; the limits allow fewer.
const MOST: usize = 100;

/// A payment that turned out to be in doubt.
pub(super) struct Doubtful<'a> {
    pub(super) thumb: Thumbprint,
    pub(super) payment: &'a str,
    pub(super) seq: u64,
    /// Minor units, where they are known here.
    pub(super) amount: Option<Amount>,
    pub(super) currency: Currency,
    /// Where the code or the device turned up next.
    pub(super) elsewhere: (&'a Shown, Option<&'a Shown>),
}

/// Holds a payment, once, and tells its owner.
pub(super) fn hold(moment: &Moment<'_>, records: &mut Records, account: &mut Account, doubtful: &Doubtful<'_>) {
    let Doubtful { thumb, payment, seq, amount, currency, elsewhere: (shop, place) } = *doubtful;
    if payment.is_empty() || account.held.len() >= MOST || account.held.iter().any(|held| held.payment == payment) {
        return;
    }
    let now = moment.now();
    account.held.push(Held { payment: payment.into(), seq, at: now, reported: false });
    let mut draft = Draft::of(Kind::Held, thumb);
    draft.body.amount = amount;
    draft.body.currency = Some(currency);
    draft.body.shop = Some(shop.clone());
    draft.body.place = place.cloned();
    draft.body.undoes = Some(Whole::saturating(seq));
    draft.body.reason = Some(Code::UsedElsewhere.into());
    receipts::issue(moment, records, account, draft);
    records.messages.push(Message::alarm(moment, account, &Event::UsedElsewhere(Named(place.unwrap_or(shop)))));
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
    let at = owner.held.iter().position(|held| held.payment == id).ok_or(Code::NotFound)?;
    let mut payment = records.payments.get(id).cloned().ok_or(Code::NotFound)?;
    owner.held.remove(at);
    if give_back && payment.reversed_at.is_none() {
        owner.balance = owner.balance.plus(payment.amount).ok_or(Code::IssuerUnavailable)?;
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
        records.payments.put(id, payment);
    }
    records.accounts.put(account, owner);
    Ok(())
}
