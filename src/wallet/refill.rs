//! A fresh allowance before the old one ends, or when its owner asks for one.

use super::Wallet;
use super::calling::may_have_landed;
use super::client::By;
use super::error::Error;
use super::ports::Platform;
use super::record::{Data, LeftThen, Terms};
use super::room::Local;
use super::state::Status;
use crate::code::Code;
use crate::wire::allowance::Tier;
use crate::wire::calls::Refill;
use crate::wire::id::Bytes;
use crate::wire::intent::MAX_LIFETIME;
use crate::wire::money::Amount;
use crate::wire::state::Left;

/// A silent refill comes at most once in this many seconds.
const REFILL_APART: u32 = 24 * 3600;
/// An allowance this near its end is refilled, in seconds.
const REFILL_BEFORE: u32 = 48 * 3600;

/// What the owner agreed to in a refill.
#[derive(Clone, Copy)]
pub(super) struct AgreedTerms {
    /// A payment, at the most.
    pub(super) per_payment: Amount,
    /// Payments in 24 hours.
    pub(super) count: u32,
    /// In all, in 24 hours.
    pub(super) total: Amount,
    /// End, seconds since 1970.
    pub(super) until: u32,
}

impl AgreedTerms {
    /// Whether this allowance answers the agreement: it is the one that was agreed to, or one that the issuer gave without
    /// asking after the agreement had ended unfetched, whose end is later by at least as much as an intent lives.
    fn is_answered_by(&self, terms: &Terms) -> bool {
        let Terms { per_payment, count, total, until, .. } = *terms;
        let is_same = (per_payment, count, total, until) == (self.per_payment, self.count, self.total, self.until);
        is_same || until >= self.until.saturating_add(MAX_LIFETIME)
    }
}

impl<P: Platform> Wallet<P> {
    /// Fetches an allowance: the one that its owner `agreed` to, or else what the issuer gives without asking.
    ///
    /// # Errors
    /// As for signing, and what the issuer refuses; `issuer-untrusted` if what comes is not what was agreed to.
    pub(super) async fn fetch_allowance(&self, agreed: Option<AgreedTerms>) -> Result<(), Error> {
        let _turn = self.room.news.turn().await;
        self.renew(None, agreed).await?;
        // What is left of it counts once it is signed; if that does not come now, the next sync brings it.
        let _ = self.fetch_round(&mut false).await;
        Ok(())
    }

    /// Opens an allowance that came before the clock was learned, where it is late; or else refills, if it is time.
    pub(super) fn refill_silently(&self, late: bool) -> Option<Local<'_, Result<(), Error>>> {
        if late {
            let unopened = |data: &Data| data.account.as_ref().and(data.unopened.clone());
            let bytes = self.room.data.borrow().as_deref().and_then(unopened)?;
            return Some(self.renew(Some(bytes), None));
        }
        let now = self.now();
        let due = self.room.data.borrow().as_ref().is_some_and(|data| is_refill_due(data.allowance.as_ref(), now));
        (due && self.status() == Status::Ready).then(|| self.renew(None, None))
    }

    /// Takes an allowance that is here already, or else a fresh one from the issuer.
    fn renew(&self, late: Option<Bytes>, agreed: Option<AgreedTerms>) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let mut left = None;
            let bytes = match late {
                Some(bytes) => bytes,
                None => {
                    self.demand_ready()?;
                    // A storage that takes nothing would lose what the issuer gives out, and with it the handle to pay under.
                    self.change(|_| Ok(())).await?;
                    let reply = self.call_by_newest_key(By::Device, &Refill {}).await?;
                    left = Some(reply.left);
                    reply.allowance
                }
            };
            let now = self.now();
            let thumb = self.read(|data| data.device_key.thumbprint())?;
            let opened = self.open_allowance(&bytes.0, thumb).await;
            if let Err(error) = &opened
                && left.is_some()
                && (error.code == Code::ClockSkew || may_have_landed(error))
            {
                // The issuer gave it out: it is kept until the clock is learned, or the key that signed it, now or by the next
                // sync.
                let kept = bytes.clone();
                self.change(|data| {
                    data.unopened = Some(kept);
                    Ok(())
                })
                .await?;
                if error.code == Code::ClockSkew {
                    self.learn_time().await?;
                    return self.renew(Some(bytes), agreed).await;
                }
            }
            let terms = opened?;
            // One that was granted earlier may end later: a backend that kept it back gives it out as the answer. Codes under
            // a handle that the issuer has retired since would look like those of a copied key.
            if agreed.is_some_and(|agreed| !agreed.is_answered_by(&terms)) {
                return Err(Code::IssuerUntrusted.into());
            }
            self.change(|data| {
                if left.is_none() {
                    data.unopened = None;
                }
                // An allowance says nothing of the call that it answers: an earlier one, shown again, would make codes under a
                // handle that the issuer may have retired. Then the one that is here stays.
                let ends_before = data.allowance.as_ref().is_some_and(|held| terms.until < held.until);
                if ends_before || data.past_handles.contains(&terms.handle) {
                    return Ok(());
                }
                data.take_terms(*terms);
                // One that still waited to be opened came before this one.
                data.unopened = None;
                if let Some(left) = left {
                    data.left = Some(lowered(data.left, left, now));
                }
                Ok(())
            })
            .await
        })
    }
}

/// What is left by an answer that is not signed: no more than was believed before.
fn lowered(before: Option<LeftThen>, said: Left, now: u32) -> LeftThen {
    let Some(before) = before.filter(|before| now < before.left.resets_at) else {
        // What this wallet itself has counted is then the other bound.
        return LeftThen { left: said, as_of: now };
    };
    let left = Left {
        amount: before.left.amount.min(said.amount),
        count: before.left.count.min(said.count),
        resets_at: before.left.resets_at.max(said.resets_at),
    };
    LeftThen { left, ..before }
}

fn is_refill_due(terms: Option<&Terms>, now: u32) -> bool {
    let Some(terms) = terms else { return true };
    if terms.since == 0 {
        return false;
    }
    let cooled = terms.tier == Tier::CoolOff && terms.cooled_at <= now;
    let ending = terms.until <= now.saturating_add(REFILL_BEFORE);
    now >= terms.since.saturating_add(REFILL_APART) && (cooled || ending)
}
