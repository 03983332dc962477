//! An enrolled device key signs a new one in: further device, rotation, custody upgrade.

use super::enrolment::Custody;
use super::field::map_struct;
use super::id::{AccountId, IssuerId, Nonce, Thumbprint};
use super::key::PublicKey;
use super::sign1::Statement;

map_struct! {
    /// Signed by the old device key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Approval {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The account.
        2 => account: AccountId,
        /// The key that signs.
        3 => thumb: Thumbprint,
        /// The key signed in.
        4 => new_key: PublicKey,
        /// What the new wallet says of its custody.
        5 => custody: Custody,
        /// The nonce of the step-up that goes with it.
        6 => nonce: Nonce,
        /// Seconds since 1970.
        7 => issued_at: u32,
    }
}

impl Statement for Approval {
    const TYPE: &'static str = "application/vnd.jitsuin.approval.v1+cose";
}
