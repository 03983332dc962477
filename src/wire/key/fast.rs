//! The same check by graviola, whose arithmetic is s2n-bignum's formally verified assembler. It needs a processor of
//! about 2014 or later (x86-64 with AVX2 and ADX, or AArch64 with its cryptographic instructions); on any other one p256
//! decides. Verdicts are equal by test: Project Wycheproof's, every vector of this crate, and every boundary of r and s.

use super::{PublicKey, Signature};
use crate::wire::Refusal;
use graviola::hashing::Sha256;
use graviola::signing::ecdsa::{P256, VerifyingKey};

/// Whether this processor has the instructions; graviola panics where one is missing.
pub(super) fn is_possible() -> bool {
    graviola::util::is_cpu_supported()
}

/// Call it only where it [`is_possible`].
pub(super) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), Refusal> {
    VerifyingKey::<P256>::from_x962_uncompressed(&key.to_sec1())
        .and_then(|key| key.verify::<Sha256>(&[message], signature.as_bytes()))
        .map_err(|_| Refusal::BadSignature)
}

#[cfg(test)]
mod tests;
