//! What the wallet checks before it believes a passkey's answer or an issuer's statement.

use super::error::Error;
use crate::code::Code;
use crate::wire::id::{Bytes, CredentialId, Hash, RpId};
use crate::wire::key_set::IssuerKey;
use crate::wire::sha256;
use crate::wire::webauthn::{Assertion, AuthenticatorData, ClientData, Flags};

/// What an answer of the authenticator must be for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// `webauthn.create` or `webauthn.get`.
    pub(super) kind: &'a str,
    pub(super) challenge: &'a Hash,
    pub(super) origin: &'a str,
    pub(super) rp_id: &'a RpId,
}

impl Expected<'_> {
    /// Checks type, challenge, origin, frame, relying party, UP and UV (protocol section 4, step 3).
    ///
    /// # Errors
    /// `wrong-origin`, `wrong-rp`, `user-not-verified`, else `assertion-refused`.
    pub(super) fn check(&self, client_data: &[u8], authenticator_data: &[u8]) -> Result<Flags, Error> {
        let refused = |_| Error::new(Code::AssertionRefused);
        let client = ClientData::from_bytes(client_data).map_err(refused)?;
        if client.kind != self.kind || !client.answers(self.challenge) {
            return Err(Code::AssertionRefused.into());
        }
        if client.origin != self.origin || client.cross_origin {
            return Err(Code::WrongOrigin.into());
        }
        let data = AuthenticatorData::from_bytes(authenticator_data).map_err(refused)?;
        if data.rp_id_hash != Hash(sha256(self.rp_id.as_str().as_bytes())) {
            return Err(Code::WrongRp.into());
        }
        if !data.flags.user_present() || !data.flags.user_verified() {
            return Err(Code::UserNotVerified.into());
        }
        Ok(data.flags)
    }

    /// The same for an assertion, which must also be by one of the credentials and for the one user.
    ///
    /// # Errors
    /// As [`Expected::check`].
    pub(super) fn check_assertion(
        &self,
        assertion: &Assertion,
        credentials: &[CredentialId],
        user_handle: &Bytes,
    ) -> Result<(), Error> {
        let response = &assertion.response;
        self.check(&response.client_data.0, &response.authenticator_data.0)?;
        let same_user = response.user().is_none_or(|given| given == user_handle);
        if credentials.contains(&assertion.raw_id) && same_user { Ok(()) } else { Err(Code::AssertionRefused.into()) }
    }
}

/// Demands that the key of a statement whose signature held may sign at `time`. Anything else is a clock that differs, and
/// no forgery.
///
/// # Errors
/// `clock-skew`, with how far `time` is from when the key may sign.
pub(super) fn check_time(key: &IssuerKey, time: u32) -> Result<(), Error> {
    if key.is_valid(time) {
        return Ok(());
    }
    let nearest = if time < key.not_before { key.not_before } else { key.not_after };
    Err(Error::clock_skew(i64::from(nearest) - i64::from(time)))
}

#[cfg(test)]
mod tests;
