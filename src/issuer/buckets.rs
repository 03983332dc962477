//! Limits on tries (protocol section 8, *Tries*). Each has one purpose and leaves the owner one way open; each says when it
//! ends, but for contact codes and card proofs, whose answers would tell too much. docs/account-safety.md has the table of who
//! could keep whom from what. Guessing what can't be guessed has none: tickets, stop codes, nonces, a passkey's answer, and
//! everything that a registered key signs.

use super::error::Refused;
use super::ledger::{Kind, Needs, Record, Records};
use super::messages::Message;
use super::moment::{CLOCKS_APART, Moment};
use super::settings::Attempts;
use crate::code::Code;
use crate::rules::breakers::Flow;
use crate::rules::policy;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::id::{AccountId, Audience, Thumbprint, to_base64};
use crate::wire::money::Amount;
use crate::wire::sha256;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};

/// The first wait after the free tries of a login, in seconds; each further try doubles it.
const FIRST_WAIT: u32 = 60;
/// The longest, in seconds.
const LONGEST_WAIT: u32 = 3600;
/// Rows of contact codes in a day that nobody enters a code of.
const MOST_UNASKED: u32 = 3;
/// Contact codes in a row: what one source asks for within [`ROW`] seconds of its first.
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
    fn count(&self, window: u32, now: u32) -> u32 {
        let recent = self.at.iter().filter(|at| at.saturating_add(window) > now).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    /// All that are kept under a key. One that is dated further ahead than another server's clock may be was made before the
    /// clock was put back: it would keep its owner waiting until that time has come again.
    fn kept(records: &Records, key: &str, now: u32) -> Self {
        let mut tries = records.tries.get(key).cloned().unwrap_or_default();
        tries.at.retain(|at| *at <= now.saturating_add(CLOCKS_APART));
        tries
    }

    fn of(records: &Records, key: &str, window: u32, now: u32) -> Self {
        let mut tries = Self::kept(records, key, now);
        tries.at.retain(|at| at.saturating_add(window) > now);
        tries
    }

    fn add(mut self, records: &mut Records, key: &str, window: u32, now: u32) {
        self.at.push(now);
        self.until = now.saturating_add(window);
        records.tries.put(key, self);
    }
}

/// One try that several buckets look at. It is counted in all of them once each has taken it: what one refuses fills no
/// other.
pub(super) struct Counts<'a> {
    now: u32,
    taken: Vec<(&'a str, u32, Tries)>,
}

impl<'a> Counts<'a> {
    /// None yet.
    pub(super) const fn at(now: u32) -> Self {
        Self { now, taken: Vec::new() }
    }

    /// Takes the try into a bucket of so many in a window.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`] with the seconds to wait.
    pub(super) fn most(&mut self, records: &Records, key: &'a str, most: u32, window: u32) -> Result<(), Refused> {
        let tries = Tries::of(records, key, window, self.now);
        if tries.count(window, self.now) >= most {
            let oldest = tries.at.iter().min().copied().unwrap_or(self.now);
            return Err(wait(oldest.saturating_add(window), self.now));
        }
        self.taken.push((key, window, tries));
        Ok(())
    }

    /// Takes the try into a bucket in which some are free in a day, and each further one waits twice as long after the one
    /// before.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`] with the seconds to wait.
    pub(super) fn slow(&mut self, records: &Records, key: &'a str, free: u32) -> Result<(), Refused> {
        let tries = Tries::of(records, key, DAY, self.now);
        if let Some(further) = tries.count(DAY, self.now).checked_sub(free) {
            let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(further)).min(LONGEST_WAIT);
            let ends = tries.at.iter().max().copied().unwrap_or_default().saturating_add(doubled);
            if ends > self.now {
                return Err(wait(ends, self.now));
            }
        }
        self.taken.push((key, DAY, tries));
        Ok(())
    }

    /// Counts the try in every bucket that took it.
    pub(super) fn add(self, records: &mut Records) {
        for (key, window, tries) in self.taken {
            tries.add(records, key, window, self.now);
        }
    }
}

/// The ceiling over the tries of all sources in an hour, known logins or not. One wide network has a tenth of it. Once all
/// together have reached it, those that brought it about wait, and whoever shares no network with them goes on: up to four
/// times as many, which is what the servers are to bear.
pub(super) struct Ceiling {
    /// Its key among [`Records::flows`], and what the operator is told of.
    all: &'static str,
    /// The wide network's key there.
    wide: String,
}

impl Ceiling {
    /// What one wide network may use: one part of so many.
    const WIDE_PART: u32 = 10;
    /// What a wide network may use that goes on beyond the ceiling: one part of so many.
    const LIGHT_PART: u32 = 400;
    /// How often the ceiling goes into what is borne in all.
    const TIMES: u32 = 4;

    /// Of all tries of this kind, and of those around a source.
    pub(super) fn over(all: &'static str, source: &str) -> Self {
        Self { all, wide: key(all, &[&wide_network(source)]) }
    }

    /// The records that it needs.
    pub(super) fn needs(&self) -> Needs {
        Needs::new().and(Kind::Flows, self.all).and(Kind::Flows, &self.wide)
    }

    /// Whether there is room for one more. The operator is told, once an hour, that the ceiling is reached.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`] with the seconds to wait.
    pub(super) fn check(&self, moment: &Moment<'_>, records: &mut Records) -> Result<(), Refused> {
        let (now, in_all) = (moment.now(), moment.settings.attempts.in_all);
        let flow = |records: &Records, place: &str| records.flows.get(place).cloned().unwrap_or_default();
        let (wide, mut all) = (flow(records, &self.wide), flow(records, self.all));
        let wait = |seconds: u32| Err(Refused::wait(Code::TooManyAttempts, seconds));
        if !has_room(&wide, in_all / Self::WIDE_PART, now) {
            return wait(wide.hour_ends(now));
        }
        if has_room(&all, in_all, now) {
            return Ok(());
        }
        let is_borne = has_room(&all, in_all.saturating_mul(Self::TIMES), now);
        let ends = all.hour_ends(now);
        if all.tell(now) {
            records.flows.put(self.all, all);
            records.messages.push(Message::crowded(moment.settings.operator.clone(), self.all, now));
        }
        match (is_borne, has_room(&wide, in_all / Self::LIGHT_PART, now)) {
            (true, true) => Ok(()),
            (true, false) => wait(ends.min(wide.hour_ends(now))),
            (false, _) => wait(ends),
        }
    }

    /// Counts one.
    pub(super) fn add(&self, records: &mut Records, now: u32) {
        for place in [self.wide.as_str(), self.all] {
            let mut flow = records.flows.get(place).cloned().unwrap_or_default();
            flow.add(Amount::of(1), false, now);
            records.flows.put(place, flow);
        }
    }
}

/// Whether a flow has room for one more in an hour, of so many or of one.
fn has_room(flow: &Flow, most: u32, now: u32) -> bool {
    let (hour, day) = (Amount::of(most.max(1)), Amount::MAX);
    let ceiling = policy::Ceiling { hour, day, new_payers_hour: u32::MAX, new_payers_day: u32::MAX };
    flow.check(&ceiling, Amount::of(1), false, now).is_ok()
}

/// Counts one try in one bucket, or refuses it.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn count(records: &mut Records, key: &str, most: u32, window: u32, now: u32) -> Result<(), Refused> {
    let mut counts = Counts::at(now);
    counts.most(records, key, most, window)?;
    counts.add(records);
    Ok(())
}

/// Counts one try in a bucket that refuses none. Whether they are many by now.
pub(super) fn note(records: &mut Records, key: &str, many: u32, window: u32, now: u32) -> bool {
    count(records, key, many, window, now).is_err() || Tries::of(records, key, window, now).count(window, now) >= many
}

/// Whether something happens for the first time in a window, and notes that it did.
pub(super) fn is_first(records: &mut Records, key: &str, window: u32, now: u32) -> bool {
    count(records, key, 1, window, now).is_ok()
}

fn wait(ends: u32, now: u32) -> Refused {
    Refused::wait(Code::TooManyAttempts, ends.saturating_sub(now).max(1))
}

/// What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address, which one household has.
pub(super) fn network(source: &str) -> String {
    masked(source, 32, 64)
}

/// What one customer of a network operator may have by itself: the first 24 bits of an IPv4 address, or 48 of an IPv6
/// address.
fn wide_network(source: &str) -> String {
    masked(source, 24, 48)
}

/// The network of an address, of so many bits in IPv4 and so many in IPv6. What is no address is a network of its own.
fn masked(source: &str, v4: u32, v6: u32) -> String {
    match source.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(v4)).unwrap_or_default();
            format!("{}/{v4}", Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        Ok(IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(v6)).unwrap_or_default();
            format!("{}/{v6}", Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        Err(_) => source.into(),
    }
}

/// The key of a bucket in [`Records::tries`]: its name, and the hash of whose or where it is. Each part is hashed with its
/// length, so that no login, written as it may be, makes two buckets one.
pub(super) fn key(bucket: &str, parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    format!("{bucket}/{}", to_base64(&sha256(&bytes)))
}

/// The keys under which a till's tokens of nobody are counted, and that the operator was told of them.
pub(super) fn guesses_keys(till: &Audience) -> [String; 2] {
    ["till", "till-told"].map(|bucket| key(bucket, &[till.as_str()]))
}

/// The key under which an account's card proofs are counted.
pub(super) fn card_proofs_key(account: &AccountId) -> String {
    key("card", &[account.as_str()])
}

/// Counts the till codes of one source that are none. They can't be guessed: this bounds what strangers make the ledger write,
/// in rows that are overwritten and that all servers over it share.
pub(super) struct TillCodes {
    source: String,
    ceiling: Ceiling,
}

impl TillCodes {
    /// From this source.
    pub(super) fn from(source: &str) -> Self {
        Self { source: key("till-codes", &["source", &network(source)]), ceiling: Ceiling::over("till-codes", source) }
    }

    /// The records that it needs.
    pub(super) fn needs(&self) -> Needs {
        self.ceiling.needs().and(Kind::Tries, &self.source)
    }

    /// Counts one.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`] with the seconds to wait.
    pub(super) fn count(&self, moment: &Moment<'_>, records: &mut Records) -> Result<(), Refused> {
        let Attempts { per_source, window, .. } = moment.settings.attempts;
        let mut counts = Counts::at(moment.now());
        counts.most(records, &self.source, per_source, window)?;
        self.ceiling.check(moment, records)?;
        self.ceiling.add(records, moment.now());
        counts.add(records);
        Ok(())
    }
}

/// The key under which it is noted that a device key once finished this login. It has tries of its own then.
pub(super) fn known_key(login: &str, thumb: Thumbprint) -> String {
    key("known", &[login, &thumb.to_string()])
}

/// Whether a device key once finished this login.
pub(super) fn is_known(records: &Records, key: &str, now: u32) -> bool {
    records.tries.get(key).is_some_and(|known| known.until > now)
}

/// Notes that a device key finished this login.
pub(super) fn know(records: &mut Records, key: &str, now: u32) {
    records.tries.put(key, Tries { at: Vec::new(), until: now.saturating_add(KNOWN) });
}

/// The keys under which an account's contact codes are counted: those that a known key asks for by itself, until it has used
/// them up, and then those of all.
pub(super) fn codes_keys(account: &AccountId, known: Option<Thumbprint>) -> Vec<String> {
    let own = known.map(|thumb| key("codes", &[account.as_str(), &thumb.to_string()]));
    own.into_iter().chain([key("codes", &[account.as_str()])]).collect()
}

/// The key under which the codes that one source asks for in a row are counted. A known key has a row of its own, or
/// strangers at its owner's address would fill it.
pub(super) fn row_key(account: &AccountId, source: &str, known: Option<Thumbprint>) -> String {
    match known {
        Some(thumb) => key("codes-row", &[account.as_str(), source, &thumb.to_string()]),
        None => key("codes-row", &[account.as_str(), source]),
    }
}

/// Counts a contact code under the first of these keys that has room for it; it counts no more once one is entered. Whether
/// it may be sent, and whether it is of the day's last row. What one source asks for within a minute is a row and counts
/// once: a page that is open in several tabs asks in each, with a key of its own.
pub(super) fn count_code(records: &mut Records, keys: &[String], row: &str, now: u32) -> Option<bool> {
    let mut in_row = Tries::kept(records, row, now);
    // From its first code on, not from each one: or codes that come steadily would be one row for ever.
    if in_row.at.first().is_none_or(|first| first.saturating_add(ROW) <= now) {
        in_row = Tries::default();
    }
    let before = in_row.count(ROW, now);
    if before >= MOST_IN_ROW {
        return None;
    }
    if before == 0 {
        keys.iter().find(|key| count(records, key, MOST_UNASKED, DAY, now).is_ok())?;
    }
    // Only what was sent begins a row.
    in_row.add(records, row, ROW, now);
    Some(keys.iter().all(|key| Tries::of(records, key, DAY, now).count(DAY, now) >= MOST_UNASKED))
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
        WeakProof::Key(thumb) => key("freeze", &[account.as_str(), "key", &thumb.to_string()]),
        WeakProof::Login => key("freeze", &[account.as_str(), "login"]),
        WeakProof::Message => key("freeze", &[account.as_str(), "message"]),
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
