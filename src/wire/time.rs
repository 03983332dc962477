//! The issuer's signed clock: the only source of a wallet's clock offset.

use super::field::map_struct;
use super::id::{IssuerId, Nonce};
use super::number::Whole;
use super::sign1::Statement;

map_struct! {
    /// Answers one nonce of one wallet.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Time {
        /// The issuer.
        1 => issuer: IssuerId,
        /// Drawn by the wallet.
        2 => nonce: Nonce,
        /// Milliseconds since 1970.
        3 => now_ms: Whole,
    }
}

impl Statement for Time {
    const TYPE: &'static str = "application/vnd.jitsuin.time.v1+cose";
}
