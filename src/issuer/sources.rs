//! What a device sees of an account's sources.

use super::account::Account;
use crate::wire::calls::SourceItem;
use crate::wire::id::Thumbprint;

/// The sources, each with what this device key may do.
pub(super) fn items(account: &Account, thumb: Thumbprint) -> Vec<SourceItem> {
    let item = |source: &super::account::Source| SourceItem {
        id: source.id.clone(),
        kind: "card".into(),
        label: source.label.clone(),
        fingerprint: source.fingerprint,
        usable_from: source.usable_from(thumb),
    };
    account.sources.iter().map(item).collect()
}
