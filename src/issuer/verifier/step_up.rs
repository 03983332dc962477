//! The checks of one step-up in their order, pure (protocol section 4): the intent, then the passkey, then the device
//! key's co-signature. Limits, balance and the single use of the intent's nonce follow in the caller's transaction.

use super::assertion::{self, Asserted, Passkey, Place};
use crate::code::Code;
use crate::wire::co_signature::CoSignature;
use crate::wire::id::{AccountId, IssuerId};
use crate::wire::intent::Intent;
use crate::wire::key::PublicKey;
use crate::wire::sign1;
use crate::wire::webauthn::Assertion;

/// A device and where its owner may answer from.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The issuer.
    pub issuer: &'a IssuerId,
    /// Relying party id and origins.
    pub place: Place<'a>,
    /// The device's account.
    pub account: &'a AccountId,
    /// Its device key.
    pub key: &'a PublicKey,
    /// The passkeys registered with it.
    pub passkeys: &'a [Passkey],
    /// Milliseconds since 1970.
    pub now_ms: u64,
}

/// What came back for an intent.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The passkey's.
    pub assertion: &'a Assertion,
    /// The device key's COSE_Sign1; empty if none came.
    pub co_signature: &'a [u8],
}

impl Signer<'_> {
    /// Whether passkey and device key both signed exactly this intent, given as the issuer's own stored bytes.
    ///
    /// # Errors
    /// What the intent's form refuses; [`Code::IntentMismatch`] for one of another issuer, account or device,
    /// [`Code::IntentExpired`]; [`Code::CredentialUnknown`]; as [`assertion::check`]; as [`check_co_signature`].
    pub fn check(&self, intent: &[u8], answer: &Answer<'_>) -> Result<Asserted, Code> {
        let meant = Intent::from_bytes(intent).map_err(|refusal| refusal.code())?;
        if meant.issuer != *self.issuer || meant.account != *self.account || meant.thumb != self.key.thumbprint() {
            return Err(Code::IntentMismatch);
        }
        if self.now_ms >= u64::from(meant.expires_at) * 1000 {
            return Err(Code::IntentExpired);
        }
        let passkey = self.passkeys.iter().find(|passkey| passkey.id == meant.credential);
        let passkey = passkey.ok_or(Code::CredentialUnknown)?;
        let asserted = assertion::check(&self.place, &meant.challenge(), answer.assertion, passkey)?;
        check_co_signature(intent, answer.assertion, self.key, answer.co_signature)?;
        Ok(asserted)
    }
}

/// Whether the device key signed this intent together with this very assertion, which must have held before.
///
/// # Errors
/// [`Code::CoSignatureMissing`] if it is empty, [`Code::CoSignatureRefused`].
pub fn check_co_signature(
    intent: &[u8],
    assertion: &Assertion,
    key: &PublicKey,
    co_signature: &[u8],
) -> Result<(), Code> {
    if co_signature.is_empty() {
        return Err(Code::CoSignatureMissing);
    }
    let held = sign1::open::<CoSignature>(co_signature, key).map_err(|_| Code::CoSignatureRefused)?.into_inner();
    let response = &assertion.response;
    let expected = CoSignature::over(
        intent,
        &response.authenticator_data.0,
        &response.client_data.0,
        &response.signature.0,
        &assertion.raw_id,
    );
    if *held == expected { Ok(()) } else { Err(Code::CoSignatureRefused) }
}

#[cfg(test)]
mod tests;
