//! What the people who run the issuer do by hand: stop a till, settle a held payment, release an account, rotate keys.

use super::Issuer;
use super::error::Refused;
use super::funding::Funding;
use super::keyed::Keyed;
use super::keys::Keys;
use super::ledger::{Kind, Ledger, Needs, Records};
use super::moment::Moment;
use super::tills::TillCode;
use super::{freeze, payments, tills};
use crate::code::Code;
use crate::rules::policy::Ceiling;
use crate::wire::id::{AccountId, Audience, Thumbprint};

/// What became of the till codes that a rotation ended.
#[derive(Debug, Default)]
pub struct RenewedTillCodes {
    /// Tills that were sent a new code.
    pub sent: Vec<Audience>,
    /// Tills that still need one.
    pub left: Vec<Audience>,
    /// Why some are left.
    pub failure: Option<Refused>,
}

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    /// Puts a new code in the place of a dead one, or takes the dead one away if its till was sent a new one already. Whether
    /// it sent one.
    async fn renew_till_code(&self, dead: &str, till: &Audience, was_sent: bool) -> Result<bool, Refused> {
        let code = self.draw_till_code()?;
        let needs = Needs::new().and(Kind::Tills, till).and(Kind::TillCodes, dead);
        let needs = needs.and(Kind::TillCodes, tills::code_key(&self.keys, &code));
        self.decide(self.ledger.now_ms(), needs, |moment, records| {
            if was_sent {
                records.till_codes.take(dead);
                return Ok(false);
            }
            tills::renew_code(moment, records, till, dead, &code)
        })
        .await
    }
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Blocks or releases a till, and sets its own ceiling; none: the policy's.
    ///
    /// # Errors
    /// [`Code::NotFound`] without such a till.
    pub async fn restrict_till(&self, till: &Audience, blocked: bool, ceiling: Option<Ceiling>) -> Result<(), Refused> {
        let needs = Needs::new().and(Kind::Tills, till);
        let rule = |_: &Moment<'_>, records: &mut Records| tills::restrict(records, till, blocked, ceiling);
        self.decide(self.ledger.now_ms(), needs, rule).await
    }

    /// Revokes one key of a till, such as a stolen device's. Its other keys go on.
    ///
    /// # Errors
    /// [`Code::NotFound`] for a till or key that is none.
    pub async fn revoke_till_key(&self, till: &Audience, key: Thumbprint) -> Result<(), Refused> {
        let needs = Needs::new().and(Kind::Tills, till);
        self.decide(self.ledger.now_ms(), needs, |moment, records| tills::revoke_key(moment, records, till, key)).await
    }

    /// Releases a frozen account for an owner who has no device that may: what a person decides who has met them.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an account that is none, or not frozen.
    pub async fn release_account(&self, account: &AccountId) -> Result<(), Refused> {
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(self.ledger.now_ms(), needs, |moment, records| {
            let held = records.accounts.get(account).filter(|held| held.frozen_at.is_some());
            let mut owner = held.cloned().ok_or(Code::NotFound)?;
            freeze::release(moment, records, &mut owner, None, None);
            records.accounts.put(account, owner);
            Ok(())
        })
        .await
    }

    /// Replaces every secret of the issuer but its root, as after a leak: what the old ones made is refused from the next
    /// call on, by every process over this ledger, and wallets follow the new key set by themselves. Till codes that were
    /// sent and not used are dead too; the answer is their tills, to which [`Issuer::renew_till_codes`] sends new ones.
    ///
    /// # Errors
    /// [`Code::NoEntropy`]; [`Code::IssuerUnavailable`] if the ledger fails, or if another process rotates now. Nothing is
    /// replaced then, unless the ledger failed while it wrote just this.
    pub async fn rotate_keys(&self) -> Result<Vec<Audience>, Refused> {
        // First: once the keys are replaced nothing may fail any more.
        let waiting = self.unused_till_codes().await?.into_iter().map(|(_, code)| code.till);
        let keyed = self.keyed().await?;
        let number = keyed.keys.number();
        let (old, new) = (Keys::row(number), Keys::row(number.saturating_add(1)));
        let needs = Needs::new().and(Kind::IssuerKeys, &old).and(Kind::IssuerKeys, &new);
        let rotate = |moment: &Moment<'_>, records: &mut Records| {
            let stored = records.issuer_keys.get(&old).ok_or(Code::IssuerUnavailable)?;
            let next = Keys::next(stored, &moment.chance, &moment.settings.issuer, moment.now())?;
            records.issuer_keys.take(&old);
            records.issuer_keys.put(&new, next);
            Ok(())
        };
        keyed.decide(self.ledger.now_ms(), needs, rotate).await?;
        let mut waiting: Vec<_> = waiting.collect();
        waiting.dedup();
        Ok(waiting)
    }

    /// Sends a new code to each till whose unused one a rotation ended. A dead code goes in the transaction that sends the new
    /// one, so that no till is forgotten: what is left after a failure is found by the next call.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails before the tills are known.
    pub async fn renew_till_codes(&self) -> Result<RenewedTillCodes, Refused> {
        let keyed = self.keyed().await?;
        let mut done = RenewedTillCodes::default();
        for (dead, held) in self.unused_till_codes().await? {
            if !held.is_dead(&keyed.keys) || done.left.contains(&held.till) {
                continue;
            }
            let renewed = match done.failure {
                None => keyed.renew_till_code(&dead, &held.till, done.sent.contains(&held.till)).await,
                // The next ones would fail, or wait, as this one did.
                Some(_) => {
                    done.left.push(held.till);
                    continue;
                }
            };
            match renewed {
                Ok(true) => done.sent.push(held.till),
                Ok(false) => {}
                Err(refused) => {
                    done.failure = Some(refused);
                    done.left.push(held.till);
                }
            }
        }
        Ok(done)
    }

    /// Codes that were sent and whose time is not over, dead or not, with the names they are kept by, in the order of their
    /// tills.
    async fn unused_till_codes(&self) -> Result<Vec<(String, TillCode)>, Refused> {
        let mut unused = Vec::new();
        for name in self.ledger.keys(Kind::TillCodes).await? {
            let needs = Needs::new().and(Kind::TillCodes, &name);
            let held = self.ledger.transact(needs, |records| records.till_codes.get(&name).cloned()).await?;
            let now = u32::try_from(self.ledger.now_ms() / 1000).unwrap_or(u32::MAX);
            unused.extend(held.filter(|code| code.is_unused(now)).map(|code| (name, code)));
        }
        unused.sort_by(|(_, one), (_, other)| one.till.cmp(&other.till));
        Ok(unused)
    }

    /// Settles a held payment: its owner gets the money back, or its merchant keeps it.
    ///
    /// # Errors
    /// [`Code::NotFound`] for a payment that is not held.
    pub async fn settle_held(&self, account: &AccountId, payment: &str, give_back: bool) -> Result<(), Refused> {
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Payments, payment);
        self.decide(self.ledger.now_ms(), needs, |moment, records| {
            payments::settle(moment, records, account, payment, give_back)
        })
        .await
    }
}
