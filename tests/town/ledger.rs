//! The real ledger behind what databases do to their callers. It belongs to one process of the issuer, which it can kill.

use super::act::{Act, SERVED};
use super::chance::Chance;
use super::trouble::{Fault, Port};
use jitsuin::issuer::Cause;
use jitsuin::issuer::books::Entry;
use jitsuin::issuer::evidence::StoredEvidence;
use jitsuin::issuer::ledger::{Clock, Kind, Ledger, LedgerError, MemoryLedger, Needs, Records, Step};
use jitsuin::issuer::messages::Message;
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::issuer::used::Used;
use jitsuin::wire::id::{AccountId, Hash};
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// A ledger that the town can run over: its calls end without the town's own clock.
pub trait Kept: Send + Sync + 'static {
    /// What keeps.
    type Ledger: Ledger;
    /// It.
    fn ledger(&self) -> &Self::Ledger;
    /// Its clock.
    fn clock(&self) -> &Clock;
    /// Runs one of its calls to the end while the town's time stands.
    fn wait<R: Send>(&self, call: impl Future<Output = R> + Send) -> R;
}

/// In memory, nothing waits.
pub struct InMemory(pub MemoryLedger);

impl Kept for InMemory {
    type Ledger = MemoryLedger;

    fn ledger(&self) -> &MemoryLedger {
        &self.0
    }

    fn clock(&self) -> &Clock {
        self.0.clock()
    }

    fn wait<R: Send>(&self, call: impl Future<Output = R> + Send) -> R {
        let mut call = std::pin::pin!(call);
        match call.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(result) => result,
            std::task::Poll::Pending => unreachable!("the memory ledger never waits"),
        }
    }
}

/// Whether a process lives.
#[derive(Default)]
pub struct Life {
    dead: AtomicBool,
    died: Notify,
}

impl Life {
    /// Ends it: everything that it was doing stops where it is.
    pub fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_waiters();
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Resolves when it ends.
    pub async fn over(&self) {
        let died = self.died.notified();
        if !self.is_over() {
            died.await;
        }
    }
}

/// What all processes share: the ledger, the true time, and who ends them all.
pub struct Shared<K> {
    /// The ledger.
    pub kept: K,
    /// True time at the beginning, milliseconds since 1970.
    pub start_ms: u64,
    /// When that was.
    pub began: Instant,
    /// Ends all processes.
    pub all_die: Notify,
    /// A process has ended.
    pub one_died: Notify,
    /// The operator replaces the keys.
    pub turn_keys: Notify,
    /// Latencies.
    pub chance: Chance,
    /// By how many milliseconds the ledger's clock is behind now.
    pub behind_ms: AtomicU64,
    /// The most that it ever was.
    pub most_behind_ms: AtomicU64,
    /// When the keys were turned or the clock was put back last.
    pub turned: Mutex<Option<Instant>>,
}

impl<K: Kept> Shared<K> {
    /// True time, milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.start_ms + u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// What the ledger's clock says.
    fn ledger_ms(&self) -> u64 {
        self.now_ms() - self.behind_ms.load(Ordering::Relaxed)
    }
}

/// One process's view of the ledger.
pub struct TownLedger<K> {
    shared: Arc<Shared<K>>,
    life: Arc<Life>,
}

impl<K: Kept> TownLedger<K> {
    /// Of a process.
    pub const fn new(shared: Arc<Shared<K>>, life: Arc<Life>) -> Self {
        Self { shared, life }
    }

    fn met(&self) -> Option<(Arc<Act>, Fault)> {
        let act = SERVED.try_with(Arc::clone).ok()?;
        let fault = act.meets(Port::Office)?;
        Some((act, fault))
    }

    async fn die(&self) -> ! {
        self.life.end();
        self.shared.one_died.notify_one();
        loop {
            pending::<()>().await;
        }
    }

    /// What happens on the way to the database.
    async fn before(&self) -> Result<Option<(Arc<Act>, Fault)>, LedgerError> {
        sleep(Duration::from_millis(self.shared.chance.below(4))).await;
        let met = self.met();
        let Some((act, fault)) = &met else { return Ok(None) };
        match fault {
            Fault::KilledBefore => {
                act.felt(*fault);
                self.die().await
            }
            Fault::AllKilled => {
                act.felt(*fault);
                self.shared.all_die.notify_one();
                self.die().await
            }
            Fault::KeysTurn => {
                act.felt(*fault);
                self.shared.turned.lock().unwrap().replace(Instant::now());
                self.shared.turn_keys.notify_one();
                sleep(Duration::from_millis(50)).await;
            }
            Fault::ClockBack => {
                act.felt(*fault);
                self.shared.turned.lock().unwrap().replace(Instant::now());
                let back = self.shared.chance.one_of(&[90_000, 1_200_000, 7_200_000, 21_600_000]);
                self.shared.behind_ms.store(back, Ordering::Relaxed);
                self.shared.most_behind_ms.fetch_max(back, Ordering::Relaxed);
            }
            Fault::Away => {
                act.felt(*fault);
                return Err(LedgerError::Unavailable(Step::Connect, Cause::new("the town's database is away")));
            }
            Fault::Busy => {
                act.felt(*fault);
                sleep(Duration::from_secs(5)).await;
                return Err(LedgerError::Busy(Step::Lock, Cause::new("the town's database is busy")));
            }
            _ => {}
        }
        Ok(met)
    }

    async fn read<R: Send>(&self, call: impl Future<Output = Result<R, LedgerError>> + Send) -> Result<R, LedgerError> {
        self.before().await?;
        self.shared.kept.clock().set(self.shared.ledger_ms());
        self.shared.kept.wait(call)
    }
}

impl<K: Kept> Ledger for TownLedger<K> {
    fn now_ms(&self) -> u64 {
        self.shared.ledger_ms()
    }

    fn may_make_keys(&self) -> bool {
        true
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        let met = self.before().await?;
        let shared = &self.shared;
        shared.kept.clock().set(shared.ledger_ms());
        let fault = met.as_ref().map(|(_, fault)| *fault);
        let felt = |fault: Fault| met.iter().for_each(|(act, _)| act.felt(fault));
        if let Some(again @ (Fault::RollsBack | Fault::Conflict)) = fault {
            felt(again);
            // The rule runs, and what it did is undone.
            let undone = |records: &mut Records| {
                rule(records);
                records.used.put("town/undone", Used { until: 0 });
            };
            let undone = shared.kept.wait(shared.kept.ledger().transact(needs.clone(), undone));
            assert_eq!(undone.err(), Some(LedgerError::NotNeeded), "nothing was kept");
            if again == Fault::RollsBack {
                return Err(LedgerError::Unavailable(Step::Write, Cause::new("the town's database rolled back")));
            }
        }
        let result = shared.kept.wait(shared.kept.ledger().transact(needs, rule))?;
        match fault {
            Some(Fault::KilledAfter) => {
                felt(Fault::KilledAfter);
                self.die().await
            }
            Some(Fault::CommitUnheard) => {
                felt(Fault::CommitUnheard);
                return Err(LedgerError::Unavailable(Step::Commit, Cause::new("the town's database did not say")));
            }
            _ => {}
        }
        sleep(Duration::from_millis(shared.chance.below(4))).await;
        Ok(result)
    }

    async fn look<R: Send>(&self, needs: Needs, rule: impl Fn(&Records) -> R + Send + Sync) -> Result<R, LedgerError> {
        self.read(self.shared.kept.ledger().look(needs, rule)).await
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        self.read(self.shared.kept.ledger().receipts(account, after, most)).await
    }

    async fn is_link(&self, account: &AccountId, link: Hash) -> Result<bool, LedgerError> {
        self.read(self.shared.kept.ledger().is_link(account, link)).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        self.read(self.shared.kept.ledger().evidence(account)).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        self.read(self.shared.kept.ledger().ended_evidence(now)).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        self.read(self.shared.kept.ledger().keys(kind)).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        self.read(self.shared.kept.ledger().entries()).await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        self.read(self.shared.kept.ledger().messages(after)).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        self.read(self.shared.kept.ledger().tidy(now)).await
    }
}
