//! The nonce of an intent. A prepared intent is not stored, so nobody who holds a copied device key can use up or end what
//! its owner prepares (protocol section 4): the nonce says when it was made and carries a MAC over the intent, and is
//! written down when it is used or a confirm fails.

use super::account::Device;
use super::dated;
use super::ledger::{Record, Records};
use super::moment::Moment;
use crate::code::Code;
use crate::wire::id::{Nonce, to_base64};
use crate::wire::intent::Intent;
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "jitsuin/v1/intent-nonce";
/// Failed confirms that end a nonce.
const MOST_FAILED: u32 = 5;

/// A nonce that was used, or that failed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SpentNonce {
    /// Whether its intent had its effect.
    used: bool,
    /// Failed confirms.
    failed: u32,
    /// End of the intent, seconds since 1970.
    until: u32,
}

impl Record for SpentNonce {
    /// A used one stays for good, as the receipt of its effect does: no clock that is put back revives it. One that only
    /// failed is forgotten with its intent, so that whoever holds a copied device key can't fill the ledger.
    fn until(&self) -> Option<u32> {
        (!self.used).then_some(self.until)
    }
}

/// The key of [`Records::nonces`].
pub(super) fn row(nonce: Nonce) -> String {
    to_base64(nonce.as_bytes())
}

/// Completes an intent of this device: its nonce and its end.
pub(super) fn complete(moment: &Moment<'_>, device: &Device, intent: &mut Intent) {
    intent.nonce = dated::make(moment, PURPOSE, parts(device, intent));
    intent.expires_at = moment.now().saturating_add(moment.settings.policy.intent_seconds);
}

/// Checks that this intent was made for this device, as it stands here, after the last freeze, suspicion or renewal; that
/// its time has come and is not over; and that its nonce was neither used nor ended by failures.
///
/// # Errors
/// [`Code::IntentExpired`], whatever was wrong.
pub(super) fn check(moment: &Moment<'_>, records: &Records, device: &Device, intent: &Intent) -> Result<(), Code> {
    let made = dated::made_at(moment, PURPOSE, parts(device, intent), intent.nonce).ok_or(Code::IntentExpired)?;
    let ends = made.saturating_add(moment.settings.policy.intent_seconds);
    let is_live = ends == intent.expires_at && moment.now() < ends;
    let spent = records.nonces.get(row(intent.nonce)).is_some_and(|spent| spent.used || spent.failed >= MOST_FAILED);
    if is_live && !spent { Ok(()) } else { Err(Code::IntentExpired) }
}

/// What the MAC is over: how often this device's intents were ended, its key, and the intent without nonce and end.
fn parts(device: &Device, intent: &Intent) -> Vec<Vec<u8>> {
    let bare = Intent { nonce: Nonce([0; 16]), expires_at: 0, ..intent.clone() };
    let ended = device.intents_ended.to_be_bytes().to_vec();
    vec![ended, device.thumb.as_bytes().to_vec(), bare.to_bytes()]
}

/// Notes that an intent had its effect.
pub(super) fn used(records: &mut Records, intent: &Intent) {
    note(records, intent, |spent| spent.used = true);
}

/// Notes that a confirm failed.
pub(super) fn failed(records: &mut Records, intent: &Intent) {
    note(records, intent, |spent| spent.failed = spent.failed.saturating_add(1));
}

fn note(records: &mut Records, intent: &Intent, change: impl FnOnce(&mut SpentNonce)) {
    let row = row(intent.nonce);
    let new = SpentNonce { used: false, failed: 0, until: intent.expires_at };
    let mut spent = records.nonces.get(&row).copied().unwrap_or(new);
    change(&mut spent);
    records.nonces.put(row, spent);
}
