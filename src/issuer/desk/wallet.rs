//! The wallet's calls: which records each needs, and which rule decides.

use super::proof::Caller;
use crate::code::Code;
use crate::issuer::Issuer;
use crate::issuer::error::Refused;
use crate::issuer::funding::{Answer, Funding};
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::login::{self, TryKeys, Visitor};
use crate::issuer::password::PasswordHash;
use crate::issuer::settings::Attempts;
use crate::issuer::step_up::Effect;
use crate::issuer::{allowance, cards, devices, enrolment, step_up};
use crate::wire::calls::{
    AccountFrozen, CardProofStarted, ConfirmEnrolment, ConfirmIntent, CountersNamed, Enrolled, EnrolmentPrepared,
    EnterCode, FreezeAccount, IntentConfirmed, IntentPrepared, LogIn, LogInStarted, NameCounters, PrepareEnrolment,
    PrepareTopUp, ProveCard, Refilled, Sync, Synced, Ticket,
};
use crate::wire::id::Handle;
use crate::wire::webauthn::AttestedCredential;

/// Longest login in bytes.
const LONGEST_LOGIN: usize = 254;

impl<L: Ledger, F: Funding> Issuer<L, F> {
    pub(super) async fn log_in(&self, caller: &Caller, call: LogIn, source: &str) -> Result<LogInStarted, Refused> {
        if call.login.len() > LONGEST_LOGIN {
            return Err(Code::BadArgument.into());
        }
        let tries = TryKeys::new(&call.login, source);
        let needs = tries.needs().and(Kind::Logins, &call.login);
        let entry = self
            .decide(caller.now_ms, needs, |moment, records| {
                login::begin(moment, records, &tries)?;
                Ok(records.logins.get(&call.login).cloned())
            })
            .await?;
        // Outside any transaction, and the same work for a login that nobody has.
        let account = match &entry {
            Some(entry) => entry.password.is(&call.password).then_some(&entry.account),
            None => {
                PasswordHash::dummy(self.settings.password_cost).is(&call.password);
                None
            }
        };
        let attempt = self.name("")?;
        let mut needs = Needs::new().and(Kind::Attempts, &attempt);
        if let Some(account) = account {
            needs = needs.and(Kind::Accounts, account);
        }
        let visitor = Visitor { thumb: caller.thumb, account, login_key: &tries.login, language: &call.language };
        self.decide(caller.now_ms, needs, |moment, records| {
            login::send_code(moment, records, &attempt, &visitor);
            Ok(())
        })
        .await?;
        Ok(LogInStarted { attempt })
    }

    pub(super) async fn enter_code(&self, caller: &Caller, call: EnterCode, source: &str) -> Result<Ticket, Refused> {
        self.count_source(caller, source).await?;
        let ticket = self.name("")?;
        let needs =
            Needs::new().and(Kind::Attempts, &call.attempt).and(Kind::Tickets, login::ticket_key(&self.keys, &ticket));
        let login_key = self
            .decide(caller.now_ms, needs, |moment, records| {
                let login_key = records.attempts.get(&call.attempt).map(|open| open.login_key().to_owned());
                login::enter_code(moment, records, &call.attempt, &call.code, caller.thumb, &ticket)?;
                login_key.ok_or_else(|| Code::CodeRefused.into())
            })
            .await?;
        let needs = Needs::new().and(Kind::Tries, &login_key);
        self.decide(caller.now_ms, needs, |_, records| {
            records.tries.take(&login_key);
            Ok(())
        })
        .await?;
        Ok(Ticket { ticket })
    }

    /// Counts a try of a code from one source.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`].
    pub(super) async fn count_source(&self, caller: &Caller, source: &str) -> Result<(), Refused> {
        let key = login::source_key(source);
        self.decide(caller.now_ms, Needs::new().and(Kind::Tries, &key), |moment, records| {
            let Attempts { per_source, window, .. } = moment.settings.attempts;
            login::count(records, &key, per_source, window, moment.now())
        })
        .await
    }

    pub(super) async fn prepare_enrolment(
        &self,
        caller: &Caller,
        call: PrepareEnrolment,
    ) -> Result<EnrolmentPrepared, Refused> {
        let ticket = login::ticket_key(&self.keys, &call.ticket);
        let find = Needs::new().and(Kind::Tickets, &ticket);
        let found = self
            .decide(caller.now_ms, find, |_, records| {
                Ok(records.tickets.get(&ticket).map(|entry| entry.account.clone()))
            })
            .await?;
        let account = found.ok_or(Code::TicketExpired)?;
        let needs =
            Needs::new().and(Kind::Tickets, &ticket).and(Kind::Accounts, &account).and(Kind::Enrolments, caller.thumb);
        self.decide(caller.now_ms, needs, |moment, records| {
            enrolment::prepare(moment, records, &call.ticket, caller.thumb, call.channel_key)
        })
        .await
    }

    pub(super) async fn confirm_enrolment(&self, caller: &Caller, call: ConfirmEnrolment) -> Result<Enrolled, Refused> {
        let account = caller.named.as_ref().ok_or(Code::ProofRefused)?;
        let data = &call.registration.response.authenticator_data.0;
        let credential = AttestedCredential::from_authenticator_data(data).map_err(|_| Code::AssertionRefused)?;
        let channel = crate::wire::enrolment::open_self_signed(&call.statement.0)?.channel_key.thumbprint();
        let handle = self.handle()?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Enrolments, caller.thumb)
            .and(Kind::Credentials, &credential.id)
            .and(Kind::Keys, caller.thumb)
            .and(Kind::Keys, channel)
            .and(Kind::Handles, handle);
        self.decide(caller.now_ms, needs, |moment, records| {
            enrolment::confirm(moment, records, account, caller.thumb, handle, &call)
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

    pub(super) async fn name_counters(&self, caller: &Caller, call: NameCounters) -> Result<CountersNamed, Refused> {
        let account = caller.device()?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            devices::name_counters(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn refill(&self, caller: &Caller) -> Result<Refilled, Refused> {
        let account = caller.device()?;
        let handle = self.handle()?;
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Handles, handle);
        self.decide(caller.now_ms, needs, |moment, records| {
            allowance::refill(moment, records, account, caller.thumb, handle)
        })
        .await
    }

    pub(super) async fn prepare_top_up(&self, caller: &Caller, call: PrepareTopUp) -> Result<IntentPrepared, Refused> {
        let account = caller.device()?;
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(caller.now_ms, needs, |moment, records| {
            step_up::prepare_top_up(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn confirm_intent(
        &self,
        caller: &Caller,
        call: ConfirmIntent,
    ) -> Result<IntentConfirmed, Refused> {
        let account = caller.device()?;
        let id = self.name("tu-")?;
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::TopUps, &id).and(Kind::OpenTopUps, &id);
        let effect = self
            .decide(caller.now_ms, needs, |moment, records| {
                step_up::confirm(moment, records, account, caller.thumb, &call, &id)
            })
            .await?;
        let charge = match effect {
            Effect::Charge(charge) => charge,
            Effect::Done(receipt) => return Ok(IntentConfirmed::Done { receipt }),
        };
        let answer = self.funding.charge(&charge, self.ledger.now_ms()).await;
        match (answer, self.end_top_up(&id, Some(answer)).await?) {
            (Answer::Declined, _) => Err(Code::CardDeclined.into()),
            (Answer::Accepted, Some(receipt)) => Ok(IntentConfirmed::Done { receipt }),
            // No answer, or a sweep was faster: a receipt says how it ended.
            _ => Ok(IntentConfirmed::Pending { top_up: id }),
        }
    }

    pub(super) async fn prove_card(&self, caller: &Caller, call: ProveCard) -> Result<CardProofStarted, Refused> {
        let account = caller.device()?;
        let proof = self.name("cp-")?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::CardProofs, &proof)
            .and(Kind::Tries, cards::tries_key(account));
        self.decide(caller.now_ms, needs, |moment, records| {
            cards::begin(moment, records, account, caller.thumb, &call.source, &proof)
        })
        .await?;
        Ok(CardProofStarted { page: self.settings.card_page.clone(), proof })
    }

    pub(super) async fn freeze(&self, caller: &Caller, call: FreezeAccount) -> Result<AccountFrozen, Refused> {
        self.order_freeze(caller, &call.statement.0, None).await
    }

    /// Freezes on a signed order, and holds the payment of a receipt if one is named.
    pub(super) async fn order_freeze(
        &self,
        caller: &Caller,
        statement: &[u8],
        reported: Option<u64>,
    ) -> Result<AccountFrozen, Refused> {
        let (account, thumb) = caller.device_or_channel()?;
        let nonce = devices::freeze_nonce(statement, &caller.key)?;
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Used, devices::freeze_key(nonce));
        self.decide(caller.now_ms, needs, |moment, records| {
            devices::freeze(moment, records, account, &caller.key, thumb, (statement, reported))
        })
        .await
    }

    /// A new handle, drawn before the transaction that needs it as a key.
    pub(super) fn handle(&self) -> Result<Handle, Refused> {
        let mut handle = [0; 8];
        self.entropy.fill(&mut handle).map_err(|_| Code::NoEntropy)?;
        Ok(Handle(handle))
    }
}
