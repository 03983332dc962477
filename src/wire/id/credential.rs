//! The id of a passkey.

use super::Bytes;
use crate::wire::cbor::{Reader, Writer};
use crate::wire::json::{self, BadJson, FromJson, Json, ToJson, json_serde};
use crate::wire::{Field, Refusal};

/// A passkey's credential id: 1 to 1,023 bytes (WebAuthn level 3, section 4).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialId(Bytes);

impl CredentialId {
    /// The longest id, in bytes.
    pub const MOST_BYTES: usize = 1023;

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.0
    }
}

impl TryFrom<Bytes> for CredentialId {
    type Error = Refusal;

    /// # Errors
    /// [`Refusal::OutOfRange`] for no byte, or more than [`CredentialId::MOST_BYTES`].
    fn try_from(bytes: Bytes) -> Result<Self, Refusal> {
        if bytes.0.is_empty() || bytes.0.len() > Self::MOST_BYTES {
            return Err(Refusal::OutOfRange);
        }
        Ok(Self(bytes))
    }
}

impl core::ops::Deref for CredentialId {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.0
    }
}

impl core::fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl ToJson for CredentialId {
    fn write(&self, to: &mut json::Writer) {
        ToJson::write(&self.0, to);
    }
}

impl FromJson for CredentialId {
    fn blank() -> Self {
        Self(FromJson::blank())
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.to::<Bytes>()?.try_into().map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { CredentialId }

impl Field for CredentialId {
    fn write(&self, to: &mut Writer) {
        to.bytes(self.as_bytes());
    }

    fn blank() -> Self {
        FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Bytes(from.bytes()?.into()).try_into()?;
        Ok(())
    }
}
