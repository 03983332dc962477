//! Passkey checks (WebAuthn level 3, sections 7.1 and 7.2): ours, each under its own code (`verifier/assertion.rs`), then
//! passki's over the same bytes, signature included.

use super::account::Credential;
use super::settings::Settings;
pub use super::verifier::assertion::Asserted;
use super::verifier::credential_key::CredentialKey;
use crate::code::Code;
use crate::wire::calls::KnownCredential;
use crate::wire::id::{Bytes, Hash};
use crate::wire::origin::Origin;
use crate::wire::sha256;
use crate::wire::webauthn::{Assertion, AttestedCredential, Registration, attested_data};
use passki::{Passki, StoredPasskey};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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

fn passki(settings: &Settings) -> Passki {
    let origins: Vec<&str> = settings.origins.iter().map(Origin::as_str).collect();
    Passki::new(settings.rp_id.as_str(), &origins, &settings.rp_name)
}

/// passki's inputs are its own types, which it reads from the JSON that a browser gives.
fn read<T: DeserializeOwned>(json: Result<Value, serde_json::Error>) -> Result<T, Code> {
    json.and_then(serde_json::from_value).map_err(|_| Code::AssertionRefused)
}

/// Checks a registration against its challenge.
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
    let state = read(Ok(json!({
        "challenge": challenge.as_bytes(),
        "user": { "id": "", "name": "", "displayName": "" },
        "user_verification": "required",
        "required_cred_protect": null,
    })))?;
    let stored = passki(settings)
        .finish_passkey_registration(&read(serde_json::to_value(registration))?, &state)
        .map_err(|_| Code::AssertionRefused)?;
    let credential = AttestedCredential::from_authenticator_data(data).map_err(|_| Code::AssertionRefused)?;
    let key = CredentialKey::from_cose_key(&credential.key.0).map_err(|_| Code::AssertionRefused)?;
    let agree = stored.credential_id == credential.id.0
        && credential.id == registration.raw_id
        && stored.algorithm == key.algorithm()
        && stored.public_key == credential.key.0
        && stored.be == common.flags.backup_eligible();
    if !agree {
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
    let mut stored = StoredPasskey::default();
    stored.credential_id.clone_from(&credential.id.0);
    stored.public_key.clone_from(&credential.key.0);
    stored.algorithm = key.algorithm();
    // `stored.counter` stays 0, which passki takes as "no counter": a regression is noted by the caller, not refused.
    let state = read(Ok(json!({
        "challenge": challenge.as_bytes(),
        "allowed_credentials": [credential.id.0],
        "user_verification": "required",
    })))?;
    passki(settings)
        .finish_passkey_authentication(&read(serde_json::to_value(assertion))?, &state, &stored)
        .map_err(|_| Code::AssertionRefused)?;
    // By the readers of evidence too: libraries differ over an Ed25519 signature whose R is of small order, and what is taken
    // here has to hold for whoever checks it later.
    let response = &assertion.response;
    let message = [response.authenticator_data.0.as_slice(), &sha256(&response.client_data.0)].concat();
    key.verify(&message, &response.signature.0).map_err(|_| Code::AssertionRefused)?;
    Ok(asserted)
}

#[cfg(test)]
mod tests;
