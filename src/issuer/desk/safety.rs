//! Calls that stop, release, replace and limit: which records each needs, and which rule decides.

use super::proof::Caller;
use crate::code::Code;
use crate::issuer::Issuer;
use crate::issuer::error::Refused;
use crate::issuer::funding::Funding;
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::{devices, freeze, limits, login, recovery, rotation, step_up};
use crate::wire::calls::{
    AccountFrozen, ConfirmPasskeyFreeze, ConfirmRecovery, ConfirmRotation, Enrolled, EnrolmentPrepared, FreezeByCode,
    FreezeByTicket, IntentPrepared, LimitSet, LowerLimit, PasskeyFreezePrepared, PrepareLimit, PrepareRecovery,
    PrepareRefill, PrepareRotation, PrepareUnfreeze, ReportUse, RotationPrepared, SignedOff, UnfreezeCodeSent,
};
use crate::wire::enrolment;
use crate::wire::id::{AccountId, Nonce};
use crate::wire::intent::Action;

impl<L: Ledger, F: Funding> Issuer<L, F> {
    pub(super) async fn report_use(&self, caller: &Caller, call: ReportUse) -> Result<AccountFrozen, Refused> {
        self.order_freeze(caller, &call.statement.0, call.seq).await
    }

    pub(super) async fn sign_off(&self, caller: &Caller) -> Result<SignedOff, Refused> {
        let (account, thumb) = caller.device_or_channel()?;
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(caller.now_ms, needs, |moment, records| devices::sign_off(moment, records, account, thumb)).await
    }

    /// Whose a ticket is; the rule decides whether it still counts.
    async fn account_of_ticket(&self, caller: &Caller, key: &str) -> Result<AccountId, Refused> {
        let found = self
            .decide(caller.now_ms, Needs::new().and(Kind::Tickets, key), |_, records| {
                Ok(records.tickets.get(key).map(|entry| entry.account.clone()))
            })
            .await?;
        found.ok_or_else(|| Code::TicketExpired.into())
    }

    pub(super) async fn freeze_by_ticket(
        &self,
        caller: &Caller,
        call: FreezeByTicket,
    ) -> Result<AccountFrozen, Refused> {
        let key = login::ticket_key(&self.keys, &call.ticket);
        let account = self.account_of_ticket(caller, &key).await?;
        let needs = Needs::new().and(Kind::Tickets, &key).and(Kind::Accounts, &account);
        self.decide(caller.now_ms, needs, |moment, records| {
            freeze::by_ticket(moment, records, &account, &call.ticket, caller.thumb)
        })
        .await
    }

    pub(super) async fn freeze_by_code(
        &self,
        caller: &Caller,
        call: FreezeByCode,
        source: &str,
    ) -> Result<AccountFrozen, Refused> {
        self.count_source(caller, source).await?;
        let found = self
            .decide(caller.now_ms, Needs::new(), |moment, _| Ok(freeze::read_stop_code(moment, &call.code)))
            .await?;
        let (account, used) = found.ok_or(Code::CodeRefused)?;
        let needs = Needs::new().and(Kind::Accounts, &account).and(Kind::Used, &used);
        self.decide(caller.now_ms, needs, |moment, records| freeze::by_code(moment, records, &account, &used)).await
    }

    pub(super) async fn prepare_passkey_freeze(
        &self,
        caller: &Caller,
        source: &str,
    ) -> Result<PasskeyFreezePrepared, Refused> {
        self.count_source(caller, source).await?;
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce).map_err(|_| Code::NoEntropy)?;
        let nonce = Nonce(nonce);
        self.decide(caller.now_ms, Needs::new().and(Kind::Orders, nonce), |moment, records| {
            Ok(freeze::prepare_passkey(moment, records, nonce, caller.thumb))
        })
        .await
    }

    pub(super) async fn confirm_passkey_freeze(
        &self,
        caller: &Caller,
        call: ConfirmPasskeyFreeze,
    ) -> Result<AccountFrozen, Refused> {
        let credential = &call.assertion.raw_id;
        let account = self
            .decide(caller.now_ms, Needs::new().and(Kind::Credentials, credential), |_, records| {
                Ok(records.credentials.get(credential).map(|entry| entry.account.clone()))
            })
            .await?;
        let mut needs = Needs::new().and(Kind::Orders, call.nonce);
        if let Some(account) = &account {
            needs = needs.and(Kind::Accounts, account);
        }
        self.decide(caller.now_ms, needs, |moment, records| {
            freeze::by_passkey(moment, records, account.as_ref(), caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn send_unfreeze_code(&self, caller: &Caller) -> Result<UnfreezeCodeSent, Refused> {
        let account = caller.device()?;
        let attempt = self.name("")?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Orders, &attempt)
            .and(Kind::Tries, freeze::tries_key(account));
        self.decide(caller.now_ms, needs, |moment, records| {
            freeze::send_code(moment, records, account, caller.thumb, &attempt)
        })
        .await?;
        Ok(UnfreezeCodeSent { attempt })
    }

    pub(super) async fn prepare_unfreeze(
        &self,
        caller: &Caller,
        call: PrepareUnfreeze,
        source: &str,
    ) -> Result<IntentPrepared, Refused> {
        let account = caller.device()?;
        self.count_source(caller, source).await?;
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Orders, &call.attempt);
        self.decide(caller.now_ms, needs, |moment, records| {
            freeze::enter_code(moment, records, account, caller.thumb, &call)?;
            step_up::prepare(moment, records, account, caller.thumb, call.head, Action::Unfreeze)
        })
        .await
    }

    pub(super) async fn prepare_refill(&self, caller: &Caller, call: PrepareRefill) -> Result<IntentPrepared, Refused> {
        let PrepareRefill { per_payment, count, total, until, head } = call;
        let account = caller.device()?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            let action = Action::Refill { per_payment, count, total, until };
            step_up::prepare(moment, records, account, caller.thumb, head, action)
        })
        .await
    }

    pub(super) async fn prepare_limit(&self, caller: &Caller, call: PrepareLimit) -> Result<IntentPrepared, Refused> {
        let PrepareLimit { old, new, head } = call;
        let account = caller.device()?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            step_up::prepare(moment, records, account, caller.thumb, head, Action::Limit { old, new })
        })
        .await
    }

    pub(super) async fn lower_limit(&self, caller: &Caller, call: LowerLimit) -> Result<LimitSet, Refused> {
        let account = caller.device()?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            limits::lower(moment, records, account, caller.thumb, call.new)
        })
        .await
    }

    pub(super) async fn prepare_recovery(
        &self,
        caller: &Caller,
        call: PrepareRecovery,
    ) -> Result<EnrolmentPrepared, Refused> {
        let key = login::ticket_key(&self.keys, &call.ticket);
        let account = self.account_of_ticket(caller, &key).await?;
        let needs = Needs::new()
            .and(Kind::Tickets, &key)
            .and(Kind::Accounts, &account)
            .and(Kind::Orders, recovery::order_key(caller.thumb));
        self.decide(caller.now_ms, needs, |moment, records| {
            recovery::prepare(moment, records, &call.ticket, caller.thumb, call.channel_key)
        })
        .await
    }

    pub(super) async fn confirm_recovery(&self, caller: &Caller, call: ConfirmRecovery) -> Result<Enrolled, Refused> {
        let account = caller.named.as_ref().ok_or(Code::ProofRefused)?;
        let statement = enrolment::open_self_signed(&call.statement.0)?;
        let handle = self.handle()?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Orders, recovery::order_key(caller.thumb))
            .and(Kind::Credentials, &statement.credential)
            .and(Kind::Keys, caller.thumb)
            .and(Kind::Keys, statement.channel_key.thumbprint())
            .and(Kind::Handles, handle);
        self.decide(caller.now_ms, needs, |moment, records| {
            recovery::confirm(moment, records, account, caller.thumb, handle, &call)
        })
        .await
    }

    pub(super) async fn prepare_rotation(
        &self,
        caller: &Caller,
        call: PrepareRotation,
    ) -> Result<RotationPrepared, Refused> {
        let account = caller.device()?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            rotation::prepare(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn confirm_rotation(&self, caller: &Caller, call: ConfirmRotation) -> Result<Enrolled, Refused> {
        let account = caller.device()?;
        let statement = enrolment::open_self_signed(&call.statement.0)?;
        let handle = self.handle()?;
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Credentials, &statement.credential)
            .and(Kind::Keys, statement.device_key.thumbprint())
            .and(Kind::Keys, statement.channel_key.thumbprint())
            .and(Kind::Handles, handle);
        self.decide(caller.now_ms, needs, |moment, records| {
            rotation::confirm(moment, records, account, caller.thumb, handle, &call)
        })
        .await
    }
}
