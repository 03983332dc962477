//! Calls that stop an account, release it, replace a lost key, and change its limits. Each says which key proves it.

use super::call;
use super::device::{AccountFrozen, IntentPrepared, ReceiptItem};
use super::enrolment::{Enrolled, EnrolmentPrepared};
use crate::wire::id::{Bytes, CredentialId, Hash, IssuerId, Nonce, RpId};
use crate::wire::json::json_object;
use crate::wire::key::PublicKey;
use crate::wire::money::Amount;
use crate::wire::number::Whole;
use crate::wire::tagged_hash;
use crate::wire::webauthn::Assertion;

/// Channel or device key. "It was not me": freezes the account, and holds the payment concerned.
#[derive(Clone, Debug)]
pub struct ReportUse {
    /// The signed freeze statement, by the same key as the proof.
    pub statement: Bytes,
    /// Number of the receipt of the payment concerned, if one is.
    pub seq: Option<u64>,
}
json_object! { strict ReportUse { statement, seq = "seq?" } }
call! { ReportUse "/v1/reports" AccountFrozen, ByCall }

/// Device key that paid, or the one that replaced it. "Both were mine": releases the payment of a `held` receipt.
#[derive(Clone, Debug)]
pub struct BothMine {
    /// Number of the `held` receipt.
    pub seq: u64,
}
json_object! { strict BothMine { seq } }
call! { BothMine "/v1/held/mine" HoldReleased, ByCall }

/// The payment waits no more.
#[derive(Clone, Debug)]
pub struct HoldReleased {
    /// Seconds since 1970.
    pub at: u32,
}
json_object! { open HoldReleased { at } }

/// The key that got the ticket. Freezes the account of a [`super::Ticket`] and uses it up: login and contact code are enough.
#[derive(Clone)]
pub struct FreezeByTicket {
    /// From [`super::Ticket`].
    pub ticket: String,
}
json_object! { strict FreezeByTicket { ticket } }
call! { FreezeByTicket "/v1/freeze/ticket" AccountFrozen, ByCall }

/// Channel or device key. Signs its device off: what a wallet says that is about to be erased.
#[derive(Clone, Debug)]
pub struct SignOff {}
json_object! { strict SignOff {} }
call! { SignOff "/v1/devices/sign-off" SignedOff, ByCall }

/// The device is signed off, now or since an earlier call.
#[derive(Clone, Debug)]
pub struct SignedOff {
    /// Seconds since 1970.
    pub at: u32,
}
json_object! { open SignedOff { at } }

/// Any key. Freezes the account of a stop code, which stands in every message of alarm: used once, within minutes.
#[derive(Clone)]
pub struct FreezeByCode {
    /// From the message.
    pub code: String,
}
json_object! { strict FreezeByCode { code } }
call! { FreezeByCode "/v1/freeze/code" AccountFrozen, ByCall }

/// Any key. Starts a freeze by any passkey of the account. Answers everybody alike.
#[derive(Clone, Debug)]
pub struct PreparePasskeyFreeze {}
json_object! { strict PreparePasskeyFreeze {  } }
call! { PreparePasskeyFreeze "/v1/freeze/passkey" PasskeyFreezePrepared, ByCall }

/// What the passkey is to sign: [`freeze_challenge`] of this nonce.
#[derive(Clone, Debug)]
pub struct PasskeyFreezePrepared {
    /// Used once.
    pub nonce: Nonce,
    /// End, seconds since 1970.
    pub expires_at: u32,
}
json_object! { open PasskeyFreezePrepared { nonce, expires_at } }

/// The same key. Freezes the account that the passkey belongs to.
#[derive(Clone, Debug)]
pub struct ConfirmPasskeyFreeze {
    /// From [`PasskeyFreezePrepared`].
    pub nonce: Nonce,
    /// The passkey's assertion over [`freeze_challenge`].
    pub assertion: Assertion,
}
json_object! { strict ConfirmPasskeyFreeze { nonce, assertion } }
call! { ConfirmPasskeyFreeze "/v1/freeze/passkey/confirm" AccountFrozen, ByCall }

/// The WebAuthn challenge of a freeze by passkey.
#[must_use]
pub fn freeze_challenge(issuer: &IssuerId, rp_id: &RpId, nonce: Nonce) -> Hash {
    let names = [issuer.as_str(), rp_id.as_str()].join("\0");
    Hash(tagged_hash("jitsuin/v1/freeze", &[nonce.as_bytes(), names.as_bytes()]))
}

/// Device key of a frozen account. Starts the step-up of a release: the passkey first, a contact code second.
#[derive(Clone, Debug)]
pub struct PrepareUnfreeze {
    /// The newest link that the wallet has checked.
    pub head: Hash,
}
json_object! { strict PrepareUnfreeze { head } }
call! { PrepareUnfreeze "/v1/unfreeze/prepare" IntentPrepared, Reading }

/// The same device key. Lets the account work again.
#[derive(Clone)]
pub struct Unfreeze {
    /// From [`super::IntentConfirmed::CodeSent`].
    pub attempt: String,
    /// The code that came to the contact.
    pub code: String,
}
json_object! { strict Unfreeze { attempt, code } }
call! { Unfreeze "/v1/unfreeze" Unfrozen, ByCall }

/// The account works again.
#[derive(Clone, Debug)]
pub struct Unfrozen {
    /// The receipt of it; it comes with the next sync too.
    pub receipt: ReceiptItem,
}
json_object! { open Unfrozen { receipt } }

/// Device key. Starts the step-up of a refill beyond the silent one. Once confirmed, the next [`super::Refill`] grants it.
#[derive(Clone, Debug)]
pub struct PrepareRefill {
    /// A payment, at the most, minor units.
    pub per_payment: Amount,
    /// Payments in 24 hours.
    pub count: u32,
    /// In all, in 24 hours, minor units.
    pub total: Amount,
    /// End, seconds since 1970.
    pub until: u32,
    /// The newest link that the wallet has checked.
    pub head: Hash,
}
json_object! { strict PrepareRefill { per_payment, count, total, until, head } }
call! { PrepareRefill "/v1/refill/prepare" IntentPrepared, Reading }

/// Device key. Starts the step-up that lowers or raises the owner's own limit, within what the issuer allows.
#[derive(Clone, Debug)]
pub struct PrepareLimit {
    /// What all devices may pay in 24 hours now, minor units.
    pub old: Amount,
    /// What they shall be able to pay.
    pub new: Amount,
    /// The newest link that the wallet has checked.
    pub head: Hash,
}
json_object! { strict PrepareLimit { old, new, head } }
call! { PrepareLimit "/v1/limit/prepare" IntentPrepared, Reading }

/// The key that got the ticket. Starts the replacement of a device whose key is gone or suspended and whose passkey is
/// alive.
#[derive(Clone)]
pub struct PrepareRecovery {
    /// From [`super::Ticket`].
    pub ticket: String,
    /// The key that reads and freezes.
    pub channel_key: PublicKey,
    /// What the user calls this device, to be parsed as a [`crate::wire::text::Label`]: `bad-label`, if it is none.
    pub label: String,
}
json_object! { strict PrepareRecovery { ticket, channel_key, label } }
call! { PrepareRecovery "/v1/recovery" EnrolmentPrepared, ByCall }

/// A registered passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCredential {
    /// Its id.
    pub id: CredentialId,
    /// SHA-256 of its public key, for the statement.
    pub key_hash: Hash,
    /// Its BE flag, for the statement.
    pub backup_eligible: bool,
}
json_object! { open KnownCredential { id, key_hash, backup_eligible } }

/// The same key. Replaces the device key at once: the old one is dead, the new one cools off.
#[derive(Clone, Debug)]
pub struct ConfirmRecovery {
    /// The signed enrolment statement of the new key.
    pub statement: Bytes,
    /// The passkey's assertion over the statement.
    pub assertion: Assertion,
}
json_object! { strict ConfirmRecovery { statement, assertion } }
call! { ConfirmRecovery "/v1/recovery/confirm" Enrolled, ByCall }

/// Channel key. Follows what is new: the answer stays open and says, line by line, the number of the newest receipt.
#[derive(Clone, Debug)]
pub struct FollowNews {
    /// Number of the newest receipt that the wallet has checked.
    pub after: u64,
}
json_object! { strict FollowNews { after } }
call! { FollowNews "/v1/news" News, Reading }

/// One line of [`FollowNews`]: there are receipts up to this number, so it is time to sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Number of the newest receipt.
    pub newest: Whole,
}
json_object! { open News { newest } }
