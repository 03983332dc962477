//! "It was not me."

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::facts::{DidKind, Disowned};
use crate::town::ledger::Kept;
use jitsuin::wallet::Status;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::receipt::Kind;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

impl<K: Kept> Owner<K> {
    /// Two shops within minutes, unless a payment waits for the owner's word already.
    pub(super) async fn has_a_payment_waiting(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) {
        let waits = |kind| matches!(kind, AlertKind::UsedElsewhere | AlertKind::UnknownUse);
        if wallet.state().alerts.iter().any(|alert| waits(alert.kind)) {
            return;
        }
        for till in [0, 2] {
            self.pay_at(act, wallet, till, chance.one_of(&[120, 480, 980])).await;
            sleep(Duration::from_secs(chance.from_to(11, 60))).await;
        }
        let _ = wallet.sync().await;
    }

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
        let is_open = wallet.state().status == Status::Ready;
        let ended = wallet.not_mine(seq).await;
        act.say(&format!("the payment of receipt {seq} was not theirs: {:?}", ended.as_ref().map_err(|it| it.code)));
        if ended.is_ok() {
            self.disowned.borrow_mut().push(Disowned { seq, at_ms: self.town().now_ms() });
        }
        let ended = ended.into();
        self.was_kept_from_freezing(act, is_open, &ended);
        ended
    }
}
