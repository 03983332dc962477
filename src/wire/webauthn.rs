//! What both sides read of WebAuthn level 3: the JSON of responses, authenticatorData and clientDataJSON.

use super::Refusal;
use super::cbor::Reader;
use super::id::{Bytes, CredentialId, Hash, to_base64};
use super::sha256;
use crate::wire::json::json_object;

/// The flags of authenticatorData (WebAuthn section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// UP.
    #[must_use]
    pub const fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// UV.
    #[must_use]
    pub const fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// BE: the credential may be copied to other devices.
    #[must_use]
    pub const fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// BS: it is.
    #[must_use]
    pub const fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    const fn attested(self) -> bool {
        self.0 & 0x40 != 0
    }

    const fn extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// The part of authenticatorData that every response has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the relying party id.
    pub rp_id_hash: Hash,
    /// Flags.
    pub flags: Flags,
    /// Signature counter; 0 where the authenticator has none.
    pub counter: u32,
}

/// Longest attestation object that is read, in bytes. With the certificates of an attestation that nobody asked for they are a
/// few kilobytes long.
const LONGEST_ATTESTATION: usize = 16_384;

/// Takes authenticatorData out of an attestation object (WebAuthn section 6.5.4): one CBOR map with text keys and
/// definite lengths, and nothing behind it. Members other than `authData` are passed over.
///
/// # Errors
/// [`Refusal::MissingKey`] without `authData`, [`Refusal::DuplicateKey`], [`Refusal::TrailingBytes`],
/// [`Refusal::TooLong`] above 16 KiB, and what else the CBOR reader refuses.
pub fn attested_data(attestation_object: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::up_to(LONGEST_ATTESTATION, attestation_object)?;
    let mut data = None;
    reader.text_map(|key, value| {
        if key == "authData" {
            data = Some(value.bytes()?);
            return Ok(());
        }
        value.skip()
    })?;
    reader.end()?;
    data.ok_or(Refusal::MissingKey)
}

impl AuthenticatorData {
    /// Reads the fixed part.
    ///
    /// # Errors
    /// [`Refusal::Truncated`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let rp_id_hash = bytes.get(..32).ok_or(Refusal::Truncated)?.try_into()?;
        let flags = Flags(*bytes.get(32).ok_or(Refusal::Truncated)?);
        let counter = bytes.get(33..37).and_then(|part| part.try_into().ok()).ok_or(Refusal::Truncated)?;
        Ok(Self { rp_id_hash, flags, counter: u32::from_be_bytes(counter) })
    }
}

/// The credential inside a registration's authenticatorData.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedCredential {
    /// Credential id.
    pub id: CredentialId,
    /// The COSE public key's bytes as the authenticator wrote them.
    pub key: Bytes,
}

impl AttestedCredential {
    /// Reads the attested credential data (WebAuthn section 6.5.1).
    ///
    /// # Errors
    /// [`Refusal::Truncated`]; [`Refusal::MissingKey`] if there is none; [`Refusal::OutOfRange`] for an id that is too long;
    /// [`Refusal::TrailingBytes`] behind the key, or behind the extensions where the flags say that there are some.
    pub fn from_authenticator_data(bytes: &[u8]) -> Result<Self, Refusal> {
        let flags = AuthenticatorData::from_bytes(bytes)?.flags;
        if !flags.attested() {
            return Err(Refusal::MissingKey);
        }
        let length = bytes.get(53..55).and_then(|part| part.try_into().ok()).ok_or(Refusal::Truncated)?;
        let end = 55 + usize::from(u16::from_be_bytes(length));
        let id = bytes.get(55..end).ok_or(Refusal::Truncated)?;
        let rest = bytes.get(end..).ok_or(Refusal::Truncated)?;
        let (key, rest) = first_item(rest)?;
        let (_, rest) = if flags.extensions() { first_item(rest)? } else { (rest, rest) };
        if !rest.is_empty() {
            return Err(Refusal::TrailingBytes);
        }
        Ok(Self { id: Bytes(id.into()).try_into()?, key: Bytes(key.into()) })
    }

    /// What the enrolment statement says of the key.
    #[must_use]
    pub fn key_hash(&self) -> Hash {
        Hash(sha256(&self.key.0))
    }
}

/// One CBOR item, and what follows it.
fn first_item(bytes: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let mut reader = Reader::new(bytes)?;
    reader.skip().map_err(|_| Refusal::Truncated)?;
    bytes.split_at_checked(bytes.len() - reader.rest().len()).ok_or(Refusal::Truncated)
}

/// The members of clientDataJSON that are checked (WebAuthn section 5.8.1). Others may follow, so unknown ones are
/// passed over: the hash of the exact bytes is what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientData {
    /// `webauthn.create` or `webauthn.get`.
    pub kind: String,
    /// Base64url of the challenge.
    pub challenge: String,
    /// The page's origin.
    pub origin: String,
    /// Whether the page was framed by another origin.
    pub cross_origin: bool,
}
json_object! { open ClientData { kind = "type", challenge, origin, cross_origin = "crossOrigin?" } }

impl ClientData {
    /// Reads the JSON.
    ///
    /// # Errors
    /// [`Refusal::BadJson`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        super::json::from_slice(bytes).map_err(|_| Refusal::BadJson)
    }

    /// Whether this answers `challenge`.
    #[must_use]
    pub fn answers(&self, challenge: &Hash) -> bool {
        self.challenge == to_base64(challenge.as_bytes())
    }
}

/// Extension results must stay in the page: the PRF output among them opens a sealed key. The only form is `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NoExtensions {}
json_object! { strict NoExtensions {} }

/// `RegistrationResponseJSON`. Browsers add members to it and to the other forms of this module, so those that are not
/// listed are passed over; nothing of them is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Credential id, base64url.
    pub id: String,
    /// Credential id.
    pub raw_id: CredentialId,
    /// `public-key`.
    pub kind: String,
    /// The answer.
    pub response: RegistrationResponse,
    /// Always empty.
    pub client_extension_results: NoExtensions,
}
json_object! {
    open Registration {
        id, raw_id = "rawId", kind = "type", response, client_extension_results = "clientExtensionResults",
    }
}

impl Registration {
    /// Puts a registration together from the two parts that hold all of it. The id and authenticatorData are those of the
    /// attestation object, whatever a browser or its extensions say beside it.
    ///
    /// # Errors
    /// As [`attested_data`] and [`AttestedCredential::from_authenticator_data`].
    pub fn from_parts(client_data: Bytes, attestation_object: Bytes) -> Result<Self, Refusal> {
        let authenticator_data = Bytes(attested_data(&attestation_object.0)?.into());
        let AttestedCredential { id: raw_id, .. } = AttestedCredential::from_authenticator_data(&authenticator_data.0)?;
        Ok(Self {
            id: to_base64(&raw_id.0),
            raw_id,
            kind: "public-key".into(),
            response: RegistrationResponse { client_data, attestation_object, authenticator_data },
            client_extension_results: NoExtensions {},
        })
    }
}

/// The `response` of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationResponse {
    /// clientDataJSON.
    pub client_data: Bytes,
    /// attestationObject.
    pub attestation_object: Bytes,
    /// authenticatorData: the same bytes as in the attestation object.
    pub authenticator_data: Bytes,
}
json_object! {
    open RegistrationResponse {
        client_data = "clientDataJSON", attestation_object = "attestationObject",
        authenticator_data = "authenticatorData",
    }
}

/// `AuthenticationResponseJSON`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Credential id, base64url.
    pub id: String,
    /// Credential id.
    pub raw_id: CredentialId,
    /// `public-key`.
    pub kind: String,
    /// The answer.
    pub response: AssertionResponse,
    /// Always empty.
    pub client_extension_results: NoExtensions,
}
json_object! {
    open Assertion {
        id, raw_id = "rawId", kind = "type", response, client_extension_results = "clientExtensionResults",
    }
}

/// The `response` of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionResponse {
    /// clientDataJSON.
    pub client_data: Bytes,
    /// authenticatorData.
    pub authenticator_data: Bytes,
    /// The passkey's signature.
    pub signature: Bytes,
    /// The user handle as the platform gave it; [`AssertionResponse::user`] is the one to compare.
    pub user_handle: Option<Bytes>,
}

impl AssertionResponse {
    /// The user handle of the registration, where the platform gives one. One without a byte counts as none: Safari 15.4 to
    /// 17.3 answers so.
    #[must_use]
    pub fn user(&self) -> Option<&Bytes> {
        self.user_handle.as_ref().filter(|handle| !handle.0.is_empty())
    }
}
json_object! {
    open AssertionResponse {
        client_data = "clientDataJSON", authenticator_data = "authenticatorData", signature,
        user_handle = "userHandle?",
    }
}

#[cfg(test)]
mod tests;
