//! The calls of an enrolled wallet. Each says which key proves it.

use super::call;
use crate::wire::id::{Bytes, Hash, Nonce, SourceId, Thumbprint, TopUpId};
use crate::wire::json::{BadJson, FromJson, Json, ToJson, Writer, json_object, json_serde, json_words};
use crate::wire::money::{Amount, Currency};
use crate::wire::state::Left;
use crate::wire::webauthn::Assertion;

/// Channel key. Fetches what is new; works while locked or frozen.
#[derive(Clone, Debug)]
pub struct Sync {
    /// For the time and the state statement.
    pub nonce: Nonce,
    /// Number of the newest receipt that the wallet has checked.
    pub after: u64,
    /// Number of the newest receipt that the page has drawn for its owner; 0 if it has drawn none.
    pub shown: u64,
    /// Thumbprint of the device key whose wallet asks.
    pub thumb: Thumbprint,
}
json_object! { strict Sync { nonce, after, shown, thumb } }
call! { Sync "/v1/sync" Synced, Reading }

/// Device key. Names the highest counter that was drawn while a wrong clock dated codes far ahead: every counter up to it
/// counts as used from now on, and is evidence of nothing.
#[derive(Clone, Debug)]
pub struct NameCounters {
    /// For the time statement. That the issuer took this call, the floor of the next state proves.
    pub nonce: Nonce,
    /// The counter.
    pub counter: u32,
}
json_object! { strict NameCounters { nonce, counter } }
call! { NameCounters "/v1/counters" CountersNamed, ByCall }

/// The counters count as used.
#[derive(Clone, Debug)]
pub struct CountersNamed {
    /// Time statement.
    pub time: Bytes,
}
json_object! { open CountersNamed { time } }

/// What is new: signed strings only, so whoever carries the answer may write the JSON anew.
#[derive(Clone, Debug)]
pub struct Synced {
    /// Time statement.
    pub time: Bytes,
    /// Head statement.
    pub head: Bytes,
    /// State statement, of the same moment as the head.
    pub state: Bytes,
    /// Receipts after the asked one, in order, at most [`Synced::MOST`].
    pub receipts: Vec<ReceiptItem>,
    /// The key set, if it is not the one that signed above.
    pub key_set: Option<super::SignedKeySet>,
}
json_object! { open Synced { time, head, state, receipts, key_set = "key_set?" } }

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

/// Device key. Asks for a fresh allowance: new handle, new veil, new end. At most one in 24 hours is silent.
#[derive(Clone, Debug)]
pub struct Refill {}
json_object! { strict Refill {} }
call! { Refill "/v1/refill" Refilled, ByCall }

/// A fresh allowance.
#[derive(Clone, Debug)]
pub struct Refilled {
    /// The statement.
    pub allowance: Bytes,
    /// What is left of it. Not signed: the wallet lowers by it what it believes, and raises nothing.
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
call! { PrepareTopUp "/v1/top-ups" IntentPrepared, Reading }

/// A prepared intent, of which the issuer keeps nothing. The wallet takes `nonce` and `expires_at` from it and nothing else.
#[derive(Clone, Debug)]
pub struct IntentPrepared {
    /// The issuer's copy, canonical.
    pub intent: Bytes,
}
json_object! { open IntentPrepared { intent } }

/// The same device key. Confirms an intent of any kind but `rotate`.
#[derive(Clone, Debug)]
pub struct ConfirmIntent {
    /// The whole intent, canonical: the issuer knows its own nonce again.
    pub intent: Bytes,
    /// The passkey's assertion over its challenge.
    pub assertion: Assertion,
    /// The device key's co-signature statement. Mandatory; optional here only so that its lack has its own code.
    pub co_signature: Option<Bytes>,
}
json_object! { strict ConfirmIntent { intent, assertion, co_signature = "co_signature?" } }
call! { ConfirmIntent "/v1/intents/confirm" IntentConfirmed, ByCall }

/// The text of a [`ConfirmIntent`], written from where its parts are.
#[derive(Clone, Copy, Debug)]
pub struct Confirming<'a> {
    /// The whole intent, canonical.
    pub intent: &'a Bytes,
    /// The passkey's assertion over its challenge.
    pub assertion: &'a Assertion,
    /// The device key's co-signature statement.
    pub co_signature: &'a Bytes,
}

impl ToJson for Confirming<'_> {
    fn write(&self, to: &mut Writer) {
        to.object("intent assertion co_signature", &[self.intent, self.assertion, self.co_signature]);
    }
}

/// What became of it. In JSON: `outcome`, and `receipt`, `top_up` or `attempt`.
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
        top_up: TopUpId,
    },
    /// A release was agreed to: a contact code is on its way, or a live one is still there. The code finishes it.
    CodeSent {
        /// For [`super::Unfreeze`]; worth nothing without the contact code.
        attempt: String,
    },
}

json_words! {
    #[derive(Clone, Copy)]
    enum Outcome {
        Done "done",
        Pending "pending",
        CodeSent "code-sent",
    }
}

const NO_RECEIPT: Option<ReceiptItem> = None;
const OUTCOME: &str = "outcome receipt? top_up? attempt?";

impl ToJson for IntentConfirmed {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Done { receipt } => to.object(OUTCOME, &[&Outcome::Done, receipt]),
            Self::Pending { top_up } => to.object(OUTCOME, &[&Outcome::Pending, &NO_RECEIPT, top_up]),
            Self::CodeSent { attempt } => {
                to.object(OUTCOME, &[&Outcome::CodeSent, &NO_RECEIPT, &None::<TopUpId>, attempt]);
            }
        }
    }
}

impl FromJson for IntentConfirmed {
    fn blank() -> Self {
        Self::Pending { top_up: TopUpId::blank() }
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
                let mut top_up = TopUpId::blank();
                json.object(false, "top_up", &mut [&mut top_up])?;
                *self = Self::Pending { top_up };
            }
            Outcome::CodeSent => {
                let mut attempt = String::new();
                json.object(false, "attempt", &mut [&mut attempt])?;
                *self = Self::CodeSent { attempt };
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
call! { ProveCard "/v1/cards/prove" CardProofStarted, ByCall }

/// Where the card's proof goes on.
#[derive(Clone, Debug)]
pub struct CardProofStarted {
    /// Address of the card company's page. Not signed: the wallet takes it on its page's origin, the issuer's, or one that
    /// the page names.
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
call! { FreezeAccount "/v1/freeze" AccountFrozen, ByCall }

/// The account is frozen, now or since an earlier call.
#[derive(Clone, Debug)]
pub struct AccountFrozen {
    /// Seconds since 1970.
    pub at: u32,
}
json_object! { open AccountFrozen { at } }
