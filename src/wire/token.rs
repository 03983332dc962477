//! The payment token `JT1`: what a payment code says (protocol section 2).
//!
//! Text: `JT1` and upper-case base32 (RFC 4648 section 6) of a COSE_Sign1 without `typ`, whose claims are those of
//! RFC 8392 (CWT). The `kid` is the allowance's handle and the external_aad its veil.

use super::base::{self, BASE32};
use super::cbor::{Reader, Writer};
use super::field::map_struct;
use super::id::{Audience, Handle, Veil};
use super::key::{PublicKey, Signature};
use super::money::{Amount, Currency};
use super::sign1::{self, Form, Parts, Unsigned, Verified};
use super::{Field, Refusal};

pub(super) const PREFIX: &str = "JT1";
/// Shortest and longest text.
const LENGTH: core::ops::RangeInclusive<usize> = 175..=255;
/// Shortest lifetime in seconds.
pub const MIN_LIFETIME: u32 = 30;
/// The first date that takes the five bytes of which the shortest text is made, seconds since 1970.
const FIRST_DATE: u32 = 0x1_0000;
/// Longest lifetime in seconds.
pub const MAX_LIFETIME: u32 = 120;

/// What a code lets a till take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Up to the allowance's `per_payment`.
    Allowance,
    /// Up to this amount, at any till.
    UpTo {
        /// Minor units, at least 1.
        amount: Amount,
        /// Currency.
        currency: Currency,
    },
    /// Exactly this amount, for one audience.
    Exact {
        /// Minor units, at least 1.
        amount: Amount,
        /// Currency.
        currency: Currency,
        /// The issuer's own id of the merchant or till.
        audience: Audience,
    },
}

/// The claims of a payment token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it lets a till take.
    pub limit: Limit,
    /// End of life, seconds since 1970.
    pub expires_at: u32,
    /// Start of life, seconds since 1970.
    pub issued_at: u32,
    /// Application transaction counter of the device key.
    pub atc: u32,
    /// Makes two tokens of one counter value, which only a copied key makes, tell apart.
    pub random: [u8; 4],
}

/// `cti`: the counter big-endian, then the random part.
struct TokenId([u8; 8]);

impl Field for TokenId {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn blank() -> Self {
        Self([0; 8])
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        self.0.read(from)
    }
}

map_struct! {
    struct Terms {
        1 => exact: Option<Amount>,
        2 => currency: Currency,
        4 => bound: Option<Amount>,
    }
}

impl Field for Token {
    fn write(&self, to: &mut Writer) {
        let (audience, terms) = match &self.limit {
            Limit::Allowance => (None, None),
            Limit::UpTo { amount, currency } => {
                (None, Some(Terms { exact: None, currency: *currency, bound: Some(*amount) }))
            }
            Limit::Exact { amount, currency, audience } => {
                (Some(audience.clone()), Some(Terms { exact: Some(*amount), currency: *currency, bound: None }))
            }
        };
        let ([a, b, c, d], [e, f, g, h]) = (self.atc.to_be_bytes(), self.random);
        let id = TokenId([a, b, c, d, e, f, g, h]);
        to.fields(&[(3, &audience), (4, &self.expires_at), (6, &self.issued_at), (7, &id), (-65537, &terms)]);
    }

    fn blank() -> Self {
        Self { limit: Limit::Allowance, expires_at: 0, issued_at: 0, atc: 0, random: [0; 4] }
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        let mut map = from.map()?;
        let audience: Option<Audience> = map.field(3)?;
        let expires_at: u32 = map.field(4)?;
        let issued_at: u32 = map.field(6)?;
        let TokenId([a, b, c, d, e, f, g, h]) = map.field(7)?;
        let terms: Option<Terms> = map.field(-65537)?;
        map.end()?;
        let limit = match (audience, terms) {
            (None, None) => Limit::Allowance,
            (None, Some(Terms { exact: None, currency, bound: Some(amount) })) => Limit::UpTo { amount, currency },
            (Some(audience), Some(Terms { exact: Some(amount), currency, bound: None })) => {
                Limit::Exact { amount, currency, audience }
            }
            _ => return Err(Refusal::BadCombination),
        };
        *self = Self { limit, expires_at, issued_at, atc: u32::from_be_bytes([a, b, c, d]), random: [e, f, g, h] };
        self.check()
    }
}

impl Token {
    /// Makes the token ready for the device key.
    ///
    /// # Errors
    /// What a reader would refuse: [`Refusal::OutOfRange`] for no amount or for a date that makes the text too short,
    /// [`Refusal::BadLifetime`].
    pub fn prepare(&self, handle: Handle, veil: &Veil) -> Result<Unsigned, Refusal> {
        self.check()?;
        Ok(Unsigned::new(sign1::protected(handle, None), veil.as_bytes(), sign1::encode(self)))
    }

    /// The rules between the claims, for writing and reading alike.
    fn check(&self) -> Result<(), Refusal> {
        let bound = match &self.limit {
            Limit::Allowance => None,
            Limit::UpTo { amount, .. } | Limit::Exact { amount, .. } => Some(amount),
        };
        if bound.is_some_and(|amount| amount.is_zero()) || self.issued_at < FIRST_DATE {
            return Err(Refusal::OutOfRange);
        }
        match self.expires_at.checked_sub(self.issued_at) {
            Some(MIN_LIFETIME..=MAX_LIFETIME) => Ok(()),
            _ => Err(Refusal::BadLifetime),
        }
    }

    /// The text of a signed token.
    #[must_use]
    pub fn text(unsigned: &Unsigned, signature: &Signature) -> String {
        text_of(&unsigned.finish(signature))
    }
}

/// The text of a token's COSE_Sign1.
pub(super) fn text_of(cose: &[u8]) -> String {
    [PREFIX, &base::encode(BASE32, cose)].concat()
}

/// A token taken apart: its form is right, its signature unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedToken {
    cose: Vec<u8>,
    handle: Handle,
    claims: Token,
}

impl UnverifiedToken {
    /// Reads the text form.
    ///
    /// # Errors
    /// The first [`Refusal`]: length, prefix, base32, COSE, claims.
    pub fn from_text(text: &str) -> Result<Self, Refusal> {
        if !LENGTH.contains(&text.len()) {
            return Err(Refusal::WrongLength);
        }
        let base32 = text.strip_prefix(PREFIX).ok_or(Refusal::WrongPrefix)?;
        Self::from_cose(&base::decode(BASE32, base32).ok_or(Refusal::BadBase32)?)
    }

    /// Reads the COSE_Sign1 alone, as it stands in an EMVCo envelope.
    ///
    /// # Errors
    /// The first [`Refusal`]: COSE, claims.
    pub fn from_cose(bytes: &[u8]) -> Result<Self, Refusal> {
        let parts = Parts::read(bytes, Form::TOKEN)?;
        let claims = *sign1::decode_payload(parts.payload)?;
        Ok(Self { cose: bytes.into(), handle: parts.kid, claims })
    }

    /// The COSE_Sign1.
    #[must_use]
    pub fn as_cose(&self) -> &[u8] {
        &self.cose
    }

    /// The handle of the allowance, to look the key up; nothing else of the token may be used before [`Self::verify`].
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// Checks the signature under the device key and the allowance's veil.
    ///
    /// # Errors
    /// [`Refusal::BadSignature`].
    pub fn verify(&self, key: &PublicKey, veil: &Veil) -> Result<Verified<Token>, Refusal> {
        Parts::read(&self.cose, Form::TOKEN)?.verify(key, veil.as_bytes())?;
        Ok(Verified::new(Box::new(self.claims.clone())))
    }
}
