//! What a page may see. All of it is plain data: members in camelCase, amounts as decimal texts of minor units, times
//! as milliseconds since 1970.

mod history;

pub use history::{Alert, AlertKind, By, Cause, ReceiptView};

use crate::wire::calls::DeviceStatus;
use crate::wire::enrolment::Custody;
use crate::wire::id::SourceId;
use crate::wire::json::{ToJson, Writer, json_object, json_serde, json_words};
use crate::wire::money::{Amount, Money};
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

/// What the user is about to agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntentView {
    /// Register this device.
    Enrol {
        /// What the user knows the account by.
        account_label: String,
        /// What the device will be called.
        label: String,
        /// Where its key will live.
        custody: Custody,
        /// End.
        expires_at: u64,
    },
    /// Charge a source and credit the account.
    TopUp {
        /// How much.
        money: Money,
        /// The source.
        source: SourceView,
        /// Label of this device.
        device: String,
        /// End.
        expires_at: u64,
    },
    /// A fresh allowance within the day.
    Refill {
        /// A payment, at the most.
        per_payment: Money,
        /// In 24 hours.
        total: Money,
        /// Payments in 24 hours.
        count: u32,
        /// End of the allowance.
        until: u64,
        /// Label of this device.
        device: String,
        /// End.
        expires_at: u64,
    },
    /// Let all devices pay more.
    Limit {
        /// In 24 hours until now.
        old: Money,
        /// In 24 hours from then on.
        new: Money,
        /// Label of this device.
        device: String,
        /// End.
        expires_at: u64,
    },
    /// Open the sealed device key.
    Unlock,
    /// Put a new device key in the place of this one.
    Rotate {
        /// Where the new one lives.
        custody: Custody,
        /// Label of this device.
        device: String,
        /// End.
        expires_at: u64,
    },
    /// Let the account work again.
    Unfreeze {
        /// Label of this device.
        device: String,
        /// End.
        expires_at: u64,
    },
}

impl IntentView {
    /// The word used in [`State::ceremony`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Enrol { .. } => "enrol",
            Self::TopUp { .. } => "top-up",
            Self::Refill { .. } => "refill",
            Self::Limit { .. } => "limit",
            Self::Unlock => "unlock",
            Self::Rotate { .. } => "rotate",
            Self::Unfreeze { .. } => "unfreeze",
        }
    }
}

impl ToJson for IntentView {
    fn write(&self, to: &mut Writer) {
        let kind = self.kind();
        match self {
            Self::Enrol { account_label, label, custody, expires_at } => {
                to.object(
                    "kind accountLabel label custody expiresAt",
                    &[&kind, account_label, label, custody, expires_at],
                );
            }
            Self::TopUp { money, source, device, expires_at } => {
                to.object("kind money source device expiresAt", &[&kind, money, source, device, expires_at]);
            }
            Self::Refill { per_payment, total, count, until, device, expires_at } => to.object(
                "kind perPayment total count until device expiresAt",
                &[&kind, per_payment, total, count, until, device, expires_at],
            ),
            Self::Limit { old, new, device, expires_at } => {
                to.object("kind old new device expiresAt", &[&kind, old, new, device, expires_at]);
            }
            Self::Unlock => to.object("kind", &[&kind]),
            Self::Rotate { custody, device, expires_at } => {
                to.object("kind custody device expiresAt", &[&kind, custody, device, expires_at]);
            }
            Self::Unfreeze { device, expires_at } => to.object("kind device expiresAt", &[&kind, device, expires_at]),
        }
    }
}
json_serde! { @to IntentView }

/// An open ceremony: all network work is done. Confirm it inside a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// For `confirm` and `cancel`.
    pub id: u64,
    /// What the user is about to agree to.
    pub intent: IntentView,
}
json_object! { written Ceremony { id, intent } }

/// How a ceremony ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmed {
    /// This device is registered.
    Enrolled {
        /// It.
        device: DeviceView,
    },
    /// The device key is open.
    Unlocked,
    /// Done, with its checked receipt.
    Receipt {
        /// It.
        receipt: Rc<ReceiptView>,
    },
    /// Not known yet: a receipt will say how it ended. It must not simply be tried again.
    Pending {
        /// For support.
        id: String,
    },
}

impl ToJson for Confirmed {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Enrolled { device } => to.object("outcome device", &[&"enrolled", device]),
            Self::Unlocked => to.object("outcome", &[&"unlocked"]),
            Self::Receipt { receipt } => to.object("outcome receipt", &[&"receipt", receipt]),
            Self::Pending { id } => to.object("outcome id", &[&"pending", id]),
        }
    }
}
json_serde! { @to Confirmed }

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
