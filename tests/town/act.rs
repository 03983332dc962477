//! What one person does at one time, with its troubles. Ports ask the act they serve whether anything goes wrong now.

use super::coverage::Cell;
use super::facts::Broken;
use super::story::Story;
use super::trouble::{Fault, Port, Trouble};
use super::verb::Verb;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// One act, shared with everything that works for it: tabs, deliveries, the issuer's processes.
pub struct Act {
    /// Number of its step in the plan.
    pub step: usize,
    /// Who.
    pub who: String,
    /// What.
    pub verb: Verb,
    /// What the wallet's status was when it began.
    pub status: &'static str,
    /// What is being done in it now: some verbs do others.
    doing: Mutex<Verb>,
    /// When it began.
    pub began: Instant,
    planned: Vec<Trouble>,
    waiting: Mutex<Vec<Trouble>>,
    story: Story,
}

tokio::task_local! {
    /// The act that a task of the issuer serves.
    pub static SERVED: Arc<Act>;
}

impl Act {
    /// A new one.
    pub fn new(
        step: usize,
        who: &str,
        (verb, status): (Verb, &'static str),
        troubles: &[Trouble],
        story: Story,
    ) -> Arc<Self> {
        let (planned, waiting) = (troubles.to_vec(), Mutex::new(troubles.to_vec()));
        let (doing, began) = (Mutex::new(verb), Instant::now());
        Arc::new(Self { step, who: who.into(), verb, status, doing, began, planned, waiting, story })
    }

    /// Whether all that was to go wrong in it is of this port.
    pub fn has_only(&self, port: Port) -> bool {
        self.planned.iter().all(|trouble| trouble.fault.port() == port)
    }

    /// Whether this fault was to happen in it.
    pub fn was_to_meet(&self, fault: Fault) -> bool {
        self.planned.iter().any(|trouble| trouble.fault == fault)
    }

    /// One use of a port: the fault that happens at it, if one does.
    pub fn meets(&self, port: Port) -> Option<Fault> {
        let mut waiting = self.waiting.lock().unwrap();
        let due = waiting.iter().position(|trouble| trouble.fault.port() == port && trouble.at == 0);
        let met = due.map(|at| waiting.remove(at).fault);
        for trouble in waiting.iter_mut().filter(|trouble| trouble.fault.port() == port) {
            trouble.at = trouble.at.saturating_sub(1);
        }
        met
    }

    /// How much was to go wrong in it.
    pub const fn troubles(&self) -> usize {
        self.planned.len()
    }

    /// Whether anything was to go wrong in it.
    pub const fn is_troubled(&self) -> bool {
        !self.planned.is_empty()
    }

    /// Whether this fault is among its troubles, wherever; it is taken off.
    pub fn takes(&self, fault: Fault) -> bool {
        let mut waiting = self.waiting.lock().unwrap();
        let at = waiting.iter().position(|trouble| trouble.fault == fault);
        at.is_some_and(|at| {
            waiting.remove(at);
            true
        })
    }

    /// Begins another verb in it.
    pub fn does(&self, verb: Verb) {
        *self.doing.lock().unwrap() = verb;
    }

    /// Whether what is done now seals a key.
    pub fn seals(&self) -> bool {
        matches!(*self.doing.lock().unwrap(), Verb::Enrol | Verb::Replace | Verb::Rotate | Verb::Reseal)
    }

    /// What is still to go wrong in a port goes wrong from its next use on.
    pub fn bring_forward(&self, port: Port) {
        let mut waiting = self.waiting.lock().unwrap();
        let first = waiting.iter().filter(|trouble| trouble.fault.port() == port).map(|trouble| trouble.at).min();
        for trouble in waiting.iter_mut().filter(|trouble| trouble.fault.port() == port) {
            trouble.at -= first.unwrap_or_default();
        }
    }

    /// One line of the story.
    pub fn say(&self, what: &str) {
        self.story.say(&self.who, what);
    }

    /// A promise broke.
    pub fn broke(&self, promise: &'static str, seen: String) {
        self.story.broke(Broken { promise, seen });
    }

    /// A fault that can do nothing at this use happens at the next one.
    pub fn later(&self, fault: Fault) {
        self.waiting.lock().unwrap().push(Trouble { fault, at: 0 });
    }

    /// The fault did something here: the cell of the coverage table counts.
    pub fn felt(&self, fault: Fault) {
        self.story.say(&self.who, &format!("[{}: {}]", fault.port().words(), fault.words()));
        self.story.cover(Cell { verb: self.verb, fault, status: self.status });
    }
}
