//! The handles of a device: the names of its allowances in tokens, and what became of them.

use crate::wire::id::{Handle, Veil};
use crate::wire::money::Amount;
use serde::{Deserialize, Serialize};

/// A handle and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandleUse {
    /// The handle.
    pub handle: Handle,
    /// Its veil.
    pub veil: Veil,
    /// When its allowance ends, seconds since 1970; at no time for one that an earlier version of this crate kept.
    #[serde(default = "never")]
    pub until: u32,
    /// A payment under it, at the most: whatever came since, its wallet showed no more. No bound of its own for one that an
    /// earlier version of this crate kept.
    #[serde(default = "unbounded")]
    pub per_payment: Amount,
    /// Set by the first use of a later handle.
    pub retired: Option<Retired>,
}

/// How a handle ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Retired {
    /// When, seconds since 1970.
    pub at: u32,
    /// `iat` of the token that did it.
    pub issued_at: u32,
}

const fn never() -> u32 {
    u32::MAX
}

const fn unbounded() -> Amount {
    Amount::MAX
}
