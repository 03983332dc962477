//! Enrolment: one device key, one channel key and one passkey, bound to one account by the device key's signature.

use super::cbor::{Reader, Writer};
use super::field::map_struct;
use super::id::{AccountId, CredentialId, Hash, IssuerId, Nonce, RpId, Thumbprint};
use super::key::PublicKey;
use super::sign1::{self, Statement, Verified};
use super::{Field, Refusal, tagged_hash};
use crate::wire::json::{self, json_words};

json_words! {
    /// Where the device key lives while it can sign. A claim of the wallet: it may lower a limit and never raise one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Custody {
        /// p256 in the module's memory.
        Software "software",
        /// A non-extractable CryptoKey of the browser profile.
        Browser "browser",
        /// Sealed under a key that the passkey derives.
        Passkey "passkey",
        /// The operating system's key store, over a host bridge.
        Native "native",
    }
}

impl core::str::FromStr for Custody {
    type Err = Refusal;

    fn from_str(name: &str) -> Result<Self, Refusal> {
        Self::from_name(name).ok_or(Refusal::BadText)
    }
}

impl Field for Custody {
    fn write(&self, to: &mut Writer) {
        to.text(self.name());
    }

    fn blank() -> Self {
        json::FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = from.text()?.parse()?;
        Ok(())
    }
}

map_struct! {
    /// What the device key signs to be registered.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Enrolment {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The wallet page's relying party id.
        2 => rp_id: RpId,
        /// The account.
        3 => account: AccountId,
        /// The key that pays.
        4 => device_key: PublicKey,
        /// The key that reads and freezes.
        5 => channel_key: PublicKey,
        /// The passkey's credential id.
        6 => credential: CredentialId,
        /// SHA-256 of the passkey's COSE public key as it stands in the attested credential data.
        7 => credential_key_hash: Hash,
        /// The BE flag of the registration.
        8 => backup_eligible: bool,
        /// The BS flag of the registration.
        9 => backed_up: bool,
        /// What the wallet says of its custody.
        10 => custody: Custody,
        /// The issuer's nonce of this enrolment.
        11 => nonce: Nonce,
        /// Seconds since 1970.
        12 => issued_at: u32,
    }
}

impl Statement for Enrolment {
    const TYPE: &'static str = "application/vnd.jitsuin.enrol.v1+cose";
}

/// The WebAuthn challenge for creating the passkey: the passkey is made for these two keys and this account only.
#[must_use]
pub fn creation_challenge(
    issuer: &IssuerId,
    rp_id: &RpId,
    account: &AccountId,
    thumb: Thumbprint,
    channel_thumb: Thumbprint,
    nonce: Nonce,
) -> Hash {
    let mut creation = Writer::new();
    creation.fields(&[(1, issuer), (2, rp_id), (3, account), (4, &thumb), (5, &channel_thumb), (6, &nonce)]);
    Hash(tagged_hash("jitsuin/v1/enrol", &[&creation.into_bytes()]))
}

/// The WebAuthn challenge of the assertion that confirms a signed enrolment statement.
#[must_use]
pub fn confirmation_challenge(statement: &[u8]) -> Hash {
    Hash(tagged_hash("jitsuin/v1/enrol-confirm", &[statement]))
}

/// Opens an enrolment statement under the device key it names itself: a proof of possession.
///
/// # Errors
/// The first [`Refusal`].
pub fn open_self_signed(bytes: &[u8]) -> Result<Verified<Enrolment>, Refusal> {
    let key = sign1::claimed::<Enrolment>(bytes)?.device_key;
    sign1::open(bytes, &key)
}
