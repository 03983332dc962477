//! Limits on tries (protocol section 8, *Buckets*). Each has one purpose, says when it ends, and leaves the owner one way
//! open; docs/account-safety.md has the table of who could keep whom from what. What can't be guessed has none: tickets,
//! stop codes, nonces, a passkey's answer, and everything that a registered key signs.

use super::error::Refused;
use super::ledger::{Record, Records};
use super::moment::Moment;
use super::settings::Attempts;
use crate::code::Code;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::id::{AccountId, Thumbprint};
use core::net::{IpAddr, Ipv6Addr};
use serde::{Deserialize, Serialize};

/// The first wait after the free tries of a login, in seconds; each further try doubles it.
const FIRST_WAIT: u32 = 60;
/// The longest, in seconds.
const LONGEST_WAIT: u32 = 3600;
/// Contact codes in a day that nobody enters.
const MOST_UNASKED: u32 = 3;
/// Contact codes of one source that count once if they come within [`ROW`] seconds.
const MOST_IN_ROW: u32 = 5;
/// See [`MOST_IN_ROW`].
const ROW: u32 = 60;
/// Freezes of an account that works, in a day, by one and the same weak proof.
const MOST_FREEZES: u32 = 3;
/// How long a device key that finished a login is known, in seconds: 400 days.
const KNOWN: u32 = 400 * DAY;

/// When somebody tried, in a rolling window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tries {
    /// Seconds since 1970.
    at: Vec<u32>,
    /// When the newest leaves the window.
    until: u32,
}

impl Record for Tries {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

impl Tries {
    /// Tries in a window.
    pub(super) fn count(&self, window: u32, now: u32) -> u32 {
        let recent = self.at.iter().filter(|at| at.saturating_add(window) > now).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    fn of(records: &Records, key: &str, window: u32, now: u32) -> Self {
        let mut tries = records.tries.get(key).cloned().unwrap_or_default();
        tries.at.retain(|at| at.saturating_add(window) > now);
        tries
    }

    fn add(mut self, records: &mut Records, key: &str, window: u32, now: u32) {
        self.at.push(now);
        self.until = now.saturating_add(window);
        records.tries.put(key, self);
    }
}

/// Counts one try under a key of [`Records::tries`], or refuses it.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn count(records: &mut Records, key: &str, most: u32, window: u32, now: u32) -> Result<(), Refused> {
    let tries = Tries::of(records, key, window, now);
    if tries.count(window, now) >= most {
        let oldest = tries.at.iter().min().copied().unwrap_or(now);
        return Err(wait(oldest.saturating_add(window), now));
    }
    tries.add(records, key, window, now);
    Ok(())
}

/// Counts one try under a key, or refuses it: some are free in a day, each further one waits twice as long after the one
/// before.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn slow(records: &mut Records, key: &str, free: u32, now: u32) -> Result<(), Refused> {
    let tries = Tries::of(records, key, DAY, now);
    if let Some(further) = tries.count(DAY, now).checked_sub(free) {
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(further)).min(LONGEST_WAIT);
        let ends = tries.at.iter().max().copied().unwrap_or_default().saturating_add(doubled);
        if ends > now {
            return Err(wait(ends, now));
        }
    }
    tries.add(records, key, DAY, now);
    Ok(())
}

fn wait(ends: u32, now: u32) -> Refused {
    Refused::wait(Code::TooManyAttempts, ends.saturating_sub(now).max(1))
}

/// What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address, which one household has.
pub(super) fn network(source: &str) -> String {
    match source.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Err(_) => source.into(),
    }
}

/// The key under which the till codes of one source are counted.
pub(super) fn till_codes_key(source: &str) -> String {
    format!("till-codes/{}", network(source))
}

/// Counts a till code from one source.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn count_till_code(moment: &Moment<'_>, records: &mut Records, key: &str) -> Result<(), Refused> {
    let Attempts { per_source, window, .. } = moment.settings.attempts;
    count(records, key, per_source, window, moment.now())
}

/// The key under which it is noted that a device key once finished this login. It has a way of its own then.
pub(super) fn known_key(login: &str, thumb: Thumbprint) -> String {
    format!("known/{login}/{thumb}")
}

/// Whether a device key once finished this login.
pub(super) fn is_known(records: &Records, key: &str, now: u32) -> bool {
    records.tries.get(key).is_some_and(|known| known.until > now)
}

/// Notes that a device key finished this login.
pub(super) fn know(records: &mut Records, key: &str, now: u32) {
    records.tries.put(key, Tries { at: Vec::new(), until: now.saturating_add(KNOWN) });
}

/// The key under which an account's contact codes are counted: all that strangers' keys ask for, and each known key's own.
pub(super) fn codes_key(account: &AccountId, known: Option<Thumbprint>) -> String {
    known.map_or_else(|| format!("codes/{account}"), |thumb| format!("codes/{account}/{thumb}"))
}

/// The key under which the codes that one source asks for in a row are counted.
pub(super) fn row_key(account: &AccountId, source: &str) -> String {
    format!("codes-row/{account}/{source}")
}

/// Counts a contact code, which counts no more once one is entered. Whether it may be sent, and whether it is the day's last.
/// What one source asks for within a minute counts once: a page that is open in several tabs asks in each, with a key of its own.
pub(super) fn count_code(records: &mut Records, key: &str, row: &str, now: u32) -> Option<bool> {
    let in_row = Tries::of(records, row, ROW, now);
    let before = in_row.count(ROW, now);
    if before >= MOST_IN_ROW {
        return None;
    }
    if before == 0 {
        count(records, key, MOST_UNASKED, DAY, now).ok()?;
    }
    // Only what was sent begins a row.
    in_row.add(records, row, ROW, now);
    Some(Tries::of(records, key, DAY, now).count(DAY, now) >= MOST_UNASKED)
}

/// A weak proof that freezes: each kind has a day's freezes of its own, so that nobody uses up another's.
#[derive(Clone, Copy, Debug)]
pub(super) enum WeakProof {
    /// This device or channel key.
    Key(Thumbprint),
    /// Login and contact code.
    Login,
    /// The stop code of a message.
    Message,
}

/// The key under which an account's freezes by this proof are counted.
pub(super) fn freezes_key(account: &AccountId, proof: WeakProof) -> String {
    match proof {
        WeakProof::Key(thumb) => format!("freeze/{account}/{thumb}"),
        WeakProof::Login => format!("freeze/{account}/login"),
        WeakProof::Message => format!("freeze/{account}/message"),
    }
}

/// Counts a freeze by a weak proof.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn count_freeze(records: &mut Records, key: &str, now: u32) -> Result<(), Refused> {
    count(records, key, MOST_FREEZES, DAY, now)
}

#[cfg(test)]
mod tests;
