//! RS256 for checking alone: one power modulo a public number, and a comparison with the one encoding that is right (RFC 8017
//! section 8.2.2). Nothing secret is computed with. The crate `rsa` also signs and decrypts, which is what
//! RUSTSEC-2023-0071 is about, and is not in the tree.

use crate::wire::{Refusal, sha256};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

/// An RSA modulus of 2,048 to 4,096 bits. The exponent is always 65,537.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey {
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
}

impl core::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RsaKey({} bytes)", self.modulus.len())
    }
}

/// The exponent is 2^16 + 1.
const SQUARES: usize = 16;

/// In bits.
const SIZES: core::ops::RangeInclusive<usize> = 2_048..=4_096;

/// `DigestInfo` of SHA-256 in DER, as far as the hash (RFC 8017 section 9.2).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

impl RsaKey {
    /// 65,537, big-endian.
    pub(super) const EXPONENT: [u8; 3] = [1, 0, 1];

    /// From modulus and exponent, big-endian without leading zeros.
    ///
    /// # Errors
    /// [`Refusal::BadKey`] for another exponent than 65,537, and for a modulus that is even, has a leading zero, or another
    /// size than 2,048 to 4,096 bits.
    pub fn new(modulus: Vec<u8>, exponent: &[u8]) -> Result<Self, Refusal> {
        let first = modulus.first().copied().unwrap_or_default();
        let bits = (modulus.len() * 8).saturating_sub(first.leading_zeros() as usize);
        let odd = modulus.last().is_some_and(|last| last & 1 == 1);
        if exponent != Self::EXPONENT || first == 0 || !odd || !SIZES.contains(&bits) {
            return Err(Refusal::BadKey);
        }
        Ok(Self { modulus })
    }

    /// The modulus, big-endian without leading zeros.
    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// Checks a signature as long as the modulus.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`].
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let length = self.modulus.len();
        let encoded = self.power(signature).ok_or(Refusal::BadSignature)?;
        // Whole words are longer than a modulus may be.
        let (before, encoded) = encoded.split_at_checked(encoded.len() - length).ok_or(Refusal::BadSignature)?;
        let padding = vec![0xff; length - DIGEST_INFO.len() - 32 - 3];
        let expected = [&[0, 1], padding.as_slice(), &[0], &DIGEST_INFO, &sha256(message)].concat();
        if before.iter().all(|byte| *byte == 0) && encoded == expected { Ok(()) } else { Err(Refusal::BadSignature) }
    }

    /// The signature to the power of the exponent, in whole words. `None` for one of another length, or not below the
    /// modulus.
    fn power(&self, signature: &[u8]) -> Option<Box<[u8]>> {
        if signature.len() != self.modulus.len() {
            return None;
        }
        let (modulus, signature) =
            (BoxedUint::from_be_slice_vartime(&self.modulus), BoxedUint::from_be_slice_vartime(signature));
        if signature >= modulus {
            return None;
        }
        let modulus = BoxedMontyParams::new_vartime(Option::from(Odd::new(modulus))?);
        let signature = BoxedMontyForm::new(signature, &modulus);
        let mut power = signature.clone();
        for _ in 0..SQUARES {
            power = power.square();
        }
        Some(power.mul(&signature).retrieve().to_be_bytes())
    }
}
