//! The issuer's signed answer to a scanned shop code: who is really paid.

use super::field::map_struct;
use super::id::{Audience, Hash, IssuerId};
use super::money::{Amount, Currency};
use super::sign1::Statement;
use super::text::Shown;

map_struct! {
    /// Valid for 2 minutes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Quote {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The registered name of the merchant.
        2 => merchant: Shown,
        /// Where it stands, if a place is registered.
        3 => place: Option<Shown>,
        /// The audience to sign for.
        4 => audience: Audience,
        /// Currency.
        5 => currency: Currency,
        /// The amount, if the code fixes one.
        6 => amount: Option<Amount>,
        /// SHA-256 of the scanned code's UTF-8 bytes.
        7 => code_hash: Hash,
        /// End, seconds since 1970.
        8 => until: u32,
    }
}

impl Statement for Quote {
    const TYPE: &'static str = "application/vnd.jitsuin.quote.v1+cose";
}
