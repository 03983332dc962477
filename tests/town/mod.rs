//! A simulated town: real wallets, the real desk and real ledgers, in which only time, network, storage, chance and people are
//! made up. docs/simulation.md says how to add a verb, a fault or a promise.

pub mod act;
pub mod caller;
pub mod cards;
pub mod chance;
pub mod coverage;
pub mod facts;
pub mod ledger;
pub mod office;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod on_disk;
pub mod panics;
pub mod people;
pub mod phone;
pub mod plan;
pub mod promises;
#[path = "../lib/proof.rs"]
pub mod proof;
pub mod secrets;
pub mod shop;
pub mod shrink;
pub mod story;
pub mod telling;
#[allow(clippy::module_inception, reason = "it is the town")]
pub mod town;
pub mod trouble;
pub mod verb;
