//! The simulated town over PostgreSQL.

use crate::tests::Test;
use crate::town::on_disk::OnDisk;
use crate::town::plan::Size;
use crate::town::telling::Telling;
use crate::town::town;
use jitsuin::issuer::ledger::{Clock, Opening, PostgresLedger};

/// Each has a database of its own.
pub(crate) const ALL: &[Test] = &[
    ("the_town_of_seed_1_has_the_same_story_as_in_memory", |url| same_story(&url, 1)),
    ("the_town_of_seed_2_has_the_same_story_as_in_memory", |url| same_story(&url, 2)),
];

fn same_story(url: &str, seed: u64) {
    let telling = Telling::whole(seed, Size { days: 2, owners: 2 });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let told = town::tell(&telling.plan(), |start| {
        let open = async { PostgresLedger::open_with(url, Opening::New, Clock::movable(start)).await.unwrap() };
        OnDisk::open(runtime.handle().clone(), open, PostgresLedger::clock)
    });
    assert_eq!(telling.tell().lines, told.lines, "{telling}");
}
