//! Public keys of passkeys: ES256, RS256 or EdDSA (protocol section 1), as a COSE_Key of the authenticator's or as a JWK,
//! and the check of a signature under each.

mod rsa;

pub use rsa::RsaKey;

use crate::wire::cbor::{Reader, Writer, read_map};
use crate::wire::id::{Bytes, Hash};
use crate::wire::json::{self, BadJson, FromJson, Json, ToJson, json_serde};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::{Field, Refusal};
use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};

/// A passkey's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialKey {
    /// ECDSA over P-256 with SHA-256; signatures in DER.
    Es256(PublicKey),
    /// RSASSA-PKCS1-v1_5 with SHA-256; signatures as long as the modulus.
    Rs256(RsaKey),
    /// EdDSA over Ed25519; signatures of 64 bytes.
    EdDsa(Ed25519Key),
}

/// A point on edwards25519 that generates more than a small group, in its one canonical form of 32 bytes (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ed25519Key(VerifyingKey);

impl core::fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ed25519Key")
    }
}

impl TryFrom<&Hash> for Ed25519Key {
    type Error = Refusal;

    fn try_from(bytes: &Hash) -> Result<Self, Refusal> {
        let key = VerifyingKey::from_bytes(bytes.as_bytes()).map_err(|_| Refusal::BadKey)?;
        let canonical = key.to_edwards().compress().to_bytes() == *bytes.as_bytes();
        if canonical && !key.is_weak() { Ok(Self(key)) } else { Err(Refusal::BadKey) }
    }
}

impl CredentialKey {
    /// From a COSE_Key in CTAP2's canonical form with `alg` and the required parameters only (WebAuthn section 6.5.1.1).
    ///
    /// # Errors
    /// [`Refusal::BadKey`] for another algorithm, or for values that are no key of it; what the CBOR reader refuses.
    pub fn from_cose_key(bytes: &[u8]) -> Result<Self, Refusal> {
        read_map(bytes, |map| {
            let (kty, Integer(algorithm)) = (map.field::<u32>(1)?, map.field(3)?);
            match (kty, algorithm) {
                (2, -7) => {
                    let (curve, x, y): (u32, Hash, Hash) = (map.field(-1)?, map.field(-2)?, map.field(-3)?);
                    let key = PublicKey::from_coordinates(&x.0, &y.0)?;
                    if curve == 1 { Ok(Self::Es256(key)) } else { Err(Refusal::BadKey) }
                }
                (3, -257) => {
                    let (n, e): (Part, Part) = (map.field(-1)?, map.field(-2)?);
                    RsaKey::new(n.0, &e.0).map(Self::Rs256)
                }
                (1, -8) => {
                    let (curve, x): (u32, Hash) = (map.field(-1)?, map.field(-2)?);
                    let key = Ed25519Key::try_from(&x)?;
                    if curve == 6 { Ok(Self::EdDsa(key)) } else { Err(Refusal::BadKey) }
                }
                _ => Err(Refusal::BadKey),
            }
        })
    }

    /// The COSE algorithm: -7, -257 or -8.
    #[must_use]
    pub const fn algorithm(&self) -> i32 {
        match self {
            Self::Es256(_) => -7,
            Self::Rs256(_) => -257,
            Self::EdDsa(_) => -8,
        }
    }

    /// Checks a signature in the form that WebAuthn gives it (section 6.5.5).
    ///
    /// # Errors
    /// [`Refusal::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Es256(key) => key.verify(message, &Signature::from_der(signature)?),
            Self::Rs256(key) => key.verify(message, signature),
            Self::EdDsa(Ed25519Key(key)) => {
                let signature = Ed25519Signature::from_slice(signature).map_err(|_| Refusal::BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| Refusal::BadSignature)
            }
        }
    }
}

/// A JWK with the required members of its kind and no others (RFC 7518 section 6, RFC 8037 section 2).
impl FromJson for CredentialKey {
    fn blank() -> Self {
        Self::Es256(FromJson::blank())
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        let mut kty = String::new();
        let Some(kind) = json.member("kty")? else { return Err(BadJson) };
        *self = match kind.text()? {
            "EC" => Self::Es256(json.to()?),
            "RSA" => {
                let (mut n, mut e) = (Bytes(Vec::new()), Bytes(Vec::new()));
                json.object(true, "kty n e", &mut [&mut kty, &mut n, &mut e])?;
                Self::Rs256(RsaKey::new(n.0, &e.0).map_err(|_| BadJson)?)
            }
            "OKP" => {
                let (mut curve, mut x) = (String::new(), Hash::ZERO);
                json.object(true, "crv kty x", &mut [&mut curve, &mut kty, &mut x])?;
                if curve != "Ed25519" {
                    return Err(BadJson);
                }
                Self::EdDsa(Ed25519Key::try_from(&x).map_err(|_| BadJson)?)
            }
            _ => return Err(BadJson),
        };
        Ok(())
    }
}

impl ToJson for CredentialKey {
    fn write(&self, to: &mut json::Writer) {
        match self {
            Self::Es256(key) => ToJson::write(key, to),
            Self::Rs256(key) => {
                let (n, e) = (Bytes(key.modulus().into()), Bytes(RsaKey::EXPONENT.into()));
                to.object("e kty n", &[&e, &"RSA", &n]);
            }
            Self::EdDsa(Ed25519Key(key)) => to.object("crv kty x", &[&"Ed25519", &"OKP", &Hash(key.to_bytes())]),
        }
    }
}
json_serde! { CredentialKey }

/// A signed integer in a COSE_Key.
struct Integer(i64);

impl Field for Integer {
    fn write(&self, to: &mut Writer) {
        to.int(self.0);
    }

    fn blank() -> Self {
        Self(0)
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        self.0 = from.int()?;
        Ok(())
    }
}

/// A byte string of any length in a COSE_Key.
struct Part(Vec<u8>);

impl Field for Part {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn blank() -> Self {
        Self(Vec::new())
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        self.0 = from.bytes()?.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
