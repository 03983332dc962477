//! The one stored record, without its key handles: versioned JSON. State and key stand and fall together.

use super::state::{Alert, ReceiptView};
use crate::rules::chain::Link;
use crate::rules::spending::{Entry, Meter};
use crate::wire::allowance::{Allowance, Offline, Tier};
use crate::wire::calls::{DeviceItem, DeviceStatus, Left, SourceItem};
use crate::wire::enrolment::Custody;
use crate::wire::id::{AccountId, Bytes, CredentialId, Handle, IssuerId, Nonce, RpId, Thumbprint, Veil};
use crate::wire::json::{self, FromJson as _, json_object};
use crate::wire::key::PublicKey;
use crate::wire::key_set::SignedKeySet;
use crate::wire::money::{Amount, Currency};
use crate::wire::text;
use std::rc::Rc;

/// The version this build writes. Later ones are refused, earlier ones are brought up in [`Data::from_bytes`].
pub const VERSION: u32 = 2;
/// Receipts kept for the page.
const RECEIPTS: usize = 100;
/// Tokens remembered at the most; those older than the last sync are forgotten first.
const TOKENS: usize = 2_000;
/// Alerts kept at the most.
const ALERTS: usize = 50;

/// Why stored bytes are not a record of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a record at all.
    Corrupt,
    /// A record of a later version.
    Newer,
}

/// What the wallet keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// [`VERSION`].
    pub version: u32,
    /// Who the issuer is.
    pub issuer: IssuerId,
    /// The device key.
    pub device_key: PublicKey,
    /// The channel key.
    pub channel_key: PublicKey,
    /// Where the device key lives.
    pub custody: Custody,
    /// What this wallet believes of its issuer; none before the first call.
    pub trust: Option<Trust>,
    /// An enrolment whose answer has not come.
    pub enrolling: Option<Enrolling>,
    /// A rotation whose answer has not come.
    pub rotating: Option<Rotating>,
    /// Device keys that this one replaced, oldest first: what they paid was paid here.
    pub predecessors: Vec<Thumbprint>,
    /// The account; none before enrolment.
    pub account: Option<Account>,
    /// This device's state, as of the last sync.
    pub status: DeviceStatus,
    /// The last counter taken.
    pub atc: u32,
    /// The last start of life given to a token, seconds since 1970.
    pub last_iat: u32,
    /// Issuer's clock less the device's, in milliseconds.
    pub offset_ms: i64,
    /// Last call that the issuer answered under proof, seconds since 1970.
    pub last_contact: u32,
    /// The current allowance.
    pub allowance: Option<Terms>,
    /// An allowance whose key's time did not fit this device's clock; opened once the clock is learned.
    pub unopened: Option<Bytes>,
    /// What the issuer said is left of it.
    pub left: Option<LeftThen>,
    /// What the issuer said all devices may pay in 24 hours.
    pub limit: Option<Amount>,
    /// Own payments of the last 24 hours, from checked receipts.
    pub meter: Meter,
    /// Codes shown, outcome unknown.
    pub shown: Vec<Shown>,
    /// Tokens made.
    pub made: Vec<Made>,
    /// Tokens with this counter or a lower one were forgotten, so nothing can be said of them.
    pub forgotten: u32,
    /// The newest checked receipt.
    pub link: Link,
    /// Balance after it.
    pub balance: Option<Amount>,
    /// Last complete sync, milliseconds since 1970.
    pub synced_at: Option<u64>,
    /// Sequence of the receipt that this device was added with.
    pub added_by: Option<u64>,
    /// Newest checked receipts, oldest first.
    pub receipts: Vec<Rc<ReceiptView>>,
    /// Alerts that were not acknowledged, oldest first.
    pub alerts: Vec<Rc<Alert>>,
    /// Devices of the account.
    pub devices: Vec<DeviceItem>,
    /// Its sources.
    pub sources: Vec<SourceItem>,
}
json_object! {
    open Data {
        version, issuer, device_key, channel_key, custody, trust, enrolling, account, status, atc, last_iat,
        offset_ms, last_contact, allowance, unopened, left, limit, meter, shown, made, forgotten, link, balance, synced_at,
        added_by, receipts, alerts, devices, sources, rotating, predecessors = "predecessors?",
    }
}

/// What a wallet believes of its issuer, pinned at the first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The newest key set, with the root that signed it.
    pub key_set: SignedKeySet,
    /// Relying party.
    pub rp_id: RpId,
    /// Its name.
    pub rp_name: text::Shown,
    /// The one currency.
    pub currency: Currency,
}
json_object! { open Trust { key_set, rp_id, rp_name, currency } }

/// An enrolment that was sent. The same call again gives the same answer, so a lost one is asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolling {
    /// What it leads to.
    pub account: Account,
    /// The call's body.
    pub call: Bytes,
    /// Whether it takes the place of a device.
    pub recovers: Option<bool>,
}
json_object! { open Enrolling { account, call, recovers = "recovers?" } }

/// A rotation that was sent. The same call again gives the same answer, so a lost one is asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotating {
    /// The new device key.
    pub device_key: PublicKey,
    /// The new channel key.
    pub channel_key: PublicKey,
    /// Where the new device key lives.
    pub custody: Custody,
    /// Names the intent.
    pub nonce: Nonce,
    /// The call's body.
    pub call: Bytes,
}
json_object! { open Rotating { device_key, channel_key, custody, nonce, call } }

/// The account that this device is registered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What the user knows it by.
    pub label: text::Shown,
    /// What this device is called.
    pub device_label: String,
    /// The passkey.
    pub credential: CredentialId,
    /// `user.id` of the passkey.
    pub user_handle: Bytes,
    /// Seconds since 1970.
    pub enrolled_at: u32,
}
json_object! { open Account { id, label, device_label, credential, user_handle, enrolled_at } }

/// What an allowance allows, from its checked statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Names it in tokens.
    pub handle: Handle,
    /// Mixed into their signatures.
    pub veil: Veil,
    /// A payment, at the most.
    pub per_payment: Amount,
    /// Payments in 24 hours.
    pub count: u32,
    /// In all, in 24 hours.
    pub total: Amount,
    /// The part that may be used offline.
    pub offline: Offline,
    /// Currency.
    pub currency: Currency,
    /// End, seconds since 1970.
    pub until: u32,
    /// When the cool-off ends or ended, seconds since 1970.
    pub cooled_at: u32,
    /// The tier.
    pub tier: Tier,
    /// When it came, by the signed time of the first sync after it, seconds since 1970; 0 before that sync. The device's own
    /// clock may be wrong when an allowance comes.
    pub since: u32,
}
json_object! {
    open Terms {
        handle, veil, per_payment, count, total, offline, currency, until, cooled_at, tier, since,
    }
}

impl Terms {
    /// The terms of a checked allowance that has come now.
    #[must_use]
    pub fn new(allowance: &Allowance) -> Self {
        Self {
            handle: allowance.handle,
            veil: allowance.veil,
            per_payment: allowance.per_payment,
            count: allowance.count,
            total: allowance.total,
            offline: allowance.offline.clone(),
            currency: allowance.currency,
            until: allowance.until,
            cooled_at: allowance.cooled_at,
            tier: allowance.tier,
            since: 0,
        }
    }

    /// Dates an allowance that has come since the last sync, or that an earlier version dated by a clock that was ahead.
    pub fn date(&mut self, now: u32) {
        self.since = if self.since == 0 { now } else { self.since.min(now) };
    }

    /// When it came, in milliseconds since 1970: now, if no sync has told yet.
    #[must_use]
    pub const fn dated(&self, now_ms: u64) -> u64 {
        if self.since == 0 { now_ms } else { self.since as u64 * 1000 }
    }
}

/// What the issuer said is left, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftThen {
    /// What.
    pub left: Left,
    /// Seconds since 1970.
    pub as_of: u32,
}
json_object! { open LeftThen { left, as_of } }

/// Codes shown without a break: one payment at the most, until a checked receipt says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// First counter.
    pub first: u32,
    /// Last counter.
    pub last: u32,
    /// When the first was made, milliseconds since 1970.
    pub began: u64,
    /// When the last was made, milliseconds since 1970.
    pub latest: u64,
    /// When the last one ends, seconds since 1970.
    pub ends: u32,
    /// At worst.
    pub worst: Amount,
    /// Whether one of them was made without the issuer in reach.
    pub offline: bool,
}
json_object! { open Shown { first, last, began, latest, ends, worst, offline } }

impl Shown {
    /// At worst, as a movement of the window.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry { at: u32::try_from(self.began / 1000).unwrap_or(u32::MAX), amount: self.worst }
    }
}

/// A token that this wallet made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Counter.
    pub atc: u32,
    /// Random part.
    pub random: [u8; 4],
    /// When, milliseconds since 1970.
    pub at: u64,
    /// At the most.
    pub most: Amount,
    /// Sequence of the receipt of its payment.
    pub spent: Option<u64>,
}
json_object! { open Made { atc, random, at, most, spent } }

impl Data {
    /// A record before enrolment.
    #[must_use]
    pub fn new(issuer: IssuerId, device_key: PublicKey, channel_key: PublicKey, custody: Custody) -> Box<Self> {
        let mut data = Self::empty();
        data.version = VERSION;
        data.issuer = issuer;
        data.device_key = device_key;
        data.channel_key = channel_key;
        data.custody = custody;
        data
    }

    /// Nothing of it is known.
    fn empty() -> Box<Self> {
        Box::new(Self::blank())
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Box<Self>, Unreadable> {
        let corrupt = |_| Unreadable::Corrupt;
        let json = json::parse(bytes).map_err(corrupt)?;
        let version = json.member("version").map_err(corrupt)?.ok_or(Unreadable::Corrupt)?;
        match version.to().map_err(corrupt)? {
            0 => return Err(Unreadable::Corrupt),
            // Version 1 says the same in the same words; it knew no sealed handle beside it.
            1..=VERSION => {}
            _ => return Err(Unreadable::Newer),
        }
        let mut data = Self::empty();
        data.read(&json).map_err(corrupt)?;
        data.version = VERSION;
        Ok(data)
    }

    /// The bytes to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_vec(self)
    }

    /// The account, as soon as the wallet knows which it is.
    #[must_use]
    pub fn known_account(&self) -> Option<&Account> {
        self.account.as_ref().or(self.enrolling.as_ref().map(|enrolling| &enrolling.account))
    }

    /// Whether this is the device key, or one that it replaced.
    #[must_use]
    pub fn is_own(&self, thumb: Thumbprint) -> bool {
        thumb == self.device_key.thumbprint() || self.predecessors.contains(&thumb)
    }

    /// The currency of the account.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.trust.as_ref().map(|trust| trust.currency)
    }

    /// Keeps an alert, once for each id.
    pub fn alert(&mut self, alert: Alert) {
        if !self.alerts.iter().any(|kept| kept.id == alert.id) {
            if self.alerts.len() >= ALERTS {
                self.alerts.remove(0);
            }
            self.alerts.push(Rc::new(alert));
        }
    }

    /// Keeps a checked receipt.
    pub fn keep_receipt(&mut self, receipt: Rc<ReceiptView>) {
        self.receipts.push(receipt);
        while self.receipts.len() > RECEIPTS {
            self.receipts.remove(0);
        }
    }

    /// Remembers a token.
    pub fn remember(&mut self, made: Made) {
        self.made.push(made);
        while self.made.len() > TOKENS {
            self.forgotten = self.forgotten.max(self.made.remove(0).atc);
        }
    }

    /// Forgets tokens whose receipts have long come, as of a complete sync at `now_ms`.
    pub fn forget_settled(&mut self, now_ms: u64) {
        const DAY_MS: u64 = 24 * 3_600_000;
        let settled = |made: &Made| made.at.saturating_add(DAY_MS) < now_ms;
        // The chain was complete, so a receipt that names one of them later is of a token this wallet did not show.
        self.made.retain(|made| !settled(made));
    }
}

#[cfg(test)]
mod tests;
