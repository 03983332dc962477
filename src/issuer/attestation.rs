//! The port to a platform's word that a device key lives in its key store (protocol section 7).
//!
//! What a phone's platform signs is its own business; an issuer plugs in a checker that knows it. Without one, nothing
//! is attested and custody `native` earns the limits of `browser`.

use crate::wire::id::{Nonce, Thumbprint};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::tagged_hash;

/// What an attestation must cover: this key, in this one registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The device key to be registered.
    pub thumb: Thumbprint,
    /// The issuer's nonce of the enrolment, or of the intent `rotate`.
    pub nonce: Nonce,
}

/// Knows which device keys a platform vouches for.
pub trait AttestationChecker: core::fmt::Debug + Send + Sync {
    /// Whether the platform attests the key of this claim. Bytes that can't be read attest nothing.
    fn attests(&self, claim: Claim, attestation: &[u8]) -> bool;
}

/// Believes nobody: the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NothingAttested;

impl AttestationChecker for NothingAttested {
    fn attests(&self, _: Claim, _: &[u8]) -> bool {
        false
    }
}

/// Believes whoever holds one configured key: a signature of 64 bytes (r‖s, P-256 with SHA-256) over
/// [`RootSigned::message`]. For an issuer whose own app service talks to the platform and passes its word on, and for
/// tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootSigned(pub PublicKey);

impl RootSigned {
    /// What is signed: SHA-256 of `jitsuin/v1/attestation`, a zero byte, the key's thumbprint and the nonce.
    #[must_use]
    pub fn message(claim: Claim) -> [u8; 32] {
        tagged_hash("jitsuin/v1/attestation", &[claim.thumb.as_bytes(), claim.nonce.as_bytes()])
    }
}

impl AttestationChecker for RootSigned {
    fn attests(&self, claim: Claim, attestation: &[u8]) -> bool {
        Signature::from_signer(attestation)
            .is_ok_and(|signature| self.0.verify(&Self::message(claim), &signature).is_ok())
    }
}
