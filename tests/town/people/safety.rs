//! Alerts, freezes, signing off.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::caller::Caller;
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use jitsuin::wallet::Error;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::FreezeByCode;
use std::sync::Arc;

impl<K: Kept> Owner<K> {
    /// Reads what is new, and takes alerts off.
    pub(super) async fn read_alerts(&self, wallet: &TownWallet) -> Result<(), Error> {
        let state = wallet.state();
        if let Some(newest) = state.recent.first() {
            wallet.shown(newest.sequence).await?;
        }
        for alert in &state.alerts {
            if alert.kind != AlertKind::UsedElsewhere {
                wallet.acknowledge(&alert.id).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn freeze(&self, wallet: &TownWallet) -> Ended {
        self.note(DidKind::Froze);
        wallet.freeze().await.into()
    }

    /// With a code that was drawn before, and is offered after.
    pub(super) async fn freeze_with_a_code(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let code = if chance.percent(50) { wallet.payment_code(None).await.ok() } else { None };
        let ended = self.freeze(wallet).await;
        if let Some(code) = code {
            let till = self.town().till(0);
            self.shops_at(till.merchant());
            let outcome = till.charge(act, self.index, &code.text, 120, (true, false)).await;
            act.say(&format!("the code of before the freeze: {outcome:?}"));
        }
        ended
    }

    /// By the code in the newest message of alarm, typed on the issuer's page.
    pub(super) async fn freeze_by_message(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        let town = self.town();
        let Some(code) = town.stop_code_for(&self.name) else { return self.freeze(wallet).await };
        self.note(DidKind::Froze);
        let caller = Caller::stranger(town.seed().wrapping_add(act.step as u64), self.deliver());
        let name = caller.random();
        let answer = caller.call(act, town.now_ms(), (&FreezeByCode { code }, name)).await;
        act.say(&format!("the page says {:?}", answer.map(|answer| answer.map(drop).map_err(|it| it.code))));
        wallet.sync().await.into()
    }

    pub(super) async fn both_mine(&self, wallet: &TownWallet) -> Ended {
        let alerts = wallet.state().alerts;
        let held = alerts.iter().filter(|alert| alert.kind == AlertKind::UsedElsewhere);
        let Some(sequence) = held.filter_map(|alert| Some(alert.receipt.as_ref()?.sequence)).next() else {
            return Ended::Nothing("no payment waits");
        };
        wallet.both_mine(sequence).await.into()
    }

    pub(super) async fn forget(&self, wallet: &TownWallet) -> Ended {
        self.note(DidKind::SignedOff);
        self.given_up.set(true);
        wallet.forget().await.into()
    }
}
