//! Calls that put a new device key in the place of the calling one: rotation and custody upgrade.

use super::call;
use super::enrolment::Enrolled;
use super::safety::KnownCredential;
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Hash, Thumbprint};
use crate::wire::json::json_object;
use crate::wire::webauthn::Assertion;

/// Device key, suspended or not. Starts the step-up that replaces it.
#[derive(Clone, Debug)]
pub struct PrepareRotation {
    /// The new device key.
    pub new_thumb: Thumbprint,
    /// What the wallet says of its custody.
    pub custody: Custody,
    /// The newest link that the wallet has checked.
    pub head: Hash,
}
json_object! { strict PrepareRotation { new_thumb, custody, head } }
call! { PrepareRotation "/v1/rotation" RotationPrepared, Reading }

/// A prepared intent `rotate`, and what the new key's statement says of the passkey.
#[derive(Clone, Debug)]
pub struct RotationPrepared {
    /// The issuer's copy, canonical.
    pub intent: Bytes,
    /// The device's passkey.
    pub credential: KnownCredential,
}
json_object! { open RotationPrepared { intent, credential } }

/// The same device key, or the new one once it is registered. Replaces the device key: the old one is dead at once.
#[derive(Clone, Debug)]
pub struct ConfirmRotation {
    /// The whole intent, canonical.
    pub intent: Bytes,
    /// The passkey's assertion over its challenge.
    pub assertion: Assertion,
    /// The old device key's co-signature statement.
    pub co_signature: Bytes,
    /// The approval statement: the old device key signs the new one in.
    pub approval: Bytes,
    /// The enrolment statement of the new key, with the intent's nonce: it proves possession and names the channel key.
    pub statement: Bytes,
    /// The platform's word for the new key, where custody is `native` and the host has one: opaque here.
    pub attestation: Option<Bytes>,
}
json_object! {
    strict ConfirmRotation {
        intent, assertion, co_signature, approval, statement, attestation = "attestation?",
    }
}
call! { ConfirmRotation "/v1/rotation/confirm" Enrolled, ByCall }
