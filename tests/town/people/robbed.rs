//! What thieves do to an owner who is there, and what the owner does about it.

use super::{Ended, Owner, TownWallet};
use crate::town::act::Act;
use crate::town::caller::Caller;
use crate::town::chance::Chance;
use crate::town::facts::{DidKind, Loot, LootKind};
use crate::town::ledger::Kept;
use crate::town::phone::Between;
use crate::town::verb::Verb;
use jitsuin::code::Code;
use jitsuin::issuer::account::State as KeyState;
use jitsuin::wallet::Status;
use jitsuin::wallet::ports::{Authenticator as _, Platform as _, RequestOptions};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::{
    Call as _, ConfirmPasskeyFreeze, EnterCode, FreezeByCode, FreezeByTicket, LogIn, Outcome, PreparePasskeyFreeze,
    Refill, freeze_challenge,
};
use jitsuin::wire::money::Amount;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

/// A way to stop the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Wallet,
    /// On any machine.
    Passkey,
    /// The code at the end of a message.
    Message,
    /// Login, password and a contact code.
    LogIn,
}

/// Within this time each way ends: its proofs count for five minutes.
const WITHIN: Duration = Duration::from_secs(300);
/// Tries of a day to log in that nobody has to wait for.
const OWN_TRIES: usize = 4;

impl<K: Kept> Owner<K> {
    pub(super) fn loses(&self, what: LootKind) {
        self.robbed.borrow_mut().push(Loot { what, at_ms: self.town().now_ms() });
    }

    /// Whether a thief has this by now.
    pub(super) fn was_robbed_of(&self, what: LootKind) -> bool {
        self.robbed.borrow().iter().any(|loot| loot.what == what)
    }

    /// A thief photographs a code and offers it at another till before the owner's till does, or after.
    pub(super) async fn photographed(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let code = match wallet.payment_code(None).await {
            Ok(code) => code,
            Err(error) => return Ended::Refused(error),
        };
        // A picture is worth one payment, of the key's limit for one payment at the most.
        self.loses(LootKind::Screen);
        let town = self.town();
        let (own, his) = (town.till(0), town.till(usize::try_from(chance.from_to(1, 2)).unwrap()));
        let price = chance.one_of(&[120_u32, 540, 2_999]);
        let taken = chance.one_of(&[price, 3_000, 9_999, 10_000, 10_001]);
        let first = chance.percent(60);
        for nth in 0..2 {
            sleep(Duration::from_secs(chance.below(20))).await;
            let theft = (nth == 0) == first;
            let (till, amount) = if theft { (&his, taken) } else { (&own, price) };
            let outcome = till.charge(act, self.index, &code.text, amount, (!theft, theft)).await;
            let who = if theft { "a thief takes" } else { "pays" };
            act.say(&format!("{who} {amount} yen at {} with code {}: {outcome:?}", till.name(), code.counter));
            if !theft && outcome == Some(Outcome::Approved) {
                self.note(DidKind::Paid);
            }
            if !theft && chance.percent(40) {
                // The owner goes on to the next counter of the shop, while the first code lives on in the picture.
                sleep(Duration::from_secs(chance.from_to(21, 30))).await;
                let _ = self.pay_at(act, wallet, 1, 120).await;
                let outcome = town.till(2).charge(act, self.index, &code.text, taken, (false, true)).await;
                act.say(&format!("a thief offers code {} at once: {outcome:?}", code.counter));
            }
        }
        self.offered_later(act, code.text, chance);
        if chance.percent(50) {
            let _ = wallet.sync().await;
        }
        Ended::Done
    }

    /// A code that somebody kept, at tills a minute, an hour and some hours later.
    fn offered_later(&self, act: &Arc<Act>, code: String, chance: &Chance) {
        let (town, act, index) = (self.town(), Arc::clone(act), self.index);
        let waits = [chance.from_to(1, 70), chance.from_to(60, 600), chance.from_to(600, 3_000)];
        let tills = [0, 1, 2].map(|_| usize::try_from(chance.below(3)).unwrap());
        let amount = chance.one_of(&[540_u32, 3_000, 10_000]);
        spawn_local(async move {
            for (wait, till) in waits.into_iter().zip(tills) {
                sleep(Duration::from_secs(wait)).await;
                let till = town.till(till);
                let outcome = till.charge(&act, index, &code, amount, (false, true)).await;
                act.say(&format!("a thief offers the code later at {}: {outcome:?}", till.name()));
            }
        });
    }

    /// The till tells one price and charges another, twice, gives back, or keeps the code for later.
    pub(super) async fn lied_to(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let price = chance.one_of(&[120_u32, 540, 2_999]);
        let max = chance.percent(40).then(|| Amount::of(price));
        let code = match wallet.payment_code(max).await {
            Ok(code) => code,
            Err(error) => return Ended::Refused(error),
        };
        // A till to which a code was shown can take one payment: up to `max`, or to the key's limit for one payment.
        self.loses(LootKind::Till);
        let town = self.town();
        let till = town.till(usize::try_from(chance.below(4)).unwrap());
        if chance.percent(25) {
            act.say(&format!("{} says that code {} does not work, and keeps it", till.name(), code.counter));
            self.offered_later(act, code.text, chance);
            return self.pay(act, wallet, chance).await;
        }
        for nth in 0..chance.from_to(1, 4) {
            let amount = chance.one_of(&[price, price + 1, 3_000, 9_999, 10_000, 15_000, 30_000]);
            let outcome = till.charge(act, self.index, &code.text, amount, (false, true)).await;
            act.say(&format!("told {price}, {} takes {amount} with code {}: {outcome:?}", till.name(), code.counter));
            if outcome == Some(Outcome::Approved) && max.is_some_and(|max| Amount::of(amount) > max) {
                let seen = format!("{}'s code for {price} at the most paid {amount}", self.name);
                town.broke("a-thief-takes-at-most", seen);
            }
            if outcome == Some(Outcome::Approved) && nth == 0 && chance.percent(30) {
                let at = till.sale_with(&code.text).unwrap();
                act.say(&format!("and gives it back: {:?}", till.give_back(act, at).await));
            }
            sleep(Duration::from_secs(chance.below(15))).await;
        }
        if chance.percent(50) {
            self.offered_later(act, code.text, chance);
        }
        if chance.percent(60) {
            let _ = wallet.sync().await;
        }
        Ended::Done
    }

    /// Something that owners do, while all calls go through a thief's backend.
    pub(super) async fn through_a_backend(&self, act: &Arc<Act>, chance: &Chance) -> Ended {
        // It sees no code and no key: it can keep things back, which costs nothing that a sync does not give again.
        self.loses(LootKind::Road);
        let mut ended = Ended::Nothing("nothing to do");
        // Whoever asks for more and more pays under what came last.
        let for_more = [Verb::Refill, Verb::Refill, Verb::Pay, Verb::Refill, Verb::Pay];
        let for_more = chance.percent(30).then_some(for_more);
        let between = Chance::new(self.town().seed(), &format!("between {}", act.step));
        let between = match for_more {
            Some(_) if chance.percent(60) => Between::of_first_answers(between, Refill::PATH),
            _ => Between::new(between),
        };
        let between = Rc::new(between);
        for nth in 0..for_more.map_or_else(|| chance.from_to(1, 3), |_| 5) {
            let any = chance.weighted(&[
                (Verb::Sync, 6),
                (Verb::Pay, 4),
                (Verb::TopUp, 5),
                (Verb::Refill, 3),
                (Verb::Limit, 3),
                (Verb::Rotate, 3),
                (Verb::Freeze, 2),
                (Verb::ProveCard, 1),
                (Verb::ReadAlerts, 2),
                (Verb::BothMine, 1),
                (Verb::Reload, 1),
                (Verb::Forget, 1),
                (Verb::Replace, 1),
            ]);
            let verb = for_more.map_or(any, |verbs| verbs[usize::try_from(nth).unwrap()]);
            let verb = self.instead(verb, chance);
            if for_more.is_some() && nth == 4 {
                // By then the allowances before this one count for nothing any more.
                sleep(Duration::from_secs(chance.from_to(170, 300))).await;
            }
            act.say(&format!("through a backend in between: {}", verb.words()));
            self.phone().road().pass_through(Some(Rc::clone(&between)));
            ended = Box::pin(self.perform(act, verb, chance)).await;
            act.say(&format!("which ended so: {ended:?}").chars().take(160).collect::<String>());
        }
        self.phone().road().pass_through(None);
        ended
    }

    /// An owner who sees that somebody else paid stops everything, mostly; then the account is released and gets a new key.
    pub(super) async fn reacts(&self, act: &Arc<Act>, chance: &Chance) {
        self.phone().road().pass_through(None);
        let Some(state) = self.state() else { return };
        let tells = |kind| matches!(kind, AlertKind::UnknownUse | AlertKind::UsedElsewhere);
        let told = state.alerts.iter().filter(|alert| tells(alert.kind)).map(|alert| alert.id.clone());
        let seen_before = self.seen.borrow().len();
        self.seen.borrow_mut().extend(told);
        if self.seen.borrow().len() == seen_before || self.robbed.borrow().is_empty() || !chance.percent(70) {
            return;
        }
        let way = chance.one_of(&[Way::Wallet, Way::Passkey, Way::Message]);
        self.wary.set(true);
        let stopped = self.stops(act, way, chance).await;
        act.say(&format!("sees a theft and stops everything by {way:?}: {stopped}"));
        if let Some(wallet) = self.wallet() {
            let _ = wallet.sync().await;
        }
    }

    /// Tries to freeze the account in one way. Whether it was told that it is done.
    async fn stops(&self, act: &Arc<Act>, way: Way, chance: &Chance) -> bool {
        self.note(DidKind::Froze);
        let town = self.town();
        let caller = Caller::stranger(chance.number(), self.deliver()).from("192.0.2.77".into());
        let name = || caller.random();
        match way {
            Way::Wallet => match self.wallet() {
                Some(wallet) => match wallet.freeze().await {
                    Ok(()) => true,
                    Err(error) => {
                        act.say(&format!("the wallet does not freeze: {}", error.code.name()));
                        false
                    }
                },
                None => false,
            },
            Way::Passkey => {
                let call = (&PreparePasskeyFreeze {}, name());
                let Some(Ok(prepared)) = caller.call(act, town.now_ms(), call).await else { return false };
                let settings = town.office().settings();
                let account = town.account(&self.account);
                let live = account.devices.iter().filter(|device| device.state != KeyState::Revoked);
                let credentials: Vec<_> = live.map(|device| device.credential.id.clone()).collect();
                let options = RequestOptions {
                    rp_id: &settings.rp_id,
                    challenge: &freeze_challenge(&settings.issuer, &settings.rp_id, prepared.nonce),
                    credentials: &credentials,
                    prf: None,
                    deadline: Duration::from_secs(60),
                };
                let Ok(answer) = self.phone().authenticator().get(&options).await else { return false };
                let call = ConfirmPasskeyFreeze { nonce: prepared.nonce, assertion: answer.0 };
                let answer = caller.call(act, town.now_ms(), (&call, name())).await;
                let refused = answer.as_ref().map(|it| it.as_ref().map(drop).map_err(|it| it.code.clone()));
                act.say(&format!("the page says {refused:?}"));
                matches!(answer, Some(Ok(_)))
            }
            Way::Message => {
                let Some(code) = town.stop_code_for(&self.name) else { return false };
                matches!(caller.call(act, town.now_ms(), (&FreezeByCode { code }, name())).await, Some(Ok(_)))
            }
            Way::LogIn => {
                let password = format!("{}-password", self.name);
                let call = LogIn { login: self.name.clone(), password, language: "ja".into() };
                self.log_ins.borrow_mut().push(town.now_ms());
                let started = match caller.call(act, town.now_ms(), (&call, name())).await {
                    Some(Ok(started)) => started,
                    Some(Err(refused)) => {
                        if refused.code == Code::TooManyAttempts.name() {
                            self.kept_waiting(Code::TooManyAttempts);
                        }
                        return false;
                    }
                    None => return false,
                };
                let call = EnterCode { attempt: started.attempt, code: town.code_for(&self.name) };
                let Some(Ok(ticket)) = caller.call(act, town.now_ms(), (&call, name())).await else { return false };
                let call = FreezeByTicket { ticket: ticket.ticket };
                matches!(caller.call(act, town.now_ms(), (&call, name())).await, Some(Ok(_)))
            }
        }
    }

    /// Whatever thieves have done all day and do this moment, the owner stops the account, by one way or another. By a passkey
    /// it works at any time.
    pub async fn can_freeze(&self, day: u32) {
        let town = self.town();
        let chance = Chance::new(town.seed(), &format!("{} freezes on day {day}", self.name));
        let account = town.account(&self.account);
        let has_key = account.devices.iter().any(|device| device.state != KeyState::Revoked);
        if self.robbed.borrow().is_empty() || !has_key || account.frozen_at.is_some() || !chance.percent(35) {
            return;
        }
        let act = town.idle(&self.name);
        self.phone().serve(Arc::clone(&act));
        self.besieged(&act, &chance).await;
        let mut ways = vec![Way::Wallet, Way::Passkey, Way::Message, Way::LogIn];
        if self.was_robbed_of(LootKind::Login) && chance.percent(50) {
            // Others try the login: its owner does too.
            ways = vec![Way::LogIn];
        }
        let mut failed = Vec::new();
        let is_frozen = || town.account(&self.account).frozen_at.is_some();
        while !ways.is_empty() && !is_frozen() {
            let way = ways.remove(usize::try_from(chance.below(ways.len() as u64)).unwrap());
            let began = Instant::now();
            let told = timeout(WITHIN, self.stops(&act, way, &chance)).await;
            act.say(&format!("stops everything at night by {way:?}: {told:?} after {} s", began.elapsed().as_secs()));
            if told.is_err() || (told == Ok(true)) != is_frozen() || (way == Way::Passkey && !is_frozen()) {
                let seen = format!("{} hears {told:?} by {way:?} and is frozen: {}", self.name, is_frozen());
                town.broke("an-owner-can-always-freeze", seen);
            }
            failed.push(way);
        }
        if !is_frozen() && failed.contains(&Way::Passkey) {
            town.broke("an-owner-can-always-freeze", format!("{} tried {failed:?} and is not frozen", self.name));
        }
        if let Some(wallet) = self.wallet().filter(|_| !matches!(self.status(), Status::New | Status::Closed)) {
            let _ = wallet.sync().await;
        }
    }

    /// A backend in between may say anything, for nobody signs a refusal, and send on what it has seen from elsewhere.
    pub(super) fn hears_anything(&self) -> bool {
        self.was_robbed_of(LootKind::Road)
    }

    /// An owner who logged in a few times is not kept waiting by whoever else tries.
    pub(super) fn kept_waiting(&self, refused: Code) {
        let (log_ins, now) = (self.log_ins.borrow(), self.town().now_ms());
        let lately = log_ins.iter().filter(|at| **at + 86_400_000 > now).count();
        if refused == Code::TooManyAttempts && lately <= OWN_TRIES && !self.hears_anything() {
            let seen = format!("{} logs in for the {lately}. time of a day and has to wait", self.name);
            self.town().broke("an-owner-can-always-log-in", seen);
        }
    }

    /// Thieves do what could be in the way of a freeze, just before it.
    async fn besieged(&self, act: &Arc<Act>, chance: &Chance) {
        if self.was_robbed_of(LootKind::Login) {
            for nth in 0..chance.from_to(1, 12) {
                self.tries_login(act, chance, nth).await;
            }
        }
        for _ in 0..chance.below(20) {
            let caller = Caller::stranger(chance.number(), self.deliver()).from(super::thief::somewhere(chance));
            let name = caller.random();
            if chance.percent(50) {
                let code = format!("{:016}", chance.number());
                let call = FreezeByCode { code };
                let answer = caller.call(act, self.town().now_ms(), (&call, name)).await;
                self.never(answer.is_some_and(|answer| answer.is_ok()), "froze an account with a stop code he guessed");
            } else {
                drop(caller.call(act, self.town().now_ms(), (&PreparePasskeyFreeze {}, name)).await);
            }
        }
    }

    /// What no thief may ever do, whatever he has.
    pub(super) fn never(&self, did: bool, what: &str) {
        if did {
            self.town().broke("a-thief-takes-at-most", format!("a thief of {} {what}", self.name));
        }
    }
}
