//! The wallet's calls. Each says which key proves it.

use super::call;
use crate::wire::Refusal;
use crate::wire::enrolment::Custody;
use crate::wire::id::{AccountId, Bytes, Hash, Nonce, SourceId, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::money::{Amount, Currency};
use crate::wire::webauthn::{Assertion, Registration};
use serde::{Deserialize, Serialize};

/// Device key (not yet registered). Starts a login; answers alike whether login and password are right or not.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// Language of the message with the contact code: `ja` or `en`.
    pub language: String,
}
call! { LogIn "/v1/login" LogInStarted }

/// A contact code was sent, if login and password were right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogInStarted {
    /// Names this login; worth nothing without the contact code.
    pub attempt: String,
}

/// The same device key. Shows the contact code.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnterCode {
    /// From [`LogInStarted`].
    pub attempt: String,
    /// 8 digits from the contact message.
    pub code: String,
}
call! { EnterCode "/v1/login/code" Ticket }

/// The right to enrol this one key for this one account: single use, 10 minutes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ticket {
    /// Opaque.
    pub ticket: String,
}

/// The same device key. Starts an enrolment.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepareEnrolment {
    /// From [`Ticket`].
    pub ticket: String,
    /// The key that reads and freezes.
    pub channel_key: PublicKey,
}
call! { PrepareEnrolment "/v1/enrolment" EnrolmentPrepared }

/// What the wallet needs to create the passkey and to write its statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolmentPrepared {
    /// The account.
    pub account: AccountId,
    /// What the user knows the account by; shown in the passkey prompt.
    pub account_label: String,
    /// `user.id` of the passkey: random per account.
    pub user_handle: Bytes,
    /// For the challenge and the statement.
    pub nonce: Nonce,
    /// End of this enrolment.
    pub expires_at: u32,
    /// Credentials of the account that must not be made twice.
    pub exclude: Vec<Bytes>,
}

/// The same device key. Registers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEnrolment {
    /// The new passkey.
    pub registration: Registration,
    /// The signed enrolment statement.
    pub statement: Bytes,
    /// The passkey's assertion over the statement.
    pub assertion: Assertion,
    /// What the user calls this device, at most 60 characters.
    pub label: String,
}
call! { ConfirmEnrolment "/v1/enrolment/confirm" Enrolled }

/// The device is registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// The first allowance.
    pub allowance: Bytes,
    /// The wallet's next counter must be above this.
    pub atc_floor: u32,
}

/// Channel key. Fetches what is new; works while locked or frozen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// For the time statement.
    pub nonce: Nonce,
    /// Number of the newest receipt that the wallet has checked.
    pub after: u64,
    /// Thumbprint of the device key whose wallet asks.
    pub thumb: Thumbprint,
}
call! { Sync "/v1/sync" Synced }

/// What is new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Synced {
    /// Time statement.
    pub time: Bytes,
    /// Head statement.
    pub head: Bytes,
    /// Receipts after the asked one, in order, at most [`Synced::MOST`].
    pub receipts: Vec<ReceiptItem>,
    /// This device's state.
    pub status: DeviceStatus,
    /// The wallet's next counter must be above this.
    pub atc_floor: u32,
    /// Every device of the account.
    pub devices: Vec<DeviceItem>,
    /// The account's sources.
    pub sources: Vec<SourceItem>,
    /// What the meters leave of this device's allowance, and when it grows again.
    pub left: Left,
    /// The key set, if it is not the one that signed above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_set: Option<super::SignedKeySet>,
}

impl Synced {
    /// Receipts in one answer; ask again for more.
    pub const MOST: usize = 50;
}

/// A signed receipt and its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptItem {
    /// The statement.
    pub receipt: Bytes,
    /// The canonical body.
    pub body: Bytes,
}

/// What the issuer holds of a device key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DeviceStatus {
    /// It may sign.
    Active,
    /// Clone evidence: it may not sign until it is replaced.
    Suspended,
    /// Signed off.
    Revoked,
    /// The whole account is frozen.
    Frozen,
}

/// One device of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceItem {
    /// Its key.
    pub thumb: Thumbprint,
    /// What the user calls it.
    pub label: String,
    /// What its wallet says of its custody.
    pub custody: Custody,
    /// Its state.
    pub status: DeviceStatus,
    /// When it was registered.
    pub added_at: u32,
    /// When its cool-off ends or ended.
    pub cooled_at: u32,
    /// Its last payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<u32>,
}

/// One source of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceItem {
    /// Its id.
    pub id: SourceId,
    /// `card`.
    pub kind: String,
    /// What the user knows it by, such as `VISA ···· 4242`.
    pub label: String,
    /// What tells it from another one under the same id; stands in the intent.
    pub fingerprint: Hash,
    /// When this device may use it; none: it must first be proved on this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable_from: Option<u32>,
}

/// What the meters leave of an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Minor units.
    pub amount: Amount,
    /// Payments.
    pub count: u32,
    /// When the oldest payment leaves the window; now, if none is in it.
    pub resets_at: u32,
}

/// Device key. Asks for a fresh allowance: new handle, new veil, new end. At most one in 24 hours is silent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refill {}
call! { Refill "/v1/refill" Refilled }

/// A fresh allowance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refilled {
    /// The statement.
    pub allowance: Bytes,
    /// What is left of it.
    pub left: Left,
}

/// Device key. Starts a step-up for a top-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepareTopUp {
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// The source.
    pub source: SourceId,
    /// The newest link that the wallet has checked.
    pub head: Hash,
}
call! { PrepareTopUp "/v1/top-ups" IntentPrepared }

/// An open intent. The wallet takes `nonce` and `expires_at` from it and nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IntentPrepared {
    /// The issuer's copy, canonical.
    pub intent: Bytes,
}

/// The same device key. Confirms an open intent of any kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIntent {
    /// Names the intent.
    pub nonce: Nonce,
    /// The passkey's assertion over its challenge.
    pub assertion: Assertion,
    /// The device key's co-signature statement. Mandatory; optional here only so that its lack has its own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub co_signature: Option<Bytes>,
}
call! { ConfirmIntent "/v1/intents/confirm" IntentConfirmed }

/// What became of it. In JSON: `outcome`, and `receipt` or `top_up`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "IntentOutcome", into = "IntentOutcome")]
#[non_exhaustive]
pub enum IntentConfirmed {
    /// Done; the receipt comes with the next sync too.
    Done {
        /// The receipt.
        receipt: ReceiptItem,
    },
    /// The card processor has not answered: a receipt will say how it ended.
    Pending {
        /// Names the top-up, for support.
        top_up: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Done,
    Pending,
}

#[derive(Serialize, Deserialize)]
struct IntentOutcome {
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    top_up: Option<String>,
}

impl TryFrom<IntentOutcome> for IntentConfirmed {
    type Error = Refusal;

    fn try_from(from: IntentOutcome) -> Result<Self, Refusal> {
        match (from.outcome, from.receipt, from.top_up) {
            (Outcome::Done, Some(receipt), _) => Ok(Self::Done { receipt }),
            (Outcome::Pending, _, Some(top_up)) => Ok(Self::Pending { top_up }),
            _ => Err(Refusal::BadJson),
        }
    }
}

impl From<IntentConfirmed> for IntentOutcome {
    fn from(from: IntentConfirmed) -> Self {
        match from {
            IntentConfirmed::Done { receipt } => Self { outcome: Outcome::Done, receipt: Some(receipt), top_up: None },
            IntentConfirmed::Pending { top_up } => {
                Self { outcome: Outcome::Pending, receipt: None, top_up: Some(top_up) }
            }
        }
    }
}

/// Device key. Starts the proof of a stored card on this device; the card company's own page finishes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProveCard {
    /// The source.
    pub source: SourceId,
}
call! { ProveCard "/v1/cards/prove" CardProofStarted }

/// Where the card's proof goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardProofStarted {
    /// Address of the card company's page.
    pub page: String,
    /// Names the proof; handed to that page by POST or storage, never in a URL.
    pub proof: String,
}

/// Channel or device key. Freezes the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeAccount {
    /// The signed freeze statement, by the same key as the proof.
    pub statement: Bytes,
}
call! { FreezeAccount "/v1/freeze" AccountFrozen }

/// The account is frozen, now or since an earlier call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountFrozen {
    /// Seconds since 1970.
    pub at: u32,
}
