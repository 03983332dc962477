//! What a page may see of the past: checked receipts, and the alerts that some of them raise.

use crate::wire::id::SourceId;
use crate::wire::json::{json_object, json_words};
use crate::wire::money::Money;
use crate::wire::receipt::Kind;
use crate::wire::text::Shown;
use std::rc::Rc;

json_words! {
    /// Who paid.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum By {
        /// This device's key.
        ThisDevice "this-device",
        /// Another key of the account.
        OtherDevice "other-device",
    }
}

json_words! {
    /// Why a receipt's details are missing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Missing {
        /// The issuer erased them.
        Erased "erased",
        /// The issuer signed them, and this version can't read them.
        Unreadable "unreadable",
        /// Whoever carried the answer changed them: the issuer signed others.
        Forged "forged",
    }
}

/// One checked receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What moved: the difference of two signed balances, or else what the details say was asked for.
    pub money: Option<Money>,
    /// The registered name of the shop; of a `held` receipt the other shop, where the code or the device turned up.
    pub shop: Option<Shown>,
    /// Where the till stands; only on the device that paid.
    pub place: Option<Shown>,
    /// The source of a top-up.
    pub source: Option<SourceId>,
    /// Thumbprint of the device key concerned, base64url.
    pub device: Option<String>,
    /// Its label.
    pub device_label: Option<Shown>,
    /// The token's counter.
    pub counter: Option<u32>,
    /// Whose key, where one is concerned.
    pub by: Option<By>,
    /// Sequence of the receipt that this one undoes, holds or releases.
    pub undoes: Option<u64>,
    /// Name of the code of a refusal.
    pub reason: Option<String>,
    /// Why shop, place, source, label, `undoes` and reason are not here, if the details are missing.
    pub missing: Option<Missing>,
}
json_object! {
    open ReceiptView {
        id, sequence, at, kind, balance, money, shop, place, source, device, device_label = "deviceLabel", counter,
        by, undoes, reason, missing,
    }
}

json_words! {
    /// What the wallet must tell its owner.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum AlertKind {
        /// A debit that this wallet did not make, or a history that does not hold.
        UnknownUse "unknown-use",
        /// Another device was registered.
        NewDevice "new-device",
        /// A device key was suspended.
        DeviceSuspended "device-suspended",
        /// The account was frozen.
        Frozen "frozen",
        /// The account works again, and this device did not ask for it.
        Unfrozen "unfrozen",
        /// A recovery was started.
        RecoveryStarted "recovery-started",
        /// A contact was changed.
        ContactChanged "contact-changed",
        /// Limits were changed, not by this device.
        LimitsChanged "limits-changed",
        /// Code or device turned up at another place within minutes: the first payment's money waits.
        UsedElsewhere "used-elsewhere",
        /// Little of the allowance is left.
        LowAllowance "low-allowance",
        /// The issuer answers and has shown no news for ten minutes.
        ReceiptsLate "receipts-late",
        /// A receipt came with other details than the issuer signed.
        ReceiptForged "receipt-forged",
        /// The device's clock is minutes off.
        ClockSkew "clock-skew",
        /// The issuer took codes of this device key that this wallet can't have made: it makes none until the key is renewed.
        RotateNeeded "rotate-needed",
    }
}

json_words! {
    /// Why a use is unknown.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Cause {
        /// No token of this wallet fits the debit, or its key is none of the account's devices.
        NeverMadeHere "never-made-here",
        /// Receipts are missing.
        Gap "gap",
        /// The issuer shows two histories.
        Fork "fork",
        /// A receipt does not hold.
        Forged "forged",
    }
}

/// Kept until it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub receipt: Option<Rc<ReceiptView>>,
    /// How far the clock is off, for `clock-skew`.
    pub skew_ms: Option<i64>,
}
json_object! { open Alert { id, at, kind, cause, receipt, skew_ms = "skewMs" } }

impl Alert {
    /// Whether it says that the payment of this receipt waits.
    #[must_use]
    pub fn is_of_hold(&self, payment: Option<u64>) -> bool {
        let held = self.receipt.as_ref().filter(|_| self.kind == AlertKind::UsedElsewhere);
        held.is_some_and(|receipt| payment.is_some() && receipt.undoes == payment)
    }
}
