//! Owners: each has a phone, does what the plan says as far as the wallet lets them, and what the wallet tells them to.

mod again;
mod ceremonies;
mod disputes;
mod harassed;
mod night;
mod paying;
mod robbed;
mod safety;
mod shopping;
mod thief;

use super::act::{Act, SERVED};
use super::chance::Chance;
use super::facts::{Did, DidKind, Disowned, Excuse, Loot, WalletFacts};
use super::ledger::Kept;
use super::phone::{Deliver, ORIGIN, Phone};
use super::plan::Step;
use super::town::Town;
use super::trouble::{Fault, Port, Trouble};
use super::verb::Verb;
use jitsuin::code::Code;
use jitsuin::wallet::{Error, Settings, State, Status, Wallet};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::AccountId;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// No call of a wallet may take longer, whatever the world does: two prompts with all calls around them.
const DEADLINE: Duration = Duration::from_secs(900);

/// A wallet on a phone.
pub type TownWallet = Wallet<Phone>;

/// One owner.
pub struct Owner<K: Kept> {
    /// Which.
    pub index: usize,
    /// `owner-1`: login, and part of password and contact.
    pub name: String,
    /// The account.
    pub account: AccountId,
    town: std::rc::Weak<Town<K>>,
    custody: Custody,
    phone: RefCell<Phone>,
    phones: Cell<usize>,
    /// Told when the app dies.
    died: Rc<Notify>,
    wallet: RefCell<Option<Rc<TownWallet>>>,
    /// Whether this phone was ever registered.
    pub enrolled: Cell<bool>,
    /// Whether its key was signed off or put out of its place.
    pub given_up: Cell<bool>,
    /// What thieves had.
    pub robbed: RefCell<Vec<Loot>>,
    /// What was done of which the product may tell.
    pub did: RefCell<Vec<Did>>,
    /// Top-ups that were agreed to.
    pub agreed: RefCell<Vec<u64>>,
    /// Top-ups that the wallet said for certain were refused.
    refused_top_ups: RefCell<Vec<u64>>,
    /// Where the last payment was, and when.
    last_paid: RefCell<Option<(String, u64)>>,
    /// How far the clock was off when the issuer was told that the last payment's receipt was on the screen.
    saw_last: Cell<Option<i64>>,
    /// Whether the page asks for news while a code is made.
    looks: Cell<bool>,
    /// Payments that were reported as somebody else's.
    pub disowned: RefCell<Vec<Disowned>>,
    /// Receipts of payments of which a person of the issuer decided.
    pub settled: RefCell<Vec<u64>>,
    /// Ids of device keys that thieves have.
    pub copied: RefCell<BTreeSet<String>>,
    /// Alerts of payments that somebody else made, which the owner has seen.
    seen: RefCell<BTreeSet<String>>,
    /// Stopped the account because of a thief: a new key is next.
    wary: Cell<bool>,
    /// Had the wallet open in another tab.
    had_tab: Cell<bool>,
    /// When the page was opened, milliseconds since 1970.
    opened_ms: Cell<u64>,
    /// When the last act ended: what networks kept back of it may come in for minutes.
    acted_at: Cell<Option<Instant>>,
    /// Whether a log-in of this act was never answered.
    unheard: Cell<bool>,
    /// When each log-in was tried, milliseconds since 1970.
    log_ins: RefCell<Vec<u64>>,
}

/// What somebody did ended so.
#[derive(Debug)]
pub enum Ended {
    /// It was done.
    Done,
    /// It was refused, and left nothing half-done.
    Refused(Error),
    /// There was nothing to do.
    Nothing(&'static str),
}

impl From<Result<(), Error>> for Ended {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::Refused, |()| Self::Done)
    }
}

impl<K: Kept> Owner<K> {
    /// With a new phone.
    pub fn new(town: &Rc<Town<K>>, index: usize, account: AccountId) -> Rc<Self> {
        let chance = Chance::new(town.seed(), &format!("owner-{}", index + 1));
        let name = format!("owner-{}", index + 1);
        let (act, died) = (town.idle(&name), Rc::new(Notify::new()));
        let custody = chance.one_of(&[Custody::Software, Custody::Passkey]);
        let phone = town.phone(&format!("{name}/phone-1"), custody, act, None, Rc::clone(&died));
        Rc::new(Self {
            index,
            name,
            account,
            town: Rc::downgrade(town),
            custody,
            phone: RefCell::new(phone),
            phones: Cell::new(1),
            died,
            wallet: RefCell::default(),
            enrolled: Cell::new(false),
            given_up: Cell::new(false),
            robbed: RefCell::default(),
            did: RefCell::default(),
            agreed: RefCell::default(),
            refused_top_ups: RefCell::default(),
            last_paid: RefCell::default(),
            saw_last: Cell::new(None),
            looks: Cell::new(false),
            disowned: RefCell::default(),
            settled: RefCell::default(),
            copied: RefCell::default(),
            seen: RefCell::default(),
            wary: Cell::new(false),
            had_tab: Cell::new(false),
            opened_ms: Cell::new(0),
            acted_at: Cell::default(),
            unheard: Cell::default(),
            log_ins: RefCell::default(),
        })
    }

    fn town(&self) -> Rc<Town<K>> {
        self.town.upgrade().unwrap()
    }

    fn deliver(&self) -> Deliver {
        self.town().deliver()
    }

    /// The phone that is used now.
    pub fn phone(&self) -> Phone {
        self.phone.borrow().clone()
    }

    fn wallet(&self) -> Option<Rc<TownWallet>> {
        self.wallet.borrow().clone()
    }

    /// What the wallet shows.
    pub fn state(&self) -> Option<State> {
        self.wallet().map(|wallet| wallet.state())
    }

    fn status(&self) -> Status {
        self.state().map_or(Status::Closed, |state| state.status)
    }

    fn settings(&self) -> Settings {
        Settings { custody: Some(self.custody), ..Settings::new(ORIGIN.parse().unwrap()) }
    }

    /// Opens the page, which looks for news at once.
    async fn open(&self) -> Result<(), Error> {
        let wallet = self.open_page().await?;
        if !matches!(wallet.state().status, Status::New | Status::KeyLost | Status::StorageCorrupt) {
            let _ = wallet.sync().await;
        }
        Ok(())
    }

    /// Opens the page, and no more.
    async fn open_page(&self) -> Result<Rc<TownWallet>, Error> {
        let wallet = Rc::new(Wallet::open(self.phone(), self.settings()).await?);
        self.opened_ms.set(self.town().now_ms());
        self.wallet.replace(Some(Rc::clone(&wallet)));
        Ok(wallet)
    }

    fn note(&self, what: DidKind) {
        self.did.borrow_mut().push(Did { what, at_ms: self.town().now_ms() });
    }

    /// A code is shown at a shop: within minutes of another shop the issuer may ask whether both were this owner, unless the
    /// first one's receipt was on the screen before the code, by a clock that nobody has moved since.
    fn shops_at(&self, merchant: &str) {
        let now = self.town().now_ms();
        let last = self.last_paid.replace(Some((merchant.into(), now)));
        let saw = self.saw_last.take();
        if saw.is_some_and(|off| off.abs_diff(self.phone().hands().off_ms()) < 1_000) {
            return;
        }
        // Minutes by the ledger's clock, which may have been put back.
        let behind = self.town().most_behind_ms();
        if last.is_some_and(|(other, at)| other != merchant && now < at + 240_000 + behind) {
            self.note(DidKind::TwoShops);
        }
    }

    /// What is known of the wallet, for the promises.
    pub fn facts(&self) -> Option<WalletFacts> {
        let state = self.state()?;
        let phone = self.phone();
        let mut excused = Vec::new();
        if phone.disk().was_evicted() {
            excused.push(Excuse::Evicted);
        }
        if phone.disk().was_older() {
            excused.push(Excuse::OlderRecord);
        }
        if phone.disk().was_apart() {
            excused.push(Excuse::OlderTerms);
        }
        if phone.passkey().sealed_wrong() {
            excused.push(Excuse::OtherSecret);
        }
        let is_copied = |id: &str| self.copied.borrow().contains(id);
        if state.device.as_ref().is_some_and(|device| is_copied(&device.id)) {
            excused.push(Excuse::Cloned);
        }
        if self.given_up.get() || !self.enrolled.get() {
            excused.push(Excuse::GivenUp);
        }
        let name = format!("{}'s phone {}", self.name, self.phones.get());
        let codes_until = phone.disk().codes_until();
        let keys = phone.disk().keys();
        Some(WalletFacts { name, state, excused, clock_off_ms: phone.hands().off_ms(), codes_until, keys })
    }

    /// Does what a step says.
    pub async fn act(&self, step: &Step) {
        let town = self.town();
        town.office().stir();
        let chance = Chance::new(town.seed(), &format!("step {}", step.number));
        if self.wallet().is_none() {
            self.phone().serve(town.idle(&self.name));
            let _ = self.open().await;
        }
        let verb = self.instead(step.verb, &chance);
        let act = Act::new(step.number, &self.name, (verb, self.status().name()), &step.troubles, town.story());
        let troubles: Vec<_> = step.troubles.iter().map(ToString::to_string).collect();
        act.say(&format!("#{} {} ({}) {}", step.number, verb.words(), self.status().name(), troubles.join(" ")));
        self.phone().serve(Arc::clone(&act));
        self.turn_hands(&act, &chance);
        let news = self.news();
        let ended = self.survived(&act, verb, &chance).await;
        self.was_repeated(step, ended.as_ref());
        self.late_means_late(&act, news);
        match ended {
            Some(Ended::Done) => act.say("is done"),
            Some(Ended::Refused(error)) => act.say(&format!("is refused: {}", error.code.name())),
            Some(Ended::Nothing(why)) => act.say(&format!("does not: {why}")),
            None => {
                act.say("the app died");
                self.wallet.replace(None);
                sleep(Duration::from_secs(chance.from_to(1, 30))).await;
                self.phone().serve(town.idle(&self.name));
                let _ = self.open().await;
            }
        }
        // Its troubles are over with it: nobody would see the app die in what follows.
        self.phone().serve(town.idle(&self.name));
        self.reacts(&act, &chance).await;
        self.acted_at.set(Some(Instant::now()));
        self.unheard.set(false);
        town.story().acted();
    }

    /// What networks do to one call alone, and what the issuer asks for by itself, no owner hears of.
    fn was_repeated(&self, step: &Step, ended: Option<&Ended>) {
        let Some(Ended::Refused(error)) = ended else { return };
        let is_small = |trouble: &Trouble| matches!(trouble.fault, Fault::Twice | Fault::StaleNonce | Fault::Slow);
        let is_own = matches!(error.code, Code::UseDpopNonce | Code::ProofReplayed | Code::IdempotencyMismatch);
        // A freeze waits for no nonce, nor does a report: the one retry is for the refusal that brings one.
        let is_stale = step.troubles.iter().any(|it| it.fault == Fault::StaleNonce);
        let is_other = step.verb.is_robbery() || matches!(step.verb, Verb::Freeze | Verb::NotMine) && is_stale;
        if is_own && !is_other && step.troubles.len() < 2 && step.troubles.iter().all(is_small) {
            let seen = format!("step {}: {} hears {}", step.number, self.name, error.code.name());
            self.town().broke("a-repeated-call-is-one-call", seen);
        }
    }

    /// What an owner does who sees what the wallet says.
    fn instead(&self, verb: Verb, chance: &Chance) -> Verb {
        match (self.status(), verb) {
            (_, Verb::Sweep | Verb::Settle | Verb::Reload | Verb::BackendBetween) => verb,
            (Status::New, _) if !self.enrolled.get() => Verb::Enrol,
            (Status::New | Status::KeyLost | Status::StorageCorrupt, _) => Verb::Replace,
            (Status::Revoked, _) => Verb::Replace,
            // The wallet says that the passkey does not fit the seal.
            (Status::Locked, _) if self.phone().passkey().sealed_wrong() => Verb::Replace,
            (Status::Suspended, _) => Verb::Rotate,
            (Status::Frozen, Verb::Sync | Verb::ReadAlerts | Verb::Release | Verb::Rotate | Verb::Replace) => verb,
            (Status::Frozen, _) => chance.one_of(&[Verb::Release, Verb::Sync]),
            (
                Status::Locked,
                Verb::Unlock
                | Verb::Reseal
                | Verb::Sync
                | Verb::ReadAlerts
                | Verb::Freeze
                | Verb::FreezeByMessage
                | Verb::Forget
                | Verb::Replace,
            ) => verb,
            (Status::Locked, _) => Verb::Unlock,
            (Status::Closed, _) => Verb::Reload,
            (Status::Ready, _) if self.wary.get() => Verb::Rotate,
            (Status::Ready, Verb::Enrol | Verb::Release) => Verb::Sync,
            _ => verb,
        }
    }

    /// Runs a verb unless the app dies in it; then none.
    async fn survived(&self, act: &Arc<Act>, verb: Verb, chance: &Chance) -> Option<Ended> {
        let town = self.town();
        tokio::select! {
            biased;
            () = self.died.notified() => None,
            ended = timeout(DEADLINE, self.with_other_tab(act, verb, chance)) => match ended {
                Ok(ended) => Some(ended),
                Err(_) => {
                    town.broke("every-promise-settles", format!("{} never ends: {}", self.name, verb.words()));
                    None
                }
            },
        }
    }

    /// The verb, and what another tab does meanwhile.
    async fn with_other_tab(&self, act: &Arc<Act>, verb: Verb, chance: &Chance) -> Ended {
        if !act.takes(Fault::OtherTab) {
            return self.perform(act, verb, chance).await;
        }
        act.felt(Fault::OtherTab);
        self.had_tab.set(true);
        let done = Notify::new();
        let elsewhere = async {
            let was_open = chance.percent(60);
            if !was_open {
                sleep(Duration::from_millis(chance.below(3_000))).await;
            }
            let tab = self.phone().tab(self.town().idle(&self.name));
            let Ok(wallet) = Wallet::open(tab, self.settings()).await else { return };
            if was_open {
                // With what it read then, it looks for news when all is over.
                done.notified().await;
                return drop(wallet.sync().await);
            }
            match chance.below(4) {
                0 => drop(wallet.sync().await),
                1 => {
                    let _ = wallet.unlock().await;
                    drop(wallet.payment_code(None).await);
                }
                2 => drop(wallet.refill().await),
                _ => {
                    let _ = wallet.unlock().await;
                    let _ = wallet.sync().await;
                }
            }
        };
        let here = async {
            let ended = self.perform(act, verb, chance).await;
            done.notify_one();
            ended
        };
        let (ended, ()) = tokio::join!(here, elsewhere);
        ended
    }

    async fn perform(&self, act: &Arc<Act>, verb: Verb, chance: &Chance) -> Ended {
        act.does(verb);
        if verb == Verb::Sweep {
            SERVED.scope(Arc::clone(act), self.town().office().sweep_once()).await;
            return Ended::Done;
        }
        if verb == Verb::Settle {
            return SERVED.scope(Arc::clone(act), self.town().settle_held(&self.account, chance)).await;
        }
        if verb == Verb::Reload {
            self.wallet.replace(None);
            return self.open().await.into();
        }
        if verb == Verb::BackendBetween {
            return self.through_a_backend(act, chance).await;
        }
        if verb == Verb::Replace {
            return self.replace_phone(act, chance).await;
        }
        let Some(wallet) = self.wallet() else { return Ended::Nothing("the page does not open") };
        match verb {
            Verb::Enrol => self.register(act, &wallet, false).await,
            Verb::Show => wallet.payment_code(None).await.map(drop).into(),
            Verb::Pay => self.pay(act, &wallet, chance).await,
            Verb::PayTwice => self.pay_twice(act, &wallet, chance).await,
            Verb::PayElsewhere => self.pay_elsewhere(act, &wallet, chance).await,
            Verb::Reverse => self.reverse(act, &wallet, chance).await,
            Verb::TwoTills => self.pay_at_two_tills(act, &wallet, chance).await,
            Verb::SetsClock => self.pay_by_two_clocks(act, &wallet, chance).await,
            Verb::YoungShop => self.pay_at_a_young_shop(act, &wallet, chance).await,
            Verb::TopUp => self.top_up(act, &wallet, chance).await,
            Verb::ProveCard => self.prove_card(act, &wallet).await,
            Verb::Lock => {
                wallet.lock();
                Ended::Done
            }
            Verb::Unlock => wallet.unlock().await.into(),
            Verb::Reseal => self.reseal(&wallet).await.into(),
            Verb::Sync => self.looks(&wallet, chance).await.into(),
            Verb::ReadAlerts => self.read_alerts(&wallet).await.into(),
            Verb::Freeze => self.freeze_with_a_code(act, &wallet, chance).await,
            Verb::FreezeByMessage => self.freeze_by_message(act, &wallet).await,
            Verb::Release => self.release(act, &wallet).await,
            Verb::Rotate => self.rotate(act, &wallet, chance).await,
            Verb::Refill => self.refill(act, &wallet, chance).await,
            Verb::Limit => self.limit(act, &wallet, chance).await,
            Verb::BothMine | Verb::NotMine => {
                self.has_a_payment_waiting(act, &wallet, chance).await;
                if verb == Verb::BothMine {
                    self.both_mine(act, &wallet).await
                } else {
                    self.not_mine(act, &wallet).await
                }
            }
            Verb::Forget => self.forget(&wallet).await,
            Verb::SeesScreen => self.photographed(act, &wallet, chance).await,
            Verb::LyingTill => self.lied_to(act, &wallet, chance).await,
            Verb::Harassed => self.harassed(act, &wallet, chance).await,
            Verb::Replace
            | Verb::Reload
            | Verb::Sweep
            | Verb::Settle
            | Verb::Night
            | Verb::BackendBetween
            | Verb::KnowsLogin
            | Verb::CopiesProfile => unreachable!("done above, or at night"),
        }
    }

    /// What the act does to the phone's clock.
    fn turn_hands(&self, act: &Arc<Act>, chance: &Chance) {
        let off = [5_000, 20_000, 40_000, 90_000, 150_000, 600_000, 7_200_000, 86_400_000, 400 * 86_400_000];
        let phone = self.phone();
        while let Some(fault) = act.meets(Port::Hands) {
            act.felt(fault);
            let hands = phone.hands().clone();
            let off = chance.one_of(&off);
            match fault {
                Fault::Ahead => hands.set_off(off),
                Fault::Behind => hands.set_off(-off),
                Fault::Drifts => hands.drift(chance.one_of(&[-30_000, -2_000, 2_000, 30_000])),
                Fault::Stands => hands.stand(),
                Fault::Sleeps => hands.slept(Duration::from_secs(chance.from_to(1, 7_200))),
                Fault::JumpsAhead | Fault::JumpsBack => {
                    let off = if fault == Fault::JumpsBack { -off } else { off };
                    let wait = Duration::from_millis(chance.from_to(10, 6_000));
                    tokio::task::spawn_local(async move {
                        sleep(wait).await;
                        hands.set_off(off);
                    });
                }
                other => unreachable!("{other:?} does nothing to a clock"),
            }
        }
    }

    /// The clock is put right after a while, as most are.
    pub fn put_clock_right(&self, chance: &Chance) {
        if chance.percent(40) {
            self.phone().hands().calm();
        }
    }

    /// Patience before something is tried again.
    async fn breath(&self) {
        sleep(Duration::from_secs(5)).await;
    }
}
