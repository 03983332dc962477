//! Password hashes: argon2id (RFC 9106), a salt for each, and a hash to waste time on where there is no account.

use super::settings::PasswordCost;
use crate::wire::id::Bytes;
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Longest password that is hashed, in bytes.
const LONGEST: usize = 1024;

/// A salted hash with its cost.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordHash {
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: Bytes,
    hash: Bytes,
}

fn hash(password: &str, salt: &[u8], cost: PasswordCost) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut out = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), salt, out.as_mut_slice()).ok()?;
    Some(out)
}

impl PasswordHash {
    /// Hashes a new password; none, if it is too long or the cost is not one argon2id takes.
    pub(super) fn new(password: &str, salt: [u8; 16], cost: PasswordCost) -> Option<Self> {
        if password.len() > LONGEST {
            return None;
        }
        let hash = Bytes(hash(password, &salt, cost)?.to_vec());
        let PasswordCost { memory, passes, lanes } = cost;
        Some(Self { memory, passes, lanes, salt: Bytes(salt.to_vec()), hash })
    }

    /// What an unknown login is checked against: nothing matches it, and it takes as long as any other.
    pub(super) fn dummy(cost: PasswordCost) -> Self {
        let PasswordCost { memory, passes, lanes } = cost;
        Self { memory, passes, lanes, salt: Bytes(vec![0; 16]), hash: Bytes(Vec::new()) }
    }

    /// Whether this is the password. Takes the hash's whole time in any case.
    pub(super) fn is(&self, password: &str) -> bool {
        let cost = PasswordCost { memory: self.memory, passes: self.passes, lanes: self.lanes };
        let password = if password.len() > LONGEST { "" } else { password };
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
