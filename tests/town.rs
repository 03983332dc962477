//! A simulated town.
#![cfg(all(feature = "wallet", feature = "issuer", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a module of two programs")]

#[path = "town/mod.rs"]
mod town;

use jitsuin::issuer::ledger::{Clock, MemoryLedger};
use town::ledger::InMemory;
use town::plan::{Plan, Size};

#[test]
fn a_seed() {
    let plan = Plan::new(1, Size { days: 3, owners: 3 });
    let told = town::town::tell(&plan, |start| InMemory(MemoryLedger::new(Clock::movable(start))));
    for line in &told.lines {
        eprintln!("{line}");
    }
    eprintln!("{} acts, {} calls", told.acts, told.calls);
    assert!(told.broken.is_empty(), "{:?}", told.broken);
}
