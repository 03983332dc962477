//! Alerts, freezes, signing off.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::caller::Caller;
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use crate::town::trouble::Port;
use jitsuin::code::Code;
use jitsuin::issuer::account::State as KeyState;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Error, Status};
use jitsuin::wire::calls::FreezeByCode;
use jitsuin::wire::id::to_base64;
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
        // Whoever is in a hurry opens the page and waits for no news.
        let opened = if chance.percent(40) { self.open_page().await.ok() } else { None };
        let page = opened.as_deref().unwrap_or(wallet);
        let is_open = page.state().status == Status::Ready;
        let ended = self.freeze(page).await;
        self.was_kept_from_freezing(act, is_open, &ended);
        if let Ended::Refused(error) = &ended
            && matches!(error.code, Code::IntentExpired | Code::ClockSkew)
            && act.has_only(Port::Hands)
        {
            let seen = format!("step {}: {} hears {} of a freeze", act.step, self.name, error.code.name());
            self.town().broke("an-owner-can-always-freeze", seen);
        }
        if let Some(code) = code {
            let till = self.town().till(0);
            self.shops_at(till.merchant());
            let outcome = till.charge(act, self.index, &code.text, 120, (true, false)).await;
            act.say(&format!("the code of before the freeze: {outcome:?}"));
        }
        ended
    }

    /// A wallet with two open keys stops the account though the key store fails once, where nothing else goes wrong.
    pub(super) fn was_kept_from_freezing(&self, act: &Act, is_open: bool, ended: &Ended) {
        let Ended::Refused(error) = ended else { return };
        // Where the clocks differ, the issuer's time has to be learned first, which takes a signature too.
        let differ = self.town().most_behind_ms() > 0 || self.phone().hands().off_ms() != 0;
        if differ || self.hears_anything() {
            return;
        }
        let of_keys = matches!(error.code, Code::KeyLost | Code::StorageFailed | Code::PlatformSilent);
        // A record that was erased without a word has no keys.
        if of_keys && is_open && !self.given_up.get() && act.troubles() < 2 && act.has_only(Port::Keys) {
            let seen = format!("step {}: {} hears {} of a freeze", act.step, self.name, error.code.name());
            self.town().broke("an-owner-can-always-freeze", seen);
        }
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

    /// Looks once, or again and again, as who waits for money does.
    pub(super) async fn looks(&self, wallet: &TownWallet, chance: &Chance) -> Result<(), Error> {
        let mut ended = wallet.sync().await;
        for _ in 0..chance.weighted(&[(0, 5), (2, 3), (5, 2)]) {
            self.breath().await;
            ended = wallet.sync().await;
        }
        ended
    }

    pub(super) async fn both_mine(&self, act: &Act, wallet: &TownWallet) -> Ended {
        let alerts = wallet.state().alerts;
        let held = alerts.iter().filter(|alert| alert.kind == AlertKind::UsedElsewhere);
        let Some(sequence) = held.filter_map(|alert| Some(alert.receipt.as_ref()?.sequence)).next() else {
            return Ended::Nothing("no payment waits");
        };
        let waits = || self.town().account(&self.account).held.iter().any(|held| held.seq == sequence);
        let waited = waits();
        let (ended, in_time) = self.tries(async || wallet.both_mine(sequence).await).await;
        self.done_is_done(act, &ended, (waited && !waits(), in_time));
        ended.into()
    }

    pub(super) async fn forget(&self, wallet: &TownWallet) -> Ended {
        self.note(DidKind::SignedOff);
        self.given_up.set(true);
        let own = wallet.state().device.map(|device| device.id);
        let is_registered = || {
            let account = self.town().account(&self.account);
            let mut devices = account.devices.iter().filter(|device| device.state != KeyState::Revoked);
            devices.any(|device| own.as_ref() == Some(&to_base64(device.thumb.as_bytes())))
        };
        let was_registered = is_registered();
        let forgotten = wallet.forget().await;
        if let Err(error) = &forgotten
            && was_registered
            && !is_registered()
        {
            let seen = format!("{} hears {}, and the device is signed off", self.name, error.code.name());
            self.town().broke("a-wallet-that-stays-is-registered", seen);
        }
        forgotten.into()
    }
}
