//! The wallet's calls: which records each needs, and which rule decides.

use super::proof::Caller;
use crate::code::Code;
use crate::issuer::account::LoginEntry;
use crate::issuer::buckets::WeakProof;
use crate::issuer::delivery::Delivery;
use crate::issuer::error::Refused;
use crate::issuer::funding::{Answer, Funding};
use crate::issuer::keyed::Keyed;
use crate::issuer::ledger::{Kind, Ledger, Needs, Records};
use crate::issuer::login::{self, LoginAttempt, TryKeys, Visitor};
use crate::issuer::messages::Language;
use crate::issuer::password::Match;
use crate::issuer::step_up::{Before, Effect};
use crate::issuer::top_ups::{self, End, State};
use crate::issuer::{allowance, buckets, cards, devices, enrolment, freeze, intents, step_up, typed};
use crate::rules::chain::Link;
use crate::wire::calls::{
    AccountFrozen, CardProofStarted, ConfirmEnrolment, ConfirmIntent, CountersNamed, Enrolled, EnrolmentPrepared,
    EnterCode, FreezeAccount, IntentConfirmed, IntentPrepared, LogIn, LogInStarted, NameCounters, PrepareEnrolment,
    PrepareTopUp, ProveCard, ReceiptItem, Refill, Refilled, Sync, Synced, Ticket,
};
use crate::wire::id::{AccountId, Hash};
use crate::wire::intent::Intent;
use crate::wire::webauthn::AttestedCredential;

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    pub(super) async fn log_in(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: LogIn,
        source: &str,
    ) -> Result<LogInStarted, Refused> {
        if call.login.len() > typed::LONGEST_LOGIN {
            return Err(Code::BadArgument.into());
        }
        // What nobody's login can be is a login that nobody has.
        let login = typed::login(&call.login).unwrap_or_else(|| call.login.clone());
        let tries = TryKeys::new(&login, source, caller.thumb, caller.registered());
        let needs = tries.needs().and(Kind::Logins, &login).with(delivery.needs());
        let begun = self
            .decide(caller.now_ms, needs, |moment, records| {
                if let Some(before) = delivery.answered(moment, records)? {
                    return Ok(Begun::Answered(before));
                }
                if !delivery.is_begun(moment, records)? {
                    if let Err(refused) = login::begin(moment, records, &tries) {
                        let refused = Err(refused);
                        delivery.keep::<LogInStarted>(moment, records, &refused);
                        return Ok(Begun::Answered(refused));
                    }
                    delivery.begin(moment, records);
                }
                Ok(Begun::Entry(records.logins.get(&login).cloned()))
            })
            .await?;
        let entry = match begun {
            Begun::Answered(before) => return before,
            Begun::Entry(entry) => entry,
        };
        // Outside any transaction, and the same work for a login that nobody has. A second delivery does it too.
        let held = entry.as_ref().map(|entry| &entry.password);
        let (matched, renewed) = self.costs.check(held, &call.password, self.salt()?);
        let account = entry.as_ref().filter(|_| matched != Match::None).map(|entry| &entry.account);
        let attempt = delivery.name("");
        let mut needs = tries.known_needs().and(Kind::Attempts, &attempt).and(Kind::Logins, &login);
        if let Some(account) = account {
            needs = needs.and(Kind::Accounts, account);
            let rows = [None, Some(caller.thumb)].map(|known| buckets::row_key(account, &tries.source, known));
            for key in buckets::codes_keys(account, Some(caller.thumb)).into_iter().chain(rows) {
                needs = needs.and(Kind::Tries, key);
            }
        }
        let language = Language::named(&call.language);
        let visitor = Visitor { thumb: caller.thumb, account, keys: &tries, language };
        self.once(caller.now_ms, &delivery.begun(), needs, |moment, records| {
            login::send_code(moment, records, &attempt, &visitor);
            if let (Some(entry), Some(renewed)) = (&entry, &renewed) {
                login::renew(records, &login, entry, renewed);
            }
            Ok(LogInStarted { attempt: attempt.clone() })
        })
        .await
    }

    pub(super) async fn enter_code(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: EnterCode,
    ) -> Result<Ticket, Refused> {
        let (code, ticket) = (typed::sent_code(&call.code), delivery.name(""));
        let attempt_needs = self
            .decide(caller.now_ms, Needs::new().and(Kind::Attempts, &call.attempt), |_, records| {
                Ok(records.attempts.get(&call.attempt).map(LoginAttempt::needs))
            })
            .await?;
        let needs = attempt_needs
            .unwrap_or_default()
            .and(Kind::Attempts, &call.attempt)
            .and(Kind::Tickets, login::ticket_key(&self.keys, &ticket));
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            // What is no code costs no try.
            let code = code.as_deref().ok_or(Code::CodeRefused)?;
            login::enter_code(moment, records, &call.attempt, code, caller.thumb, &ticket)?;
            Ok(Ticket { ticket: ticket.clone() })
        })
        .await
    }

    pub(super) async fn prepare_enrolment(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: PrepareEnrolment,
    ) -> Result<EnrolmentPrepared, Refused> {
        let label = enrolment::device_label(&call.label)?;
        let ticket = login::ticket_key(&self.keys, &call.ticket);
        let account = self.account_of_ticket(caller, &ticket).await?;
        let needs = of_ticket(caller, &ticket, account.as_ref()).and(Kind::Enrolments, caller.thumb);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            account.as_ref().ok_or(Code::TicketExpired)?;
            enrolment::prepare(moment, records, &call.ticket, caller.thumb, call.channel_key, label.clone())
        })
        .await
    }

    /// Whose a ticket is; the rule decides whether it still counts.
    pub(super) async fn account_of_ticket(&self, caller: &Caller, key: &str) -> Result<Option<AccountId>, Refused> {
        let account = |records: &Records| records.tickets.get(key).map(|entry| entry.account.clone());
        Ok(self.ledger.look(caller.needs().and(Kind::Tickets, key), account).await?)
    }

    pub(super) async fn confirm_enrolment(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ConfirmEnrolment,
    ) -> Result<Enrolled, Refused> {
        let account = caller.named.as_ref().ok_or(Code::ProofRefused)?;
        let data = &call.registration.response.authenticator_data.0;
        let credential = AttestedCredential::from_authenticator_data(data).map_err(|_| Code::AssertionRefused)?;
        let channel = crate::wire::enrolment::open_self_signed(&call.statement.0)?.channel_key.thumbprint();
        let fresh = delivery.fresh();
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Enrolments, caller.thumb)
            .and(Kind::Credentials, &credential.id)
            .and(Kind::Keys, caller.thumb)
            .and(Kind::Keys, channel)
            .and(Kind::Handles, fresh.handle);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            enrolment::confirm(moment, records, account, caller.thumb, fresh, &call)
        })
        .await
    }

    pub(super) async fn sync(&self, caller: &Caller, call: Sync) -> Result<Synced, Refused> {
        let (account, thumb) = caller.channel()?;
        if call.thumb != thumb {
            return Err(Code::WrongKey.into());
        }
        let needs = Needs::new().and(Kind::Accounts, account);
        let (mut synced, newest) = self
            .decide(caller.now_ms, needs, |moment, records| devices::sync(moment, records, account, thumb, &call))
            .await?;
        // A receipt issued since belongs to a later head.
        let receipts = self.ledger.receipts(account, call.after, Synced::MOST).await?;
        synced.receipts =
            receipts.into_iter().filter(|receipt| receipt.seq <= newest).map(|receipt| receipt.item).collect();
        Ok(synced)
    }

    pub(super) async fn name_counters(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: NameCounters,
    ) -> Result<CountersNamed, Refused> {
        let account = caller.device()?;
        self.once(caller.now_ms, delivery, Needs::new().and(Kind::Accounts, account), |moment, records| {
            devices::name_counters(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn refill(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        Refill {}: Refill,
    ) -> Result<Refilled, Refused> {
        let account = caller.device()?;
        let fresh = delivery.fresh();
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Handles, fresh.handle);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            allowance::refill(moment, records, account, caller.thumb, fresh)
        })
        .await
    }

    pub(super) async fn prepare_top_up(&self, caller: &Caller, call: PrepareTopUp) -> Result<IntentPrepared, Refused> {
        let account = caller.device()?;
        self.check_head(account, call.head).await?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            step_up::prepare_top_up(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    /// Checks that an intent names a link of this account's chain: what its owner saw when it was made.
    ///
    /// # Errors
    /// [`Code::IntentMismatch`].
    pub(super) async fn check_head(&self, account: &AccountId, head: Hash) -> Result<(), Refused> {
        let is_link = head == Link::START.hash || self.ledger.is_link(account, head).await?;
        if is_link { Ok(()) } else { Err(Code::IntentMismatch.into()) }
    }

    pub(super) async fn confirm_intent(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ConfirmIntent,
    ) -> Result<IntentConfirmed, Refused> {
        let account = caller.device()?;
        // Kept with the answer. Drawn, so that a name of long ago names no charge that the processor has made already.
        let id = self.name(top_ups::PREFIX)?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Nonces, intents::row(Intent::from_bytes(&call.intent.0)?.nonce))
            .and(Kind::Orders, freeze::release_row(account, caller.thumb))
            .and(Kind::TopUps, &id)
            .and(Kind::OpenTopUps, &id);
        let effect = self
            .once(caller.now_ms, delivery, needs, |moment, records| {
                step_up::confirm(moment, records, account, caller.thumb, &call, &id)
            })
            .await?;
        let charge = match effect {
            Effect::Charge(charge) => charge,
            Effect::Done(receipt, _) => return Ok(IntentConfirmed::Done { receipt }),
            Effect::CodeSent(sent) | Effect::Before(Before::CodeSent(sent)) => {
                return Ok(IntentConfirmed::CodeSent { attempt: sent.attempt(&self.keys, account, caller.thumb) });
            }
            // This delivery charges nothing: the first one is at it, or a sweep will be.
            Effect::Before(Before::TopUp(id)) => return self.how_it_stands(account, id).await,
            Effect::Before(Before::Receipt(seq)) => {
                return Ok(IntentConfirmed::Done { receipt: self.receipt(account, seq).await? });
            }
        };
        let answer = self.funding.charge(&charge, self.ledger.now_ms()).await;
        let ended = match End::of(answer) {
            Some(end) => self.end_top_up(&id, end).await?,
            None => None,
        };
        match (answer, ended) {
            (Answer::Declined, _) => Err(Code::CardDeclined.into()),
            (Answer::Accepted, Some(receipt)) => Ok(IntentConfirmed::Done { receipt }),
            // No answer, or a sweep was faster: a receipt says how it ended.
            _ => Ok(IntentConfirmed::Pending { top_up: id.parse()? }),
        }
    }

    /// What became of a top-up, or that nobody knows yet.
    async fn how_it_stands(&self, account: &AccountId, id: String) -> Result<IntentConfirmed, Refused> {
        let needs = Needs::new().and(Kind::TopUps, &id);
        let found = self
            .decide(self.ledger.now_ms(), needs, |_, records| {
                Ok(records.top_ups.get(&id).map(|top_up| (top_up.state, top_up.seq)))
            })
            .await?;
        match found {
            // Nothing was charged; a wallet that is shown the receipt says so too.
            Some((State::Declined | State::GivenUp, _)) => Err(Code::CardDeclined.into()),
            Some((State::Done, Some(seq))) => Ok(IntentConfirmed::Done { receipt: self.receipt(account, seq).await? }),
            _ => Ok(IntentConfirmed::Pending { top_up: id.parse()? }),
        }
    }

    /// The receipt of this number.
    async fn receipt(&self, account: &AccountId, seq: u64) -> Result<ReceiptItem, Refused> {
        let found = self.ledger.receipts(account, seq.saturating_sub(1), 1).await?;
        let receipt = found.into_iter().next().filter(|receipt| receipt.seq == seq);
        Ok(receipt.ok_or_else(|| Refused::failed("a receipt that was just written is missing"))?.item)
    }

    pub(super) async fn prove_card(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ProveCard,
    ) -> Result<CardProofStarted, Refused> {
        let account = caller.device()?;
        let proof = delivery.name(cards::PREFIX);
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::CardProofs, &proof)
            .and(Kind::Tries, buckets::card_proofs_key(account));
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            cards::begin(moment, records, account, caller.thumb, &call.source, &proof, caller.evidence())?;
            Ok(CardProofStarted { page: moment.settings.card_page.clone(), proof: proof.clone() })
        })
        .await
    }

    pub(super) async fn freeze(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: FreezeAccount,
    ) -> Result<AccountFrozen, Refused> {
        self.order_freeze(caller, delivery, &call.statement.0, None).await
    }

    /// Freezes on a signed order, and holds the payment of a receipt if one is named.
    pub(super) async fn order_freeze(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        statement: &[u8],
        reported: Option<u64>,
    ) -> Result<AccountFrozen, Refused> {
        let (account, thumb) = caller.device_or_channel()?;
        let nonce = devices::freeze_nonce(statement, &caller.key)?;
        let payment = match reported {
            Some(seq) => {
                let find = |records: &Records| freeze::payment_of(records.accounts.get(account)?, seq);
                let needs = caller.needs().and(Kind::Accounts, account);
                self.decide(caller.now_ms, needs, |_, records| Ok(find(records))).await?
            }
            None => None,
        };
        let reported = reported.zip(payment.as_deref());
        let mut needs = caller
            .needs()
            .and(Kind::Accounts, account)
            .and(Kind::Used, devices::freeze_key(nonce))
            .and(Kind::Tries, buckets::freezes_key(account, WeakProof::Key(caller.thumb)));
        if let Some((_, payment)) = reported {
            needs = needs.and(Kind::Payments, payment);
        }
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            devices::freeze(moment, records, account, &caller.key, thumb, (statement, reported))
        })
        .await
    }
}

/// The records of a ticket and of its account, if it is anybody's.
pub(super) fn of_ticket(caller: &Caller, key: &str, account: Option<&AccountId>) -> Needs {
    let needs = caller.needs_if(account.is_some()).and(Kind::Tickets, key);
    match account {
        Some(account) => needs.and(Kind::Accounts, account),
        None => needs,
    }
}

/// How far a login is.
enum Begun {
    /// An earlier delivery was answered, or this one is refused.
    Answered(Result<LogInStarted, Refused>),
    /// Its try is counted; whose login it is.
    Entry(Option<LoginEntry>),
}
