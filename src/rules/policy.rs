//! The limits, one structure (protocol section 8). Every figure is a default that an issuer may replace.

use crate::wire::allowance::{Offline, Tier};
use crate::wire::money::Amount;
use serde::{Deserialize, Serialize};

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

/// What one place may take before its breaker trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Minor units in an hour.
    pub hour: Amount,
    /// Minor units in a day.
    pub day: Amount,
    /// Accounts that had never paid this merchant, in an hour.
    pub new_payers_hour: u32,
    /// The same in a day.
    pub new_payers_day: u32,
}

/// Circuit breakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakers {
    /// One till.
    pub till: Ceiling,
    /// One merchant, all tills.
    pub merchant: Ceiling,
    /// A young merchant, and each of its tills.
    pub young: Ceiling,
    /// Days after its registration that a merchant is young, in seconds.
    pub young_seconds: u32,
    /// The whole issuer.
    pub all: Ceiling,
    /// Parts that the whole issuer's ceiling is cut into, by account, so that payments don't queue for one sum. Each
    /// part trips by itself at its share: in all it is never more than the ceiling.
    pub shares: u32,
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
    /// How long nothing may have spoken against a key of custody `passkey` before it earns that tier, in seconds.
    pub clean_seconds: u32,
    /// Life of an allowance in seconds.
    pub allowance_seconds: u32,
    /// Life of an intent in seconds.
    pub intent_seconds: u32,
    /// How long a till may reverse its own payment, in seconds.
    pub reversal_seconds: u32,
    /// A second debit of one device this soon after the first needs a token made after it, in seconds.
    pub second_debit_seconds: u32,
    /// The same at one till, in seconds.
    pub second_debit_at_till_seconds: u32,
    /// Receipts that codes of one device key which are refused and not taken write in an hour: of a key that is suspended, of an
    /// account that is frozen, for another till, dated ahead. So whoever copied a key does not fill its owner's history.
    pub untaken_receipts_hour: u32,
    /// A payment at another place this soon after one holds that one, in seconds, unless its token was made after the
    /// wallet had shown the first one's receipt.
    pub elsewhere_seconds: u32,
    /// A held payment is released this long after the wallet fetched the receipt that says so, in seconds.
    pub hold_seconds: u32,
    /// And this long after it was held at the latest, in seconds.
    pub hold_most_seconds: u32,
    /// Circuit breakers.
    pub breakers: Breakers,
    /// Life of a stop code, with which a contact freezes the account, in seconds.
    pub stop_seconds: u32,
    /// Life of a code or passkey challenge that freezes or unfreezes, in seconds.
    pub order_seconds: u32,
    /// How long evidence is kept, in seconds: thirteen months.
    pub evidence_seconds: u32,
}

const fn limits(per_payment: u32, per_key: u32, per_account: u32, count: u32) -> Limits {
    Limits {
        per_payment: Amount::of(per_payment),
        per_key: Amount::of(per_key),
        per_account: Amount::of(per_account),
        count,
    }
}

const fn ceiling(hour: u32, day: u32, new_payers_hour: u32, new_payers_day: u32) -> Ceiling {
    Ceiling { hour: Amount::of(hour), day: Amount::of(day), new_payers_hour, new_payers_day }
}

impl Ceiling {
    /// One of `parts` equal shares, rounded down.
    #[must_use]
    pub fn share(&self, parts: u32) -> Self {
        let parts = parts.max(1);
        let amount = |whole: Amount| Amount::new(whole.minor_units() / u64::from(parts)).unwrap_or(Amount::ZERO);
        Self {
            hour: amount(self.hour),
            day: amount(self.day),
            new_payers_hour: self.new_payers_hour / parts,
            new_payers_day: self.new_payers_day / parts,
        }
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
            clean_seconds: 30 * 24 * 3600,
            allowance_seconds: 7 * 24 * 3600,
            intent_seconds: 300,
            reversal_seconds: 15 * 60,
            second_debit_seconds: 10,
            second_debit_at_till_seconds: 60,
            untaken_receipts_hour: 3,
            elsewhere_seconds: 180,
            hold_seconds: 24 * 3600,
            hold_most_seconds: 7 * 24 * 3600,
            breakers: Breakers {
                till: ceiling(500_000, 2_000_000, 100, 500),
                merchant: ceiling(3_000_000, 15_000_000, 1_000, 5_000),
                young: ceiling(50_000, 150_000, 10, 30),
                young_seconds: 30 * 24 * 3600,
                all: ceiling(100_000_000, 500_000_000, 50_000, 200_000),
                shares: 8,
            },
            stop_seconds: 300,
            order_seconds: 300,
            evidence_seconds: 396 * 24 * 3600,
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
