//! Top-ups in three steps: a pending record that uses the step-up up, the charge, and the end (protocol section 4.6).

use super::account::Account;
use super::books::{Line, Movement};
use super::devices::require_active;
use super::error::Refused;
use super::evidence::Evidence;
use super::funding::Charge;
use super::ledger::{Record, Records};
use super::messages::{Event, Message};
use super::moment::Moment;
use super::receipts::{self, Draft};
use crate::code::Code;
use crate::rules::policy::Limits;
use crate::rules::spending::{Cap, Entry};
use crate::wire::calls::ReceiptItem;
use crate::wire::id::{AccountId, Hash, SourceId, Thumbprint};
use crate::wire::intent::Action;
use crate::wire::money::{Amount, Currency, Money};
use crate::wire::receipt::Kind;
use serde::{Deserialize, Serialize};

/// Before the name of a top-up.
pub(super) const PREFIX: &str = "tu-";
/// A charge that the processor has never seen is given up this long after its step-up, in seconds: until then its
/// call may still be on the way.
const GIVE_UP: u32 = 120;

/// How a top-up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The processor has not answered.
    Pending,
    /// Credited.
    Done,
    /// The card was declined.
    Declined,
    /// The processor had never seen the charge.
    GivenUp,
}

/// One top-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TopUp {
    /// Its id, and the charge's idempotency key.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The device key that co-signed.
    pub thumb: Thumbprint,
    /// The source.
    pub source: SourceId,
    /// What the processor knows the source by.
    pub card: String,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// When it was agreed to, seconds since 1970.
    pub at: u32,
    /// How it stands.
    pub state: State,
    /// Number of the receipt that says how it ended.
    #[serde(default)]
    pub seq: Option<u64>,
    /// What was agreed to. It moves to the receipt that says how the top-up ended.
    #[serde(default)]
    pub evidence: Option<Evidence>,
}

impl Record for TopUp {}

impl TopUp {
    /// The charge to make.
    #[must_use]
    pub fn charge(&self) -> Charge {
        Charge { key: self.id.clone(), card: self.card.clone(), amount: self.amount, currency: self.currency }
    }
}

/// Marks a top-up that has no end yet, for the sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenTopUp {}

impl Record for OpenTopUp {}

/// What a device asks to top up.
pub(super) struct Wish<'a> {
    /// Minor units.
    pub(super) amount: Amount,
    /// Currency.
    pub(super) currency: Currency,
    /// The source.
    pub(super) source: &'a SourceId,
}

/// Checks a top-up at `prepare` and again at `confirm`; the source's fingerprint is the answer.
///
/// # Errors
/// The state's code, [`Code::CoolingOff`], [`Code::BadAmount`], [`Code::CurrencyMismatch`], [`Code::SourceUnknown`],
/// [`Code::CardProofNeeded`], [`Code::OverLimit`].
pub(super) fn check(
    moment: &Moment<'_>,
    account: &Account,
    thumb: Thumbprint,
    wish: &Wish<'_>,
) -> Result<Hash, Refused> {
    let now = moment.now();
    require_active(account, thumb)?;
    let device = account.device(thumb).ok_or(Code::NotEnrolled)?;
    if now < device.cooled_at {
        return Err(Refused::cooling_off(device.cooled_at));
    }
    if wish.amount.is_zero() {
        return Err(Code::BadAmount.into());
    }
    if wish.currency != account.currency {
        return Err(Code::CurrencyMismatch.into());
    }
    let source = account.source(wish.source).ok_or(Code::SourceUnknown)?;
    if source.usable_from(thumb).is_none_or(|from| from > now) {
        return Err(Code::CardProofNeeded.into());
    }
    let policy = &moment.settings.policy.top_up;
    let Limits { per_payment, per_key, per_account, count } = policy.limits;
    let over = |over: crate::rules::spending::Over| Refused::over(Code::OverLimit, over.left());
    let key_cap = Cap { each: per_payment, total: per_key, count };
    device.topped_up.check(&key_cap, wish.amount, now).map_err(over)?;
    let account_cap = Cap { each: per_payment, total: per_account, count };
    account.topped_up.check(&account_cap, wish.amount, now).map_err(over)?;
    // A distance, so that a ledger's clock that was put back does not stop the owner until it has caught up.
    if let Some(at) = account.topped_up.nearest_at(now).filter(|at| now.abs_diff(*at) < policy.apart) {
        let next = at.saturating_add(policy.apart);
        return Err(Refused { resets_at: Some(next), left: Some(Amount::ZERO), ..Refused::new(Code::OverLimit) });
    }
    account.balance.plus(wish.amount).ok_or(Code::OverLimit)?;
    Ok(source.item(thumb).fingerprint())
}

/// First step: writes the top-up down as pending and counts it against the limits.
///
/// # Errors
/// [`Code::Unsupported`] for an intent of another kind; [`Code::SourceUnknown`].
pub(super) fn reserve(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &mut Account,
    thumb: Thumbprint,
    agreed: Agreed<'_>,
) -> Result<Charge, Refused> {
    let now = moment.now();
    let Action::TopUp { amount, currency, source, .. } = agreed.action else {
        return Err(Code::Unsupported.into());
    };
    let card = account.source(source).ok_or(Code::SourceUnknown)?.processor.clone();
    account.topped_up.add(*amount, now);
    account.device_mut(thumb).ok_or(Code::NotEnrolled)?.topped_up.add(*amount, now);
    let top_up = TopUp {
        id: agreed.id.into(),
        account: account.id.clone(),
        thumb,
        source: source.clone(),
        card,
        amount: *amount,
        currency: *currency,
        at: now,
        state: State::Pending,
        seq: None,
        evidence: Some(agreed.evidence),
    };
    let charge = top_up.charge();
    records.open_top_ups.put(agreed.id, OpenTopUp {});
    records.top_ups.put(agreed.id, top_up);
    Ok(charge)
}

/// What was agreed to, and the proof of it.
pub(super) struct Agreed<'a> {
    /// Id of the top-up, drawn before.
    pub(super) id: &'a str,
    /// Its terms.
    pub(super) action: &'a Action,
    /// Both signatures.
    pub(super) evidence: Evidence,
}

/// How a charge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The processor took it.
    Accepted,
    /// The processor declined it.
    Declined,
    /// The processor has never seen it.
    NeverSeen,
}

/// Last step: credits or closes, once. A second answer finds it ended and changes nothing; one that says "taken"
/// after it was given up is credited, since the card's owner has paid; `of_failed` is the evidence of the receipt that said
/// so, while it is kept.
///
/// # Errors
/// [`Code::NotFound`]; [`Code::IssuerUnavailable`] if the balance can't hold the sum.
pub(super) fn end(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    id: &str,
    end: End,
    of_failed: Option<Evidence>,
) -> Result<Option<ReceiptItem>, Refused> {
    let now = moment.now();
    let mut top_up = records.top_ups.get(id).cloned().ok_or(Code::NotFound)?;
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotFound)?;
    let next = match (top_up.state, end) {
        (State::Pending | State::GivenUp, End::Accepted) => State::Done,
        (State::Pending, End::Declined) => State::Declined,
        (State::Pending, End::NeverSeen) if now >= top_up.at.saturating_add(GIVE_UP) => State::GivenUp,
        _ => return Ok(None),
    };
    let mut draft = Draft::of(if next == State::Done { Kind::TopUp } else { Kind::TopUpFailed }, top_up.thumb);
    draft.body.amount = Some(top_up.amount);
    draft.body.currency = Some(top_up.currency);
    draft.body.source = Some(top_up.source.clone());
    if next == State::Done {
        if top_up.state == State::GivenUp {
            // Its room was given back when it was given up.
            owner.topped_up.add(top_up.amount, now);
            if let Some(device) = owner.heir_mut(top_up.thumb) {
                device.topped_up.add(top_up.amount, now);
            }
        }
        owner.balance =
            owner.balance.plus(top_up.amount).ok_or_else(|| Refused::failed("a balance can't hold the sum"))?;
        let movement = Movement {
            name: format!("top-up/{id}"),
            from: Line::cards(),
            to: Line::account(account),
            amount: top_up.amount,
            currency: top_up.currency,
            at: now,
        };
        records.entries.extend(movement.entries());
        let money = Money { amount: top_up.amount, currency: top_up.currency };
        records.messages.push(Message::alarm(moment, &owner, &Event::ToppedUp(money)));
    } else {
        let reason = if next == State::Declined { Code::CardDeclined } else { Code::IssuerUnavailable };
        draft.body.reason = Some(reason.into());
        let metered = Entry { at: top_up.at, amount: top_up.amount };
        owner.topped_up.take_back(metered);
        if let Some(device) = owner.heir_mut(top_up.thumb) {
            device.topped_up.take_back(metered);
        }
    }
    draft.evidence = top_up.evidence.take().or(of_failed);
    let receipt = receipts::issue(moment, records, &mut owner, draft);
    top_up.state = next;
    top_up.seq = Some(owner.link.seq);
    records.open_top_ups.take(id);
    records.top_ups.put(id, top_up);
    records.accounts.put(account, owner);
    Ok(Some(receipt))
}
