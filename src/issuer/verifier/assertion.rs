//! What an assertion must say before its signature counts (WebAuthn level 3, section 7.2), pure, each refusal under its
//! own code; and the same with the signature. The issuer's own desk checks the same ([`super::super::webauthn`]).

use super::credential_key::CredentialKey;
use crate::code::Code;
use crate::wire::id::{Bytes, CredentialId, Hash, RpId, to_base64};
use crate::wire::json::{self, Json};
use crate::wire::origin::Origin;
use crate::wire::sha256;
use crate::wire::webauthn::{Assertion, AuthenticatorData, ClientData};

/// Where an answer may come from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The relying party id.
    pub rp_id: &'a RpId,
    /// Origins, an Android app's `android:apk-key-hash:` included.
    pub origins: &'a [Origin],
}

/// A registered passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Credential id.
    pub id: CredentialId,
    /// Its public key.
    pub key: CredentialKey,
    /// The user handle it was registered with, if that is kept.
    pub user_handle: Option<Bytes>,
    /// BE at its registration.
    pub backup_eligible: bool,
}

/// What a good assertion says besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// Signature counter.
    pub counter: u32,
    /// BE now.
    pub backup_eligible: bool,
    /// BS now.
    pub backed_up: bool,
}

impl Place<'_> {
    /// Checks what both ceremonies share: type, origin, frame, challenge, relying party, presence, verification, backup
    /// flags, in this order.
    ///
    /// # Errors
    /// [`Code::AssertionRefused`] for another form or type, [`Code::WrongOrigin`], [`Code::IntentMismatch`] for another
    /// challenge, [`Code::WrongRp`], [`Code::UserNotVerified`]; [`Code::AssertionRefused`] for a credential that is backed up
    /// and can't be (section 6.1.3).
    pub fn check(
        &self,
        kind: &str,
        challenge: &Hash,
        client_data: &[u8],
        authenticator_data: &[u8],
    ) -> Result<AuthenticatorData, Code> {
        let client = ClientData::from_bytes(client_data).map_err(|_| Code::AssertionRefused)?;
        if client.kind != kind {
            return Err(Code::AssertionRefused);
        }
        if !self.origins.iter().any(|origin| *origin == *client.origin) || client.cross_origin {
            return Err(Code::WrongOrigin);
        }
        if !client.answers(challenge) {
            return Err(Code::IntentMismatch);
        }
        let data = AuthenticatorData::from_bytes(authenticator_data).map_err(|_| Code::AssertionRefused)?;
        if data.rp_id_hash != Hash(sha256(self.rp_id.as_str().as_bytes())) {
            return Err(Code::WrongRp);
        }
        if !data.flags.user_present() || !data.flags.user_verified() {
            return Err(Code::UserNotVerified);
        }
        if data.flags.backed_up() && !data.flags.backup_eligible() {
            return Err(Code::AssertionRefused);
        }
        Ok(data)
    }

    /// Checks all of an assertion but its signature. `user_handle` is compared where the platform gives one.
    ///
    /// # Errors
    /// [`Code::CredentialUnknown`] for another credential or user; as [`Place::check`].
    pub fn check_assertion(
        &self,
        challenge: &Hash,
        assertion: &Assertion,
        credential: &CredentialId,
        user_handle: Option<&Bytes>,
    ) -> Result<Asserted, Code> {
        let response = &assertion.response;
        let other_user = response.user().zip(user_handle).is_some_and(|(answered, kept)| answered != kept);
        if assertion.raw_id != *credential || other_user {
            return Err(Code::CredentialUnknown);
        }
        if assertion.kind != "public-key" || assertion.id != to_base64(&credential.0) {
            return Err(Code::AssertionRefused);
        }
        let data = self.check("webauthn.get", challenge, &response.client_data.0, &response.authenticator_data.0)?;
        Ok(Asserted {
            counter: data.counter,
            backup_eligible: data.flags.backup_eligible(),
            backed_up: data.flags.backed_up(),
        })
    }
}

const EXTENSIONS: &str = "clientExtensionResults";
const PRF: &str = "prf";

/// Whether extension results stand anywhere in a JSON text: the output of PRF among them opens a sealed key.
#[must_use]
pub fn leaks(body: &[u8]) -> bool {
    // A name may be written with escapes; a body without any of these is not taken apart twice.
    let may_leak = [EXTENSIONS, PRF, "\\"].iter().any(|part| {
        let part = part.as_bytes();
        body.windows(part.len()).any(|bytes| bytes == part)
    });
    may_leak && json::parse(body).is_ok_and(|json| holds_extensions(&json))
}

fn holds_extensions(json: &Json) -> bool {
    match json {
        Json::Object(members) => members.iter().any(|(name, value)| {
            let empty = matches!(value, Json::Object(results) if results.is_empty());
            ((name == EXTENSIONS || name == PRF) && !empty) || holds_extensions(value)
        }),
        Json::List(items) => items.iter().any(|(_, item)| holds_extensions(item)),
        _ => false,
    }
}

/// Reads `AuthenticationResponseJSON`.
///
/// # Errors
/// [`Code::PrfLeaked`] for one that carries what must stay in the page, [`Code::AssertionRefused`] for another shape.
pub fn read(body: &[u8]) -> Result<Assertion, Code> {
    if leaks(body) {
        return Err(Code::PrfLeaked);
    }
    json::from_slice(body).map_err(|_| Code::AssertionRefused)
}

/// Checks an assertion of one passkey, its signature last.
///
/// # Errors
/// As [`Place::check_assertion`]; [`Code::AssertionRefused`] also for a BE that is not the registered one, and for a
/// signature that does not hold.
pub fn check(place: &Place<'_>, challenge: &Hash, assertion: &Assertion, passkey: &Passkey) -> Result<Asserted, Code> {
    let asserted = place.check_assertion(challenge, assertion, &passkey.id, passkey.user_handle.as_ref())?;
    if asserted.backup_eligible != passkey.backup_eligible {
        return Err(Code::AssertionRefused);
    }
    check_signature(assertion, &passkey.key)?;
    Ok(asserted)
}

/// Checks the signature of an assertion.
///
/// # Errors
/// [`Code::AssertionRefused`].
pub(in crate::issuer) fn check_signature(assertion: &Assertion, key: &CredentialKey) -> Result<(), Code> {
    let response = &assertion.response;
    let message = [response.authenticator_data.0.as_slice(), &sha256(&response.client_data.0)].concat();
    key.verify(&message, &response.signature.0).map_err(|_| Code::AssertionRefused)
}

#[cfg(test)]
mod tests;
