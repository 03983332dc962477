//! A ceremony as a page sees it: what is to be agreed to, and how it ended.

use super::{DeviceView, ReceiptView, SourceView};
use crate::wire::enrolment::Custody;
use crate::wire::json::{ToJson, Writer, json_object, json_serde};
use crate::wire::money::Money;
use std::rc::Rc;

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
    /// The word used in [`super::State::ceremony`].
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
    /// A contact code is on its way, or a live one is there already: it finishes the release.
    CodeSent {
        /// For [`crate::wallet::Wallet::unfreeze`].
        attempt: String,
    },
}

impl ToJson for Confirmed {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Enrolled { device } => to.object("outcome device", &[&"enrolled", device]),
            Self::Unlocked => to.object("outcome", &[&"unlocked"]),
            Self::Receipt { receipt } => to.object("outcome receipt", &[&"receipt", receipt]),
            Self::Pending { id } => to.object("outcome id", &[&"pending", id]),
            Self::CodeSent { attempt } => to.object("outcome attempt", &[&"code-sent", attempt]),
        }
    }
}
json_serde! { @to Confirmed }
