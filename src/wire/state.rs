//! What an account looks like to one of its devices, signed for one call of that device (protocol section 3, *state*): the wallet
//! believes status, counter's floor, devices, sources, what is left and the limit from here alone.

use super::cbor::{Reader, Writer};
use super::enrolment::Custody;
use super::field::map_struct;
use super::id::{AccountId, Hash, IssuerId, Nonce, SourceId, Thumbprint};
use super::json::{self, json_object, json_words};
use super::list::List;
use super::money::Amount;
use super::number::Whole;
use super::sign1::Statement;
use super::text::Shown;
use super::{Field, Refusal, tagged_hash};

json_words! {
    /// What the issuer holds of a device key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum DeviceStatus {
        /// It may sign.
        Active "active",
        /// Clone evidence: it may not sign until it is replaced.
        Suspended "suspended",
        /// Signed off.
        Revoked "revoked",
        /// The whole account is frozen.
        Frozen "frozen",
    }
}

impl Field for DeviceStatus {
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
    /// One device of the account.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DeviceItem {
        /// Its key.
        1 => thumb: Thumbprint,
        /// What the user calls it.
        2 => label: Shown,
        /// What its wallet says of its custody.
        3 => custody: Custody,
        /// Its state.
        4 => status: DeviceStatus,
        /// When it was registered, seconds since 1970.
        5 => added_at: u32,
        /// When its cool-off ends or ended, seconds since 1970.
        6 => cooled_at: u32,
        /// Its last payment, seconds since 1970.
        7 => last_used_at: Option<u32>,
    }
}
json_object! {
    open DeviceItem {
        thumb, label, custody, status, added_at, cooled_at, last_used_at = "last_used_at?",
    }
}

map_struct! {
    /// One source of money.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SourceItem {
        /// Its id.
        1 => id: SourceId,
        /// `card`.
        2 => kind: Shown,
        /// What the user knows it by, such as `VISA ···· 4242`.
        3 => label: Shown,
        /// Drawn by the issuer once for each source: part of the fingerprint.
        4 => random: [u8; 16],
        /// When this device may use it, seconds since 1970; none: it must first be proved on this device.
        5 => usable_from: Option<u32>,
    }
}
json_object! { open SourceItem { id, kind, label, random = "random?", usable_from = "usable_from?" } }

impl SourceItem {
    /// What an intent names the source by: a hash over what the wallet shows of it (protocol section 4).
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        let mut shown = Writer::new();
        shown.fields(&[(1, &self.id), (2, &self.kind), (3, &self.label), (4, &self.random)]);
        Hash(tagged_hash("jitsuin/v1/source", &[&shown.into_bytes()]))
    }
}

map_struct! {
    /// What the meters leave of an allowance.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Left {
        /// Minor units.
        1 => amount: Amount,
        /// Payments.
        2 => count: u32,
        /// When the oldest payment leaves the window; now, if none is in it. Seconds since 1970.
        3 => resets_at: u32,
    }
}
json_object! { open Left { amount, count, resets_at } }

/// Devices in one state. An account may have had more: the oldest that were signed off are left out.
pub type Devices = List<DeviceItem, 32>;
/// Sources in one state.
pub type Sources = List<SourceItem, 32>;

map_struct! {
    /// Answers one nonce of one device, together with the head of the same moment.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DeviceState {
        /// The issuer.
        1 => issuer: IssuerId,
        /// The account.
        2 => account: AccountId,
        /// The device key whose wallet asked.
        3 => thumb: Thumbprint,
        /// Drawn by the wallet for this call.
        4 => nonce: Nonce,
        /// Number of the newest receipt: that of the head.
        5 => seq: Whole,
        /// How this device stands.
        6 => status: DeviceStatus,
        /// The device key's next counter must be above this.
        7 => floor: u32,
        /// The account's devices, oldest first.
        8 => devices: Devices,
        /// The account's sources.
        9 => sources: Sources,
        /// What the meters leave of this device's allowance.
        10 => left: Left,
        /// What all devices may pay in 24 hours, minor units: the owner's own limit, or else the issuer's.
        11 => limit: Amount,
    }
}

impl Statement for DeviceState {
    const TYPE: &'static str = "application/vnd.jitsuin.state.v1+cose";
    const MOST_BYTES: usize = 32 * 1024;
}

#[cfg(test)]
mod tests;
