//! The one stored record, without its key handles: versioned JSON. State and key stand and fall together.

mod terms;

pub use terms::{LeftThen, Terms};

use super::clock::LEEWAY;
use super::state::{Alert, ReceiptView};
use crate::rules::chain::Link;
use crate::rules::spending::{Entry, Meter};
use crate::wire::enrolment::Custody;
use crate::wire::id::{AccountId, Bytes, CredentialId, Handle, IssuerId, Nonce, RpId, Thumbprint};
use crate::wire::json::{self, FromJson as _, json_object, json_words};
use crate::wire::key::PublicKey;
use crate::wire::key_set::SignedKeySet;
use crate::wire::money::{Amount, Currency};
use crate::wire::state::{DeviceItem, DeviceStatus, SourceItem};
use crate::wire::text;
use std::rc::Rc;

/// The version this build writes. Later ones are refused, earlier ones are brought up in [`Data::from_bytes`].
pub const VERSION: u32 = 3;
/// Receipts kept for the page.
const RECEIPTS: usize = 100;
/// Tokens remembered at the most; those older than the last sync are forgotten first.
const TOKENS: usize = 2_000;
/// Handles of earlier allowances remembered at the most: more than an issuer takes tokens under.
const HANDLES: usize = 8;
/// Alerts kept at the most.
const ALERTS: usize = 50;

json_words! {
    /// Whether the next code may be counted on from the last one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Counting {
        /// It may.
        On "on",
        /// The issuer signed a floor that this record can't have counted to: only a new key counts on.
        Ahead "ahead",
        /// A new device key, for which the issuer has not signed a floor yet.
        Unknown "unknown",
    }
}

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
    /// A rotation that was sent, until it is answered or can no longer land.
    pub rotating: Option<Rotating>,
    /// Device keys that this one replaced, oldest first: what they paid was paid here.
    pub predecessors: Vec<Thumbprint>,
    /// The account; none before enrolment.
    pub account: Option<Account>,
    /// This device's state, as of the last sync.
    pub status: DeviceStatus,
    /// Whether the account is frozen by an answer to this wallet that no signed state has confirmed yet.
    pub froze: bool,
    /// The last counter taken.
    pub atc: u32,
    /// Whether the next one may be taken.
    pub counting: Counting,
    /// The last start of life given to a token, seconds since 1970.
    pub last_iat: u32,
    /// Issuer's clock less the device's, in milliseconds.
    pub offset_ms: i64,
    /// Last call that the issuer answered under proof, seconds since 1970.
    pub last_contact: u32,
    /// The current allowance.
    pub allowance: Option<Terms>,
    /// Handles of the allowances before it, oldest first.
    pub past_handles: Vec<Handle>,
    /// An allowance whose key's time did not fit this device's clock; opened once the clock is learned.
    pub unopened: Option<Bytes>,
    /// What the issuer signed is left of it, or less.
    pub left: Option<LeftThen>,
    /// What the issuer signed that all devices may pay in 24 hours, or less.
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
    /// Sequence of the newest checked receipt that the page has drawn for its owner.
    pub drawn: Option<u64>,
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
        counting = "counting?", froze = "froze?",
        past_handles = "past_handles?", drawn = "drawn?",
    }
}

/// What a wallet believes of its issuer, pinned at the first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The newest key set, with the root that signed it.
    pub key_set: SignedKeySet,
    /// Relying party.
    pub rp_id: RpId,
    /// The one currency: as the issuer's description says until the first allowance, which is signed.
    pub currency: Currency,
}
json_object! { open Trust { key_set, rp_id, currency } }

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

/// A rotation that was sent. The same call again gives the same answer, so a lost one is asked for again. A refusal is not
/// signed, so a refused call may still land until its intent has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotating {
    /// The new device key.
    pub device_key: PublicKey,
    /// The new channel key.
    pub channel_key: PublicKey,
    /// Where the new device key lives.
    pub custody: Custody,
    /// Names the newest intent.
    pub nonce: Nonce,
    /// The newest call's body.
    pub call: Bytes,
    /// Bodies of the calls before it, oldest first: each was refused, and is for the same keys.
    pub earlier: Vec<Bytes>,
    /// When the newest intent ends, seconds since 1970 by the issuer's clock.
    pub until: u32,
    /// Whether the account was frozen when the old key was told that it is revoked.
    pub frozen: bool,
}
json_object! {
    open Rotating {
        device_key, channel_key, custody, nonce, call, earlier = "earlier?", until = "until?", frozen = "frozen?",
    }
}

impl Rotating {
    /// Until when one of its calls may land, by the issuer's clock; the clocks of its servers differ by less than the leeway.
    #[must_use]
    pub const fn lands_until(&self) -> u32 {
        self.until.saturating_add(LEEWAY)
    }
}

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
    /// Its counter was named to the issuer, for its date did not fit the issuer's clock: it is used up.
    pub named: bool,
}
json_object! { open Made { atc, random, at, most, spent, named = "named?" } }

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
            // Version 1 says the same in the same words; it knew no sealed handle beside it. Up to version 2 the sources
            // came unsigned.
            1..=VERSION => {}
            _ => return Err(Unreadable::Newer),
        }
        let mut data = Self::empty();
        data.read(&json).map_err(corrupt)?;
        if data.version < 3 {
            data.sources.clear();
        }
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

    /// Takes checked terms, and the currency that they name.
    pub fn take_terms(&mut self, terms: Terms) {
        if let Some(trust) = self.trust.as_mut() {
            trust.currency = terms.currency;
        }
        let before = self.allowance.replace(terms).map(|held| held.handle);
        if let Some(before) = before.filter(|before| self.allowance.as_ref().is_some_and(|held| held.handle != *before))
        {
            self.past_handles.push(before);
            if self.past_handles.len() > HANDLES {
                self.past_handles.remove(0);
            }
        }
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
        // No payment can follow the naming of its counter.
        let settled = |made: &Made| made.named || made.at.saturating_add(DAY_MS) < now_ms;
        // The chain was complete, so a receipt that names one of them later is of a token this wallet did not show.
        self.made.retain(|made| !settled(made));
    }
}

#[cfg(test)]
mod tests;
