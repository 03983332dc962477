//! Each promise of the simulated town: true facts keep it, and facts in which exactly it is broken are found.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]
#![allow(dead_code, unreachable_pub, reason = "the town's modules are shared with the simulation, which uses the rest")]

#[path = "town_promises/doctored.rs"]
mod doctored;
#[path = "town/facts.rs"]
mod facts;
#[path = "town_promises/limits.rs"]
mod limits;
#[path = "town_promises/money.rs"]
mod money;
#[path = "town_promises/people.rs"]
mod people;
#[path = "town/promises.rs"]
mod promises;
#[path = "town_promises/true_stories.rs"]
mod true_stories;
#[path = "town_promises/waiting.rs"]
mod waiting;
#[path = "lib/world.rs"]
mod world;

use std::collections::BTreeSet;

#[test]
fn each_promise_has_one_name_and_words() {
    let of_facts = promises::PROMISES.iter().map(|(name, words, _)| (*name, *words));
    let all: Vec<_> = of_facts.chain(promises::IN_THE_ACT.iter().copied()).collect();
    let names: BTreeSet<_> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|(_, words)| words.ends_with('.')));
}
