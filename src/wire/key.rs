//! P-256 public keys and signatures, in the four forms the field uses: SEC1, COSE_Key, JWK and thumbprint.

#[cfg(all(feature = "fast-verify", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod fast;

use super::cbor::{Reader, Writer, read_map};
use super::id::{Handle, Hash, Thumbprint, from_base64, to_base64};
use super::json::{self, BadJson, FromJson, Json, ToJson, json_object, json_serde};
use super::{Field, Refusal, sha256};
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::point::AffineCoordinates;

/// In a JWK.
const CURVE: &str = "P-256";
const TYPE: &str = "EC";

/// Order of the group (SP 800-186 section 3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A point on P-256, as its coordinates: 32 bytes in a `COSE_Key`, base64url in a JWK.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    x: Hash,
    y: Hash,
}

/// An ECDSA signature, `r || s`, 64 bytes. What this crate makes is low-S; what it checks may be either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes `r || s` from a signer and makes it low-S.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`] if `r` or `s` is zero or not below the order, or the length is not 64.
    pub fn from_signer(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut signature: [u8; 64] = bytes.try_into().map_err(|_| Refusal::BadSignature)?;
        p256::ecdsa::Signature::from_slice(bytes).map_err(|_| Refusal::BadSignature)?;
        if let Some(s) = signature.last_chunk_mut() {
            *s = (*s).min(order_less(s));
        }
        Ok(Self(signature))
    }

    /// From DER, as passkeys write it (WebAuthn section 6.5.5). Both values of `s` are accepted.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`] for another form, or if `r` or `s` is zero or not below the order.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Refusal> {
        let signature = p256::ecdsa::Signature::from_der(bytes).map_err(|_| Refusal::BadSignature)?;
        Ok(Self(signature.to_bytes().into()))
    }

    /// `r || s` as it was received.
    #[must_use]
    pub const fn from_wire(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// `r || s`.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The other `s` with which a signature holds: the group's order less this one, byte by byte. The library's way over scalars
/// is some ten times as large in the page's module.
fn order_less(s: &[u8; 32]) -> [u8; 32] {
    let mut rest = ORDER;
    let mut borrow = 0;
    for (rest, s) in rest.iter_mut().zip(s).rev() {
        let difference = 0x100 + u16::from(*rest) - u16::from(*s) - borrow;
        borrow = u16::from(difference < 0x100);
        *rest = difference as u8;
    }
    rest
}

impl PublicKey {
    /// From an uncompressed SEC1 point, 65 bytes (`0x04 || x || y`).
    ///
    /// # Errors
    /// [`Refusal::BadKey`] for another form, or a point that is not on the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, Refusal> {
        let (x, y) = bytes.strip_prefix(&[4]).and_then(<[u8]>::split_first_chunk).ok_or(Refusal::BadKey)?;
        Self::from_coordinates(x, y.try_into().map_err(|_| Refusal::BadKey)?)
    }

    /// From the coordinates.
    ///
    /// # Errors
    /// [`Refusal::BadKey`] if the point is not on the curve.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, Refusal> {
        let key = Self { x: Hash(*x), y: Hash(*y) };
        key.point().map(|_| key)
    }

    fn point(&self) -> Result<VerifyingKey, Refusal> {
        // Not by way of SEC1, whose compressed form would bring a square root into the page's module.
        let point = p256::AffinePoint::from_coordinates(&self.x.0.into(), &self.y.0.into());
        Option::from(point).and_then(|point| VerifyingKey::from_affine(point).ok()).ok_or(Refusal::BadKey)
    }

    /// The uncompressed SEC1 point, 65 bytes.
    #[must_use]
    pub fn to_sec1(&self) -> Vec<u8> {
        [&[4], self.x.0.as_slice(), &self.y.0].concat()
    }

    /// `COSE_Key` with the required parameters only, in deterministic order (RFC 9679 section 4.2):
    /// `{1: 2, -1: 1, -2: x, -3: y}`.
    #[must_use]
    pub fn to_cose_key(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.fields(&[(1, &2_u32), (-1, &1_u32), (-2, &self.x), (-3, &self.y)]);
        to.into_bytes()
    }

    /// From a `COSE_Key` with exactly those parameters.
    ///
    /// # Errors
    /// Another shape or curve, or a point that is not on it.
    pub fn from_cose_key(bytes: &[u8]) -> Result<Self, Refusal> {
        let (kty, curve, x, y) =
            read_map(bytes, |map| Ok((map.field::<u32>(1)?, map.field::<u32>(-1)?, map.field(-2)?, map.field(-3)?)))?;
        if (kty, curve) != (2, 1) {
            return Err(Refusal::BadKey);
        }
        Self::from_coordinates(&x, &y)
    }

    /// The RFC 9679 thumbprint with SHA-256: this key's id.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint(sha256(&self.to_cose_key()))
    }

    /// The `kid` of typed statements signed by this key: the first 8 bytes of its thumbprint.
    #[must_use]
    pub fn kid(&self) -> Handle {
        let thumb = self.thumbprint();
        Handle(thumb.0.first_chunk().copied().unwrap_or_default())
    }

    /// The public JWK (RFC 7517).
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        Jwk { crv: CURVE.into(), kty: TYPE.into(), x: to_base64(&self.x.0), y: to_base64(&self.y.0) }
    }

    /// Checks an ES256 signature over `message`. Both values of `s` are accepted.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Refusal> {
        #[cfg(all(feature = "fast-verify", any(target_arch = "x86_64", target_arch = "aarch64")))]
        if fast::is_possible() {
            return fast::verify(self, message, signature);
        }
        self.verify_portably(message, signature)
    }

    fn verify_portably(&self, message: &[u8], signature: &Signature) -> Result<(), Refusal> {
        let signature = p256::ecdsa::Signature::from_slice(&signature.0).map_err(|_| Refusal::BadSignature)?;
        self.point()?.verify_prehash(&sha256(message), &signature).map_err(|_| Refusal::BadSignature)
    }
}

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PublicKey {}", self.thumbprint())
    }
}

/// Inside a statement a key stands as its 65 SEC1 bytes.
impl Field for PublicKey {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.to_sec1());
    }

    fn blank() -> Self {
        FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::from_sec1(from.bytes()?)?;
        Ok(())
    }
}

/// A P-256 public JWK with exactly its four required members, which is also its RFC 7638 form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// `P-256`.
    pub crv: String,
    /// `EC`.
    pub kty: String,
    /// 32 bytes, base64url.
    pub x: String,
    /// 32 bytes, base64url.
    pub y: String,
}
json_object! { strict Jwk { crv, kty, x, y } }

impl TryFrom<&Jwk> for PublicKey {
    type Error = Refusal;

    fn try_from(jwk: &Jwk) -> Result<Self, Refusal> {
        if jwk.kty != TYPE || jwk.crv != CURVE {
            return Err(Refusal::BadKey);
        }
        let part = |text: &str| from_base64(text)?.try_into().map_err(|_| Refusal::BadKey);
        Self::from_coordinates(&part(&jwk.x)?, &part(&jwk.y)?)
    }
}

impl ToJson for PublicKey {
    fn write(&self, to: &mut json::Writer) {
        to.object("crv kty x y", &[&CURVE, &TYPE, &self.x, &self.y]);
    }
}

impl FromJson for PublicKey {
    fn blank() -> Self {
        Self { x: Hash::ZERO, y: Hash::ZERO }
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        let (mut curve, mut kind) = (String::new(), String::new());
        json.object(true, "crv kty x y", &mut [&mut curve, &mut kind, &mut self.x, &mut self.y])?;
        if kind != TYPE || curve != CURVE || self.point().is_err() { Err(BadJson) } else { Ok(()) }
    }
}
json_serde! { PublicKey }

#[cfg(test)]
mod tests;
