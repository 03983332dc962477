//! What a page may see. All of it is plain data: members in camelCase, amounts as decimal texts of minor units, times
//! as milliseconds since 1970.

mod ceremony;
mod history;

pub use ceremony::{Ceremony, Confirmed, IntentView};
pub use history::{Alert, AlertKind, By, Cause, Missing, ReceiptView};

use crate::wire::enrolment::Custody;
use crate::wire::id::SourceId;
use crate::wire::json::{json_object, json_words};
use crate::wire::money::{Amount, Money};
use crate::wire::state::DeviceStatus;
use std::rc::Rc;

json_words! {
    /// What the wallet can do now.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Status {
        /// No device is enrolled here.
        New "new",
        /// Enrolled; the device key is not open.
        Locked "locked",
        /// It can pay.
        Ready "ready",
        /// The account is frozen.
        Frozen "frozen",
        /// The device key is suspended.
        Suspended "suspended",
        /// The device key was revoked.
        Revoked "revoked",
        /// The platform lost the key or the record.
        KeyLost "key-lost",
        /// There is a record, and it can't be read.
        StorageCorrupt "storage-corrupt",
        /// The wallet was closed.
        Closed "closed",
    }
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What the wallet can do now.
    pub status: Status,
    /// This device, once enrolled.
    pub device: Option<DeviceView>,
    /// All devices of the account, as of the last sync.
    pub devices: Vec<DeviceView>,
    /// What the user knows the account by.
    pub account_label: Option<String>,
    /// Balance after the newest checked receipt.
    pub balance: Option<Money>,
    /// Sources of money.
    pub sources: Vec<SourceView>,
    /// What is left to pay with.
    pub allowance: Option<AllowanceView>,
    /// What all devices together may pay in 24 hours.
    pub limit: Option<Money>,
    /// Newest checked receipts, newest first, at most 20.
    pub recent: Vec<Rc<ReceiptView>>,
    /// Alerts that were not acknowledged, oldest first.
    pub alerts: Vec<Rc<Alert>>,
    /// Kind of the open ceremony: `enrol` or an intent's kind.
    pub ceremony: Option<&'static str>,
    /// Last complete sync.
    pub synced_at: Option<u64>,
    /// Whether the last call reached the issuer.
    pub online: bool,
    /// Issuer's clock less the device's.
    pub clock_offset_ms: i64,
}
json_object! {
    written State {
        status, device, devices, account_label = "accountLabel", balance, sources, allowance, limit, recent, alerts,
        ceremony, synced_at = "syncedAt", online, clock_offset_ms = "clockOffsetMs",
    }
}

impl State {
    /// Of a wallet that knows nothing else.
    pub(super) const fn of(status: Status) -> Self {
        Self {
            status,
            device: None,
            devices: Vec::new(),
            account_label: None,
            balance: None,
            sources: Vec::new(),
            allowance: None,
            limit: None,
            recent: Vec::new(),
            alerts: Vec::new(),
            ceremony: None,
            synced_at: None,
            online: true,
            clock_offset_ms: 0,
        }
    }
}

/// One device of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Thumbprint of its key, base64url.
    pub id: String,
    /// What the user calls it.
    pub label: String,
    /// What its wallet says of its custody.
    pub custody: Custody,
    /// Whether it is this one.
    pub here: bool,
    /// What the issuer holds of it.
    pub status: DeviceStatus,
    /// When it was registered.
    pub added_at: u64,
    /// Its last payment.
    pub last_used_at: Option<u64>,
    /// When its cool-off ends, if that is still to come.
    pub cool_off_until: Option<u64>,
}
json_object! {
    written DeviceView {
        id, label, custody, here, status, added_at = "addedAt", last_used_at = "lastUsedAt",
        cool_off_until = "coolOffUntil",
    }
}

/// One source of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceView {
    /// Its id.
    pub id: SourceId,
    /// `card`.
    pub kind: String,
    /// What the user knows it by.
    pub label: String,
    /// When this device may use it; none: it must first be proved here.
    pub usable_from: Option<u64>,
}
json_object! { written SourceView { id, kind, label, usable_from = "usableFrom" } }

/// What is left of the allowance, at worst: codes whose outcome is unknown count as used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceView {
    /// In the window of 24 hours.
    pub left: Money,
    /// The next payment, at the most.
    pub per_payment: Money,
    /// Payments left.
    pub count_left: u32,
    /// When more is left.
    pub resets_at: u64,
    /// End of the allowance.
    pub until: u64,
    /// When the issuer last said so.
    pub as_of: u64,
}
json_object! {
    written AllowanceView {
        left, per_payment = "perPayment", count_left = "countLeft", resets_at = "resetsAt", until, as_of = "asOf",
    }
}

/// One payment code, already counted as used.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentCode {
    /// The token's text.
    pub text: String,
    /// Application transaction counter.
    pub counter: u32,
    /// When it was made, by the issuer's clock.
    pub made_at: u64,
    /// End, by the issuer's clock.
    pub expires_at: u64,
    /// End, by the device's own clock, for a countdown.
    pub expires_at_here: u64,
    /// Modules per side, quiet zone included.
    pub size: u32,
    /// SVG path of the dark modules.
    pub path: String,
    /// Whole SVG, with white ground.
    pub svg: String,
}
json_object! {
    written PaymentCode {
        text, counter, made_at = "madeAt", expires_at = "expiresAt", expires_at_here = "expiresAtHere", size, path,
        svg,
    }
}

/// The text is money until it expires, so it is not shown.
impl core::fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PaymentCode").field("counter", &self.counter).finish_non_exhaustive()
    }
}

/// Where a card's proof goes on: hand `proof` to the page by POST or storage, never in a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct CardProof {
    /// Address of the card company's page.
    pub page: String,
    /// Names the proof.
    pub proof: String,
}
json_object! { written CardProof { page, proof } }

impl core::fmt::Debug for CardProof {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CardProof").field("page", &self.page).finish_non_exhaustive()
    }
}

/// For support: no key, no token, nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Version of this crate.
    pub version: &'static str,
    /// Version of the protocol.
    pub protocol: u32,
    /// What the wallet can do now.
    pub status: Status,
    /// Where the key lives.
    pub custody: Option<Custody>,
    /// Whether the device key is open.
    pub unlocked: bool,
    /// Last complete sync.
    pub synced_at: Option<u64>,
    /// Whether the last call reached the issuer.
    pub online: bool,
    /// Issuer's clock less the device's.
    pub clock_offset_ms: i64,
    /// Number of the newest checked receipt.
    pub sequence: u64,
    /// Codes made so far.
    pub codes_made: u32,
    /// Alerts that were not acknowledged.
    pub alerts: usize,
}
json_object! {
    written Report {
        version, protocol, status, custody, unlocked, synced_at = "syncedAt", online,
        clock_offset_ms = "clockOffsetMs", sequence, codes_made = "codesMade", alerts,
    }
}

/// What is left of a cap, minor units only; used inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) amount: Amount,
    pub(crate) each: Amount,
    pub(crate) count: u32,
    pub(crate) resets_at: u32,
}
