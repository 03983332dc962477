//! Calls that stop, release, replace and limit: which records each needs, and which rule decides.

use super::proof::Caller;
use super::wallet::of_ticket;
use crate::code::Code;
use crate::issuer::buckets::WeakProof;
use crate::issuer::delivery::Delivery;
use crate::issuer::enrolment::device_label;
use crate::issuer::error::Refused;
use crate::issuer::funding::Funding;
use crate::issuer::keyed::Keyed;
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::moment::seconds;
use crate::issuer::{buckets, devices, freeze, intents, login, payments, recovery, rotation, step_up, typed};
use crate::wire::calls::{
    AccountFrozen, BothMine, ConfirmPasskeyFreeze, ConfirmRecovery, ConfirmRotation, Enrolled, EnrolmentPrepared,
    FreezeByCode, FreezeByTicket, HoldReleased, IntentPrepared, PasskeyFreezePrepared, PrepareLimit,
    PreparePasskeyFreeze, PrepareRecovery, PrepareRefill, PrepareRotation, PrepareUnfreeze, ReportUse,
    RotationPrepared, SignOff, SignedOff, Unfreeze, Unfrozen,
};
use crate::wire::enrolment;
use crate::wire::id::Hash;
use crate::wire::intent::{Action, Intent};

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    pub(super) async fn report_use(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ReportUse,
    ) -> Result<AccountFrozen, Refused> {
        self.order_freeze(caller, delivery, &call.statement.0, call.seq).await
    }

    pub(super) async fn both_mine(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: BothMine,
    ) -> Result<HoldReleased, Refused> {
        let account = caller.device()?;
        self.once(caller.now_ms, delivery, Needs::new().and(Kind::Accounts, account), |moment, records| {
            payments::both_mine(moment, records, account, caller.thumb, &call, caller.evidence())
        })
        .await
    }

    pub(super) async fn sign_off(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        SignOff {}: SignOff,
    ) -> Result<SignedOff, Refused> {
        let account = caller.device()?;
        let needs = caller.needs().and(Kind::Accounts, account);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            devices::sign_off(moment, records, account, caller.thumb, caller.evidence())
        })
        .await
    }

    pub(super) async fn freeze_by_ticket(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: FreezeByTicket,
    ) -> Result<AccountFrozen, Refused> {
        let key = login::ticket_key(&self.keys, &call.ticket);
        let account = self.account_of_ticket(caller, &key).await?;
        let mut needs = of_ticket(caller, &key, account.as_ref());
        if let Some(account) = &account {
            needs = needs.and(Kind::Tries, buckets::freezes_key(account, WeakProof::Login));
        }
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            let account = account.as_ref().ok_or(Code::TicketExpired)?;
            let stopped = freeze::by_ticket(moment, records, account, &call.ticket, caller.thumb)?;
            // Also where it stopped nothing: whoever saw the call on its way has none for after the release.
            delivery.spend(records);
            Ok(stopped)
        })
        .await
    }

    pub(super) async fn freeze_by_code(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: FreezeByCode,
    ) -> Result<AccountFrozen, Refused> {
        let found = freeze::read_stop_code(&self.settings, &self.keys, seconds(caller.now_ms), &call.code);
        let mut needs = caller.needs_if(found.is_some());
        if let Some((account, used)) = &found {
            needs = needs
                .and(Kind::Accounts, account)
                .and(Kind::Used, used)
                .and(Kind::Tries, buckets::freezes_key(account, WeakProof::Message));
        }
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            let (account, used) = found.as_ref().ok_or(Code::CodeRefused)?;
            freeze::by_code(moment, records, account, used)
        })
        .await
    }

    pub(super) async fn prepare_passkey_freeze(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        PreparePasskeyFreeze {}: PreparePasskeyFreeze,
    ) -> Result<PasskeyFreezePrepared, Refused> {
        self.once(caller.now_ms, delivery, caller.needs(), |moment, _| {
            Ok(freeze::prepare_passkey(moment, caller.thumb))
        })
        .await
    }

    pub(super) async fn confirm_passkey_freeze(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ConfirmPasskeyFreeze,
    ) -> Result<AccountFrozen, Refused> {
        let credential = &call.assertion.raw_id;
        let account = self
            .ledger
            .look(caller.needs().and(Kind::Credentials, credential), |records| {
                records.credentials.get(credential).map(|entry| entry.account.clone())
            })
            .await?;
        let mut needs = caller.needs_if(account.is_some()).and(Kind::Used, freeze::challenge_key(call.nonce));
        if let Some(account) = &account {
            needs = needs.and(Kind::Accounts, account);
        }
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            freeze::by_passkey(moment, records, account.as_ref(), caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn prepare_unfreeze(
        &self,
        caller: &Caller,
        PrepareUnfreeze { head }: PrepareUnfreeze,
    ) -> Result<IntentPrepared, Refused> {
        self.prepare(caller, head, Action::Unfreeze).await
    }

    pub(super) async fn unfreeze(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        Unfreeze { attempt, code }: Unfreeze,
    ) -> Result<Unfrozen, Refused> {
        let account = caller.device()?;
        // What is no code costs no try.
        let code = typed::sent_code(&code).ok_or(Code::CodeRefused)?;
        let needs =
            Needs::new().and(Kind::Accounts, account).and(Kind::Orders, freeze::release_row(account, caller.thumb));
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            freeze::enter_code(moment, records, account, caller.thumb, (&attempt, &code))
        })
        .await
    }

    pub(super) async fn prepare_refill(&self, caller: &Caller, call: PrepareRefill) -> Result<IntentPrepared, Refused> {
        let PrepareRefill { per_payment, count, total, until, head } = call;
        self.prepare(caller, head, Action::Refill { per_payment, count, total, until }).await
    }

    pub(super) async fn prepare_limit(&self, caller: &Caller, call: PrepareLimit) -> Result<IntentPrepared, Refused> {
        let PrepareLimit { old, new, head } = call;
        self.prepare(caller, head, Action::Limit { old, new }).await
    }

    async fn prepare(&self, caller: &Caller, head: Hash, action: Action) -> Result<IntentPrepared, Refused> {
        let account = caller.device()?;
        self.check_head(account, head).await?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            step_up::prepare(moment, records, account, caller.thumb, head, action.clone())
        })
        .await
    }

    pub(super) async fn prepare_recovery(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: PrepareRecovery,
    ) -> Result<EnrolmentPrepared, Refused> {
        let label = device_label(&call.label)?;
        let key = login::ticket_key(&self.keys, &call.ticket);
        let account = self.account_of_ticket(caller, &key).await?;
        let needs = of_ticket(caller, &key, account.as_ref()).and(Kind::Orders, recovery::order_key(caller.thumb));
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            account.as_ref().ok_or(Code::TicketExpired)?;
            recovery::prepare(moment, records, &call.ticket, caller.thumb, call.channel_key, label.clone())
        })
        .await
    }

    pub(super) async fn confirm_recovery(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ConfirmRecovery,
    ) -> Result<Enrolled, Refused> {
        let account = caller.named.as_ref().ok_or(Code::ProofRefused)?;
        let statement = enrolment::open_self_signed(&call.statement.0)?;
        let fresh = delivery.fresh();
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Orders, recovery::order_key(caller.thumb))
            .and(Kind::Credentials, &statement.credential)
            .and(Kind::Keys, caller.thumb)
            .and(Kind::Keys, statement.channel_key.thumbprint())
            .and(Kind::Handles, fresh.handle);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            recovery::confirm(moment, records, account, caller.thumb, fresh, &call)
        })
        .await
    }

    pub(super) async fn prepare_rotation(
        &self,
        caller: &Caller,
        call: PrepareRotation,
    ) -> Result<RotationPrepared, Refused> {
        let account = caller.device()?;
        self.check_head(account, call.head).await?;
        self.decide(caller.now_ms, Needs::new().and(Kind::Accounts, account), |moment, records| {
            rotation::prepare(moment, records, account, caller.thumb, &call)
        })
        .await
    }

    pub(super) async fn confirm_rotation(
        &self,
        caller: &Caller,
        delivery: &Delivery,
        call: ConfirmRotation,
    ) -> Result<Enrolled, Refused> {
        let account = caller.device()?;
        let statement = enrolment::open_self_signed(&call.statement.0)?;
        let fresh = delivery.fresh();
        let needs = Needs::new()
            .and(Kind::Accounts, account)
            .and(Kind::Credentials, &statement.credential)
            .and(Kind::Keys, statement.device_key.thumbprint())
            .and(Kind::Keys, statement.channel_key.thumbprint())
            .and(Kind::Nonces, intents::row(Intent::from_bytes(&call.intent.0)?.nonce))
            .and(Kind::Handles, fresh.handle);
        self.once(caller.now_ms, delivery, needs, |moment, records| {
            rotation::confirm(moment, records, account, caller.thumb, fresh, &call)
        })
        .await
    }
}
