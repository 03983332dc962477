//! One telling of a story: everything that it follows from, as a command, and what is kept of seeds that once failed.

use super::coverage::Cell;
use super::ledger::InMemory;
use super::plan::{Plan, Size};
use super::shrink::{Shortened, shrink};
use super::story::Outcome;
use super::town;
use jitsuin::issuer::ledger::{Clock, MemoryLedger};
use std::collections::BTreeSet;
use std::fmt;

/// Where the issuer's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// In memory.
    Memory,
    /// In one SQLite file.
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl Over {
    /// By its name in a command.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "memory" => Some(Self::Memory),
            #[cfg(feature = "sqlite")]
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }
}

/// Everything that a story follows from.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Its seed.
    pub seed: u64,
    /// How large the town is.
    pub size: Size,
    /// Steps that are told; all, without a list.
    pub only: Option<BTreeSet<usize>>,
    /// Troubles that are left out, by step and place.
    pub without: BTreeSet<(usize, usize)>,
    /// What comes to pass besides, for it is rare.
    pub wanted: Option<Cell>,
    /// Over which ledger.
    pub over: Over,
}

impl Telling {
    /// The whole story of a seed, over the memory ledger.
    pub const fn whole(seed: u64, size: Size) -> Self {
        Self { seed, size, only: None, without: BTreeSet::new(), wanted: None, over: Over::Memory }
    }

    /// Of a line `seed days owners [only=1,2] [without=1:0] [want=Pay:Full:ready]`, with what stands after its `#`.
    pub fn of_line(line: &str) -> Option<(Self, &str)> {
        let (words, why) = line.split_once('#')?;
        let mut words = words.split_whitespace();
        let seed = words.next()?.parse().ok()?;
        let size = Size { days: words.next()?.parse().ok()?, owners: words.next()?.parse().ok()? };
        let mut telling = Self::whole(seed, size);
        for word in words {
            match word.split_once('=')? {
                ("only", steps) => telling.only = Some(numbers(steps)?),
                ("without", troubles) => telling.without = places(troubles)?,
                ("want", cell) => telling.wanted = Some(Cell::named(cell)?),
                _ => return None,
            }
        }
        Some((telling, why.trim())).filter(|(_, why)| !why.is_empty())
    }

    /// What happens in it.
    pub fn plan(&self) -> Plan {
        let plan = self.all();
        self.left(&plan).of(&plan)
    }

    fn all(&self) -> Plan {
        let plan = Plan::new(self.seed, self.size);
        match self.wanted {
            Some(cell) => plan.wanting(cell),
            None => plan,
        }
    }

    fn left(&self, plan: &Plan) -> Shortened {
        let steps = self.only.clone().unwrap_or_else(|| Shortened::whole(plan).steps);
        Shortened { steps, without: self.without.clone() }
    }

    /// What it leaves out or keeps that its plan does not have: a command of another commit, or a slip.
    pub fn unknown(&self) -> Option<String> {
        let plan = self.all();
        let of = |step: usize| plan.steps.iter().find(|it| it.number == step);
        let steps = self.only.iter().flatten().filter(|step| of(**step).is_none());
        let steps = steps.map(|step| format!("seed {} has no step {step}", self.seed));
        let places = self.without.iter().filter(|(step, at)| of(*step).is_none_or(|step| *at >= step.troubles.len()));
        let places = places.map(|(step, at)| format!("seed {} has no trouble {step}:{at}", self.seed));
        steps.chain(places).next()
    }

    /// Tells it.
    pub fn tell(&self) -> Outcome {
        over(self.over, &self.plan())
    }

    /// The shortest telling in which this promise is the first to break.
    pub fn shortest(&self, promise: &str) -> Self {
        let plan = self.all();
        let breaks = |told: &Outcome| told.broken.first().is_some_and(|broken| broken.promise == promise);
        let short = shrink(&plan, self.left(&plan), |plan| breaks(&over(self.over, plan)));
        Self { only: Some(short.steps), without: short.without, ..self.clone() }
    }
}

/// The command that tells it again.
impl fmt::Display for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { days, owners } = self.size;
        write!(f, "make simulate SEED={} SEEDS=1 DAYS={days} OWNERS={owners}", self.seed)?;
        if let Some(only) = &self.only {
            write!(f, " ONLY={}", joined(only))?;
        }
        if !self.without.is_empty() {
            write!(f, " WITHOUT={}", joined(self.without.iter().map(|(step, at)| format!("{step}:{at}"))))?;
        }
        if let Some(cell) = &self.wanted {
            write!(f, " WANT={cell}")?;
        }
        if self.over != Over::Memory {
            write!(f, " LEDGER=sqlite")?;
        }
        write!(f, " TELL=1")
    }
}

/// `1,2,3`
pub fn numbers(text: &str) -> Option<BTreeSet<usize>> {
    text.split(',').map(|number| number.parse().ok()).collect()
}

/// `1:0,2:1`: steps, each with the place of a trouble.
pub fn places(text: &str) -> Option<BTreeSet<(usize, usize)>> {
    let place = |text: &str| {
        let (step, at) = text.split_once(':')?;
        Some((step.parse().ok()?, at.parse().ok()?))
    };
    text.split(',').map(place).collect()
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

fn over(over: Over, plan: &Plan) -> Outcome {
    match over {
        Over::Memory => town::tell(plan, |start| InMemory(MemoryLedger::new(Clock::movable(start)))),
        #[cfg(feature = "sqlite")]
        Over::Sqlite => over_sqlite(plan),
    }
}

#[cfg(feature = "sqlite")]
fn over_sqlite(plan: &Plan) -> Outcome {
    use super::on_disk::OnDisk;
    use jitsuin::issuer::ledger::{Opening, SqliteLedger};
    use std::sync::atomic::{AtomicU64, Ordering};
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let number = TOLD.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("jitsuin-town-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ledger.sqlite");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let told = town::tell(plan, |start| {
        let open = async { SqliteLedger::open_with(&file, Opening::New, Clock::movable(start)).await.unwrap() };
        OnDisk::open(runtime.handle().clone(), open, SqliteLedger::clock)
    });
    drop(runtime);
    std::fs::remove_dir_all(&folder).unwrap();
    told
}
