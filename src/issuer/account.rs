//! An account with everything that decides over its money: devices, passkeys, allowances, meters, sources.

pub use super::handles::{HandleUse, Retired};
use super::ledger::Record;
use super::messages::Language;
pub use super::payments::{Held, HeldCause};
use super::replay::Window;
use super::tier::Evidence;
use crate::rules::chain::Link;
use crate::rules::policy::{Limits, Policy};
use crate::rules::spending::Meter;
use crate::wire::allowance::{Offline, Tier};
use crate::wire::enrolment::Custody;
use crate::wire::id::{AccountId, Audience, Bytes, CredentialId, Handle, Hash, PlaceId, SourceId, Thumbprint, Veil};
use crate::wire::key::PublicKey;
use crate::wire::money::{Amount, Currency};
use crate::wire::state::{DeviceStatus, SourceItem};
use crate::wire::text::Shown;
use serde::{Deserialize, Serialize};

/// One account, locked as a whole by every transaction that needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What its owner knows it by.
    pub label: Shown,
    /// Language of messages, which every device that is registered sets.
    pub language: Language,
    /// Where messages go.
    pub contact: String,
    /// When the contact was last changed, seconds since 1970.
    pub contact_changed_at: Option<u32>,
    /// `user.id` of its passkeys.
    pub user_handle: Bytes,
    /// Whether it was opened with the wallet; one that existed before is what the attacker of 2019 had.
    pub opened_with_wallet: bool,
    /// Whether it has ever had a device.
    pub had_device: bool,
    /// Minor units.
    pub balance: Amount,
    /// The one currency.
    pub currency: Currency,
    /// Its newest receipt.
    pub link: Link,
    /// When it was frozen, seconds since 1970.
    pub frozen_at: Option<u32>,
    /// Number of the receipt of that.
    #[serde(default)]
    pub frozen_seq: u64,
    /// Payments of all devices.
    pub spent: Meter,
    /// Top-ups of all devices.
    pub topped_up: Meter,
    /// Devices.
    pub devices: Vec<Device>,
    /// Sources of money.
    pub sources: Vec<Source>,
    /// Payments that are not paid out until it is settled who made them.
    #[serde(default)]
    pub held: Vec<Held>,
    /// Reported payments that wait and have no row above, for want of room: each says so itself, in `Payment::reported_at`.
    #[serde(default)]
    pub reported_more: u32,
    /// Tokens made before this are dead, seconds since 1970: what a freeze ended.
    #[serde(default)]
    pub tokens_from: u32,
    /// What the owner lets all devices pay in 24 hours, where that is less than the issuer would.
    #[serde(default)]
    pub own_limit: Option<Amount>,
}

impl Record for Account {}

/// One registered device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The key that pays.
    pub key: PublicKey,
    /// Its id.
    pub thumb: Thumbprint,
    /// The key that reads and freezes.
    pub channel_key: PublicKey,
    /// What its owner calls it.
    pub label: Shown,
    /// What its wallet says of its custody.
    pub custody: Custody,
    /// Whether it may sign.
    pub state: State,
    /// When it was registered, seconds since 1970.
    pub added_at: u32,
    /// Number of the receipt of that; of a key that took another's place, the other's number. Enrolments and freezes are
    /// ordered by these numbers, for a second holds many things.
    #[serde(default)]
    pub added_seq: u64,
    /// When its cool-off ends or ended, seconds since 1970.
    pub cooled_at: u32,
    /// Its last authenticated call, seconds since 1970.
    pub last_contact: u32,
    /// Its last payment.
    pub last_debit: Option<Debit>,
    /// Its passkey.
    pub credential: Credential,
    /// SHA-256 of its enrolment statement.
    pub enrolment: Hash,
    /// Its current allowance.
    pub allowance: Granted,
    /// Handles of the current and earlier allowances, newest last.
    pub handles: Vec<HandleUse>,
    /// Counters used.
    pub window: Window,
    /// Payments.
    pub spent: Meter,
    /// Payments with tokens made offline.
    pub spent_offline: Meter,
    /// Top-ups.
    pub topped_up: Meter,
    /// How often what was prepared for it was ended: by a freeze or a suspicion. Part of the MAC of its nonces.
    #[serde(default)]
    pub intents_ended: u32,
    /// A refill that the owner agreed to and the wallet has not fetched.
    #[serde(default)]
    pub agreed_refill: Option<AgreedRefill>,
    /// What raises or lowers its tier.
    #[serde(default)]
    pub evidence: Evidence,
    /// When its own wallet signed it off. Its passkey still leads back into the account.
    #[serde(default)]
    pub signed_off_at: Option<u32>,
    /// The key that a rotation put in its place.
    #[serde(default)]
    pub replaced_by: Option<Thumbprint>,
}

/// The terms of an agreed refill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedRefill {
    /// A payment, at the most.
    pub per_payment: Amount,
    /// Payments in 24 hours.
    pub count: u32,
    /// In all, in 24 hours.
    pub total: Amount,
    /// End of the allowance, seconds since 1970.
    pub until: u32,
    /// Until when it may be fetched, seconds since 1970.
    pub fetch_by: u32,
}

/// Whether a device key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It may.
    Active,
    /// Clone evidence.
    Suspended,
    /// Signed off.
    Revoked,
}

/// The last payment of a device, to notice a second one at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Debit {
    /// Seconds since 1970.
    pub at: u32,
    /// Where.
    pub till: Audience,
    /// Whose till that is.
    #[serde(default)]
    pub merchant: Option<Audience>,
    /// Its registered place.
    #[serde(default)]
    pub place_id: Option<PlaceId>,
    /// The payment.
    #[serde(default)]
    pub payment: String,
    /// Minor units.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Number of its receipt.
    #[serde(default)]
    pub seq: u64,
    /// When the wallet proved that it has checked that receipt, seconds since 1970.
    #[serde(default)]
    pub seen_at: Option<u32>,
    /// When the wallet proved that its page has drawn that receipt, seconds since 1970.
    #[serde(default)]
    pub shown_at: Option<u32>,
    /// Whether its owner reported it as not theirs: whatever else makes it doubtful, time does not release it.
    #[serde(default)]
    pub reported: bool,
}

/// A registered passkey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// Credential id.
    pub id: CredentialId,
    /// COSE public key.
    pub key: Bytes,
    /// Highest signature counter seen; 0 where the authenticator has none.
    pub counter: u32,
    /// How often a counter did not grow: a signal, for synced passkeys do that.
    pub counter_regressions: u32,
    /// BE at registration.
    pub backup_eligible: bool,
    /// BS when last seen.
    pub backed_up: bool,
    /// How often BE was another than at registration: a signal.
    pub backup_flips: u32,
}

/// What was granted and signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// A payment, at the most.
    pub per_payment: Amount,
    /// Payments in 24 hours.
    pub count: u32,
    /// In all, in 24 hours.
    pub total: Amount,
    /// The offline part.
    pub offline: Offline,
    /// The tier behind the figures.
    pub tier: Tier,
    /// End, seconds since 1970.
    pub until: u32,
    /// When it was granted, seconds since 1970.
    pub at: u32,
    /// The signed statement.
    pub statement: Bytes,
}

impl Granted {
    /// The handle that names it in tokens, unused.
    #[must_use]
    pub const fn handle_use(&self, handle: Handle, veil: Veil) -> HandleUse {
        HandleUse { handle, veil, until: self.until, per_payment: self.per_payment, retired: None }
    }
}

/// A stored card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// What its owner knows it by.
    pub label: Shown,
    /// Drawn once: part of the fingerprint.
    #[serde(default)]
    pub random: [u8; 16],
    /// What the card processor knows it by.
    pub processor: String,
    /// Device keys that proved it, and when, seconds since 1970.
    pub proved: Vec<(Thumbprint, u32)>,
}

/// The one kind of source so far.
const CARD: &str = "card";

impl Source {
    /// What this device key is shown of it.
    #[must_use]
    pub fn item(&self, thumb: Thumbprint) -> SourceItem {
        SourceItem {
            id: self.id.clone(),
            kind: CARD.parse().unwrap_or_default(),
            label: self.label.clone(),
            random: self.random,
            usable_from: self.usable_from(thumb),
        }
    }

    /// Since when this device key may use it, seconds since 1970.
    #[must_use]
    pub fn usable_from(&self, thumb: Thumbprint) -> Option<u32> {
        self.proved.iter().find(|(key, _)| *key == thumb).map(|(_, at)| *at)
    }
}

impl Account {
    /// The device with this key.
    #[must_use]
    pub fn device(&self, thumb: Thumbprint) -> Option<&Device> {
        self.devices.iter().find(|device| device.thumb == thumb)
    }

    /// The device with this key.
    pub fn device_mut(&mut self, thumb: Thumbprint) -> Option<&mut Device> {
        self.devices.iter_mut().find(|device| device.thumb == thumb)
    }

    /// The source with this id.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// What a device list says of a device.
    #[must_use]
    pub const fn status(&self, device: &Device) -> DeviceStatus {
        match (device.state, self.frozen_at) {
            (State::Revoked, _) => DeviceStatus::Revoked,
            (State::Suspended, _) => DeviceStatus::Suspended,
            (State::Active, Some(_)) => DeviceStatus::Frozen,
            (State::Active, None) => DeviceStatus::Active,
        }
    }
}

impl Device {
    /// What became of this handle, if it is known.
    #[must_use]
    pub fn handle_use(&self, handle: Handle) -> Option<&HandleUse> {
        self.handles.iter().find(|used| used.handle == handle)
    }

    /// Ends every intent that was prepared for it, and a refill that was agreed to.
    pub const fn end_intents(&mut self) {
        self.intents_ended = self.intents_ended.wrapping_add(1);
        self.agreed_refill = None;
    }

    /// The limits behind its next allowance.
    #[must_use]
    pub fn limits<'p>(&self, policy: &'p Policy, now: u32) -> &'p Limits {
        policy.of(self.tier(policy, now))
    }
}

/// A login.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoginEntry {
    /// The account.
    pub account: AccountId,
    /// The password's hash.
    pub password: super::password::PasswordHash,
    /// The login as it was written when the account was opened; none in rows of earlier versions.
    pub opened_as: Option<String>,
}

impl Record for LoginEntry {}

/// Device keys that one handle may mean; at most 4, so that a check stays bounded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HandleEntries(pub Vec<(AccountId, Thumbprint)>);

impl HandleEntries {
    /// How many keys are tried at the most.
    pub const MOST: usize = 4;
}

impl Record for HandleEntries {}

/// Who a calling key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyEntry {
    /// A device key.
    Device {
        /// Its account.
        account: AccountId,
    },
    /// A channel key.
    Channel {
        /// Its account.
        account: AccountId,
        /// Its device.
        thumb: Thumbprint,
    },
    /// A till's key.
    Till {
        /// The till.
        till: Audience,
    },
}

impl Record for KeyEntry {}

/// Which account a passkey belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialEntry {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub thumb: Thumbprint,
}

impl Record for CredentialEntry {}
