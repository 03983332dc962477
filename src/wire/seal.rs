//! What a sealed device key is bound to (protocol section 7, *Seal v1*).

use super::cbor::Writer;
use super::id::{AccountId, CredentialId, IssuerId, Thumbprint};

/// The one version of the seal.
const VERSION: u32 = 1;

/// The cipher's additional data: a sealed key opens for one key of one account at one issuer, under one passkey. It is only
/// ever written.
#[derive(Clone, Copy, Debug)]
pub struct SealedFor<'a> {
    /// The issuer.
    pub issuer: &'a IssuerId,
    /// The account.
    pub account: &'a AccountId,
    /// The device key.
    pub thumb: Thumbprint,
    /// The passkey's credential id.
    pub credential: &'a CredentialId,
}

impl SealedFor<'_> {
    /// The additional data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { issuer, account, thumb, credential } = *self;
        let mut to = Writer::new();
        to.fields(&[(1, &VERSION), (2, issuer), (3, account), (4, &thumb), (5, credential)]);
        to.into_bytes()
    }
}
