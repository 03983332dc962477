//! A thief who copied the profile and wants no money: he freezes the account again and again with what stops it.

use super::thief::Copy;
use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use jitsuin::code::Code;
use jitsuin::wallet::ports::SigningKey as _;
use jitsuin::wallet::{Error, Status};
use jitsuin::wire::calls::FreezeAccount;
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::id::{Bytes, Nonce};
use jitsuin::wire::sign1;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

impl<K: Kept> Owner<K> {
    /// The thief freezes until he can't any more, also while a release is under way; the owner releases each time, and at last
    /// stops everything.
    pub(super) async fn harassed(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let Some(copy) = self.copied_profile(act, act.step).await else { return Ended::Nothing("nothing to copy") };
        // A new key is next.
        self.wary.set(true);
        for _ in 0..chance.from_to(1, 4) {
            self.freezes_by_copy(act, &copy).await;
            let _ = wallet.sync().await;
            if self.status() != Status::Frozen {
                continue;
            }
            if let Err(error) = self.releases_beside(act, wallet, &copy).await {
                return Ended::Refused(error);
            }
            sleep(Duration::from_secs(chance.from_to(1, 60))).await;
        }
        let can = self.status() == Status::Ready;
        let frozen = self.freeze(wallet).await;
        if let Ended::Refused(error) = &frozen
            && can
            && !self.hears_anything()
            && error.code == Code::TooManyAttempts
        {
            self.town().broke("an-owner-can-always-freeze", format!("{}'s open wallet has no freeze left", self.name));
        }
        frozen
    }

    /// A release, between whose passkey and code the thief freezes once more.
    async fn releases_beside(&self, act: &Arc<Act>, wallet: &TownWallet, copy: &Copy) -> Result<(), Error> {
        wallet.unlock().await?;
        let attempt = self.begins_release(act, wallet).await?;
        self.freezes_by_copy(act, copy).await;
        let code = self.town().code_for(&self.name);
        let (released, in_time) = self.tries(async || wallet.unfreeze(&attempt, &code).await).await;
        if let Err(error) = &released
            && in_time
            && !self.hears_anything()
            && matches!(error.code, Code::CodeRefused | Code::IntentExpired | Code::NotFound)
        {
            let seen = format!("step {}: {} types the code and hears {}", act.step, self.name, error.code.name());
            self.town().broke("a-freeze-ends-no-release", seen);
        }
        released.map(drop)
    }

    /// One freeze by the copied channel key.
    async fn freezes_by_copy(&self, act: &Arc<Act>, copy: &Copy) {
        let Some(key) = &copy.channel else { return };
        let town = self.town();
        let settings = town.office().settings();
        let statement = Freeze {
            issuer: settings.issuer.clone(),
            account: self.account.clone(),
            thumb: copy.thumb,
            nonce: Nonce(key.random()),
            issued_at: u32::try_from(town.now_ms() / 1000).unwrap(),
        };
        let unsigned = sign1::prepare(&statement, key.key().public());
        let signature = key.key().sign_now(unsigned.message()).unwrap();
        let call = FreezeAccount { statement: Bytes(unsigned.finish(&signature)) };
        self.note(DidKind::Froze);
        let answer = key.call(act, town.now_ms(), (&call, key.random())).await;
        act.say(&format!("a thief freezes: {:?}", answer.map(|answer| answer.map(drop).map_err(|it| it.code))));
    }
}
