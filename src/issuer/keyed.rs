//! The issuer with the keys of one call. Each call begins with the newest keys of the ledger, so that every process over it
//! follows a rotation by itself; a call that began before one ends with the keys that it began with.

use super::Issuer;
use super::entropy::{Chance, Seed};
use super::error::Refused;
use super::funding::Funding;
use super::keys::{Keys, StoredKeys};
use super::ledger::{Kind, Ledger, Needs, Records};
use super::moment::Moment;
use crate::code::Code;
use crate::wire::id::IssuerId;
use alloc::sync::Arc;
use core::ops::Deref;
use std::sync::PoisonError;

/// How often the newest keys are looked for.
const LOOKS: usize = 8;

/// An issuer and the keys that one call works with from its beginning to its end.
pub(super) struct Keyed<'i, L, F> {
    issuer: &'i Issuer<L, F>,
    pub(super) keys: Arc<Keys>,
}

impl<L, F> Deref for Keyed<'_, L, F> {
    type Target = Issuer<L, F>;

    fn deref(&self) -> &Self::Target {
        self.issuer
    }
}

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    /// Runs one rule in one transaction. A refusal is kept like any other outcome.
    pub(super) async fn decide<R: Send>(
        &self,
        now_ms: u64,
        needs: Needs,
        rule: impl Fn(&Moment<'_>, &mut Records) -> Result<R, Refused> + Send + Sync,
    ) -> Result<R, Refused> {
        let seed = Seed::draw(&*self.entropy).map_err(|_| Code::NoEntropy)?;
        let decide = |records: &mut Records| {
            let chance = Chance::new(&seed);
            rule(&Moment { settings: &self.settings, keys: &self.keys, now_ms, chance }, records)
        };
        self.ledger.transact(needs, decide).await?
    }
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// The keys of the newest set that this process has met, whose public halves are in [`Keys::set`]. Another process may
    /// have rotated them since: each call looks.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// This issuer with the newest keys. That they are the newest takes one look at a table of one row.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails, or holds no keys of this issuer any more.
    pub(super) async fn keyed(&self) -> Result<Keyed<'_, L, F>, Refused> {
        let held = self.keys();
        let names = self.ledger.keys(Kind::IssuerKeys).await?;
        if names.as_slice() == [Keys::row(held.number())] {
            return Ok(Keyed { issuer: self, keys: held });
        }
        self.renewed().await
    }

    /// The same for a call that stops something: its look stands behind no other call's.
    ///
    /// # Errors
    /// As [`Issuer::keyed`].
    pub(super) async fn keyed_urgently(&self) -> Result<Keyed<'_, L, F>, Refused> {
        let held = self.keys();
        // A rotation puts the next row in the place of this one.
        let row = Keys::row(held.number());
        let needs = Needs::new().and(Kind::IssuerKeys, &row).urgent();
        if self.ledger.look(needs, |records| records.issuer_keys.get(&row).is_some()).await? {
            return Ok(Keyed { issuer: self, keys: held });
        }
        self.renewed().await
    }

    async fn renewed(&self) -> Result<Keyed<'_, L, F>, Refused> {
        let newest = newest(&self.ledger, &self.settings.issuer).await?;
        let keys = Arc::new(newest.ok_or(Code::IssuerUnavailable)?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
        Ok(Keyed { issuer: self, keys })
    }
}

/// Stored keys, opened for this issuer.
///
/// # Errors
/// [`Code::IssuerUnavailable`], with the issuer as its cause whose keys they are, where they are another's.
pub(super) fn opened(stored: &StoredKeys, issuer: &IssuerId) -> Result<Keys, Refused> {
    Keys::open(stored, issuer).map_err(|code| match stored.issuer() {
        Some(held) if held != *issuer => {
            Refused::failed(format!("it is the ledger of {held} and not of {issuer}: an issuer keeps its public URL"))
        }
        _ => code.into(),
    })
}

/// The keys that a ledger holds; none, if there are none yet.
///
/// # Errors
/// [`Code::IssuerUnavailable`] if the ledger fails, or holds another issuer's keys.
pub(super) async fn newest(ledger: &impl Ledger, issuer: &IssuerId) -> Result<Option<Keys>, Refused> {
    // Again only if they were rotated between the look at their name and the look at them.
    for _ in 0..LOOKS {
        let names = ledger.keys(Kind::IssuerKeys).await?;
        let Some(row) = names.first() else { return Ok(None) };
        let needs = Needs::new().and(Kind::IssuerKeys, row);
        if let Some(stored) = ledger.transact(needs, |records| records.issuer_keys.get(row).cloned()).await? {
            return Ok(Some(opened(&stored, issuer)?));
        }
    }
    Err(Code::IssuerUnavailable.into())
}
