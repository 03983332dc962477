//! The till's calls.

use super::proof::Caller;
use crate::code::Code;
use crate::issuer::buckets::{self, TillCodes};
use crate::issuer::delivery::Delivery;
use crate::issuer::error::Refused;
use crate::issuer::funding::Funding;
use crate::issuer::keyed::Keyed;
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::moment::seconds;
use crate::issuer::payments::{self, Reversal, Taking};
use crate::issuer::tills::Till;
use crate::issuer::verifier::Sale;
use crate::issuer::{tills, typed};
use crate::wire::calls::{EnrolTill, LookUpPayment, Outcome, PaymentAnswer, ReversePayment, TakePayment, TillEnrolled};
use crate::wire::id::{Audience, Hash};
use crate::wire::till_code::read_payment_code;
use crate::wire::token::UnverifiedToken;

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    pub(super) async fn enrol_till(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: EnrolTill,
        source: &str,
    ) -> Result<TillEnrolled, Refused> {
        let tries = TillCodes::from(source);
        // What can't be a code is nobody's.
        let typed = typed::till_code(&call.code).unwrap_or_default();
        let code = tills::code_key(&self.keys, &typed);
        let till = self
            .decide(caller.now_ms, Needs::new().and(Kind::TillCodes, &code), |_, records| {
                Ok(records.till_codes.get(&code).map(|held| held.till.clone()))
            })
            .await?;
        let mut needs = Needs::new().and(Kind::TillCodes, &code).and(Kind::Keys, caller.thumb);
        needs = match &till {
            Some(till) => needs.and(Kind::Tills, till),
            None => needs.with(tries.needs()),
        };
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            let Some(till) = &till else {
                // The right code is no try: whoever has it waits for nobody at the same address.
                tries.count(moment, records)?;
                return Err(Code::CodeRefused.into());
            };
            tills::enrol(moment, records, till, &typed, caller.thumb)
        })
        .await
    }

    pub(super) async fn which_till(&self, caller: &Caller) -> Result<TillEnrolled, Refused> {
        let till = self.till(caller.till()?, caller.now_ms).await?;
        if till.takes(caller.thumb) { Ok(till.to_answer()) } else { Err(Code::TillBlocked.into()) }
    }

    async fn till(&self, till: &Audience, now_ms: u64) -> Result<Till, Refused> {
        let needs = Needs::new().and(Kind::Tills, till);
        let read = |records: &mut crate::issuer::ledger::Records| records.tills.get(till).cloned();
        self.decide(now_ms, needs, |_, records| read(records).ok_or_else(|| Code::NotFound.into())).await
    }

    pub(super) async fn take_payment(
        &self,
        caller: &Caller,
        call: TakePayment,
        path: &str,
        body: &[u8],
    ) -> Result<PaymentAnswer, Refused> {
        let id = caller.till()?;
        payments::check_key(&call.key)?;
        if call.amount.is_zero() {
            return Err(Code::BadAmount.into());
        }
        let till = self.till(id, caller.now_ms).await?;
        let TakePayment { amount, currency, .. } = call;
        let now = seconds(caller.now_ms);
        let untaken = |outcome| PaymentAnswer::without_payment(outcome, amount, currency, now);
        if till.is_revoked(caller.thumb) {
            return Ok(untaken(Outcome::TillBlocked));
        }
        if call.currency != till.currency {
            return Err(Code::CurrencyMismatch.into());
        }
        let answer_key = payments::answer_key(caller.thumb, &call.key);
        let request = payments::request_hash(path, body);
        let token = read_payment_code(&call.token).ok();
        let handle = token.as_ref().map(UnverifiedToken::handle);
        let mut needs = Needs::new().and(Kind::TillAnswers, &answer_key);
        if let Some(handle) = handle {
            needs = needs.and(Kind::Handles, handle);
        }
        let found = self
            .decide(caller.now_ms, needs, |moment, records| {
                let before = payments::taken_before(records, &answer_key, request, untaken, moment.now())?;
                // What was taken before the till was blocked stays so.
                if before.is_none() && till.blocked {
                    return Ok((Some(untaken(Outcome::TillBlocked)), Vec::new()));
                }
                let entries = handle.and_then(|handle| records.handles.get(handle).cloned()).unwrap_or_default();
                Ok((before, entries.0))
            })
            .await?;
        let (before, accounts) = found;
        if let Some(before) = before {
            return self.as_of_now(caller, before).await;
        }
        let Some(token) = token else {
            return self.note_unread(caller, None, (&answer_key, request), untaken(Outcome::TryAgain)).await;
        };
        if accounts.is_empty() {
            return self.note_unread(caller, Some(id), (&answer_key, request), untaken(Outcome::TryAgain)).await;
        }
        let payment = self.name("pay-")?;
        let sale = Sale {
            till: till.till.clone(),
            merchant: till.merchant.clone(),
            amount: call.amount,
            currency: call.currency,
            now_ms: caller.now_ms,
        };
        let taking = Taking {
            token: &token,
            accounts: &accounts,
            sale: &sale,
            answer_key: &answer_key,
            request,
            payment: &payment,
        };
        let needs = taking.needs(&self.settings.policy, &till);
        let answer = self
            .decide(caller.now_ms, needs, |moment, records| {
                // Once more on the locked record: the key may have been revoked meanwhile.
                if records.tills.get(id).is_some_and(|till| till.is_revoked(caller.thumb)) {
                    return Ok(untaken(Outcome::TillBlocked));
                }
                payments::redeem(moment, records, &taking)
            })
            .await?;
        if answer.payment.as_deref() == Some(payment.as_str()) {
            return Ok(answer);
        }
        if answer.outcome == Outcome::TryAgain {
            return self.note_unread(caller, Some(id), (&answer_key, request), answer).await;
        }
        self.as_of_now(caller, answer).await
    }

    /// Answers that a code could not be read, once under each idempotency key. A token that is nobody's is counted for the
    /// till that offers it; a text that is no token is nothing that anybody could guess with.
    async fn note_unread(
        &self,
        caller: &Caller,
        guessing: Option<&Audience>,
        (answer_key, request): (&str, Hash),
        answer: PaymentAnswer,
    ) -> Result<PaymentAnswer, Refused> {
        let mut needs = Needs::new().and(Kind::TillAnswers, answer_key);
        for key in guessing.into_iter().flat_map(buckets::guesses_keys) {
            needs = needs.and(Kind::Tries, key);
        }
        self.decide(caller.now_ms, needs, |moment, records| {
            let now = moment.now();
            let untaken = |outcome| PaymentAnswer { outcome, ..answer.clone() };
            if let Some(before) = payments::taken_before(records, answer_key, request, untaken, now)? {
                return Ok(before);
            }
            if let Some(till) = guessing {
                tills::count_guess(moment, records, till);
            }
            payments::remember(records, answer_key, request, answer.clone(), now);
            Ok(answer.clone())
        })
        .await
    }

    /// An answer that was given before, unless its payment was reversed since: what was given back is not approved.
    async fn as_of_now(&self, caller: &Caller, answer: PaymentAnswer) -> Result<PaymentAnswer, Refused> {
        let Some(id) = answer.payment.clone() else { return Ok(answer) };
        let needs = Needs::new().and(Kind::Payments, &id);
        let now = self
            .decide(caller.now_ms, needs, |_, records| {
                Ok(records.payments.get(&id).map(crate::issuer::payments::Payment::to_answer))
            })
            .await?;
        Ok(now.unwrap_or(answer))
    }

    pub(super) async fn look_up_payment(&self, caller: &Caller, call: LookUpPayment) -> Result<PaymentAnswer, Refused> {
        payments::check_key(&call.key)?;
        // A blocked till may still learn what it took.
        let till = self.till(caller.till()?, caller.now_ms).await?;
        if till.is_revoked(caller.thumb) {
            return Err(Code::TillBlocked.into());
        }
        let answer_key = payments::answer_key(caller.thumb, &call.key);
        let needs = Needs::new().and(Kind::TillAnswers, &answer_key);
        let found = self
            .decide(caller.now_ms, needs, |moment, records| {
                Ok(payments::look_up(records, &answer_key, till.currency, moment.now()))
            })
            .await?;
        self.as_of_now(caller, found.ok_or(Code::NotFound)?).await
    }

    pub(super) async fn reverse_payment(
        &self,
        caller: &Caller,
        call: ReversePayment,
        path: &str,
        body: &[u8],
    ) -> Result<PaymentAnswer, Refused> {
        let till = caller.till()?;
        payments::check_key(&call.key)?;
        // A blocked till may still give money back; a revoked key may nothing.
        if self.till(till, caller.now_ms).await?.is_revoked(caller.thumb) {
            return Err(Code::TillBlocked.into());
        }
        let needs = Needs::new().and(Kind::Payments, &call.payment);
        let found = self
            .decide(caller.now_ms, needs, |_, records| {
                Ok(records.payments.get(&call.payment).map(|payment| payment.account.clone()))
            })
            .await?;
        let account = found.ok_or(Code::NotFound)?;
        let answer_key = payments::answer_key(caller.thumb, &call.key);
        let needs = Needs::new()
            .and(Kind::Tills, till)
            .and(Kind::TillAnswers, &answer_key)
            .and(Kind::Payments, &call.payment)
            .and(Kind::Accounts, &account);
        let order = Reversal {
            till,
            payment: &call.payment,
            account: &account,
            answer_key: &answer_key,
            request: payments::request_hash(path, body),
        };
        self.decide(caller.now_ms, needs, |moment, records| {
            if records.tills.get(till).is_some_and(|till| till.is_revoked(caller.thumb)) {
                return Err(Code::TillBlocked.into());
            }
            payments::reverse(moment, records, &order)
        })
        .await
    }
}
