//! What the people who run the issuer do by hand: stop a till, settle a held payment, release an account, rotate keys.

use super::Issuer;
use super::error::Refused;
use super::funding::Funding;
use super::keys::Keys;
use super::ledger::{Kind, Ledger, Needs, Records};
use super::moment::Moment;
use super::{freeze, payments, tills};
use crate::code::Code;
use crate::rules::policy::Ceiling;
use crate::wire::id::{AccountId, Audience, Thumbprint};

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
    /// sent and not used are dead too; the answer is their tills, to which new ones are to be sent.
    ///
    /// # Errors
    /// [`Code::NoEntropy`]; [`Code::IssuerUnavailable`] if the ledger fails, or if another process rotates now.
    pub async fn rotate_keys(&self) -> Result<Vec<Audience>, Refused> {
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
        let mut waiting = Vec::new();
        for code in self.ledger.keys(Kind::TillCodes).await? {
            let needs = Needs::new().and(Kind::TillCodes, &code);
            let end = |moment: &Moment<'_>, records: &mut Records| Ok(tills::end_code(moment, records, &code));
            waiting.extend(self.decide(self.ledger.now_ms(), needs, end).await?);
        }
        waiting.sort();
        waiting.dedup();
        Ok(waiting)
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
