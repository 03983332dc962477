//! What a sealed device key is bound to (protocol section 7, *Seal v1*).

use super::field::map_struct;
use super::id::{AccountId, Bytes, IssuerId, Thumbprint};
use super::sign1::encode;

/// The one version of the seal.
pub const VERSION: u32 = 1;

map_struct! {
    /// The cipher's additional data: a sealed key opens for one key of one account at one issuer, under one passkey.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SealedFor {
        /// [`VERSION`].
        1 => version: u32,
        /// The issuer.
        2 => issuer: IssuerId,
        /// The account.
        3 => account: AccountId,
        /// The device key.
        4 => thumb: Thumbprint,
        /// The passkey's credential id.
        5 => credential: Bytes,
    }
}

impl SealedFor {
    /// The additional data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }
}
