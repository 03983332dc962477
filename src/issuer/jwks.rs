//! The issuer's keys as a JSON Web Key Set (RFC 7517), for tools written by others: an auditor, a shop, a scheme. A wallet
//! does not read it, since nothing in it is signed (protocol section 3, key set).

use crate::wire::id::Handle;
use crate::wire::key_set::{IssuerKey, KeySet, Use};
use serde::Serialize;

/// GET: the key set in force.
pub const PATH: &str = "/.well-known/jwks.json";

/// Its media type (RFC 7517 section 8.5.2).
pub const TYPE: &str = "application/jwk-set+json";

/// A JWK set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// One for each use.
    pub keys: Vec<PublishedKey>,
}

/// One key: the members of RFC 7517 and 7518, and `purpose`, the one thing it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    /// The eight bytes of a statement's `kid`, base64url.
    pub kid: Handle,
    /// What it may sign.
    pub purpose: Use,
    /// First second at which it signs, since 1970.
    pub nbf: u32,
    /// First second at which it no longer does.
    pub exp: u32,
}

impl Jwks {
    /// The keys of a set.
    #[must_use]
    pub fn of(set: &KeySet) -> Self {
        Self { keys: set.keys.iter().map(PublishedKey::of).collect() }
    }
}

impl PublishedKey {
    fn of(key: &IssuerKey) -> Self {
        let jwk = key.key.to_jwk();
        Self {
            kty: jwk.kty,
            crv: jwk.crv,
            x: jwk.x,
            y: jwk.y,
            alg: "ES256",
            usage: "sig",
            kid: key.kid,
            purpose: key.usage,
            nbf: key.not_before,
            exp: key.not_after,
        }
    }
}

#[cfg(test)]
mod tests;
