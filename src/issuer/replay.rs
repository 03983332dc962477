//! Single use: which counters of a device key were taken, and what looks like a second copy of the key
//! (protocol section 2, "Single use and clones").

use crate::rules::lifetime::OUT_OF_ORDER;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::calls::Outcome;
use crate::wire::id::{Audience, Hash};
use crate::wire::money::Amount;
use crate::wire::sha256;
use crate::wire::sign1::encode;
use crate::wire::token::Token;
use serde::{Deserialize, Serialize};

/// How far ahead of the highest counter a token may be.
const MOST_AHEAD: u32 = 65_536;
/// How far behind the highest counter a token may still be taken.
const WIDTH: u32 = 64;

/// For how long a receipt of a refused token counts, in seconds.
const HOUR: u32 = 3_600;
/// Refused tokens that are remembered at the least.
const REMEMBERED: usize = 16;

/// Up to here a key that replaces another goes on counting.
const HALF: u32 = u32::MAX / 2;

/// One token that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Its counter.
    pub atc: u32,
    /// Its random part.
    pub random: [u8; 4],
    /// Its `iat`.
    pub issued_at: u32,
    /// [`claims_hash`]: what makes a repeat of the same token, and nothing else.
    pub claims: Hash,
    /// When it was taken, seconds since 1970.
    pub at: u32,
    /// Where.
    pub till: Audience,
    /// The amount asked for.
    pub amount: Amount,
    /// What the till was told.
    pub outcome: Outcome,
    /// The payment, if one was made.
    pub payment: Option<String>,
    /// Number of its receipt.
    #[serde(default)]
    pub seq: u64,
}

/// One token that was refused without being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RefusedToken {
    atc: u32,
    random: [u8; 4],
    /// When, seconds since 1970.
    at: u32,
}

/// The counters of one device key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Highest counter taken, and its token's `iat`.
    highest: Option<(u32, u32)>,
    /// The last 24 hours, and in any case the last 64 counters.
    uses: Vec<Use>,
    /// The last tokens that were refused without being taken and wrote a receipt.
    #[serde(default)]
    refused: Vec<RefusedToken>,
    /// Counters up to here count as used and are evidence of nothing: the wallet named them, for a wrong clock may have
    /// dated them.
    #[serde(default)]
    named: u32,
}

/// Stands for everything that a token says. Counter and random part alone would let an owner sign new tokens that pass
/// as repeats of a paid one.
#[must_use]
pub fn claims_hash(token: &Token) -> Hash {
    Hash(sha256(&encode(token)))
}

/// What a token is to a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement<'w> {
    /// Not seen, and in order.
    Fresh,
    /// Exactly this token was taken before.
    Repeat(&'w Use),
    /// Too far behind to tell; it counts as used.
    Behind,
    /// What only a copied key makes.
    Clone,
}

impl Window {
    /// The use that a receipt records.
    #[must_use]
    pub fn used(&self, seq: u64) -> Option<&Use> {
        self.uses.iter().find(|seen| seen.seq == seq && seen.payment.is_some())
    }

    /// The counters of a key that replaces this one: it goes on above them, or from the start once half of all were used.
    #[must_use]
    pub fn follow(&self) -> Self {
        let (highest, named) = if self.floor() <= HALF { (self.highest, self.named) } else { (None, 0) };
        Self { highest, uses: Vec::new(), refused: Vec::new(), named }
    }

    /// Judges a live token whose signature held.
    #[must_use]
    pub fn judge(&self, token: &Token) -> Judgement<'_> {
        self.judge_claims(token.atc, token.issued_at, &claims_hash(token))
    }

    /// The same by what a window keeps of a token: its counter, its `iat` and its [`claims_hash`].
    #[must_use]
    pub fn judge_claims(&self, atc: u32, issued_at: u32, claims: &Hash) -> Judgement<'_> {
        if let Some(seen) = self.uses.iter().find(|seen| seen.atc == atc) {
            return match seen.claims == *claims {
                true => Judgement::Repeat(seen),
                false if atc <= self.named => Judgement::Behind,
                false => Judgement::Clone,
            };
        }
        if atc <= self.named {
            return Judgement::Behind;
        }
        if atc > self.floor().saturating_add(MOST_AHEAD) || self.disagrees(atc, issued_at) {
            return Judgement::Clone;
        }
        // The highest one itself is only unknown here if the key before this one took it.
        let is_behind = |(highest, _): (u32, u32)| atc == highest || atc.saturating_add(WIDTH) <= highest;
        if self.highest.is_some_and(is_behind) { Judgement::Behind } else { Judgement::Fresh }
    }

    /// Whether counters and dates of two tokens are in different order by more than clocks explain. What was named says
    /// nothing about dates.
    fn disagrees(&self, atc: u32, issued_at: u32) -> bool {
        let later = |one: u32, other: u32| one > other.saturating_add(OUT_OF_ORDER);
        let against = |seen: u32, seen_at: u32| {
            seen > self.named
                && ((atc > seen && later(seen_at, issued_at)) || (atc < seen && later(issued_at, seen_at)))
        };
        self.highest.is_some_and(|(seen, seen_at)| against(seen, seen_at))
            || self.uses.iter().any(|seen| against(seen.atc, seen.issued_at))
    }

    /// Counts every counter up to this one as used, and as evidence of nothing. Whether it did: not more than 65,536 ahead.
    #[must_use]
    pub fn name(&mut self, counter: u32) -> bool {
        let is_near = counter <= self.floor().saturating_add(MOST_AHEAD);
        if is_near {
            self.named = self.named.max(counter);
        }
        is_near
    }

    /// Takes a token. Forgets what is older than 24 hours and outside the last 64 counters.
    pub fn take(&mut self, taken: Use) {
        let now = taken.at;
        if self.highest.is_none_or(|(atc, _)| taken.atc > atc) {
            self.highest = Some((taken.atc, taken.issued_at));
        }
        self.uses.push(taken);
        let floor = self.floor();
        self.uses.retain(|seen| seen.at.saturating_add(DAY) > now || seen.atc.saturating_add(WIDTH) > floor);
    }

    /// Highest counter taken or named; 0 if none was.
    #[must_use]
    pub fn floor(&self) -> u32 {
        self.highest.map_or(0, |(atc, _)| atc).max(self.named)
    }

    /// Notes a token that is refused without being taken at `now`, in seconds since 1970. Whether it writes a receipt: one for each
    /// token, and at most `most` in an hour.
    pub fn note(&mut self, token: &Token, now: u32, most: u32) -> bool {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // A distance: where the ledger's clock was put back the bound holds too.
        let recent = self.refused.iter().filter(|refused| refused.at.abs_diff(now) < HOUR).count();
        let is_known = self.refused.iter().any(|refused| (refused.atc, refused.random) == (token.atc, token.random));
        if is_known || recent >= most {
            return false;
        }
        if self.refused.len() >= REMEMBERED.max(most) {
            self.refused.remove(0);
        }
        self.refused.push(RefusedToken { atc: token.atc, random: token.random, at: now });
        true
    }
}

#[cfg(test)]
mod tests;
