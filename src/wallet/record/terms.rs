//! What the wallet keeps of its allowance.

use crate::wire::allowance::{Allowance, Offline, Tier};
use crate::wire::id::{Handle, Veil};
use crate::wire::json::json_object;
use crate::wire::money::{Amount, Currency};
use crate::wire::state::Left;

/// What an allowance allows, from its checked statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Names it in tokens.
    pub handle: Handle,
    /// Mixed into their signatures.
    pub veil: Veil,
    /// A payment, at the most.
    pub per_payment: Amount,
    /// Payments in 24 hours.
    pub count: u32,
    /// In all, in 24 hours.
    pub total: Amount,
    /// The part that may be used offline.
    pub offline: Offline,
    /// Currency.
    pub currency: Currency,
    /// End, seconds since 1970.
    pub until: u32,
    /// When the cool-off ends or ended, seconds since 1970.
    pub cooled_at: u32,
    /// The tier.
    pub tier: Tier,
    /// When it came, by the signed time of the first sync after it, seconds since 1970; 0 before that sync. The device's own
    /// clock may be wrong when an allowance comes.
    pub since: u32,
}
json_object! {
    open Terms {
        handle, veil, per_payment, count, total, offline, currency, until, cooled_at, tier, since,
    }
}

impl Terms {
    /// The terms of a checked allowance that has come now.
    #[must_use]
    pub fn new(allowance: &Allowance) -> Self {
        Self {
            handle: allowance.handle,
            veil: allowance.veil,
            per_payment: allowance.per_payment,
            count: allowance.count,
            total: allowance.total,
            offline: allowance.offline.clone(),
            currency: allowance.currency,
            until: allowance.until,
            cooled_at: allowance.cooled_at,
            tier: allowance.tier,
            since: 0,
        }
    }

    /// Dates an allowance that has come since the last sync, or that an earlier version dated by a clock that was ahead.
    pub fn date(&mut self, now: u32) {
        self.since = if self.since == 0 { now } else { self.since.min(now) };
    }

    /// When it came, in milliseconds since 1970: now, if no sync has told yet.
    #[must_use]
    pub const fn dated(&self, now_ms: u64) -> u64 {
        if self.since == 0 { now_ms } else { self.since as u64 * 1000 }
    }
}

/// What the issuer said is left, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftThen {
    /// What.
    pub left: Left,
    /// Seconds since 1970.
    pub as_of: u32,
}
json_object! { open LeftThen { left, as_of } }
