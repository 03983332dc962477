//! The issuer: a few processes over one ledger, which are killed and come back, their sweeper, and their operator.

use super::act::{Act, SERVED};
use super::cards::Cards;
use super::chance::Chance;
use super::ledger::{Kept, Life, Shared, TownLedger};
use super::story::Story;
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::issuer::{Issuer, Settings};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

/// The issuer of a town.
pub type TownIssuer<K> = Issuer<TownLedger<K>, Cards>;

struct Process<K: Kept> {
    issuer: Arc<TownIssuer<K>>,
    life: Arc<Life>,
}

/// All of its processes.
pub struct Office<K: Kept> {
    shared: Arc<Shared<K>>,
    cards: Cards,
    settings: Settings,
    entropy: Arc<Chance>,
    chance: Chance,
    story: Story,
    processes: RefCell<Vec<Process<K>>>,
    /// The newest act's beginning: the sweeper sweeps often for a while after it.
    stirred: Cell<Instant>,
    /// Wakes the sweeper.
    wakes: Notify,
    /// Calls under way.
    open: Cell<usize>,
}

impl<K: Kept> Office<K> {
    /// Opens so many processes.
    pub async fn open(
        seed: u64,
        shared: Arc<Shared<K>>,
        settings: Settings,
        processes: usize,
        story: Story,
    ) -> Rc<Self> {
        let office = Rc::new(Self {
            shared,
            cards: Cards::default(),
            settings,
            entropy: Arc::new(Chance::new(seed, "issuer")),
            chance: Chance::new(seed, "office"),
            story,
            processes: RefCell::default(),
            stirred: Cell::new(Instant::now()),
            wakes: Notify::new(),
            open: Cell::new(0),
        });
        for _ in 0..processes {
            let process = office.process().await;
            office.processes.borrow_mut().push(process);
        }
        spawn_local(Rc::clone(&office).keep_alive());
        spawn_local(Rc::clone(&office).all_die());
        spawn_local(Rc::clone(&office).turn_keys());
        spawn_local(Rc::clone(&office).sweep());
        office
    }

    async fn process(&self) -> Process<K> {
        let life = Arc::new(Life::default());
        let ledger = TownLedger::new(Arc::clone(&self.shared), Arc::clone(&life));
        let entropy = Arc::clone(&self.entropy);
        let issuer = Issuer::open_with(ledger, self.cards.clone(), self.settings.clone(), entropy).await.unwrap();
        Process { issuer: Arc::new(issuer), life }
    }

    /// What the town shares with its ledger.
    pub fn shared(&self) -> &Shared<K> {
        &self.shared
    }

    /// The card company.
    pub const fn cards(&self) -> &Cards {
        &self.cards
    }

    /// Its settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// One of the processes that live.
    pub fn living(&self) -> Option<(Arc<TownIssuer<K>>, Arc<Life>)> {
        let processes = self.processes.borrow();
        let living: Vec<_> = processes.iter().filter(|process| !process.life.is_over()).collect();
        if living.is_empty() {
            return None;
        }
        let at = usize::try_from(self.chance.below(living.len() as u64)).unwrap();
        Some((Arc::clone(&living[at].issuer), Arc::clone(&living[at].life)))
    }

    /// Calls under way.
    pub fn open_calls(&self) -> usize {
        self.open.get()
    }

    /// Somebody acts.
    pub fn stir(&self) {
        self.stirred.set(Instant::now());
        self.wakes.notify_waiters();
    }

    /// One call at one process. It goes on there when its caller has gone; none, if the process dies.
    pub async fn answer(self: Rc<Self>, act: Arc<Act>, request: Request) -> Option<Reply> {
        let (issuer, life) = self.living()?;
        self.story.called();
        let (told, hear) = oneshot::channel();
        self.open.set(self.open.get() + 1);
        let office = Rc::clone(&self);
        spawn_local(SERVED.scope(act, async move {
            tokio::select! {
                biased;
                () = life.over() => {}
                reply = issuer.answer(&request) => { let _ = told.send(reply); }
            }
            office.open.set(office.open.get() - 1);
        }));
        hear.await.ok()
    }

    /// Kills all processes, and waits until they are back.
    async fn all_die(self: Rc<Self>) {
        loop {
            self.shared.all_die.notified().await;
            self.processes.borrow().iter().for_each(|process| process.life.end());
            self.shared.one_died.notify_one();
        }
    }

    /// Opens another process for each that died.
    async fn keep_alive(self: Rc<Self>) {
        loop {
            self.shared.one_died.notified().await;
            sleep(Duration::from_secs(self.chance.from_to(1, 10))).await;
            let processes = self.processes.borrow().len();
            for at in 0..processes {
                let is_over = self.processes.borrow()[at].life.is_over();
                if is_over {
                    let process = self.process().await;
                    self.processes.borrow_mut()[at] = process;
                }
            }
        }
    }

    /// Twelve times at most: as often as a set of keys has room for the receipt keys before it: docs/account-safety.md.
    async fn turn_keys(self: Rc<Self>) {
        for _ in 0..6 {
            self.shared.turn_keys.notified().await;
            if let Some((issuer, life)) = self.living() {
                // An operator in a hurry turns them once more at once.
                let turns = self.chance.from_to(1, 2);
                let turned = async {
                    for _ in 0..turns {
                        if let Err(refused) = issuer.rotate_keys().await {
                            self.story.say("the operator", &format!("can't turn the keys: {refused}"));
                        }
                    }
                };
                tokio::select! {
                    biased;
                    () = life.over() => {}
                    () = turned => {}
                }
            }
        }
    }

    /// Every few seconds while people act, and for ten minutes after.
    async fn sweep(self: Rc<Self>) {
        loop {
            let is_quiet = self.stirred.get().elapsed() > Duration::from_secs(600);
            if is_quiet {
                let _ = timeout(Duration::from_secs(600), self.wakes.notified()).await;
            } else {
                sleep(Duration::from_secs(10)).await;
            }
            self.sweep_once().await;
        }
    }

    /// One sweep by one process.
    pub async fn sweep_once(&self) {
        let Some((issuer, life)) = self.living() else { return };
        tokio::select! {
            biased;
            () = life.over() => {}
            swept = issuer.sweep() => if let Err(refused) = swept {
                self.story.say("the sweeper", &format!("failed: {refused}"));
            }
        }
    }
}
