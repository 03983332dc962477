//! One phone: the ports of a wallet, each of which an act's troubles can meet.

mod between;
mod clock;
mod disk;
mod maker;
mod passkey;
mod road;

pub use between::Between;
pub use clock::PhoneClock;
pub use disk::Disk;
pub use maker::{Maker, TownKey};
pub use passkey::Passkey;
pub use road::{Deliver, Road};

use super::act::Act;
use super::chance::Chance;
use jitsuin::wallet::memory::{MemoryEntropy, MemoryLock, SoftAuthenticator, SoftKeys};
use jitsuin::wallet::ports::Platform;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;

/// Where wallet pages are.
pub const ORIGIN: &str = "http://localhost:8787";

/// The act that a tab works for.
pub type Serving = Rc<RefCell<Arc<Act>>>;

/// One tab of a phone's browser profile. Tabs of one phone share clock, disk, lock, passkeys.
#[derive(Clone)]
pub struct Phone {
    serving: Serving,
    clock: PhoneClock,
    entropy: MemoryEntropy,
    keys: Maker,
    disk: Disk,
    lock: MemoryLock,
    passkey: Passkey,
    road: Road,
    died: Rc<Notify>,
}

impl Phone {
    /// A new phone. `synced` are the passkeys of another one; `died` is told when the app dies.
    pub fn new(
        (seed, name): (u64, &str),
        start_ms: u64,
        act: Arc<Act>,
        deliver: Deliver,
        synced: Option<SoftAuthenticator>,
        died: Rc<Notify>,
    ) -> Self {
        let serving = Rc::new(RefCell::new(act));
        let chance = |part: &str| Rc::new(Chance::new(seed, &format!("{name}/{part}")));
        let entropy = MemoryEntropy::seeded(chance("random").number());
        let clock = PhoneClock::new(start_ms);
        let passkey = Passkey::new(synced, entropy.clone(), Rc::clone(&serving), chance("passkey"), clock.clone());
        Self {
            keys: Maker::new(Rc::clone(&serving), SoftKeys::new(MemoryEntropy::seeded(chance("keys").number()))),
            disk: Disk::new(Rc::clone(&serving), chance("disk"), Rc::clone(&died)),
            lock: MemoryLock::default(),
            road: Road::new(Rc::clone(&serving), chance("road"), deliver),
            serving,
            clock,
            entropy,
            passkey,
            died,
        }
    }

    /// Another tab, which serves an act of its own.
    pub fn tab(&self, act: Arc<Act>) -> Self {
        let serving = Rc::new(RefCell::new(act));
        Self {
            disk: self.disk.tab(Rc::clone(&serving)),
            keys: self.keys.tab(Rc::clone(&serving)),
            passkey: self.passkey.tab(Rc::clone(&serving)),
            road: self.road.tab(Rc::clone(&serving)),
            serving,
            ..self.clone()
        }
    }

    /// What whoever copies this profile's files has, on a phone of his own: record and keys, no passkey.
    pub fn copied(&self, seed: (u64, &str), act: Arc<Act>, deliver: Deliver) -> Self {
        let copy = Self::new(seed, self.clock.start_ms(), act, deliver, None, Rc::default());
        self.disk.copy_to(&copy.disk);
        copy
    }

    /// What this tab works for from now on.
    pub fn serve(&self, act: Arc<Act>) {
        self.serving.replace(act);
    }

    /// Its clock.
    pub const fn hands(&self) -> &PhoneClock {
        &self.clock
    }

    /// Its disk.
    pub const fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Its passkeys.
    pub const fn passkey(&self) -> &Passkey {
        &self.passkey
    }

    /// Its road.
    pub const fn road(&self) -> &Road {
        &self.road
    }

    /// Its key store.
    pub const fn maker(&self) -> &Maker {
        &self.keys
    }

    /// All that troubled it is over, but a clock that goes right and is set wrong may be left so.
    pub fn calm(&self, leaves_clock: bool) {
        if leaves_clock {
            self.clock.steady()
        } else {
            self.clock.calm()
        }
        self.road.calm();
        self.disk.calm();
    }
}

impl Platform for Phone {
    type Clock = PhoneClock;
    type Entropy = MemoryEntropy;
    type Keys = Maker;
    type Store = Disk;
    type Lock = MemoryLock;
    type Authenticator = Passkey;
    type Transport = Road;

    fn clock(&self) -> &PhoneClock {
        &self.clock
    }

    fn entropy(&self) -> &MemoryEntropy {
        &self.entropy
    }

    fn keys(&self) -> &Maker {
        &self.keys
    }

    fn store(&self) -> &Disk {
        &self.disk
    }

    fn lock(&self) -> &MemoryLock {
        &self.lock
    }

    fn authenticator(&self) -> &Passkey {
        &self.passkey
    }

    fn transport(&self) -> &Road {
        &self.road
    }

    fn origin(&self) -> &str {
        ORIGIN
    }
}
