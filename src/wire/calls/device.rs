//! The calls of an enrolled wallet. Each says which key proves it.

use super::call;
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Hash, Nonce, SourceId, Thumbprint};
use crate::wire::json::{BadJson, FromJson, Json, ToJson, Writer, json_object, json_serde, json_words};
use crate::wire::money::{Amount, Currency};
use crate::wire::text::Shown;
use crate::wire::webauthn::Assertion;

/// Channel key. Fetches what is new; works while locked or frozen.
#[derive(Clone, Debug)]
pub struct Sync {
    /// For the time statement.
    pub nonce: Nonce,
    /// Number of the newest receipt that the wallet has checked.
    pub after: u64,
    /// Thumbprint of the device key whose wallet asks.
    pub thumb: Thumbprint,
}
json_object! { strict Sync { nonce, after, thumb } }
call! { Sync "/v1/sync" Synced }

/// What is new.
#[derive(Clone, Debug)]
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
    /// What all devices may pay in 24 hours, minor units: the owner's own limit, or else the issuer's.
    pub limit: Option<Amount>,
    /// The key set, if it is not the one that signed above.
    pub key_set: Option<super::SignedKeySet>,
}
json_object! {
    open Synced { time, head, receipts, status, atc_floor, devices, sources, left, limit, key_set = "key_set?" }
}

impl Synced {
    /// Receipts in one answer; ask again for more.
    pub const MOST: usize = 50;
}

/// A signed receipt and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptItem {
    /// The statement.
    pub receipt: Bytes,
    /// The canonical body.
    pub body: Bytes,
}
json_object! { open ReceiptItem { receipt, body } }

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

/// One device of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceItem {
    /// Its key.
    pub thumb: Thumbprint,
    /// What the user calls it.
    pub label: Shown,
    /// What its wallet says of its custody.
    pub custody: Custody,
    /// Its state.
    pub status: DeviceStatus,
    /// When it was registered.
    pub added_at: u32,
    /// When its cool-off ends or ended.
    pub cooled_at: u32,
    /// Its last payment.
    pub last_used_at: Option<u32>,
}
json_object! {
    open DeviceItem {
        thumb, label, custody, status, added_at, cooled_at, last_used_at = "last_used_at?",
    }
}

/// One source of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceItem {
    /// Its id.
    pub id: SourceId,
    /// `card`.
    pub kind: String,
    /// What the user knows it by, such as `VISA ···· 4242`.
    pub label: Shown,
    /// What tells it from another one under the same id; stands in the intent.
    pub fingerprint: Hash,
    /// When this device may use it; none: it must first be proved on this device.
    pub usable_from: Option<u32>,
}
json_object! { open SourceItem { id, kind, label, fingerprint, usable_from = "usable_from?" } }

/// What the meters leave of an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Minor units.
    pub amount: Amount,
    /// Payments.
    pub count: u32,
    /// When the oldest payment leaves the window; now, if none is in it.
    pub resets_at: u32,
}
json_object! { open Left { amount, count, resets_at } }

/// Device key. Asks for a fresh allowance: new handle, new veil, new end. At most one in 24 hours is silent.
#[derive(Clone, Debug)]
pub struct Refill {}
json_object! { strict Refill {} }
call! { Refill "/v1/refill" Refilled }

/// A fresh allowance.
#[derive(Clone, Debug)]
pub struct Refilled {
    /// The statement.
    pub allowance: Bytes,
    /// What is left of it.
    pub left: Left,
}
json_object! { open Refilled { allowance, left } }

/// Device key. Starts a step-up for a top-up.
#[derive(Clone, Debug)]
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
json_object! { strict PrepareTopUp { amount, currency, source, head } }
call! { PrepareTopUp "/v1/top-ups" IntentPrepared }

/// An open intent. The wallet takes `nonce` and `expires_at` from it and nothing else.
#[derive(Clone, Debug)]
pub struct IntentPrepared {
    /// The issuer's copy, canonical.
    pub intent: Bytes,
}
json_object! { open IntentPrepared { intent } }

/// The same device key. Confirms an open intent of any kind.
#[derive(Clone, Debug)]
pub struct ConfirmIntent {
    /// Names the intent.
    pub nonce: Nonce,
    /// The passkey's assertion over its challenge.
    pub assertion: Assertion,
    /// The device key's co-signature statement. Mandatory; optional here only so that its lack has its own code.
    pub co_signature: Option<Bytes>,
}
json_object! { strict ConfirmIntent { nonce, assertion, co_signature = "co_signature?" } }
call! { ConfirmIntent "/v1/intents/confirm" IntentConfirmed }

/// The text of a [`ConfirmIntent`], written from where its parts are.
#[derive(Clone, Copy, Debug)]
pub struct Confirming<'a> {
    /// Names the intent.
    pub nonce: Nonce,
    /// The passkey's assertion over its challenge.
    pub assertion: &'a Assertion,
    /// The device key's co-signature statement.
    pub co_signature: &'a Bytes,
}

impl ToJson for Confirming<'_> {
    fn write(&self, to: &mut Writer) {
        to.object("nonce assertion co_signature", &[&self.nonce, self.assertion, self.co_signature]);
    }
}

/// What became of it. In JSON: `outcome`, and `receipt` or `top_up`.
#[derive(Clone, Debug)]
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

json_words! {
    #[derive(Clone, Copy)]
    enum Outcome {
        Done "done",
        Pending "pending",
    }
}

const OUTCOME: &str = "outcome receipt? top_up?";

impl ToJson for IntentConfirmed {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Done { receipt } => to.object(OUTCOME, &[&Outcome::Done, receipt]),
            Self::Pending { top_up } => to.object(OUTCOME, &[&Outcome::Pending, &None::<ReceiptItem>, top_up]),
        }
    }
}

impl FromJson for IntentConfirmed {
    fn blank() -> Self {
        Self::Pending { top_up: String::new() }
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        let mut outcome = Outcome::Pending;
        json.object(false, "outcome", &mut [&mut outcome])?;
        match outcome {
            Outcome::Done => {
                let mut receipt = ReceiptItem::blank();
                json.object(false, "receipt", &mut [&mut receipt])?;
                *self = Self::Done { receipt };
            }
            Outcome::Pending => {
                let mut top_up = String::new();
                json.object(false, "top_up", &mut [&mut top_up])?;
                *self = Self::Pending { top_up };
            }
        }
        Ok(())
    }
}
json_serde! { IntentConfirmed }

/// Device key. Starts the proof of a stored card on this device; the card company's own page finishes it.
#[derive(Clone, Debug)]
pub struct ProveCard {
    /// The source.
    pub source: SourceId,
}
json_object! { strict ProveCard { source } }
call! { ProveCard "/v1/cards/prove" CardProofStarted }

/// Where the card's proof goes on.
#[derive(Clone, Debug)]
pub struct CardProofStarted {
    /// Address of the card company's page.
    pub page: String,
    /// Names the proof; handed to that page by POST or storage, never in a URL.
    pub proof: String,
}
json_object! { open CardProofStarted { page, proof } }

/// Channel or device key. Freezes the account.
#[derive(Clone, Debug)]
pub struct FreezeAccount {
    /// The signed freeze statement, by the same key as the proof.
    pub statement: Bytes,
}
json_object! { strict FreezeAccount { statement } }
call! { FreezeAccount "/v1/freeze" AccountFrozen }

/// The account is frozen, now or since an earlier call.
#[derive(Clone, Debug)]
pub struct AccountFrozen {
    /// Seconds since 1970.
    pub at: u32,
}
json_object! { open AccountFrozen { at } }
