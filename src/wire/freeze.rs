//! The order to stop an account. It only takes away, so the channel key or the device key is enough.

use super::field::map_struct;
use super::id::{AccountId, IssuerId, Nonce, Thumbprint};
use super::sign1::Statement;

map_struct! {
    /// Used once, within 5 minutes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Freeze {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The account.
        2 => account: AccountId,
        /// The device key on whose registration this stands.
        3 => thumb: Thumbprint,
        /// Drawn by the wallet.
        4 => nonce: Nonce,
        /// Seconds since 1970.
        5 => issued_at: u32,
    }
}

impl Statement for Freeze {
    const TYPE: &'static str = "application/vnd.jitsuin.freeze.v1+cose";
}
