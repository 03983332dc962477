//! Is this token alive at this instant (protocol section 2).

use crate::wire::token::Token;

/// Life of a token that the wallet makes, in seconds.
pub const LIFETIME: u32 = 60;
/// How far ahead of the issuer's clock a token may be dated, in milliseconds.
pub const AHEAD_MS: u64 = 30_000;
/// How long after its end a token is still taken, in milliseconds.
pub const BEHIND_MS: u64 = 10_000;
/// How far the dates of two tokens may be out of the order of their counters, in seconds: the longest life and both
/// leeways. Within it a clock was put right; beyond it two keys count, or a wallet that has to name its counters.
pub const OUT_OF_ORDER: u32 = 160;
/// A token dated later than this after the device's last authenticated contact is offline, in seconds.
pub const OFFLINE_AFTER: u32 = 15 * 60;

/// Why a token is not alive. Neither is evidence of anything: an old photo must not hurt its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAlive {
    /// Past its end.
    Expired,
    /// Dated ahead.
    Ahead,
}

/// Checks a token's time against `now_ms`, milliseconds since 1970 when the till's first request arrived.
///
/// # Errors
/// [`NotAlive`].
pub fn check(token: &Token, now_ms: u64) -> Result<(), NotAlive> {
    let ms = |seconds: u32| u64::from(seconds) * 1000;
    if ms(token.issued_at) > now_ms.saturating_add(AHEAD_MS) {
        return Err(NotAlive::Ahead);
    }
    if now_ms >= ms(token.expires_at) + BEHIND_MS {
        return Err(NotAlive::Expired);
    }
    Ok(())
}

/// Whether a token was made without the issuer in reach; `last_contact` in seconds since 1970.
#[must_use]
pub const fn is_offline(token: &Token, last_contact: u32) -> bool {
    token.issued_at > last_contact.saturating_add(OFFLINE_AFTER)
}

#[cfg(test)]
mod tests;
