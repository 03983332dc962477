//! What every rule may see besides its records: the settings, the keys, one instant and random values drawn before.

use super::entropy::Chance;
use super::keys::Keys;
use super::settings::Settings;

/// How far the clocks of servers over one ledger may differ, in seconds: what another one made in the future by this clock
/// was made now. From further ahead, it was made before a clock was put back.
pub(super) const CLOCKS_APART: u32 = 30;

/// One transaction's view of the world. The same for every run of its rule.
pub(super) struct Moment<'a> {
    /// Settings.
    pub(super) settings: &'a Settings,
    /// The issuer's keys; ES256 here is deterministic (RFC 6979), so a rule may sign.
    pub(super) keys: &'a Keys,
    /// Milliseconds since 1970, by the ledger's clock when the call arrived.
    pub(super) now_ms: u64,
    /// Random values.
    pub(super) chance: Chance<'a>,
}

impl Moment<'_> {
    /// Seconds since 1970.
    pub(super) fn now(&self) -> u32 {
        seconds(self.now_ms)
    }
}

/// Whole seconds of milliseconds since 1970.
pub(super) fn seconds(ms: u64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}
