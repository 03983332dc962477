//! The story of a seed: who did what when, what went wrong, which promise broke. For a seed it is the same text everywhere.

use super::coverage::{Cell, Coverage};
use super::facts::Broken;
use super::promises;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Shared by all who tell it.
#[derive(Clone)]
pub struct Story {
    told: Arc<Mutex<Told>>,
    began: Instant,
}

#[derive(Default)]
struct Told {
    lines: Vec<String>,
    broken: Vec<Broken>,
    coverage: Coverage,
    acts: u64,
    calls: u64,
}

/// What came of a run.
pub struct Outcome {
    /// Its lines.
    pub lines: Vec<String>,
    /// Promises that broke, in the order in which it was seen.
    pub broken: Vec<Broken>,
    /// Which verb met which fault in which state.
    pub coverage: Coverage,
    /// How many acts there were.
    pub acts: u64,
    /// How many calls reached the issuer.
    pub calls: u64,
}

impl Outcome {
    /// Of a story whose teller panicked, which says so.
    pub fn panicked(seen: String) -> Self {
        let broken = Broken { promise: "nothing-panics", seen };
        Self { lines: vec![], broken: vec![broken], coverage: Coverage::default(), acts: 0, calls: 0 }
    }
}

impl Story {
    /// An empty one that begins now.
    pub fn new() -> Self {
        Self { told: Arc::default(), began: Instant::now() }
    }

    /// Milliseconds of virtual time since it began.
    pub fn passed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// One line.
    pub fn say(&self, who: &str, what: &str) {
        let ms = self.passed_ms();
        let (day, hour, minute) = (ms / 86_400_000 + 1, ms / 3_600_000 % 24, ms / 60_000 % 60);
        let line = format!("day {day} {hour:02}:{minute:02}:{:02}.{:03} {who} {what}", ms / 1000 % 60, ms % 1000);
        self.told.lock().unwrap().lines.push(line);
    }

    /// A promise broke.
    pub fn broke(&self, broken: Broken) {
        assert!(promises::is_known(broken.promise), "{} has no line in promises.rs", broken.promise);
        let mut told = self.told.lock().unwrap();
        if told.broken.contains(&broken) {
            return;
        }
        told.broken.push(broken.clone());
        drop(told);
        self.say("BROKEN", &format!("{}: {}", broken.promise, broken.seen));
    }

    /// Whether one has.
    pub fn is_broken(&self) -> bool {
        !self.told.lock().unwrap().broken.is_empty()
    }

    /// A fault had an effect.
    pub fn cover(&self, cell: Cell) {
        self.told.lock().unwrap().coverage.add(cell);
    }

    /// An act ended.
    pub fn acted(&self) {
        self.told.lock().unwrap().acts += 1;
    }

    /// A call reached the issuer.
    pub fn called(&self) {
        self.told.lock().unwrap().calls += 1;
    }

    /// All of it.
    pub fn end(&self) -> Outcome {
        let Told { lines, broken, coverage, acts, calls } = std::mem::take(&mut *self.told.lock().unwrap());
        Outcome { lines, broken, coverage, acts, calls }
    }
}
