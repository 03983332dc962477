//! Password hashes: argon2id (RFC 9106), a salt for each, and a hash to waste time on where there is no account.

use super::settings::PasswordCost;
use super::typed;
use crate::wire::id::Bytes;
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
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

fn hash(password: &str, salt: &[u8], cost: PasswordCost) -> Option<Zeroizing<[u8; 32]>> {
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

    /// What an unknown login is checked against: nothing matches it, and it takes as long as any other.
    pub(super) fn dummy(cost: PasswordCost) -> Self {
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
        let cost = PasswordCost { memory: self.memory, passes: self.passes, lanes: self.lanes };
        let Some(given) = hash(password, &self.salt.0, cost) else { return false };
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
mod tests;
