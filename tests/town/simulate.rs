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

use jitsuin::issuer::ledger::{Clock, MemoryLedger};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use town::coverage::Coverage;
use town::ledger::InMemory;
use town::plan::{Plan, Size};
use town::shrink::{Shortened, shrink};
use town::story::Outcome;

const USAGE: &str = "simulate [--seeds N] [--days D] [--owners O] [--seed S] [--jobs J] [--only 1,2,3] [--without 1:0,2:1] [--tell] [--cells]";

/// What is asked for.
struct Asked {
    seeds: u64,
    size: Size,
    first: u64,
    jobs: usize,
    only: Option<BTreeSet<usize>>,
    without: BTreeSet<(usize, usize)>,
    /// Whether the story is printed.
    tell: bool,
    /// Whether the coverage is printed cell by cell.
    cells: bool,
}

fn asked() -> Option<Asked> {
    let mut asked = Asked {
        seeds: 100,
        size: Size { days: 3, owners: 3 },
        first: 1,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        only: None,
        without: BTreeSet::new(),
        tell: false,
        cells: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<u64>().ok();
        match word.as_str() {
            "--seeds" => asked.seeds = number()?,
            "--days" => asked.size.days = u32::try_from(number()?).ok()?,
            "--owners" => asked.size.owners = number()?.max(1),
            "--seed" => asked.first = number()?,
            "--jobs" => asked.jobs = usize::try_from(number()?).ok()?.max(1),
            "--only" => asked.only = Some(list(&words.next()?)?),
            "--without" => {
                let pair = |text: &str| {
                    let (step, at) = text.split_once(':')?;
                    Some((step.parse().ok()?, at.parse().ok()?))
                };
                asked.without = words.next()?.split(',').map(pair).collect::<Option<_>>()?;
            }
            "--tell" => asked.tell = true,
            "--cells" => asked.cells = true,
            _ => return None,
        }
    }
    Some(asked)
}

fn list(text: &str) -> Option<BTreeSet<usize>> {
    text.split(',').map(|number| number.parse().ok()).collect()
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

fn tell(plan: &Plan) -> Outcome {
    // A panic in the product is a broken promise too.
    let told =
        std::panic::catch_unwind(|| town::town::tell(plan, |start| InMemory(MemoryLedger::new(Clock::movable(start)))));
    told.unwrap_or_else(|_| Outcome::panicked())
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let began = Instant::now();
    let (next, days) = (AtomicU64::new(0), AtomicU64::new(0));
    let (acts, calls) = (AtomicU64::new(0), AtomicU64::new(0));
    let (coverage, failed) = (Mutex::new(Coverage::default()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..asked.jobs {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::SeqCst);
                    if nth >= asked.seeds {
                        return;
                    }
                    let seed = asked.first + nth;
                    let plan = plan(&asked, seed);
                    let told = tell(&plan);
                    acts.fetch_add(told.acts, Ordering::SeqCst);
                    calls.fetch_add(told.calls, Ordering::SeqCst);
                    coverage.lock().unwrap().merge(&told.coverage);
                    let lived = days.fetch_add(u64::from(plan.days) * plan.owners as u64, Ordering::SeqCst);
                    if asked.tell {
                        println!("{}", told.lines.join("\n"));
                    }
                    if let Some(broken) = told.broken.first() {
                        println!("broken: {} seed={seed} ({})", broken.promise, broken.seen);
                        failed.lock().unwrap().push((seed, broken.promise));
                    }
                    if nth % 200 == 199 {
                        let seconds = began.elapsed().as_secs_f64();
                        eprintln!("{} seeds, {lived} owner-days, {:.0} s", nth + 1, seconds);
                    }
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let lived = days.into_inner();
    println!(
        "{} seeds, {lived} owner-days, {} acts, {} calls in {seconds:.1} s: {:.0} owner-days a second",
        asked.seeds,
        acts.into_inner(),
        calls.into_inner(),
        lived as f64 / seconds
    );
    let coverage = coverage.into_inner().unwrap();
    if asked.cells {
        println!("{}", coverage.table());
        let empty = coverage.empty();
        println!("{} empty cells:", empty.len());
        for (verb, fault, status) in empty {
            println!("  {verb:?} {fault:?} {status}");
        }
    }
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    println!("{} of {} seeds broke a promise", failed.len(), asked.seeds);
    // The first of each promise, made short.
    let mut shown = BTreeSet::new();
    for (seed, promise) in &failed {
        if shown.insert(*promise) && shown.len() <= 6 {
            shorten(&asked, *seed, promise);
        }
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn plan(asked: &Asked, seed: u64) -> Plan {
    let plan = Plan::new(seed, asked.size);
    let steps = asked.only.clone().unwrap_or_else(|| Shortened::whole(&plan).steps);
    plan.only(&steps, &asked.without)
}

/// Prints the shortest story in which this promise breaks, and the command that tells it.
fn shorten(asked: &Asked, seed: u64, promise: &str) {
    let plan = plan(asked, seed);
    let breaks = |plan: &Plan| tell(plan).broken.first().is_some_and(|broken| broken.promise == promise);
    let short = shrink(&plan, breaks);
    println!("\n---- {promise}, seed {seed}, {} of {} steps", short.steps.len(), plan.steps.len());
    println!("{}", tell(&short.of(&plan)).lines.join("\n"));
    let without: Vec<_> = asked.without.iter().chain(&short.without).map(|(step, at)| format!("{step}:{at}")).collect();
    let without = if without.is_empty() { String::new() } else { format!(" WITHOUT={}", joined(without)) };
    println!(
        "make simulate SEED={seed} SEEDS=1 DAYS={} OWNERS={} ONLY={}{without} TELL=1",
        asked.size.days,
        asked.size.owners,
        joined(&short.steps)
    );
}
