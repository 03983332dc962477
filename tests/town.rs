//! A simulated town (docs/simulation.md): seeds of today, seeds that once failed, and what the simulator itself promises.
#![cfg(all(feature = "wallet", feature = "issuer", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "a module of several programs, each of which uses its part"
)]

#[path = "town/mod.rs"]
mod town;

use jitsuin::wire::sha256;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};
use town::coverage::Cell;
use town::plan::{Plan, Size, Step};
use town::promises::{IN_THE_ACT, PROMISES};
use town::shrink::{Shortened, shrink};
#[cfg(feature = "sqlite")]
use town::telling::Over;
use town::telling::Telling;
use town::trouble::{Fault, Port, Trouble};
use town::verb::Verb;

const SMALL: Size = Size { days: 2, owners: 2 };
const USUAL: Size = Size { days: 3, owners: 3 };
/// Fresh seeds of a day.
const FRESH: u64 = 40;
/// Seeds whose stories are the same on every machine.
const PINNED: [u64; 4] = [1, 2, 3, 4];

/// Tells them all, two at a time, and names each that breaks a promise with the command that tells it again.
fn keep_every_promise(tellings: Vec<(Telling, String)>) {
    let next = Mutex::new(tellings.into_iter());
    let broken = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((telling, note)) = next.lock().unwrap().next() else { return };
                    if let Some(seen) = telling.tell().broken.first() {
                        let text = &mut *broken.lock().unwrap();
                        writeln!(text, "{}: {}\n  {telling}{note}", seen.promise, seen.seen).unwrap();
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(
        broken.is_empty(),
        "broken promises; each command tells its story, and the shortest that breaks it:\n{broken}"
    );
}

/// 1 of 30 November 2026 is 20261130001: each day meets other towns, and whoever meets a broken promise has its seed.
fn fresh() -> impl Iterator<Item = u64> {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let (year, month, day) = date(days);
    let first = ((year * 100 + month) * 100 + day) * 1_000 + 1;
    first..first + FRESH
}

/// Year, month and day of so many days since 1 January 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[test]
fn dates_are_those_of_the_calendar() {
    assert_eq!(date(0), (1970, 1, 1));
    assert_eq!(date(11_016), (2000, 2, 29));
    assert_eq!(date(20_787), (2026, 11, 30));
    assert_eq!(date(47_541), (2100, 3, 1));
}

#[test]
fn every_promise_holds_for_the_seeds_of_today() {
    keep_every_promise(fresh().map(|seed| (Telling::whole(seed, USUAL), String::new())).collect());
}

#[test]
fn every_promise_holds_for_seeds_that_once_failed() {
    let kept = |line: &str| {
        let (telling, why) = Telling::of_line(line).unwrap_or_else(|| panic!("tests/town/seeds.txt: {line}"));
        assert_eq!(telling.unknown(), None, "tests/town/seeds.txt: {line}");
        (telling, format!("\n  kept since: {why}"))
    };
    let lines = include_str!("town/seeds.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    keep_every_promise(lines.map(kept).collect());
}

#[test]
fn a_line_of_kept_seeds_is_read_whole_or_not_at_all() {
    let (telling, why) = Telling::of_line("7 3 2 only=1,12 without=12:0,12:1 # books-balance, a refund twice").unwrap();
    assert_eq!(why, "books-balance, a refund twice");
    let command = "make simulate SEED=7 SEEDS=1 DAYS=3 OWNERS=2 ONLY=1,12 WITHOUT=12:0,12:1 TELL=1";
    assert_eq!(telling.to_string(), command);
    let (telling, _) = Telling::of_line("7 3 2 want=Forget:Fails:locked # books-balance, a rare thing").unwrap();
    assert_eq!(telling.to_string(), "make simulate SEED=7 SEEDS=1 DAYS=3 OWNERS=2 WANT=Forget:Fails:locked TELL=1");
    assert!(Telling::of_line("7 3 2 # books-balance, all of it").is_some());
    // A verb in a state in which it can't begin, and one without the port.
    for bad in ["7 3 2 want=Show:Fails:locked # why", "7 3 2 want=Show:Lost:ready # why", "7 3 2 want=Show # why"] {
        assert!(Telling::of_line(bad).is_none(), "{bad}");
    }
    for bad in ["7 3 2", "7 3 2 #", "7 3 # why", "7 3 2 only= # why", "7 3 2 steps=1 # why", "7 3 2 without=1 # why"] {
        assert!(Telling::of_line(bad).is_none(), "{bad}");
    }
}

fn story(seed: u64) -> String {
    Telling::whole(seed, SMALL).tell().lines.join("\n")
}

/// Draws, orders and times that follow from anything but the seed would differ between two tellings, or between machines,
/// builds and versions of Rust: the file was written by another process, often on another machine.
#[test]
fn a_seed_has_one_story_in_this_process_and_on_every_machine() {
    let mut hashes = String::new();
    for seed in PINNED {
        let told = story(seed);
        assert!(told.lines().count() > 20, "a story of seed {seed}");
        assert_eq!(told, story(seed), "seed {seed} has two stories");
        let hash: String = sha256(told.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(hashes, "{seed} {} {} {hash}", SMALL.days, SMALL.owners).unwrap();
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/town/stories.txt");
    let head = "# seed days owners, and SHA-256 of the story. A change of product or town makes other stories:\n\
                # JITSUIN_WRITE_DOCS=1 cargo test --test town -- story page\n";
    hold(file, &format!("{head}{hashes}"));
}

/// Holds a file equal to a text, or writes it.
fn hold(file: &str, text: &str) {
    if std::env::var_os("JITSUIN_WRITE_DOCS").is_some() {
        std::fs::write(file, text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        text,
        "JITSUIN_WRITE_DOCS=1 cargo test --test town -- story page"
    );
}

#[cfg(feature = "sqlite")]
#[test]
fn over_sqlite_a_seed_has_the_same_story() {
    for seed in [1, 2] {
        let memory = Telling::whole(seed, SMALL);
        let sqlite = Telling { over: Over::Sqlite, ..memory.clone() };
        assert_eq!(memory.tell().lines, sqlite.tell().lines, "{sqlite}");
    }
}

fn step(number: usize, verb: Verb, troubles: &[Trouble]) -> Step {
    let at = 9 * 3_600 + 600 * u64::try_from(number).unwrap();
    Step { number, day: 0, at, owner: 0, verb, troubles: troubles.into() }
}

/// One owner's first day.
fn day(steps: Vec<Step>) -> Plan {
    Plan { seed: 1, days: 1, owners: 1, processes: 1, thieves: false, steps }
}

fn told(plan: &Plan) -> town::story::Outcome {
    use jitsuin::issuer::ledger::{Clock, MemoryLedger};
    town::town::tell(plan, |start| town::ledger::InMemory(MemoryLedger::new(Clock::movable(start))))
}

#[test]
fn a_fault_that_did_nothing_is_not_covered() {
    let met = |at: u8| {
        let troubles = [Trouble { fault: Fault::Full, at }];
        told(&day(vec![step(0, Verb::Enrol, &[]), step(1, Verb::Show, &troubles)])).coverage.cells()
    };
    assert_eq!(met(0), [Cell { verb: Verb::Show, fault: Fault::Full, status: "ready" }]);
    assert_eq!(met(200), [], "the storage is not used so often");
}

#[test]
fn what_is_wanted_is_met() {
    let cells = ["Forget:Fails:locked", "Release:Busy:frozen", "Enrol:Cut:new", "BackendBetween:Lost:ready"];
    for cell in cells.map(|cell| Cell::named(cell).unwrap()) {
        let wanting = |seed| Telling { wanted: Some(cell), ..Telling::whole(seed, SMALL) };
        assert!((1..20).any(|seed| wanting(seed).tell().coverage.has(&cell)), "{cell}");
    }
}

/// The shortest story in which a fault is felt: as if a promise broke there.
fn shortest_with(fault: Fault, steps: Vec<Step>) -> Shortened {
    let plan = day(steps);
    let planted = |plan: &Plan| told(plan).coverage.cells().iter().any(|cell| cell.fault == fault);
    assert!(planted(&plan), "the whole story has it");
    shrink(&plan, Shortened::whole(&plan), planted)
}

#[test]
fn a_planted_fault_is_shortened_to_its_one_step() {
    let [slow, drifts, lost, twice] =
        [Fault::Slow, Fault::Drifts, Fault::Lost, Fault::TillTwice].map(|fault| Trouble { fault, at: 0 });
    let story = |verb: Verb, planted: Trouble| {
        let (first, last) = (step(0, Verb::Enrol, &[slow]), step(5, Verb::Pay, &[]));
        let (before, planted) = (step(2, Verb::Pay, &[slow]), step(3, verb, &[drifts, planted]));
        vec![first, step(1, Verb::Sync, &[slow]), before, planted, step(4, Verb::Sync, &[]), last]
    };
    let short = shortest_with(Fault::Lost, story(Verb::Sync, lost));
    assert_eq!(short, Shortened { steps: BTreeSet::from([3]), without: BTreeSet::from([(3, 0)]) });
    // Only who is registered pays: the step before becomes the registration.
    let short = shortest_with(Fault::TillTwice, story(Verb::Pay, twice));
    assert_eq!(short, Shortened { steps: BTreeSet::from([2, 3]), without: BTreeSet::from([(2, 0), (3, 0)]) });
}

#[test]
fn what_is_short_is_shortened_further_and_keeps_the_places_of_its_troubles() {
    let troubles = [Fault::Slow, Fault::Lost, Fault::Fails].map(|fault| Trouble { fault, at: 0 });
    let plan = day((0..9).map(|number| step(number, Verb::Sync, &troubles)).collect());
    let fails = |plan: &Plan| {
        let of = |step: &Step| step.number == 7 && step.troubles.iter().any(|trouble| trouble.fault == Fault::Fails);
        plan.steps.iter().any(of)
    };
    let left = Shortened { steps: (3..9).collect(), without: BTreeSet::from([(7, 0), (4, 1)]) };
    let short = shrink(&plan, left, fails);
    assert_eq!(short, Shortened { steps: BTreeSet::from([7]), without: BTreeSet::from([(7, 0), (7, 1)]) });
}

/// The tables of docs/simulation.md.
fn tables() -> String {
    let mut text = String::from(
        "\n### Verbs\n\n| verb | somebody | begins when the wallet is | ports | weight |\n|---|---|---|---|---:|\n",
    );
    for verb in Verb::ALL {
        let ports = verb.ports().iter().map(|port| format!("{port:?}")).collect::<Vec<_>>().join(", ");
        let (words, statuses) = (verb.words(), verb.statuses().join(", "));
        writeln!(text, "| `{verb:?}` | {words} | {statuses} | {ports} | {} |", verb.weight()).unwrap();
    }
    text += "\n### Faults\n\n| port | fault | what happens |\n|---|---|---|\n";
    for port in Port::ALL {
        for fault in port.faults() {
            writeln!(text, "| `{port:?}`: {} | `{fault:?}` | {} |", port.words(), fault.words()).unwrap();
        }
    }
    text += "\n### Promises\n\n| promise | what it says |\n|---|---|\n";
    let checked = PROMISES.iter().map(|(name, words, _)| (name, words));
    for (name, words) in checked.chain(IN_THE_ACT.iter().map(|(name, words)| (name, words))) {
        writeln!(text, "| `{name}` | {words} |").unwrap();
    }
    text + "\n"
}

#[test]
fn the_page_lists_every_verb_fault_and_promise() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulation.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (begin, end) = ("<!-- tables: begin -->\n", "<!-- tables: end -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    hold(file, &format!("{before}{begin}{}{end}{after}", tables()));
}
