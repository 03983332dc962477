//! "It was not me."

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::facts::{DidKind, Disowned};
use crate::town::ledger::Kept;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::receipt::Kind;
use std::sync::Arc;

impl<K: Kept> Owner<K> {
    /// The payment that an alert tells of was somebody else's, or the owner thinks so: it waits, and the account stops.
    pub(super) async fn not_mine(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        let alerts = wallet.state().alerts;
        let told_of = alerts.iter().find_map(|alert| match (alert.kind, alert.receipt.as_ref()?) {
            (AlertKind::UsedElsewhere, receipt) => receipt.undoes,
            (AlertKind::UnknownUse, receipt) if receipt.kind == Kind::Payment => Some(receipt.sequence),
            _ => None,
        });
        let Some(seq) = told_of else { return Ended::Nothing("no alert tells of a payment") };
        self.note(DidKind::Froze);
        let ended = wallet.not_mine(seq).await;
        act.say(&format!("the payment of receipt {seq} was not theirs: {:?}", ended.as_ref().map_err(|it| it.code)));
        if ended.is_ok() {
            self.disowned.borrow_mut().push(Disowned { seq, at_ms: self.town().now_ms() });
        }
        ended.into()
    }
}
