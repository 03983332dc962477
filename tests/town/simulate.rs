//! `make simulate`: towns of many seeds for as long as one likes, what they covered, and how to tell a broken story again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program of tests stops where something is wrong"
)]
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a module of two programs")]

#[path = "mod.rs"]
mod town;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use town::coverage::{Cell, Coverage};
use town::plan::Size;
use town::telling::{Over, Telling, numbers, places};

const USAGE: &str = "simulate [--seeds N] [--days D] [--owners O] [--seed S] [--jobs J] [--ledger memory|sqlite] \
                     [--only 1,2,3] [--without 1:0,2:1] [--want Verb:Fault:status] [--fill N] [--tell] [--cells] [--first]";
/// How often the pace is told.
const PACE: Duration = Duration::from_secs(10);
/// How many promises are shown with a short story.
const SHOWN: usize = 6;

/// What is asked for.
struct Asked {
    /// The first of the seeds.
    first: Telling,
    seeds: u64,
    jobs: usize,
    /// In how many towns each cell is wanted that all seeds left empty.
    fill: u64,
    /// Whether stories are printed.
    tell: bool,
    /// Whether the coverage is printed cell by cell.
    cells: bool,
    /// Whether the first broken promise ends the run, and no story is shortened.
    first_only: bool,
}

/// What came of all seeds so far.
struct Sum {
    seeds: u64,
    owner_days: u64,
    acts: u64,
    calls: u64,
    coverage: Coverage,
    /// With the promise that broke first.
    failed: Vec<(Telling, &'static str)>,
    began: Instant,
    pace_told: Instant,
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    if let Some(unknown) = asked.first.unknown() {
        println!("{unknown}: another commit has other stories");
        return ExitCode::from(2);
    }
    let mut sum = fill(&asked, run(&asked));
    println!("{}", sum.pace());
    println!("{} acts, {} calls", sum.acts, sum.calls);
    if asked.cells {
        println!("{}", sum.coverage.page());
    }
    sum.failed.sort_unstable_by_key(|(telling, _)| telling.seed);
    println!("{} of {} seeds broke a promise", sum.failed.len(), sum.seeds);
    let mut shown = BTreeSet::new();
    for (telling, promise) in &sum.failed {
        if !asked.first_only && shown.len() < SHOWN && shown.insert(*promise) {
            shorten(telling, promise);
        }
    }
    ExitCode::from(u8::from(!sum.failed.is_empty()))
}

fn asked() -> Option<Asked> {
    let first = Telling::whole(1, Size { days: 3, owners: 3 });
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut asked = Asked { first, seeds: 100, jobs, fill: 0, tell: false, cells: false, first_only: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--tell" => asked.tell = true,
            "--cells" => asked.cells = true,
            "--first" => asked.first_only = true,
            name => asked.set(name, &words.next()?)?,
        }
    }
    Some(asked)
}

impl Asked {
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--seeds" => self.seeds = value.parse().ok()?,
            "--seed" => self.first.seed = value.parse().ok()?,
            "--days" => self.first.size.days = value.parse().ok()?,
            "--owners" => self.first.size.owners = value.parse().ok().filter(|owners| *owners > 0)?,
            "--jobs" => self.jobs = value.parse().ok().filter(|jobs| *jobs > 0)?,
            "--ledger" => self.first.over = Over::named(value)?,
            "--only" => self.first.only = Some(numbers(value)?),
            "--want" => self.first.wanted = Some(Cell::named(value)?),
            "--fill" => self.fill = value.parse().ok()?,
            "--without" => self.first.without = places(value)?,
            _ => return None,
        }
        Some(())
    }

    fn of_seed(&self, seed: u64) -> Telling {
        Telling { seed, ..self.first.clone() }
    }
}

/// Tells all seeds, several at a time.
fn run(asked: &Asked) -> Sum {
    let next = Mutex::new(0..asked.seeds);
    let sum = Mutex::new(Sum::new());
    std::thread::scope(|scope| {
        for _ in 0..asked.jobs {
            scope.spawn(|| {
                loop {
                    let Some(nth) = next.lock().unwrap().next() else { return };
                    if asked.first_only && !sum.lock().unwrap().failed.is_empty() {
                        return;
                    }
                    one(asked, &asked.of_seed(asked.first.seed + nth), &sum);
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// Tells towns that want what all of those before did not meet, each until it is met or its number is up.
fn fill(asked: &Asked, sum: Sum) -> Sum {
    let cells = if asked.fill == 0 { Vec::new() } else { sum.coverage.open() };
    let (next, sum) = (Mutex::new(cells.into_iter()), Mutex::new(sum));
    std::thread::scope(|scope| {
        for _ in 0..asked.jobs {
            scope.spawn(|| {
                loop {
                    let Some(cell) = next.lock().unwrap().next() else { return };
                    for nth in 0..asked.fill {
                        if sum.lock().unwrap().coverage.has(&cell) {
                            break;
                        }
                        one(asked, &Telling { wanted: Some(cell), ..asked.of_seed(asked.first.seed + nth) }, &sum);
                    }
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

fn one(asked: &Asked, telling: &Telling, sum: &Mutex<Sum>) {
    let told = telling.tell();
    let mut sum = sum.lock().unwrap();
    if asked.tell {
        println!("{}", told.lines.join("\n"));
    }
    if let Some(broken) = told.broken.first() {
        println!("broken: {} seed={} ({})\n  {telling}", broken.promise, telling.seed, broken.seen);
        sum.failed.push((telling.clone(), broken.promise));
    }
    let plan = telling.plan();
    sum.seeds += 1;
    sum.owner_days += u64::from(plan.days) * plan.owners as u64;
    sum.acts += told.acts;
    sum.calls += told.calls;
    sum.coverage.merge(&told.coverage);
    if sum.pace_told.elapsed() >= PACE {
        sum.pace_told = Instant::now();
        eprintln!("{}", sum.pace());
    }
}

impl Sum {
    fn new() -> Self {
        let (began, coverage) = (Instant::now(), Coverage::default());
        Self { seeds: 0, owner_days: 0, acts: 0, calls: 0, coverage, failed: vec![], began, pace_told: began }
    }

    fn pace(&self) -> String {
        let (seconds, days) = (self.began.elapsed().as_secs_f64(), self.owner_days);
        let (seeds, failed, pace) = (self.seeds, self.failed.len(), days as f64 / seconds);
        format!("{seeds} seeds, {days} owner-days in {seconds:.1} s: {pace:.0} owner-days a second, {failed} broken")
    }
}

/// Prints the shortest story in which this promise breaks, and the command that tells it.
fn shorten(telling: &Telling, promise: &str) {
    let short = telling.shortest(promise);
    let (few, all) = (short.plan().steps.len(), telling.plan().steps.len());
    println!("\n---- {promise}, seed {}, {few} of {all} steps", telling.seed);
    println!("{}", short.tell().lines.join("\n"));
    println!("{short}");
}
