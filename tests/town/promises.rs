//! What must always hold.

use super::facts::{Broken, Excuse, Facts};
use jitsuin::rules::policy::Policy;
use jitsuin::wallet::Status;
use jitsuin::wallet::state::AlertKind;

pub fn broken(facts: &Facts, _policy: &Policy) -> Vec<Broken> {
    let mut broken = Vec::new();
    for owner in &facts.owners {
        for wallet in &owner.wallets {
            let honest = owner.robbed.is_empty() && wallet.excused.is_empty();
            if honest && matches!(wallet.state.status, Status::Suspended | Status::Revoked) {
                let seen = format!("{} is {}", wallet.name, wallet.state.status.name());
                broken.push(Broken { promise: "nobody-honest-is-suspended", seen });
            }
            let theft = |kind| matches!(kind, AlertKind::UnknownUse | AlertKind::ReceiptForged | AlertKind::DeviceSuspended | AlertKind::RotateNeeded);
            let _ = Excuse::Full;
            if honest && let Some(alert) = wallet.state.alerts.iter().find(|alert| theft(alert.kind)) {
                let seen = format!("{} says {:?} {:?}", wallet.name, alert.kind, alert.cause);
                broken.push(Broken { promise: "nobody-honest-is-told-of-a-theft", seen });
            }
        }
    }
    broken
}
