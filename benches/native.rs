//! One round of native timings: a line `NAME NANOSECONDS` for each subject, the fastest of its batches.
//! `make bench` runs it once with each backend, in turn, and puts the rounds together.
#![allow(missing_docs, reason = "a program")]

use jitsuin::js::RawMeasure;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Long enough that reading the clock is nothing, and short enough that some batches run undisturbed on a busy machine:
/// what else runs there only ever adds time, so the fastest batch says most.
const BATCH: Duration = Duration::from_millis(3);
const BATCHES: usize = 80;

/// Nanoseconds for one; none if the subject did not do its work.
fn fastest(mut work: impl FnMut(u32) -> bool) -> Option<u128> {
    let mut times = 1;
    loop {
        let start = Instant::now();
        if !work(times) {
            return None;
        }
        if start.elapsed() >= BATCH {
            break;
        }
        times *= 2;
    }
    let mut found = u128::MAX;
    for _ in 0..BATCHES {
        let start = Instant::now();
        if !work(times) {
            return None;
        }
        found = found.min(start.elapsed().as_nanos() / u128::from(times));
    }
    Some(found)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let measure = RawMeasure::make().ok_or("no random bytes")?;
    let subjects: [(&str, &dyn Fn(u32) -> bool); 5] = [
        ("signature-check", &|times| measure.check_signature(times)),
        ("token-check", &|times| measure.check_token(times)),
        ("sign", &|times| measure.sign(times)),
        ("encode", &|times| measure.encode(times)),
        ("draw", &|times| measure.draw(times)),
    ];
    let mut out = std::io::stdout().lock();
    for (name, work) in subjects {
        let found = fastest(work).ok_or_else(|| format!("{name} failed"))?;
        writeln!(out, "{name} {found}")?;
    }
    Ok(())
}
