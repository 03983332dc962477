//! Paying more than once: at two tills of one shop, by a clock that is set between, at a shop that has just opened.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::ledger::Kept;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

impl<K: Kept> Owner<K> {
    /// A code for the one till and a code for the other, with a look at the wallet between. The clock is seconds ahead, as
    /// those of many phones are, and the first look puts the time right.
    pub(super) async fn pay_at_two_tills(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let phone = self.phone();
        if phone.hands().off_ms() == 0 && chance.percent(60) {
            phone.hands().set_off(chance.one_of(&[2_000, 6_000, 15_000, 25_000]));
        }
        let mut codes = Vec::new();
        for _ in 0..2 {
            match wallet.payment_code(None).await {
                Ok(code) => codes.push(code),
                Err(error) => return Ended::Refused(error),
            }
            let _ = wallet.sync().await;
            sleep(Duration::from_millis(chance.from_to(1_100, 4_000))).await;
        }
        if chance.percent(30) {
            codes.reverse();
        }
        for (code, till) in codes.iter().zip(0..) {
            self.offer(act, code, till, chance.one_of(&[120, 480, 980])).await;
            sleep(Duration::from_secs(chance.from_to(10, 20))).await;
        }
        wallet.sync().await.into()
    }

    /// The clock is set ahead by mistake and then back, perhaps too far, while the phone sleeps in a pocket: the wallet does not
    /// know the time when it makes the next code, but that one was dated ahead.
    pub(super) async fn pay_by_two_clocks(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let _ = wallet.sync().await;
        let offs = [chance.one_of(&[600_000, 7_200_000]), chance.one_of(&[0, -600_000, -7_200_000])];
        for (till, off) in offs.into_iter().enumerate() {
            let phone = self.phone();
            phone.hands().calm();
            phone.hands().set_off(off);
            let ended = self.pay_at(act, wallet, till, chance.one_of(&[120, 480, 980])).await;
            if !matches!(ended, Ended::Done) {
                return ended;
            }
            let nap = Duration::from_secs(chance.from_to(20, 400));
            sleep(nap).await;
            phone.hands().slept(nap);
        }
        wallet.sync().await.into()
    }

    /// Young merchants take little, whoever pays there.
    pub(super) async fn pay_at_a_young_shop(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        for _ in 0..chance.from_to(2, 4) {
            let amount = chance.one_of(&[980, 2_000, 2_999, 4_000]);
            let ended = self.pay_at_a_page(act, wallet, (3, amount), chance).await;
            if !matches!(ended, Ended::Done) {
                return ended;
            }
            self.sees_receipt(wallet).await;
            sleep(Duration::from_secs(chance.from_to(1, 40))).await;
        }
        Ended::Done
    }
}
