//! Password hashes: argon2id (RFC 9106), a salt for each, and a hash to waste time on where there is no account.

use super::settings::PasswordCost;
use super::typed;
use crate::wire::id::Bytes;
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// A salted hash with its cost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: Bytes,
    hash: Bytes,
}

/// What a typed password is to a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Another one.
    None,
    /// The password.
    Prepared,
    /// The password, of which the hash holds the text as it was typed: it is to be made again.
    Raw,
}

/// The costs at which the hashes of a ledger were made. A login spends each of them, on the hash that it has or on none, so
/// that its time tells neither whether anybody has it nor when its owner last logged in.
pub(super) struct Costs {
    current: PasswordCost,
    /// Every one that was met, the current one too.
    met: Mutex<Vec<PasswordCost>>,
}

impl Costs {
    /// New hashes are made at `current`; there are some of `met`.
    pub(super) fn new(current: PasswordCost, met: Vec<PasswordCost>) -> Self {
        let costs = Self { current, met: Mutex::new(met) };
        costs.meet(current);
        costs
    }

    /// Every cost that was met, and this one from now on.
    fn meet(&self, cost: PasswordCost) -> Vec<PasswordCost> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if !met.contains(&cost) {
            met.push(cost);
        }
        met.clone()
    }

    /// Whether this is the password of a login, if anybody has that; and its hash to be kept in the place of the one that was
    /// checked, if that is of what was typed or of another cost.
    pub(super) fn check(
        &self,
        held: Option<&PasswordHash>,
        typed: &str,
        salt: [u8; 16],
    ) -> (Match, Option<PasswordHash>) {
        let of_login = held.map_or(self.current, PasswordHash::cost);
        let costs = self.meet(of_login);
        let mut matched = Match::None;
        for cost in &costs {
            match held.filter(|_| *cost == of_login) {
                Some(held) => matched = held.compare(typed),
                None => {
                    PasswordHash::dummy(*cost).compare(typed);
                }
            }
        }
        // Made whether the password is right or not, so that this takes the same time.
        let is_due = |prepared: &String| costs.len() > 1 || prepared != typed;
        let renewed =
            typed::password(typed).filter(is_due).and_then(|prepared| PasswordHash::new(&prepared, salt, self.current));
        let is_old = matched == Match::Raw || (matched == Match::Prepared && of_login != self.current);
        (matched, renewed.filter(|_| is_old))
    }
}

fn hash(password: &str, salt: &[u8], cost: PasswordCost) -> Option<Zeroizing<[u8; 32]>> {
    #[cfg(test)]
    tests::WORK.with_borrow_mut(|work| work.push((cost, password.len())));
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut out = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), salt, out.as_mut_slice()).ok()?;
    Some(out)
}

impl PasswordHash {
    /// Hashes a new password; none, if it can't be one or the cost is not one argon2id takes.
    pub(super) fn new(password: &str, salt: [u8; 16], cost: PasswordCost) -> Option<Self> {
        let password = Zeroizing::new(typed::password(password)?);
        let hash = Bytes(hash(&password, &salt, cost)?.to_vec());
        let PasswordCost { memory, passes, lanes } = cost;
        Some(Self { memory, passes, lanes, salt: Bytes(salt.to_vec()), hash })
    }

    /// The cost that it was made at.
    pub(super) const fn cost(&self) -> PasswordCost {
        PasswordCost { memory: self.memory, passes: self.passes, lanes: self.lanes }
    }

    /// What an unknown login is checked against: nothing matches it, and it takes as long as any other of this cost.
    fn dummy(cost: PasswordCost) -> Self {
        let PasswordCost { memory, passes, lanes } = cost;
        Self { memory, passes, lanes, salt: Bytes(vec![0; 16]), hash: Bytes(Vec::new()) }
    }

    /// Whether this is the password. A hash that was made before passwords had one form is of what was typed then. How long it
    /// takes depends on what is typed and not on whether it is right.
    pub(super) fn compare(&self, typed: &str) -> Match {
        let raw = if typed.len() > typed::LONGEST_PASSWORD { "" } else { typed };
        let prepared = typed::password(raw).map(Zeroizing::new);
        let as_prepared = prepared.as_ref().is_some_and(|prepared| self.is(prepared));
        let as_raw = prepared.is_none_or(|prepared| *prepared != raw) && self.is(raw);
        match (as_prepared, as_raw) {
            (true, _) => Match::Prepared,
            (false, true) => Match::Raw,
            (false, false) => Match::None,
        }
    }

    /// Whether the hash is of this text. Takes the hash's whole time in any case.
    fn is(&self, password: &str) -> bool {
        let Some(given) = hash(password, &self.salt.0, self.cost()) else { return false };
        same(given.as_slice(), &self.hash.0)
    }
}

/// Compares two secrets by their HMAC, whose comparison takes constant time.
fn same(a: &[u8], b: &[u8]) -> bool {
    let tag =
        |bytes: &[u8]| Hmac::<Sha256>::new_from_slice(b"jitsuin/v1/compare").ok().map(|mac| mac.chain_update(bytes));
    match (tag(a), tag(b)) {
        (Some(a), Some(b)) => a.verify(&b.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests;
