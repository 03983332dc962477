//! The newest link of an account's receipts, signed afresh at every sync.

use super::field::map_struct;
use super::id::{AccountId, Hash};
use super::money::Amount;
use super::number::Whole;
use super::sign1::Statement;

map_struct! {
    /// At most 60 s old when it arrives.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Head {
        /// The account.
        1 => account: AccountId,
        /// Number of the newest receipt; 0 if there is none.
        2 => seq: Whole,
        /// Its link; zero if there is none.
        3 => hash: Hash,
        /// Seconds since 1970.
        4 => time: u32,
        /// The balance, minor units.
        5 => balance: Amount,
    }
}

impl Statement for Head {
    const TYPE: &'static str = "application/vnd.jitsuin.head.v1+cose";
}
