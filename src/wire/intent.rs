//! What the user agrees to: one exact CBOR map per kind, whose hash is the WebAuthn challenge (protocol section 4).

use super::cbor::{Map, Reader, Writer};
use super::enrolment::Custody;
use super::field::Word;
use super::id::{AccountId, Audience, CredentialId, Hash, IssuerId, Nonce, SourceId, Thumbprint};
use super::money::{Amount, Currency};
use super::sign1::{decode_payload, encode};
use super::{Field, Refusal, tagged_hash};

const VERSION: u32 = 1;
/// A field that is not written.
const NOTHING: Option<u32> = None;
/// Longest life of an intent in seconds.
pub const MAX_LIFETIME: u32 = 300;

/// One intent: the common part and what its kind adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The issuer.
    pub issuer: IssuerId,
    /// The account.
    pub account: AccountId,
    /// The device key that co-signs.
    pub thumb: Thumbprint,
    /// The passkey's credential id.
    pub credential: CredentialId,
    /// The newest link of the account's receipts that the wallet has seen.
    pub head: Hash,
    /// Drawn by the issuer; used once.
    pub nonce: Nonce,
    /// End, seconds since 1970.
    pub expires_at: u32,
    /// What is agreed to.
    pub action: Action,
}

/// The kinds of intent with their own terms. Map keys from 16 up, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Charge a source and credit the account.
    TopUp {
        /// Minor units.
        amount: Amount,
        /// Currency.
        currency: Currency,
        /// The source.
        source: SourceId,
        /// What tells this source from another one under the same id.
        source_fingerprint: Hash,
    },
    /// A larger allowance for this device key.
    Refill {
        /// A payment, at the most.
        per_payment: Amount,
        /// Payments in 24 hours.
        count: u32,
        /// In all, in 24 hours.
        total: Amount,
        /// End, seconds since 1970.
        until: u32,
    },
    /// Pay a scanned shop code.
    Pay {
        /// Who is paid.
        audience: Audience,
        /// Minor units.
        amount: Amount,
        /// Currency.
        currency: Currency,
        /// SHA-256 of the signed quote.
        quote_hash: Hash,
    },
    /// Sign a further device in.
    Approve {
        /// Its key.
        new_thumb: Thumbprint,
        /// Its passkey.
        new_credential: CredentialId,
        /// What its wallet says of its custody.
        custody: Custody,
    },
    /// Sign a device off.
    Revoke {
        /// Its key.
        target_thumb: Thumbprint,
    },
    /// Replace this device key.
    Rotate {
        /// The new key.
        new_thumb: Thumbprint,
        /// What the wallet says of its custody.
        custody: Custody,
    },
    /// Change a limit.
    Limit {
        /// Minor units before.
        old: Amount,
        /// Minor units after.
        new: Amount,
    },
    /// Change a contact.
    Contact {
        /// SHA-256 of the new contact.
        hash: Hash,
        /// When it counts, seconds since 1970.
        wait_until: u32,
    },
    /// Use a stored card on this device.
    Card {
        /// The source.
        source: SourceId,
    },
    /// Make new recovery codes.
    Codes,
    /// Let the account work again.
    Unfreeze,
}

impl Action {
    /// The word used on the wire.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TopUp { .. } => "top-up",
            Self::Refill { .. } => "refill",
            Self::Pay { .. } => "pay",
            Self::Approve { .. } => "approve",
            Self::Revoke { .. } => "revoke",
            Self::Rotate { .. } => "rotate",
            Self::Limit { .. } => "limit",
            Self::Contact { .. } => "contact",
            Self::Card { .. } => "card",
            Self::Codes => "codes",
            Self::Unfreeze => "unfreeze",
        }
    }

    /// The terms in key order, and nothing where its kind has no more.
    fn terms(&self) -> [&dyn Field; 4] {
        match self {
            Self::TopUp { amount, currency, source, source_fingerprint } => {
                [amount, currency, source, source_fingerprint]
            }
            Self::Refill { per_payment, count, total, until } => [per_payment, count, total, until],
            Self::Pay { audience, amount, currency, quote_hash } => [audience, amount, currency, quote_hash],
            Self::Approve { new_thumb, new_credential, custody } => [new_thumb, new_credential, custody, &NOTHING],
            Self::Revoke { target_thumb } => [target_thumb, &NOTHING, &NOTHING, &NOTHING],
            Self::Rotate { new_thumb, custody } => [new_thumb, custody, &NOTHING, &NOTHING],
            Self::Limit { old, new } => [old, new, &NOTHING, &NOTHING],
            Self::Contact { hash, wait_until } => [hash, wait_until, &NOTHING, &NOTHING],
            Self::Card { source } => [source, &NOTHING, &NOTHING, &NOTHING],
            Self::Codes | Self::Unfreeze => [&NOTHING; 4],
        }
    }

    fn read(kind: &str, map: &mut Map<'_, '_>) -> Result<Self, Refusal> {
        Ok(match kind {
            "top-up" => Self::TopUp {
                amount: map.field(16)?,
                currency: map.field(17)?,
                source: map.field(18)?,
                source_fingerprint: map.field(19)?,
            },
            "refill" => Self::Refill {
                per_payment: map.field(16)?,
                count: map.field(17)?,
                total: map.field(18)?,
                until: map.field(19)?,
            },
            "pay" => Self::Pay {
                audience: map.field(16)?,
                amount: map.field(17)?,
                currency: map.field(18)?,
                quote_hash: map.field(19)?,
            },
            "approve" => {
                Self::Approve { new_thumb: map.field(16)?, new_credential: map.field(17)?, custody: map.field(18)? }
            }
            "revoke" => Self::Revoke { target_thumb: map.field(16)? },
            "rotate" => Self::Rotate { new_thumb: map.field(16)?, custody: map.field(17)? },
            "limit" => Self::Limit { old: map.field(16)?, new: map.field(17)? },
            "contact" => Self::Contact { hash: map.field(16)?, wait_until: map.field(17)? },
            "card" => Self::Card { source: map.field(16)? },
            "codes" => Self::Codes,
            "unfreeze" => Self::Unfreeze,
            _ => return Err(Refusal::BadText),
        })
    }
}

impl Field for Intent {
    fn write(&self, to: &mut Writer) {
        let kind = Word(self.action.kind().into());
        let [first, second, third, fourth] = self.action.terms();
        to.fields(&[
            (1, &VERSION),
            (2, &kind),
            (3, &self.issuer),
            (4, &self.account),
            (5, &self.thumb),
            (6, &self.credential),
            (7, &self.head),
            (8, &self.nonce),
            (9, &self.expires_at),
            (16, first),
            (17, second),
            (18, third),
            (19, fourth),
        ]);
    }

    fn blank() -> Self {
        Self {
            issuer: Field::blank(),
            account: Field::blank(),
            thumb: Field::blank(),
            credential: Field::blank(),
            head: Field::blank(),
            nonce: Field::blank(),
            expires_at: Field::blank(),
            action: Action::Codes,
        }
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        let mut map = from.map()?;
        if map.field::<u32>(1)? != VERSION {
            return Err(Refusal::UnknownVersion);
        }
        let Word(kind) = map.field(2)?;
        map.fields(&mut [
            (3, &mut self.issuer),
            (4, &mut self.account),
            (5, &mut self.thumb),
            (6, &mut self.credential),
            (7, &mut self.head),
            (8, &mut self.nonce),
            (9, &mut self.expires_at),
        ])?;
        self.action = Action::read(&kind, &mut map)?;
        map.end()
    }
}

impl Intent {
    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// What the form refuses; [`Refusal::UnknownVersion`] for another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        decode_payload(bytes).map(|intent| *intent)
    }

    /// What only the issuer can say, nonce and end, out of the canonical bytes. The rest is passed over: it is for the
    /// wallet to compare with its own.
    ///
    /// # Errors
    /// What the form refuses.
    pub fn drawn(bytes: &[u8]) -> Result<(Nonce, u32), Refusal> {
        let mut reader = Reader::new(bytes)?;
        let mut map = reader.map()?;
        map.pass_until(8)?;
        Ok((map.field(8)?, map.field(9)?))
    }

    /// The WebAuthn challenge that binds an assertion to exactly this intent.
    #[must_use]
    pub fn challenge(&self) -> Hash {
        Hash(tagged_hash("jitsuin/v1/step-up", &[&self.to_bytes()]))
    }
}
