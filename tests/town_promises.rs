//! Each promise of the simulated town: true facts keep it, and facts in which exactly it is broken are found.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where something is wrong")]
#![allow(dead_code, unreachable_pub, reason = "the town's modules are shared with the simulation, which uses the rest")]

#[path = "town/facts.rs"]
mod facts;
#[path = "town/promises.rs"]
mod promises;
#[path = "lib/world.rs"]
mod world;
