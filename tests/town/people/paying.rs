//! Paying: at one till, at two, twice with one code, and giving back.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use jitsuin::wire::calls::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const PRICES: &[u32] = &[1, 120, 480, 980, 2_999, 3_000, 5_000, 9_999, 10_000, 15_000];

impl<K: Kept> Owner<K> {
    /// Shows a code at a till.
    async fn pay_at(&self, act: &Arc<Act>, wallet: &TownWallet, till: usize, amount: u32) -> Ended {
        let code = match wallet.payment_code(None).await {
            Ok(code) => code,
            Err(error) => return Ended::Refused(error),
        };
        let town = self.town();
        let till = town.till(till);
        self.shops_at(till.merchant());
        let outcome = till.charge(act, self.index, &code.text, amount, (true, false)).await;
        self.shops_at(till.merchant());
        act.say(&format!("{amount} yen at {} with code {}: {outcome:?}", till.name(), code.counter));
        if outcome == Some(Outcome::Approved) {
            self.note(DidKind::Paid);
        }
        Ended::Done
    }

    pub(super) async fn pay(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let till = usize::try_from(chance.below(3)).unwrap();
        let ended = self.pay_at(act, wallet, till, chance.one_of(PRICES)).await;
        // Pages look for the receipt at once, where they can.
        if chance.percent(60) {
            let _ = wallet.sync().await;
        }
        ended
    }

    /// The cashier reads the code again, or another till does.
    pub(super) async fn pay_twice(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let code = match wallet.payment_code(None).await {
            Ok(code) => code,
            Err(error) => return Ended::Refused(error),
        };
        let town = self.town();
        let first = usize::try_from(chance.below(3)).unwrap();
        let second = if chance.percent(50) { first } else { (first + 1) % 3 };
        if first != second {
            self.note(DidKind::OneCodeTwoTills);
        }
        let amount = chance.one_of(PRICES);
        for (nth, till) in [first, second].into_iter().enumerate() {
            let till = town.till(till);
            self.shops_at(till.merchant());
            let outcome = till.charge(act, self.index, &code.text, amount, (nth == 0, false)).await;
            act.say(&format!("{amount} yen at {} with code {}: {outcome:?}", till.name(), code.counter));
            sleep(Duration::from_secs(chance.below(20))).await;
        }
        Ended::Done
    }

    pub(super) async fn pay_elsewhere(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        for till in [0, 2] {
            let ended = self.pay_at(act, wallet, till, chance.one_of(&[120, 480, 980])).await;
            if !matches!(ended, Ended::Done) {
                return ended;
            }
            if chance.percent(40) {
                let _ = wallet.sync().await;
            }
            sleep(Duration::from_secs(chance.from_to(2, 170))).await;
        }
        wallet.sync().await.into()
    }

    pub(super) async fn reverse(&self, act: &Arc<Act>, chance: &Chance) -> Ended {
        let town = self.town();
        let till = town.till(usize::try_from(chance.below(3)).unwrap());
        match till.reverse(act, self.index).await {
            Some(outcome) => {
                act.say(&format!("{} gave back: {outcome:?}", till.name()));
                if chance.percent(40) {
                    sleep(Duration::from_secs(chance.from_to(1, 30))).await;
                    let again = till.reverse(act, self.index).await;
                    act.say(&format!("{} gave back again, under another key: {again:?}", till.name()));
                }
                Ended::Done
            }
            None => Ended::Nothing("nothing to give back"),
        }
    }
}
