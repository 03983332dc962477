//! A town: owners with phones, shops with tills, an issuer, one clock, one seed.

use super::act::Act;
use super::chance::Chance;
use super::facts::{Broken, Facts, OwnerFacts};
use super::ledger::{Kept, Shared};
use super::office::Office;
use super::panics;
use super::people::{Ended, Owner};
use super::phone::{Deliver, ORIGIN, Phone};
use super::plan::Plan;
use super::promises;
use super::secrets::Secrets;
use super::shop::{Sales, Till};
use super::story::{Outcome, Story};
use super::verb::Verb;
use jitsuin::issuer::account::Account;
use jitsuin::issuer::funding::CardKind;
use jitsuin::issuer::ledger::{Kind, Ledger, Needs};
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::issuer::{PasswordCost, Settings, demo};
use jitsuin::wallet::memory::SoftAuthenticator;
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::AccountId;
use jitsuin::wire::money::Amount;
use jitsuin::wire::receipt::{Body, Kind as ReceiptKind};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

/// True time when each story begins: midnight, milliseconds since 1970.
pub const START_MS: u64 = 1_794_960_000_000;
const SHOPS: &[(&str, &str, &str)] = &[
    ("t/1001", "m/1001", "Kado no Mise"),
    ("t/1002", "m/1001", "Kado no Mise"),
    ("t/2002", "m/2002", "Eki Shop"),
    ("t/3003", YOUNG, "Mise no Ato"),
];
/// The merchant that was registered when the story begins.
const YOUNG: &str = "m/3003";

/// One town.
pub struct Town<K: Kept> {
    plan: Plan,
    story: Story,
    office: Rc<Office<K>>,
    owners: RefCell<Vec<Rc<Owner<K>>>>,
    tills: RefCell<Vec<Rc<Till>>>,
    sales: Sales,
    /// What thieves do while people go on.
    thieves: RefCell<JoinSet<()>>,
    secrets: Rc<Secrets>,
    began: Instant,
}

/// Tells a plan's story over a ledger.
pub fn tell<K: Kept>(plan: &Plan, kept: impl FnOnce(u64) -> K) -> Outcome {
    let told = panics::noted(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            let town = Town::open(plan.clone(), kept(START_MS)).await;
            town.live().await;
            town.story.end()
        })
    });
    told.unwrap_or_else(|| Outcome::panicked(panics::take().unwrap_or_default()))
}

impl<K: Kept> Town<K> {
    async fn open(plan: Plan, kept: K) -> Rc<Self> {
        let story = Story::new();
        let began = Instant::now();
        let shared = Arc::new(Shared {
            kept,
            start_ms: START_MS,
            began,
            all_die: Notify::new(),
            one_died: Notify::new(),
            turn_keys: Notify::new(),
            chance: Chance::new(plan.seed, "ledger"),
            behind_ms: AtomicU64::new(0),
            most_behind_ms: AtomicU64::new(0),
            turned: Mutex::new(None),
        });
        let mut settings = Settings::new(ORIGIN, &[ORIGIN]).unwrap();
        settings.password_cost = PasswordCost::least();
        // Figures that an issuer may set: what a town of three people and three days can reach.
        let policy = &mut settings.policy;
        (policy.hold_seconds, policy.hold_most_seconds) = (2 * 3600, 8 * 3600);
        (policy.breakers.young.hour, policy.breakers.young.day) = (Amount::of(5_000), Amount::of(9_000));
        let office = Office::open(plan.seed, shared, settings, plan.processes, story.clone()).await;
        let town = Rc::new(Self {
            story,
            office,
            owners: RefCell::default(),
            tills: RefCell::default(),
            sales: Sales::default(),
            thieves: RefCell::default(),
            secrets: Rc::new(Secrets::of(&plan)),
            began,
            plan,
        });
        town.settle().await;
        town
    }

    /// People open accounts, shops register their tills.
    async fn settle(self: &Rc<Self>) {
        let chance = Chance::new(self.plan.seed, "people");
        let person = |index: usize| {
            let login = format!("owner-{}", index + 1);
            demo::Person {
                password: format!("{login}-password"),
                label: login.parse().unwrap(),
                contact: format!("{login}@example.test"),
                opened_with_wallet: chance.percent(70),
                balance: Amount::of(20_000),
                cards: vec![CardKind::Normal; 2],
                login,
            }
        };
        let shop = |(till, merchant, name): &(&str, &str, &str)| demo::Shop {
            till: till.parse().unwrap(),
            merchant: merchant.parse().unwrap(),
            name: name.parse().unwrap(),
            place: None,
            place_id: None,
            merchant_since: if *merchant == YOUNG { u32::try_from(START_MS / 1000).unwrap() } else { 0 },
        };
        let people = (0..self.plan.owners).map(person).collect();
        let plan = demo::Plan { people, shops: SHOPS.iter().map(shop).collect() };
        let (issuer, _) = self.office.living().unwrap();
        let seeded = demo::seed(&issuer, &plan).await.unwrap();
        for ((till, code), (_, merchant, _)) in seeded.till_codes.iter().zip(SHOPS) {
            let town = Rc::downgrade(self);
            let now = Rc::new(move || town.upgrade().unwrap().now_ms());
            let (sales, seed) = (Rc::clone(&self.sales), chance.number());
            let till = Till::new((till.as_str(), merchant), seed, self.deliver(), sales, now);
            till.enrol(&self.idle("a shop"), code).await;
            self.tills.borrow_mut().push(Rc::new(till));
        }
        for (index, (_, account)) in seeded.accounts.iter().enumerate() {
            let owner = Owner::new(self, index, account.clone());
            self.owners.borrow_mut().push(owner);
        }
    }

    /// Day after day.
    async fn live(self: &Rc<Self>) {
        for day in 0..self.plan.days {
            let midnight = self.began + Duration::from_secs(u64::from(day) * 86_400);
            let mut days = JoinSet::new();
            for owner in self.owners.borrow().iter() {
                let (town, owner) = (Rc::clone(self), Rc::clone(owner));
                days.spawn_local(async move { town.day_of(&owner, day, midnight).await });
            }
            self.ends(&mut days, "what owners do", midnight).await;
            sleep_until(midnight + Duration::from_secs(23 * 3600)).await;
            let mut thieves = self.thieves.take();
            self.ends(&mut thieves, "what thieves do", midnight).await;
            self.night(day).await;
            if self.story.is_broken() {
                return;
            }
        }
    }

    /// All of it ends with its day.
    async fn ends(&self, tasks: &mut JoinSet<()>, what: &str, midnight: Instant) {
        let all = async {
            while let Some(ended) = tasks.join_next().await {
                // A panic is noted where it happens.
                drop(ended);
            }
        };
        if timeout_at(midnight + Duration::from_secs(30 * 3600), all).await.is_err() {
            self.broke("every-promise-settles", format!("{what} on this day never ends"));
        }
    }

    async fn day_of(&self, owner: &Rc<Owner<K>>, day: u32, midnight: Instant) {
        for step in self.plan.steps.iter().filter(|step| step.day == day && step.owner == owner.index) {
            sleep_until(midnight + Duration::from_secs(step.at)).await;
            if self.story.is_broken() {
                return;
            }
            if step.verb.is_apart() {
                let thief = Rc::clone(owner).robbed_apart(step.clone());
                self.thieves.borrow_mut().spawn_local(thief);
                continue;
            }
            owner.act(step).await;
            owner.put_clock_right(&Chance::new(self.plan.seed, &format!("clock {}", step.number)));
            self.check(false);
        }
    }

    /// Faults stop: every wallet is to be right again within one sync.
    async fn night(self: &Rc<Self>, day: u32) {
        self.story.say("the town", "is quiet");
        let chance = Chance::new(self.plan.seed, &format!("night {day}"));
        self.owners.borrow().iter().for_each(|owner| owner.phone().calm(chance.percent(50)));
        self.office.shared().behind_ms.store(0, Ordering::Relaxed);
        // What was late comes in; charges become final.
        sleep(Duration::from_secs(1_800)).await;
        let tills = self.tills.borrow().clone();
        for till in &tills {
            for at in till.unsettled() {
                till.look_up(&self.idle("a till"), at).await;
            }
        }
        let owners = self.owners.borrow().clone();
        for owner in &owners {
            owner.night().await;
        }
        self.check(true);
        for owner in &owners {
            owner.was_told_the_truth(&self.top_ups_of(&owner.account));
        }
        for owner in &owners {
            owner.buys_tea(day).await;
        }
        for owner in &owners {
            owner.can_freeze(day).await;
        }
        self.check(false);
    }

    /// By how much the ledger's clock was behind the true time, at most.
    pub fn most_behind_ms(&self) -> u64 {
        self.office.shared().most_behind_ms.load(Ordering::Relaxed)
    }

    /// Amounts of an account's top-ups.
    fn top_ups_of(&self, account: &AccountId) -> Vec<u64> {
        let receipts = self.receipts(account);
        let top_ups = receipts.iter().filter(|receipt| receipt.kind == ReceiptKind::TopUp);
        let amount = |receipt: &StoredReceipt| Some(Body::from_bytes(&receipt.item.body.0).ok()?.amount?.minor_units());
        top_ups.filter_map(amount).collect()
    }

    /// A person of the issuer settles the payments of an account that wait for one.
    pub async fn settle_held(&self, account: &AccountId, chance: &Chance) -> Ended {
        let held = self.account(account).held;
        let Some((issuer, life)) = self.office.living() else { return Ended::Nothing("no process lives") };
        for payment in &held {
            let back = chance.percent(50);
            let owners = self.owners.borrow().clone();
            let own = owners.iter().filter(|owner| owner.account == *account);
            own.for_each(|owner| owner.settled.borrow_mut().push(payment.seq));
            tokio::select! {
                biased;
                () = life.over() => return Ended::Nothing("the process died"),
                settled = issuer.settle_held(account, &payment.payment, back) => {
                    let how = if back { "given back" } else { "kept" };
                    self.story.say("the issuer", &format!("settles receipt {}, {how}: {settled:?}", payment.seq));
                }
            }
        }
        if held.is_empty() { Ended::Nothing("no payment waits") } else { Ended::Done }
    }

    /// Holds every promise against what is true now.
    fn check(&self, calm: bool) {
        if let Some(panic) = panics::take() {
            self.broke("nothing-panics", panic);
        }
        let facts = self.facts(calm);
        for broken in promises::broken(&facts, &self.office.settings().policy) {
            self.story.broke(broken);
        }
    }

    fn facts(&self, calm: bool) -> Facts {
        let kept = &self.office.shared().kept;
        let mut accounts = std::collections::BTreeMap::new();
        let owners = self.owners.borrow().clone();
        for owner in &owners {
            let id = &owner.account;
            accounts.insert(id.as_str().to_owned(), (self.account(id), self.receipts(id)));
        }
        let now_ms = self.now_ms();
        let of = |owner: &Rc<Owner<K>>| OwnerFacts {
            name: owner.name.clone(),
            account: owner.account.clone(),
            wallets: owner.facts().into_iter().collect(),
            robbed: owner.robbed.borrow().clone(),
            copied: owner.copied.borrow().clone(),
            top_ups_agreed: owner.agreed.borrow().clone(),
            did: owner.did.borrow().clone(),
            disowned: owner.disowned.borrow().clone(),
            settled: owner.settled.borrow().clone(),
        };
        Facts {
            now_ms,
            behind_ms: self.most_behind_ms(),
            accounts,
            entries: kept.wait(kept.ledger().entries()).unwrap(),
            messages: kept.wait(kept.ledger().messages(0)).unwrap(),
            owners: owners.iter().map(of).collect(),
            sales: self.sales.borrow().clone(),
            young: vec![YOUNG.into()],
            charges: self.office.cards().facts(now_ms),
            calm,
        }
    }

    /// Its seed.
    pub const fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// Its story.
    pub fn story(&self) -> Story {
        self.story.clone()
    }

    /// Its issuer.
    pub fn office(&self) -> &Rc<Office<K>> {
        &self.office
    }

    /// One of its tills.
    pub fn till(&self, at: usize) -> Rc<Till> {
        Rc::clone(&self.tills.borrow()[at])
    }

    /// How many there are.
    pub fn tills(&self) -> usize {
        self.tills.borrow().len()
    }

    /// True time, milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.office.shared().now_ms()
    }

    /// An act in which nothing goes wrong.
    pub fn idle(&self, who: &str) -> Arc<Act> {
        Act::new(usize::MAX, who, (Verb::Night, "ready"), &[], self.story.clone())
    }

    /// A new phone of this name. `synced` are the passkeys of another one; `died` is told when the app dies.
    pub fn phone(
        &self,
        name: &str,
        custody: Custody,
        act: Arc<Act>,
        synced: Option<SoftAuthenticator>,
        died: Rc<Notify>,
    ) -> Phone {
        self.secrets.of_phone(self.seed(), name);
        let phone = Phone::new((self.seed(), name), self.now_ms(), act, self.deliver(), synced, died);
        phone.maker().offer(custody);
        phone
    }

    /// The way to the issuer.
    pub fn deliver(&self) -> Deliver {
        let (office, secrets) = (Rc::clone(&self.office), Rc::clone(&self.secrets));
        Rc::new(move |act, request| {
            let (office, secrets) = (Rc::clone(&office), Rc::clone(&secrets));
            Box::pin(async move {
                let kept = &office.shared().kept;
                let told = secrets.learn(kept.wait(kept.ledger().messages(secrets.heard())).unwrap());
                let told = told.or_else(|| secrets.told(&request));
                told.into_iter().for_each(|seen| act.broke("nothing-secret-is-sent-or-logged", seen));
                let path = request.path.clone();
                let reply = Rc::clone(&office).answer(Arc::clone(&act), request).await;
                let told = reply.as_ref().and_then(|reply| secrets.answered(&path, reply));
                told.into_iter().for_each(|seen| act.broke("nothing-secret-is-sent-or-logged", seen));
                reply
            })
        })
    }

    /// An account, as the issuer has it.
    pub fn account(&self, id: &AccountId) -> Account {
        let kept = &self.office.shared().kept;
        let read = |records: &jitsuin::issuer::ledger::Records| records.accounts.get(id).cloned();
        kept.wait(kept.ledger().look(Needs::new().and(Kind::Accounts, id), read)).unwrap().unwrap()
    }

    /// Its receipts, in order.
    fn receipts(&self, account: &AccountId) -> Vec<StoredReceipt> {
        let kept = &self.office.shared().kept;
        kept.wait(kept.ledger().receipts(account, 0, usize::MAX >> 1)).unwrap()
    }

    /// What must not be sent.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A promise broke.
    pub fn broke(&self, promise: &'static str, seen: String) {
        self.story.broke(Broken { promise, seen });
    }

    /// The code in the newest message to somebody; an empty one without any.
    pub fn code_for(&self, name: &str) -> String {
        let newest = self.messages_to(name).into_iter().rev().find_map(|message| message.code);
        newest.unwrap_or_default()
    }

    /// How many messages with a code and one of these first lines went to somebody.
    pub fn codes_to(&self, name: &str, subjects: &[&str]) -> usize {
        let is_of = |message: &jitsuin::issuer::messages::Message| subjects.contains(&message.subject.as_str());
        self.messages_to(name).into_iter().filter(is_of).count()
    }

    /// The stop code in the newest message of alarm, if it still counts.
    pub fn stop_code_for(&self, name: &str) -> Option<String> {
        let now = u32::try_from(self.now_ms() / 1000).unwrap();
        let lives = |text: &str| text.rsplit_once("minutes:\n").map(|(_, code)| code.trim().to_owned());
        let fresh = self.messages_to(name).into_iter().rev().take_while(|message| message.at + 280 > now);
        fresh.filter_map(|message| lives(&message.text)).next()
    }

    fn messages_to(&self, name: &str) -> Vec<jitsuin::issuer::messages::Message> {
        let kept = &self.office.shared().kept;
        let messages = kept.wait(kept.ledger().messages(0)).unwrap();
        let to = format!("{name}@example.test");
        messages.into_iter().map(|(_, message)| message).filter(|message| message.to == to).collect()
    }
}
