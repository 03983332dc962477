//! Passkey checks (WebAuthn level 3, sections 7.1 and 7.2) over stored credentials, each refusal under its own code
//! (`verifier/assertion.rs`). All of it is portable code; tests hold it to passki's verdicts.

use super::account::Credential;
use super::settings::Settings;
use super::verifier::assertion;
pub use super::verifier::assertion::Asserted;
use super::verifier::credential_key::CredentialKey;
use crate::code::Code;
use crate::wire::calls::KnownCredential;
use crate::wire::id::{Bytes, Hash};
use crate::wire::webauthn::{Assertion, AttestedCredential, Registration, attested_data};

/// A passkey whose registration held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Credential id and public key.
    pub credential: AttestedCredential,
    /// Signature counter.
    pub counter: u32,
    /// BE.
    pub backup_eligible: bool,
    /// BS.
    pub backed_up: bool,
}

impl Credential {
    /// As the checks take it.
    pub(super) fn attested(&self) -> AttestedCredential {
        AttestedCredential { id: self.id.clone(), key: self.key.clone() }
    }

    /// As a wallet needs it for a statement.
    pub(super) fn known(&self) -> KnownCredential {
        let key_hash = self.attested().key_hash();
        KnownCredential { id: self.id.clone(), key_hash, backup_eligible: self.backup_eligible }
    }

    /// Notes what an assertion said. A counter that did not grow and a flipped BE are signals, not refusals.
    pub(super) fn note(&mut self, asserted: Asserted) {
        if (asserted.counter != 0 || self.counter != 0) && asserted.counter <= self.counter {
            self.counter_regressions = self.counter_regressions.saturating_add(1);
        }
        if asserted.backup_eligible != self.backup_eligible {
            self.backup_flips = self.backup_flips.saturating_add(1);
        }
        self.counter = self.counter.max(asserted.counter);
        self.backed_up = asserted.backed_up;
    }
}

/// Checks a registration against its challenge. Wallets ask for no attestation, so a statement that comes all the same is
/// not read: nothing rests on it.
///
/// # Errors
/// [`Code::WrongOrigin`], [`Code::IntentMismatch`] for another challenge, [`Code::WrongRp`], [`Code::UserNotVerified`],
/// [`Code::AssertionRefused`] for anything else.
pub fn check_registration(
    settings: &Settings,
    challenge: &Hash,
    registration: &Registration,
) -> Result<Registered, Code> {
    let response = &registration.response;
    let data = attested_data(&response.attestation_object.0).map_err(|_| Code::AssertionRefused)?;
    if data != response.authenticator_data.0.as_slice() || registration.kind != "public-key" {
        return Err(Code::AssertionRefused);
    }
    let common = settings.place().check("webauthn.create", challenge, &response.client_data.0, data)?;
    let credential = AttestedCredential::from_authenticator_data(data).map_err(|_| Code::AssertionRefused)?;
    if credential.id != registration.raw_id || CredentialKey::from_cose_key(&credential.key.0).is_err() {
        return Err(Code::AssertionRefused);
    }
    Ok(Registered {
        credential,
        counter: common.counter,
        backup_eligible: common.flags.backup_eligible(),
        backed_up: common.flags.backed_up(),
    })
}

/// Checks an assertion of one credential against its challenge. `user_handle` is compared where the platform gives one.
///
/// # Errors
/// [`Code::CredentialUnknown`] for another credential or user, [`Code::WrongOrigin`], [`Code::IntentMismatch`] for
/// another challenge, [`Code::WrongRp`], [`Code::UserNotVerified`], [`Code::AssertionRefused`] for anything else.
pub fn check_assertion(
    settings: &Settings,
    challenge: &Hash,
    assertion: &Assertion,
    credential: &AttestedCredential,
    user_handle: &Bytes,
) -> Result<Asserted, Code> {
    let asserted = settings.place().check_assertion(challenge, assertion, &credential.id, Some(user_handle))?;
    let key = CredentialKey::from_cose_key(&credential.key.0).map_err(|_| Code::AssertionRefused)?;
    assertion::check_signature(assertion, &key)?;
    Ok(asserted)
}

#[cfg(test)]
mod tests;
