//! Top-ups in three steps: a pending record that uses the step-up up, the charge, and the end (protocol section 4.6).

use super::Issuer;
use super::account::Account;
use super::books::{Line, Movement};
use super::devices::require_active;
use super::error::Refused;
use super::evidence::Evidence;
use super::funding::{Answer, Charge, Funding, LookUp, Notice};
use super::ledger::{Kind as Rows, Ledger, Needs, Record, Records};
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
    /// Whether the operator was told that the processor contradicts itself.
    #[serde(default)]
    pub contradicted: bool,
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
    if source.usable_from(thumb).is_none() {
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
        contradicted: false,
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
    /// The processor has never seen it, which is final so many seconds after the step-up.
    NeverSeen {
        /// Seconds.
        final_after: u32,
    },
}

impl End {
    /// What an answer says of the end: none, if nobody knows yet.
    pub(super) const fn of(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Accepted => Some(Self::Accepted),
            Answer::Declined => Some(Self::Declined),
            Answer::Unknown => None,
        }
    }
}

/// Last step: credits or closes, once. A second answer finds it ended and changes nothing; one that says "taken"
/// after it was given up is credited, since the card's owner has paid; `of_failed` is the evidence of the receipt that said
/// so, while it is kept. One that takes back what the processor itself had said moves no money: a person looks at it.
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
        (State::Pending, End::NeverSeen { final_after }) if now >= top_up.at.saturating_add(final_after) => {
            State::GivenUp
        }
        (State::Declined, End::Accepted) | (State::Done, End::Declined) => {
            if !top_up.contradicted {
                let to = moment.settings.operator.clone();
                records.messages.push(Message::contradiction(to, id, end == End::Accepted, now));
                top_up.contradicted = true;
                records.top_ups.put(id, top_up);
            }
            return Ok(None);
        }
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

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Takes a notice of the processor, and acknowledges it once the ledger has what it says. Whether it ended a top-up.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails: the notice comes again.
    pub(super) async fn take_notice(&self, notice: &Notice) -> Result<bool, Refused> {
        let ended = match End::of(notice.answer) {
            Some(end) => self.end_top_up(&notice.key, end).await,
            None => Ok(None),
        };
        let ended = match ended {
            Err(refused) if refused.code == Code::NotFound => self.tell_of_unknown(notice).await.map(|()| false)?,
            ended => ended?.is_some(),
        };
        self.funding.acknowledge(notice).await;
        Ok(ended)
    }

    /// Tells the operator of money that was taken from a card for a charge that this ledger does not have. The notice would
    /// come for ever otherwise, and a person alone can give the money back.
    async fn tell_of_unknown(&self, notice: &Notice) -> Result<(), Refused> {
        self.decide(self.ledger.now_ms(), Needs::new(), |moment, records| {
            if notice.answer == Answer::Accepted {
                let to = moment.settings.operator.clone();
                records.messages.push(Message::unknown_charge(to, &notice.key, moment.now()));
            }
            Ok(())
        })
        .await
    }

    /// Asks the processor what became of an open top-up. Whether that ended it.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails.
    pub(super) async fn ask_about(&self, id: &str) -> Result<bool, Refused> {
        let end = match self.funding.look_up(id, self.ledger.now_ms()).await {
            LookUp::Found(answer) => End::of(answer),
            LookUp::NeverSeen => Some(End::NeverSeen { final_after: self.funding.never_seen_is_final_after() }),
            LookUp::Unreachable => None,
        };
        let Some(end) = end else { return Ok(false) };
        Ok(self.end_top_up(id, end).await?.is_some())
    }

    /// Ends a top-up, if it has not ended so already.
    ///
    /// # Errors
    /// [`Code::NotFound`] for one that the ledger does not have; [`Code::IssuerUnavailable`] if the ledger fails.
    pub(super) async fn end_top_up(&self, id: &str, end: End) -> Result<Option<ReceiptItem>, Refused> {
        let now_ms = self.ledger.now_ms();
        let find = |_: &Moment<'_>, records: &mut Records| {
            let found = records.top_ups.get(id).map(|held| (held.account.clone(), held.seq));
            found.ok_or_else(|| Code::NotFound.into())
        };
        // Again if another answer ended it in between: twice at the most, for it is given up once and done once.
        loop {
            let (account, ended) = self.decide(now_ms, Needs::new().and(Rows::TopUps, id), find).await?;
            // Evidence of one that was given up stands with its receipt, and is needed again only if it was taken after all.
            let mut of_failed = None;
            if let (Some(seq), End::Accepted) = (ended, end) {
                of_failed = self.ledger.evidence(&account).await?.into_iter().find(|held| held.seq == seq);
            }
            let of_failed = of_failed.map(|held| held.evidence);
            let needs = Needs::new().and(Rows::TopUps, id).and(Rows::OpenTopUps, id).and(Rows::Accounts, &account);
            let decided = self
                .decide(now_ms, needs, |moment, records| {
                    if records.top_ups.get(id).is_some_and(|held| held.seq != ended) {
                        return Ok(None);
                    }
                    self::end(moment, records, &account, id, end, of_failed.clone()).map(Some)
                })
                .await?;
            if let Some(receipt) = decided {
                return Ok(receipt);
            }
        }
    }
}

#[cfg(test)]
mod tests;
