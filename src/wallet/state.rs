//! What a page may see. All of it is plain data: members in camelCase, amounts as decimal texts of minor units, times
//! as milliseconds since 1970.

use crate::wire::calls::DeviceStatus;
use crate::wire::enrolment::Custody;
use crate::wire::id::SourceId;
use crate::wire::money::{Amount, Money};
use crate::wire::receipt::Kind;
use serde::{Deserialize, Serialize};

/// What the wallet can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// No device is enrolled here.
    New,
    /// Enrolled; the device key is not open.
    Locked,
    /// It can pay.
    Ready,
    /// The account is frozen.
    Frozen,
    /// The device key is suspended.
    Suspended,
    /// The device key was revoked.
    Revoked,
    /// The platform lost the key or the record.
    KeyLost,
    /// There is a record, and it can't be read.
    StorageCorrupt,
    /// The wallet was closed.
    Closed,
}

impl Status {
    /// The word used in JavaScript.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Locked => "locked",
            Self::Ready => "ready",
            Self::Frozen => "frozen",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::KeyLost => "key-lost",
            Self::StorageCorrupt => "storage-corrupt",
            Self::Closed => "closed",
        }
    }
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
    /// Newest checked receipts, newest first, at most 20.
    pub recent: Vec<ReceiptView>,
    /// Alerts that were not acknowledged, oldest first.
    pub alerts: Vec<Alert>,
    /// Kind of the open ceremony: `enrol` or an intent's kind.
    pub ceremony: Option<&'static str>,
    /// Last complete sync.
    pub synced_at: Option<u64>,
    /// Whether the last call reached the issuer.
    pub online: bool,
    /// Issuer's clock less the device's.
    pub clock_offset_ms: i64,
}

/// One device of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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

/// One source of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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

/// What is left of the allowance, at worst: codes whose outcome is unknown count as used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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

/// Who paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// This device's key.
    ThisDevice,
    /// Another key of the account.
    OtherDevice,
}

/// One checked receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    /// Its link, base64url.
    pub id: String,
    /// 1, 2, 3, … for each account.
    pub sequence: u64,
    /// When.
    pub at: u64,
    /// What.
    pub kind: Kind,
    /// Balance after it.
    pub balance: Money,
    /// What moved.
    pub money: Option<Money>,
    /// The registered name of the shop.
    pub shop: Option<String>,
    /// Where the till stands; only on the device that paid.
    pub place: Option<String>,
    /// The source of a top-up.
    pub source: Option<SourceId>,
    /// Thumbprint of the device key concerned, base64url.
    pub device: Option<String>,
    /// Its label.
    pub device_label: Option<String>,
    /// The token's counter.
    pub counter: Option<u32>,
    /// Whose key, where one is concerned.
    pub by: Option<By>,
    /// Sequence of the receipt that this one undoes.
    pub undoes: Option<u64>,
    /// Name of the code of a refusal.
    pub reason: Option<String>,
}

/// What the wallet must tell its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AlertKind {
    /// A debit that this wallet did not make, or a history that does not hold.
    UnknownUse,
    /// Another device was registered.
    NewDevice,
    /// A device key was suspended.
    DeviceSuspended,
    /// The account was frozen.
    Frozen,
    /// A recovery was started.
    RecoveryStarted,
    /// A contact was changed.
    ContactChanged,
    /// Limits were changed.
    LimitsChanged,
    /// The device's clock is minutes off.
    ClockSkew,
}

/// Why a use is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// No token of this wallet fits the debit, or its key is none of the account's devices.
    NeverMadeHere,
    /// Receipts are missing.
    Gap,
    /// The issuer shows two histories.
    Fork,
    /// A receipt does not hold.
    Forged,
}

/// Kept until it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Names it; the same cause gives the same id.
    pub id: String,
    /// When.
    pub at: u64,
    /// What.
    pub kind: AlertKind,
    /// Why, for `unknown-use`.
    pub cause: Option<Cause>,
    /// The receipt concerned.
    pub receipt: Option<ReceiptView>,
    /// How far the clock is off, for `clock-skew`.
    pub skew_ms: Option<i64>,
}

/// What the user is about to agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
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
}

impl IntentView {
    /// The word used in [`State::ceremony`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Enrol { .. } => "enrol",
            Self::TopUp { .. } => "top-up",
        }
    }
}

/// An open ceremony: all network work is done. Confirm it inside a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ceremony {
    /// For `confirm` and `cancel`.
    pub id: u64,
    /// What the user is about to agree to.
    pub intent: IntentView,
}

/// How a ceremony ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Confirmed {
    /// This device is registered.
    Enrolled {
        /// It.
        device: DeviceView,
    },
    /// Done, with its checked receipt.
    Receipt {
        /// It.
        receipt: ReceiptView,
    },
    /// Not known yet: a receipt will say how it ended. It must not simply be tried again.
    Pending {
        /// For support.
        id: String,
    },
}

/// One payment code, already counted as used.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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

/// The text is money until it expires, so it is not shown.
impl core::fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PaymentCode").field("counter", &self.counter).finish_non_exhaustive()
    }
}

/// Where a card's proof goes on: hand `proof` to the page by POST or storage, never in a URL.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardProof {
    /// Address of the card company's page.
    pub page: String,
    /// Names the proof.
    pub proof: String,
}

impl core::fmt::Debug for CardProof {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CardProof").field("page", &self.page).finish_non_exhaustive()
    }
}

/// For support: no key, no token, nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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

/// What is left of a cap, minor units only; used inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) amount: Amount,
    pub(crate) each: Amount,
    pub(crate) count: u32,
    pub(crate) resets_at: u32,
}
