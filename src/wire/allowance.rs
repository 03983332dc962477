//! An issuer-signed set of limited-use thresholds for one device key.

use super::cbor::{Reader, Writer};
use super::field::map_struct;
use super::id::{AccountId, Handle, IssuerId, Thumbprint, Veil};
use super::money::{Amount, Currency};
use super::sign1::Statement;
use super::{Field, Refusal};
use crate::wire::json::{self, json_object, json_words};

json_words! {
    /// What the issuer found behind a custody claim; limits follow the tier, never the claim.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Tier {
        /// The first day of any device key.
        CoolOff "cool-off",
        /// `software` and `browser`.
        Browser "browser",
        /// `passkey` that can't be copied, after 30 clean days.
        Passkey "passkey",
        /// `native` with a platform attestation.
        Native "native",
    }
}

impl Field for Tier {
    fn write(&self, to: &mut Writer) {
        to.text(self.name());
    }

    fn blank() -> Self {
        json::FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::from_name(from.text()?).ok_or(Refusal::BadText)?;
        Ok(())
    }
}

map_struct! {
    /// What may be paid without contact to the issuer, in 24 hours.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Offline {
        /// A payment.
        1 => per_payment: Amount,
        /// How many payments.
        2 => count: u32,
        /// In all.
        3 => total: Amount,
    }
}
json_object! { open Offline { per_payment, count, total } }

map_struct! {
    /// Signed by the issuer's allowance key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Allowance {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The account.
        2 => account: AccountId,
        /// The device key.
        3 => thumb: Thumbprint,
        /// Random name that tokens carry as `kid`.
        4 => handle: Handle,
        /// Secret mixed into tokens.
        5 => veil: Veil,
        /// A payment, at the most.
        6 => per_payment: Amount,
        /// Payments in 24 hours.
        7 => count: u32,
        /// In all, in 24 hours.
        8 => total: Amount,
        /// The part that may be used offline.
        9 => offline: Offline,
        /// Currency.
        10 => currency: Currency,
        /// End, seconds since 1970.
        11 => until: u32,
        /// When the cool-off ends or ended, seconds since 1970.
        12 => cooled_at: u32,
        /// The tier behind the figures.
        13 => tier: Tier,
    }
}

impl Statement for Allowance {
    const TYPE: &'static str = "application/vnd.jitsuin.allowance.v1+cose";
}
