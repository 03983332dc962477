//! One movement or security event, signed by the issuer and linked to the one before it.

use super::cbor::{Reader, Writer};
use super::field::map_struct;
use super::id::{AccountId, CodeName, Hash, IssuerId, SourceId, Thumbprint};
use super::json::{self, json_words};
use super::money::{Amount, Currency};
use super::number::Whole;
use super::sign1::{Statement, decode_payload, encode};
use super::text::Shown;
use super::{Field, Refusal, sha256, tagged_hash};

json_words! {
    /// What a receipt records.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Kind {
        /// Money from the account to a merchant.
        Payment "payment",
        /// Money of a payment back to the account.
        Refund "refund",
        /// A payment that the issuer declined after the token's signature held.
        Declined "declined",
        /// A payment whose money waits, since code or device were used elsewhere within minutes.
        Held "held",
        /// A held payment waits no more: its money goes to the merchant.
        Released "released",
        /// Money from a source to the account.
        TopUp "top-up",
        /// A top-up that the card's issuer declined or that was undone.
        TopUpFailed "top-up-failed",
        /// Money that was in the account when it moved to this issuer.
        Opening "opening",
        /// A device key was registered.
        DeviceAdded "device-added",
        /// A device key was signed off.
        DeviceRevoked "device-revoked",
        /// A device key was suspended on clone evidence.
        DeviceSuspended "device-suspended",
        /// The account was frozen.
        Frozen "frozen",
        /// The account works again.
        Unfrozen "unfrozen",
        /// A recovery was started.
        RecoveryStarted "recovery-started",
        /// A contact was changed.
        ContactChanged "contact-changed",
        /// Limits were changed.
        LimitsChanged "limits-changed",
        /// The owner agreed to a refill.
        Refilled "refilled",
        /// A card was proved on a device.
        CardProved "card-proved",
    }
}

impl Field for Kind {
    fn write(&self, to: &mut Writer) {
        to.text(self.name());
    }

    fn blank() -> Self {
        json::FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::from_name(from.text()?).ok_or(Refusal::BadText)?;
        Ok(())
    }
}

map_struct! {
    /// The signed part. Personal details stand in the [`Body`], so that one can be erased and the chain stays whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Receipt {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The account.
        2 => account: AccountId,
        /// 1, 2, 3, … for each account.
        3 => seq: Whole,
        /// [`Receipt::link`] of the one before; zero for the first.
        4 => prev: Hash,
        /// Seconds since 1970.
        5 => time: u32,
        /// What it records.
        6 => kind: Kind,
        /// The device key concerned.
        7 => thumb: Option<Thumbprint>,
        /// The token's counter.
        8 => atc: Option<u32>,
        /// The token's random part.
        9 => random: Option<[u8; 4]>,
        /// [`Body::hash`].
        10 => body_hash: Hash,
        /// Balance after it, minor units.
        11 => balance: Amount,
    }
}

impl Statement for Receipt {
    const TYPE: &'static str = "application/vnd.jitsuin.receipt.v1+cose";
}

impl Receipt {
    /// What the next receipt's `prev` must be. Over the payload, not the signature, which has more than one valid form.
    #[must_use]
    pub fn link(&self) -> Hash {
        Hash(tagged_hash("jitsuin/v1/receipt", &[&encode(self)]))
    }
}

map_struct! {
    /// The details of a receipt.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Body {
        /// Keeps the hash from being guessed once the body is erased.
        1 => salt: [u8; 16],
        /// Amount moved, minor units.
        2 => amount: Option<Amount>,
        /// Its currency.
        3 => currency: Option<Currency>,
        /// The registered name of the shop.
        4 => shop: Option<Shown>,
        /// Where the till stands.
        5 => place: Option<Shown>,
        /// The source of a top-up.
        6 => source: Option<SourceId>,
        /// The label of the device concerned.
        7 => device_label: Option<Shown>,
        /// `seq` of the receipt that this one undoes or holds.
        8 => undoes: Option<Whole>,
        /// Why, where something was refused or held.
        9 => reason: Option<CodeName>,
    }
}

impl Body {
    /// The canonical bytes that travel beside the receipt.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// What the form refuses.
    pub fn from_bytes(bytes: &[u8]) -> Result<Box<Self>, Refusal> {
        decode_payload(bytes)
    }

    /// SHA-256 of the canonical bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash(sha256(&self.to_bytes()))
    }
}
