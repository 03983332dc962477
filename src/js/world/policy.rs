//! The limits that a test gives the issuer of its world.

use crate::rules::policy::Policy;
use crate::wire::money::Amount;
use serde::Deserialize;

/// Limits of the world's issuer; what is left out stays as the protocol says.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    per_payment: Option<Amount>,
    per_day: Option<Amount>,
    top_ups_per_day: Option<u32>,
    cool_off_hours: Option<u32>,
}

impl Limits {
    /// Replaces what is given.
    pub(super) fn apply(self, policy: &mut Policy) {
        for tier in [&mut policy.cool_off, &mut policy.browser] {
            tier.per_payment = self.per_payment.unwrap_or(tier.per_payment);
            tier.per_key = self.per_day.unwrap_or(tier.per_key);
            tier.per_account = self.per_day.unwrap_or(tier.per_account);
        }
        policy.top_up.limits.count = self.top_ups_per_day.unwrap_or(policy.top_up.limits.count);
        let cool_off = self.cool_off_hours.map(|hours| hours.saturating_mul(3600));
        policy.cool_off_seconds = cool_off.unwrap_or(policy.cool_off_seconds);
    }
}
