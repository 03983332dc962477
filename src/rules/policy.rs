//! The limits, one structure (protocol section 8). Every figure is a default that an issuer may replace.

use crate::wire::allowance::{Offline, Tier};
use crate::wire::money::Amount;

/// What may move in a rolling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One payment.
    pub per_payment: Amount,
    /// One key, 24 hours.
    pub per_key: Amount,
    /// The whole account, 24 hours.
    pub per_account: Amount,
    /// Payments of one key, 24 hours.
    pub count: u32,
}

/// What may be topped up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpLimits {
    /// One top-up, and the sums and count of 24 hours.
    pub limits: Limits,
    /// Seconds between two top-ups.
    pub apart: u32,
}

/// All limits of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// First day of a device key.
    pub cool_off: Limits,
    /// `software`, `browser`.
    pub browser: Limits,
    /// `passkey`, clean 30 days.
    pub passkey: Limits,
    /// `native`, attested.
    pub native: Limits,
    /// Top-ups, each with a step-up.
    pub top_up: TopUpLimits,
    /// Payments with tokens made offline.
    pub offline: Offline,
    /// Length of the cool-off in seconds.
    pub cool_off_seconds: u32,
    /// Life of an allowance in seconds.
    pub allowance_seconds: u32,
    /// Life of an intent in seconds.
    pub intent_seconds: u32,
    /// Open intents of one device.
    pub open_intents: u32,
    /// How long a till may reverse its own payment, in seconds.
    pub reversal_seconds: u32,
    /// A second debit of one device this soon after the first needs a token made after it, in seconds.
    pub second_debit_seconds: u32,
    /// The same at one till, in seconds.
    pub second_debit_at_till_seconds: u32,
}

const fn limits(per_payment: u32, per_key: u32, per_account: u32, count: u32) -> Limits {
    Limits {
        per_payment: Amount::of(per_payment),
        per_key: Amount::of(per_key),
        per_account: Amount::of(per_account),
        count,
    }
}

impl Default for Policy {
    /// The protocol's defaults, in yen.
    fn default() -> Self {
        Self {
            cool_off: limits(3_000, 3_000, 3_000, 3),
            browser: limits(10_000, 20_000, 50_000, 10),
            passkey: limits(30_000, 50_000, 100_000, 20),
            native: limits(50_000, 100_000, 150_000, 30),
            top_up: TopUpLimits { limits: limits(30_000, 50_000, 50_000, 3), apart: 600 },
            offline: Offline { per_payment: Amount::of(5_000), count: 2, total: Amount::of(10_000) },
            cool_off_seconds: 24 * 3600,
            allowance_seconds: 7 * 24 * 3600,
            intent_seconds: 300,
            open_intents: 3,
            reversal_seconds: 15 * 60,
            second_debit_seconds: 10,
            second_debit_at_till_seconds: 60,
        }
    }
}

impl Policy {
    /// The limits of a tier.
    #[must_use]
    pub const fn of(&self, tier: Tier) -> &Limits {
        match tier {
            Tier::CoolOff => &self.cool_off,
            Tier::Browser => &self.browser,
            Tier::Passkey => &self.passkey,
            Tier::Native => &self.native,
        }
    }
}
