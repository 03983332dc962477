//! Paying: at one till, at two, twice with one code, and giving back.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use jitsuin::code::Code;
use jitsuin::wallet::PaymentCode;
use jitsuin::wire::calls::Outcome;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PRICES: &[u32] = &[1, 120, 480, 980, 2_999, 3_000, 5_000, 9_999, 10_000, 15_000];

impl<K: Kept> Owner<K> {
    /// Shows a code at a till.
    pub(super) async fn pay_at(&self, act: &Arc<Act>, wallet: &TownWallet, till: usize, amount: u32) -> Ended {
        let (asked, off, asked_ms) = (Instant::now(), self.phone().hands().off_ms(), self.town().now_ms());
        let synced = wallet.state().synced_at;
        let made = wallet.payment_code(None).await;
        // The wallet learned the time within the call: where nothing else goes wrong, what it makes then is good.
        let heard = wallet.state().synced_at.filter(|at| Some(*at) != synced && *at >= asked_ms);
        // A look of the page at the same time may be answered after the code was dated, another tab may have looked before the
        // clock was set, and a backend in between may keep the naming of earlier codes.
        let hears_itself = !self.looks.get() && !self.had_tab.get() && !self.hears_anything();
        let knows_time = heard.is_some() && hears_itself && !act.is_troubled();
        let bad = match &made {
            Ok(code) => {
                let outcome = self.offer(act, code, till, amount).await;
                let is_steady = self.phone().hands().off_ms() == off && asked.elapsed() < Duration::from_secs(20);
                // Dates of codes never run back: one of before may have been dated a little ahead.
                let follows_ahead = code.made_at > asked_ms && code.made_at <= asked_ms + 160_000;
                is_steady && !follows_ahead && outcome == Some(Outcome::TokenExpired)
            }
            Err(error) => error.code == Code::SyncNeeded,
        };
        if knows_time && bad {
            let how =
                made.as_ref().map_or_else(|error| error.code.name().into(), |code| format!("code {}", code.counter));
            let seen = format!("step {}: {}'s wallet has synced for a code, and gets {how}", act.step, self.name);
            self.town().broke("a-code-is-in-time", seen);
        }
        made.map_or_else(Ended::Refused, |_| Ended::Done)
    }

    /// A till reads a code. What the cashier says.
    pub(super) async fn offer(&self, act: &Arc<Act>, code: &PaymentCode, till: usize, amount: u32) -> Option<Outcome> {
        let town = self.town();
        let till = town.till(till);
        self.shops_at(till.merchant());
        let outcome = till.charge(act, self.index, &code.text, amount, (true, false)).await;
        self.shops_at(till.merchant());
        act.say(&format!("{amount} yen at {} with code {}: {outcome:?}", till.name(), code.counter));
        if outcome == Some(Outcome::Approved) {
            self.note(DidKind::Paid);
        }
        outcome
    }

    pub(super) async fn pay(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let till = usize::try_from(chance.below(3)).unwrap();
        let price = chance.one_of(PRICES);
        let ended = self.pay_at_a_page(act, wallet, (till, price), chance).await;
        // Pages look for the receipt at once, where they can.
        if chance.percent(60) {
            let _ = wallet.sync().await;
        }
        if chance.percent(30) {
            self.sees_receipt(wallet).await;
        }
        ended
    }

    /// The same with a page that may ask for news again and again while the code is on the screen.
    pub(super) async fn pay_at_a_page(
        &self,
        act: &Arc<Act>,
        wallet: &TownWallet,
        (till, amount): (usize, u32),
        chance: &Chance,
    ) -> Ended {
        let pays = self.pay_at(act, wallet, till, amount);
        if chance.percent(30) { self.looks_while(wallet, pays, chance).await } else { pays.await }
    }

    async fn looks_while<R>(&self, wallet: &TownWallet, pays: impl Future<Output = R>, chance: &Chance) -> R {
        let is_paid = Cell::new(false);
        self.looks.set(true);
        let looks = async {
            for _ in 0..20 {
                sleep(Duration::from_millis(chance.from_to(2, 40))).await;
                if is_paid.get() {
                    return;
                }
                let _ = wallet.sync().await;
            }
        };
        let pays = async {
            let paid = pays.await;
            is_paid.set(true);
            paid
        };
        let (paid, ()) = tokio::join!(pays, looks);
        self.looks.set(false);
        paid
    }

    /// The page shows the receipt of the payment before, and the issuer hears of that.
    pub(super) async fn sees_receipt(&self, wallet: &TownWallet) {
        if wallet.sync().await.is_err() {
            return;
        }
        let Some(newest) = wallet.state().recent.first().cloned() else { return };
        let shown = wallet.shown(newest.sequence).await.is_ok() && wallet.sync().await.is_ok();
        // A sale of which no till has heard may be taken later, and then that one is the last.
        let town = self.town();
        let is_last = (0..town.tills()).all(|till| town.till(till).unsettled().is_empty());
        if shown && is_last {
            sleep(Duration::from_secs(3)).await;
            self.saw_last.set(Some(self.phone().hands().off_ms()));
        }
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
        // Some buy until nothing is left of the allowance.
        let is_spree = chance.percent(30);
        let (stops, longest) = if is_spree { (6, 90) } else { (2, 170) };
        for till in [0, 2, 0, 2, 0, 2].into_iter().take(stops) {
            let price = chance.one_of(if is_spree { &[980, 2_999, 9_999] } else { &[120, 480, 980] });
            let ended = self.pay_at_a_page(act, wallet, (till, price), chance).await;
            if !matches!(ended, Ended::Done) {
                return ended;
            }
            match chance.below(5) {
                0 | 1 => self.sees_receipt(wallet).await,
                2 | 3 => drop(wallet.sync().await),
                _ => {}
            }
            sleep(Duration::from_secs(chance.from_to(2, longest))).await;
        }
        match chance.below(6) {
            // And sells the phone, which heard nothing of what waits.
            0 => return self.forget(wallet).await,
            // And does not look at it.
            1 => return Ended::Done,
            _ => {}
        }
        let synced = wallet.sync().await;
        if chance.percent(20) {
            return self.not_mine(act, wallet).await;
        }
        synced.into()
    }

    pub(super) async fn reverse(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let town = self.town();
        let till = usize::try_from(chance.below(3)).unwrap();
        if chance.percent(60) {
            let _ = self.pay_at(act, wallet, till, chance.one_of(PRICES)).await;
            sleep(Duration::from_secs(chance.from_to(1, 120))).await;
        }
        let till = town.till(till);
        let Some(outcome) = till.reverse(act, self.index).await else {
            return Ended::Nothing("nothing to give back");
        };
        act.say(&format!("{} gave back: {outcome:?}", till.name()));
        if chance.percent(60) {
            sleep(Duration::from_secs(chance.from_to(1, 30))).await;
            let again = till.reverse(act, self.index).await;
            act.say(&format!("{} gave back again, under another key: {again:?}", till.name()));
        }
        Ended::Done
    }
}
