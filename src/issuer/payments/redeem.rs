//! Takes one payment: the second half of the protocol's order of checks, in one transaction under the account's lock.

mod refuse;

use super::{Payment, breakers, held, remember, taken_before};
use crate::code::Code;
use crate::issuer::account::{Account, Debit, Device, Retired};
use crate::issuer::allowance::account_cap;
use crate::issuer::books::{Line, Movement};
use crate::issuer::devices::require_active;
use crate::issuer::error::Refused;
use crate::issuer::evidence::Evidence;
use crate::issuer::ledger::{Kind as Record, Needs, Records};
use crate::issuer::moment::{Moment, seconds};
use crate::issuer::receipts;
use crate::issuer::replay::{Judgement, Use, claims_hash};
use crate::issuer::tills::Till;
use crate::issuer::verifier::{Candidate, Sale, authenticate};
use crate::rules::lifetime::{OUT_OF_ORDER, is_offline};
use crate::rules::policy::Policy;
use crate::rules::spending::Cap;
use crate::wire::Verified;
use crate::wire::allowance::Tier;
use crate::wire::calls::{Outcome, PaymentAnswer, UsedHere};
use crate::wire::id::{AccountId, Handle, Hash, Thumbprint};
use crate::wire::money::Amount;
use crate::wire::receipt::Kind;
use crate::wire::token::{Token, UnverifiedToken};

/// How long a retired handle's tokens are still taken, in seconds.
const GRACE: u32 = 120;

/// A till's request, with what was drawn for it.
pub(in crate::issuer) struct Taking<'a> {
    /// The token, taken apart.
    pub(in crate::issuer) token: &'a UnverifiedToken,
    /// Accounts whose devices the handle may mean.
    pub(in crate::issuer) accounts: &'a [(AccountId, Thumbprint)],
    /// What is asked for.
    pub(in crate::issuer) sale: &'a Sale,
    /// Key of the till's answers.
    pub(in crate::issuer) answer_key: &'a str,
    /// Hash of the request.
    pub(in crate::issuer) request: Hash,
    /// Id of the payment, if one is made.
    pub(in crate::issuer) payment: &'a str,
}

impl Taking<'_> {
    /// The records that taking it at this till needs.
    pub(in crate::issuer) fn needs(&self, policy: &Policy, till: &Till) -> Needs {
        let mut needs = Needs::new()
            .and(Record::Tills, &till.till)
            .and(Record::TillAnswers, self.answer_key)
            .and(Record::Payments, self.payment);
        for (account, _) in self.accounts {
            needs = needs.and(Record::Accounts, account);
            needs = needs.and(Record::Holds, self.hold_key(account, policy));
        }
        breakers::needs(needs, policy, till, self.accounts.iter().map(|(account, _)| account))
    }

    /// The key under which a hold that this payment causes is looked at again.
    fn hold_key(&self, account: &AccountId, policy: &Policy) -> String {
        held::key(seconds(self.sale.now_ms).saturating_add(policy.hold_seconds), account, self.payment)
    }
}

/// Decides over a token. What the till hears is the answer; what the owner hears is a receipt.
///
/// # Errors
/// [`Code::IdempotencyMismatch`]; [`Code::NotFound`] without such a till.
pub(in crate::issuer) fn redeem(
    moment: &Moment<'_>,
    records: &mut Records,
    taking: &Taking<'_>,
) -> Result<PaymentAnswer, Refused> {
    let Taking { token, sale, .. } = *taking;
    let now = moment.now();
    let answer = |outcome| PaymentAnswer::without_payment(outcome, sale.amount, sale.currency, now);
    if let Some(before) = taken_before(records, taking.answer_key, taking.request, answer, now)? {
        return Ok(before);
    }
    let till = records.tills.get(&sale.till).cloned().ok_or(Code::NotFound)?;
    if till.blocked {
        return Ok(answer(Outcome::TillBlocked));
    }
    let candidates = candidates(records, taking);
    let (claims, thumb) = match authenticate(token, &candidates) {
        Ok(found) => found,
        Err(code) => return Ok(answer(outcome(code))),
    };
    let signer = candidates.iter().find(|candidate| candidate.thumb == thumb);
    let signer = signer.ok_or_else(|| Refused::failed("the key that signed a token is not among its handle's"))?;
    let evidence = Evidence::token(token.as_cose(), &signer.veil, &signer.key);
    // From here on the signature has held, and state may change.
    let owner = taking.accounts.iter().find(|(_, candidate)| *candidate == thumb);
    let account = owner.and_then(|(id, _)| records.accounts.get(id).cloned());
    let mut account = account.ok_or_else(|| Refused::failed("a handle's account is missing"))?;
    let desk = Desk { moment, sale, till: &till, token: &claims, handle: token.handle(), thumb, evidence };
    let answer = desk.decide(records, &mut account, taking);
    records.accounts.put(account.id.clone(), account);
    remember(records, taking.answer_key, taking.request, answer.clone(), now);
    Ok(answer)
}

fn candidates(records: &Records, taking: &Taking<'_>) -> Vec<Candidate> {
    let handle = taking.token.handle();
    let candidate = |(account, thumb): &(AccountId, Thumbprint)| {
        let device = records.accounts.get(account)?.device(*thumb)?;
        let used = device.handle_use(handle)?;
        Some(Candidate { thumb: *thumb, key: device.key, veil: used.veil })
    };
    taking.accounts.iter().filter_map(candidate).collect()
}

/// What a till hears of a refusal (protocol section 9).
const fn outcome(code: Code) -> Outcome {
    match code.for_till() {
        Code::TokenExpired => Outcome::TokenExpired,
        Code::TokenUsed => Outcome::TokenUsed,
        Code::AmountOver => Outcome::AmountOver,
        Code::TryAgain => Outcome::TryAgain,
        Code::TillBlocked => Outcome::TillBlocked,
        _ => Outcome::Declined,
    }
}

/// One token at one till.
struct Desk<'a> {
    moment: &'a Moment<'a>,
    sale: &'a Sale,
    till: &'a Till,
    token: &'a Verified<Token>,
    handle: Handle,
    thumb: Thumbprint,
    /// The token as it was signed.
    evidence: Evidence,
}

impl Desk<'_> {
    /// Answers without a payment.
    fn answer(&self, outcome: Outcome) -> PaymentAnswer {
        PaymentAnswer::without_payment(outcome, self.sale.amount, self.sale.currency, self.moment.now())
    }

    /// Answers that this till charged the token before, under another idempotency key. It is no sale.
    fn used_here(&self, payment: &str, seen: &Use) -> PaymentAnswer {
        let Use { amount, at, .. } = *seen;
        let used_here = UsedHere { payment: payment.into(), amount, currency: self.sale.currency, at };
        PaymentAnswer { used_here: Some(used_here), ..self.answer(Outcome::TokenUsed) }
    }

    fn decide(&self, records: &mut Records, account: &mut Account, taking: &Taking<'_>) -> PaymentAnswer {
        let Some(device) = account.device(self.thumb) else { return self.answer(Outcome::TryAgain) };
        let asked = self.sale.check(self.token, self.most_of_one(device));
        match asked {
            // An old photo must not hurt its owner, nor fill the history.
            Err(Code::TokenExpired) => return self.answer(Outcome::TokenExpired),
            // Not for this till or this minute: whoever it is for may still take it.
            Err(code @ (Code::TokenAhead | Code::WrongTill)) => return self.refuse_untaken(records, account, code),
            _ => {}
        }
        let judged = account.device(self.thumb).map(|device| self.judge(device));
        // Its own till hears so whatever became of the key or the account since.
        if let (Some(Judgement::Repeat(seen @ Use { payment: Some(payment), .. })), Ok(())) = (&judged, asked)
            && seen.till == self.sale.till
        {
            return self.used_here(payment, seen);
        }
        let standing = require_active(account, self.thumb)
            .and_then(|()| if self.token.issued_at < account.tokens_from { Err(Code::Frozen) } else { Ok(()) });
        if let (Ok(()), Err(code)) = (asked, standing) {
            return self.refuse_untaken(records, account, code);
        }
        match (judged, asked) {
            (Some(Judgement::Fresh), Ok(())) => {}
            // A key that was stopped takes no counter.
            (Some(Judgement::Fresh), Err(code)) if standing.is_err() => {
                return self.refuse_untaken(records, account, code);
            }
            (Some(Judgement::Fresh), Err(code)) => return self.refuse_taken(records, account, code),
            (Some(Judgement::Clone), Ok(())) => return self.suspend(records, account),
            (_, Err(code)) => return self.answer(outcome(code)),
            (Some(Judgement::Repeat(seen)), Ok(())) => {
                let seen = seen.clone();
                return self.lifted(records, account, &seen);
            }
            (_, Ok(())) => return self.answer(Outcome::TokenUsed),
        }
        let passed = self.limits(account).and_then(|offline| {
            breakers::pass(self.moment, records, self.till, account, self.sale.amount).map(|()| offline)
        });
        match passed {
            Ok(offline) => self.pay(records, account, taking, offline),
            Err(code) => self.refuse_taken(records, account, code),
        }
    }

    /// What one payment with this token may take: a larger allowance than the token's own may have come since.
    fn most_of_one(&self, device: &Device) -> Amount {
        let each = device.cap(&self.moment.settings.policy, self.moment.now()).each;
        let own = device.handle_use(self.handle).map_or(each, |used| used.per_payment);
        each.min(own)
    }

    /// Counter, random part and date against what was used, and the handle against the one that followed it.
    fn judge<'d>(&self, device: &'d Device) -> Judgement<'d> {
        let judgement = device.window.judge(self.token);
        let retired = device.handle_use(self.handle).and_then(|used| used.retired);
        match (&judgement, retired) {
            (Judgement::Fresh, Some(Retired { issued_at, .. }))
                if self.token.issued_at > issued_at.saturating_add(OUT_OF_ORDER) =>
            {
                Judgement::Clone
            }
            (Judgement::Fresh, Some(Retired { at, .. })) if at.saturating_add(GRACE) < self.moment.now() => {
                Judgement::Behind
            }
            _ => judgement,
        }
    }

    /// Allowance, offline part, account limit, haste and balance; whether it is an offline payment.
    fn limits(&self, account: &Account) -> Result<bool, Code> {
        let now = self.moment.now();
        let amount = self.sale.amount;
        let device = account.device(self.thumb).ok_or(Code::NotEnrolled)?;
        let granted = &device.allowance;
        if now >= granted.until {
            return Err(Code::OverAllowance);
        }
        let offline = is_offline(self.token, device.last_contact);
        if offline {
            let part = &granted.offline;
            let cap = Cap { each: part.per_payment, total: part.total, count: part.count };
            let over = if granted.tier == Tier::CoolOff { Code::CoolingOff } else { Code::OverAllowance };
            device.spent_offline.check(&cap, amount, now).map_err(|_| over)?;
        }
        device
            .spent
            .check(&device.cap(&self.moment.settings.policy, now), amount, now)
            .map_err(|_| Code::OverAllowance)?;
        account.spent.check(&account_cap(self.moment, account, device), amount, now).map_err(|_| Code::OverLimit)?;
        if let Some(last) = &device.last_debit {
            let policy = &self.moment.settings.policy;
            let apart = if last.till == self.sale.till {
                policy.second_debit_at_till_seconds
            } else {
                policy.second_debit_seconds
            };
            // Made after the owner saw the first receipt, it is a second purchase and no second scan.
            let seen = last.seen_at.is_some_and(|seen_at| self.token.issued_at >= seen_at);
            // A distance, so that a ledger's clock that was put back does not stop the owner until it has caught up.
            if now.abs_diff(last.at) < apart && !seen {
                return Err(Code::TooFast);
            }
        }
        account.balance.minus(amount).map(|_| offline).ok_or(Code::BalanceLow)
    }

    /// Takes the counter; the first use of a handle retires those before it.
    fn take(&self, account: &mut Account, outcome: Outcome, payment: Option<String>) {
        let now = self.moment.now();
        let seq = account.link.seq;
        let Some(device) = account.device_mut(self.thumb) else { return };
        device.window.take(Use {
            atc: self.token.atc,
            random: self.token.random,
            issued_at: self.token.issued_at,
            claims: claims_hash(self.token),
            at: now,
            till: self.sale.till.clone(),
            amount: self.sale.amount,
            outcome,
            payment,
            seq,
        });
        let retired = Retired { at: now, issued_at: self.token.issued_at };
        for earlier in device.handles.iter_mut().take_while(|held| held.handle != self.handle) {
            earlier.retired = earlier.retired.or(Some(retired));
        }
    }

    fn pay(&self, records: &mut Records, account: &mut Account, taking: &Taking<'_>, offline: bool) -> PaymentAnswer {
        let (id, hold) = (taking.payment, taking.hold_key(&account.id, &self.moment.settings.policy));
        let now = self.moment.now();
        let Sale { amount, currency, .. } = *self.sale;
        let Some(balance) = account.balance.minus(amount) else {
            return self.refuse_taken(records, account, Code::BalanceLow);
        };
        account.balance = balance;
        account.spent.add(amount, now);
        if let Some(device) = account.device_mut(self.thumb) {
            device.spent.add(amount, now);
            if offline {
                device.spent_offline.add(amount, now);
            }
        }
        receipts::issue(self.moment, records, account, self.draft(Kind::Payment));
        self.take(account, Outcome::Approved, Some(id.into()));
        let seq = account.link.seq;
        held::hold_last_elsewhere(self.moment, records, account, (self.token, self.thumb, self.till), hold);
        if let Some(device) = account.device_mut(self.thumb) {
            device.last_debit = Some(Debit {
                at: now,
                till: self.sale.till.clone(),
                merchant: Some(self.till.merchant.clone()),
                place_id: self.till.place_id.clone(),
                payment: id.into(),
                amount: Some(amount),
                seq,
                seen_at: None,
                shown_at: None,
                reported: false,
            });
        }
        let payment = Payment {
            id: id.into(),
            till: self.sale.till.clone(),
            merchant: self.sale.merchant.clone(),
            account: account.id.clone(),
            thumb: self.thumb,
            token: (self.token.atc, self.token.random),
            amount,
            currency,
            at: now,
            seq,
            offline,
            reversed_at: None,
            reported_at: None,
        };
        let movement = Movement {
            name: format!("payment/{id}"),
            from: Line::account(&account.id),
            to: Line::merchant(&self.sale.merchant),
            amount,
            currency,
            at: now,
        };
        records.entries.extend(movement.entries());
        let answer = payment.to_answer();
        records.payments.put(id, payment);
        answer
    }
}
