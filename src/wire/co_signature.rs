//! The device key over what the passkey signed: neither counts without the other (protocol section 4).

use super::field::map_struct;
use super::id::{CredentialId, Hash};
use super::sha256;
use super::sign1::Statement;

map_struct! {
    /// Hashes of the parts of one step-up.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CoSignature {
        /// SHA-256 of the canonical intent.
        1 => intent: Hash,
        /// SHA-256 of authenticatorData.
        2 => authenticator_data: Hash,
        /// SHA-256 of clientDataJSON.
        3 => client_data: Hash,
        /// SHA-256 of the passkey's signature.
        4 => signature: Hash,
        /// The passkey's credential id.
        5 => credential: CredentialId,
    }
}

impl Statement for CoSignature {
    const TYPE: &'static str = "application/vnd.jitsuin.step-up.v1+cose";
}

impl CoSignature {
    /// Over an intent and the assertion that answers it.
    #[must_use]
    pub fn over(
        intent: &[u8],
        authenticator_data: &[u8],
        client_data: &[u8],
        signature: &[u8],
        credential: &CredentialId,
    ) -> Self {
        Self {
            intent: Hash(sha256(intent)),
            authenticator_data: Hash(sha256(authenticator_data)),
            client_data: Hash(sha256(client_data)),
            signature: Hash(sha256(signature)),
            credential: credential.clone(),
        }
    }
}
