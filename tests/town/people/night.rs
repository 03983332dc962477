//! At night nothing goes wrong: one sync has to make each wallet right again, and the owner can buy tea.

use super::Owner;
use crate::town::act::Act;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use crate::town::verb::Verb;
use jitsuin::code::Code;
use jitsuin::rules::lifetime::OUT_OF_ORDER;
use jitsuin::wallet::{PaymentCode, Status};
use jitsuin::wire::calls::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

impl<K: Kept> Owner<K> {
    /// One sync.
    pub async fn night(&self) {
        let town = self.town();
        let act = Act::new(usize::MAX, &self.name, (Verb::Night, self.status().name()), &[], town.story());
        self.phone().serve(act);
        if self.wallet().is_none()
            && let Err(error) = self.open().await
        {
            town.broke("a-wallet-is-right-again", format!("{}'s page does not open: {}", self.name, error.code.name()));
        }
        let Some(wallet) = self.wallet() else { return };
        if matches!(self.status(), Status::New | Status::KeyLost) {
            return;
        }
        let mut synced = wallet.sync().await;
        // A sealed key waits for a tap: a registration that was cut off, or codes of a wrong clock, take the device key.
        if self.status() == Status::Locked && wallet.unlock().await.is_ok() {
            synced = wallet.sync().await;
        }
        let status = self.status();
        town.story().say(
            &self.name,
            &format!("at night: {} {:?}", status.name(), synced.as_ref().map_err(|it| it.code.name())),
        );
        if status == Status::New {
            // The app died before its registration was sent: it is for a person to begin anew.
            self.enrolled.set(false);
            return;
        }
        if let Err(error) = synced
            && !self.is_excused()
        {
            town.broke("a-wallet-is-right-again", format!("{}'s sync ends with {}", self.name, error.code.name()));
        }
    }

    /// What the wallet called refused for certain was not charged: no more top-ups of an amount came than others were agreed to.
    pub fn was_told_the_truth(&self, top_ups: &[u64]) {
        if self.hears_anything() {
            return;
        }
        let (refused, agreed) = (self.refused_top_ups.borrow(), self.agreed.borrow());
        for amount in refused.iter() {
            let count = |all: &[u64]| all.iter().filter(|other| *other == amount).count();
            if count(top_ups) + count(&refused) > count(&agreed) {
                let seen = format!("{} was told that {amount} yen were refused, and they came", self.name);
                self.town().broke("an-owner-is-told-the-truth", seen);
            }
        }
    }

    fn is_excused(&self) -> bool {
        self.facts().is_none_or(|facts| !facts.excused.is_empty())
    }

    /// Whoever has money and a wallet that works can pay.
    pub async fn buys_tea(&self, day: u32) {
        let town = self.town();
        let Some(wallet) = self.wallet().filter(|_| day.is_multiple_of(2)) else { return };
        if self.status() == Status::Locked && wallet.unlock().await.is_err() && !self.is_excused() {
            town.broke("a-wallet-is-right-again", format!("{}'s wallet does not open", self.name));
        }
        if self.status() != Status::Ready {
            return;
        }
        let act = town.idle(&self.name);
        let left = wallet.state().allowance.map(|left| (left.left.amount.minor_units(), left.count_left));
        let balance = wallet.state().balance.map_or(0, |money| money.amount.minor_units());
        let mut made = wallet.payment_code(None).await;
        let mut outcome = None;
        if let Ok(code) = &made {
            outcome = self.buys_tea_with(&act, code).await;
        }
        if outcome == Some(Outcome::TokenExpired) {
            // The code before may be dated ahead by what two clocks may differ in, and dates don't run back.
            sleep(Duration::from_secs(OUT_OF_ORDER.into())).await;
            made = wallet.payment_code(None).await;
            if let Ok(code) = &made {
                outcome = self.buys_tea_with(&act, code).await;
            }
        }
        match made {
            Ok(_) => {
                self.note(DidKind::Paid);
                let can = balance > 0 && left.is_some_and(|(left, count)| left > 0 && count > 0);
                if outcome != Some(Outcome::Approved) && can && !self.is_excused() {
                    town.broke("a-wallet-is-right-again", format!("{} can't buy tea: {outcome:?}", self.name));
                }
                let _ = wallet.sync().await;
            }
            Err(error) if error.code == Code::OverAllowance => {
                town.story().say(&self.name, &format!("may not buy tea: {left:?}"));
            }
            Err(error) => {
                if !self.is_excused() {
                    let seen = format!("{}'s wallet makes no code: {}", self.name, error.code.name());
                    town.broke("a-wallet-is-right-again", seen);
                }
            }
        }
    }
    async fn buys_tea_with(&self, act: &Arc<Act>, code: &PaymentCode) -> Option<Outcome> {
        let town = self.town();
        let outcome = town.till(0).charge(act, self.index, &code.text, 1, (true, false)).await;
        town.story().say(&self.name, &format!("buys tea with code {}: {outcome:?}", code.counter));
        outcome
    }
}
