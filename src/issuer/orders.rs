//! One-time codes and challenges that stop an account, release it, or replace a device key.

use super::evidence::Evidence;
use super::ledger::Record;
use super::messages::Language;
use crate::wire::id::{AccountId, Hash, Nonce, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::text::Shown;
use serde::{Deserialize, Serialize};

/// What waits for its second half.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Order {
    /// A contact code that follows an `unfreeze` intent, under account and device.
    Unfreeze {
        /// The account.
        account: AccountId,
        /// The device key that asked for it.
        thumb: Thumbprint,
        /// HMAC of the code.
        code: Hash,
        /// Wrong codes so far.
        tries: u32,
        /// How often the device's intents had been ended when it was sent.
        #[serde(default)]
        ended: u32,
        /// What the passkey and the device key signed.
        #[serde(default)]
        evidence: Option<Box<Evidence>>,
        /// What tells it from another code with the same end.
        #[serde(default)]
        random: [u8; 8],
        /// Number of the issuer's key set then: a rotation ends the code.
        #[serde(default)]
        key_set: u64,
        /// End, seconds since 1970.
        until: u32,
    },
    /// A replacement of a device key, under the new key.
    Recovery {
        /// The account.
        account: AccountId,
        /// The key that will read and freeze.
        channel_key: PublicKey,
        /// What the device is to be called.
        label: Shown,
        /// Language of messages from then on.
        #[serde(default)]
        language: Language,
        /// In the statement.
        nonce: Nonce,
        /// The device keys that it may replace. One that was registered since is none of them: its wallet would lose it to a
        /// call that somebody kept back. None named: prepared by an earlier version of this crate.
        #[serde(default)]
        replaceable: Option<Vec<Thumbprint>>,
        /// Number of the issuer's key set then: a rotation ends the recovery, which a stolen secret may have opened.
        #[serde(default)]
        key_set: u64,
        /// End, seconds since 1970.
        until: u32,
    },
}

impl Record for Order {
    fn until(&self) -> Option<u32> {
        let (Self::Unfreeze { until, .. } | Self::Recovery { until, .. }) = self;
        Some(*until)
    }
}
