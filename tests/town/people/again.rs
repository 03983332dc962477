//! Trying again, as pages offer it: the same asked for twice is one call, and whoever has agreed once is not asked again.

use super::{Owner, TownWallet};
use crate::town::act::Act;
use crate::town::facts::LootKind;
use crate::town::ledger::Kept;
use crate::town::trouble::Fault;
use jitsuin::code::Code;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Confirmed, Error};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// How often an owner tries again what may be tried again.
pub(super) const TRIES: usize = 4;
/// A wallet knows a call again that was not answered for two minutes.
const KNOWN: Duration = Duration::from_secs(100);
/// What networks keep back comes in within this time.
const KEPT_BACK: Duration = Duration::from_secs(420);
/// Without news for so long a wallet says that receipts are late, in milliseconds.
const LATE_MS: u64 = 600_000;

/// First lines of messages with a code, in both languages.
pub(super) const LOG_IN_CODE: &[&str] =
    &["Code to register a device or to stop your account", "端末登録またはアカウント停止の確認コード"];
pub(super) const CARD_CODE: &[&str] = &["Your card company: code for your card", "カード会社からの確認コード"];

/// What a page offers to try again.
pub(super) fn may_try_again(code: Code) -> bool {
    matches!(
        code,
        Code::Cancelled
            | Code::TimedOut
            | Code::TapAgain
            | Code::UvFailed
            | Code::Offline
            | Code::IssuerUnreachable
            | Code::IssuerUnavailable
            | Code::IssuerBusy
            | Code::ForeignAnswer
    )
}

/// What a wallet had heard before an act, and which wallet.
pub(super) struct News {
    wallet: Option<Rc<TownWallet>>,
    synced_at: Option<u64>,
    late: usize,
}

impl<K: Kept> Owner<K> {
    /// Does something, and again while pages offer it. Whether the wallet knew each try for the same call.
    pub(super) async fn tries<T>(&self, call: impl AsyncFn() -> Result<T, Error>) -> (Result<T, Error>, bool) {
        let began = Instant::now();
        let mut tried = 0;
        loop {
            let ended = call().await;
            tried += 1;
            match ended {
                Err(error) if tried < TRIES && may_try_again(error.code) => self.breath().await,
                ended => return (ended, began.elapsed() < KNOWN),
            }
        }
    }

    /// Whether nobody else can have had a hand in what this act asks for: no thief who logs in or stands in between, no other tab,
    /// and no call of an act before. Codes that were sent end when the issuer's keys are turned or its clock is put back.
    pub(super) fn is_alone(&self, act: &Act) -> bool {
        let have_a_hand = [LootKind::Login, LootKind::Road, LootKind::Profile];
        !have_a_hand.into_iter().any(|what| self.was_robbed_of(what))
            && !act.was_to_meet(Fault::OtherTab)
            && self.town().office().shared().turned.lock().unwrap().is_none_or(|at| at < act.began)
            && self.acted_at.get().is_none_or(|at| at.elapsed() > KEPT_BACK)
    }

    /// One thing that was asked for, however often, sent one code.
    pub(super) fn one_code(&self, act: &Act, (subjects, before): (&[&str], usize), in_time: bool) {
        let sent = self.town().codes_to(&self.name, subjects) - before;
        if sent > 1 && in_time && !self.unheard.get() && self.is_alone(act) {
            let seen = format!("step {}: {} asked once and got {sent} codes", act.step, self.name);
            self.town().broke("a-repeated-call-is-one-call", seen);
        }
    }

    /// What was done is not heard as a refusal.
    pub(super) fn done_is_done<T>(&self, act: &Act, ended: &Result<T, Error>, (was_done, in_time): (bool, bool)) {
        let Err(error) = ended else { return };
        let refused = [Code::OverLimit, Code::NotFound, Code::CodeRefused, Code::IntentExpired];
        if was_done && in_time && refused.contains(&error.code) && self.is_alone(act) {
            let seen = format!("step {}: {} hears {} of what was done", act.step, self.name, error.code.name());
            self.town().broke("a-repeated-call-is-one-call", seen);
        }
    }

    /// Confirms what a passkey has to agree to once.
    pub(super) async fn agrees_once(&self, act: &Act, wallet: &TownWallet, id: u64) -> Result<Confirmed, Error> {
        let before = self.phone().passkey().agreed();
        let confirmed = self.confirm(wallet, id).await;
        let agreed = self.phone().passkey().agreed() - before;
        if agreed > 1 {
            let seen = format!("step {}: {} is asked {agreed} times about one thing", act.step, self.name);
            self.town().broke("one-agreement-one-prompt", seen);
        }
        confirmed
    }

    fn late_alerts(&self) -> usize {
        let is_late = |kind| kind == AlertKind::ReceiptsLate;
        self.state().map_or(0, |state| state.alerts.iter().filter(|alert| is_late(alert.kind)).count())
    }

    /// What the wallet has heard by now.
    pub(super) fn news(&self) -> News {
        let synced_at = self.state().and_then(|state| state.synced_at);
        News { wallet: self.wallet(), synced_at, late: self.late_alerts() }
    }

    /// A wallet that had news lately says of no receipts that they are late. One that was opened since has only its clock to go by,
    /// and another tab, whose news may be older, says so in both.
    pub(super) fn late_means_late(&self, act: &Act, before: News) {
        let is_same = before.wallet.zip(self.wallet()).is_some_and(|(one, other)| Rc::ptr_eq(&one, &other));
        let heard = before.synced_at.filter(|at| *at >= self.opened_ms.get());
        let is_news = heard.is_some_and(|at| self.town().now_ms() < at + LATE_MS);
        if is_same && is_news && self.late_alerts() > before.late && !self.had_tab.get() {
            let seen = format!("step {}: {}'s wallet had news at {:?}", act.step, self.name, before.synced_at);
            self.town().broke("late-means-late", seen);
        }
    }
}
