//! How many thefts a copied key makes before it is caught: several habits of owner and thief, ten seeded runs each.

use super::page;
use super::row::grouped;
use super::stage::{data, forge, person};
use super::world::{Caller, START_MS, Till, World};
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::ledger::{Clock, MemoryLedger};
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::{NameCounters, Outcome};
use jitsuin::wire::id::Nonce;

const DAYS: u32 = 14;
const HOUR: u32 = 3_600;
const RUNS: u64 = 10;

/// When the owner opens the wallet; each time it is opened it fetches what is new, and pays.
#[derive(Clone, Copy)]
enum Owner {
    /// About three times a day.
    Often,
    /// About every third day.
    Seldom,
    /// Not within the time.
    Never,
}

/// What the thief does with the copy: tries every six hours where greedy, each time until it is refused.
#[derive(Clone, Copy)]
enum Thief {
    /// As much as the limits leave, as soon as they do, without a look at the issuer.
    Greedy,
    /// The same, after asking the issuer for the highest counter.
    GreedyAndCareful,
    /// JPY 1,000 a day, after asking.
    Patient,
    /// Once.
    OneShot,
    /// As much as the limits leave, within 160 seconds of each payment of the owner: dates out of order are no evidence then.
    Follower,
    /// As greedy and careful, and names every counter that it drew, so that it is evidence of nothing.
    Namer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Clone,
    Owner,
    NotCaught,
}

#[derive(Clone, Copy)]
struct Outcomes {
    thefts: u32,
    lost: u64,
    end: End,
    hours: u32,
}

/// A small generator, the same on every machine (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((bits ^ (bits >> 31)) % u64::from(most)).unwrap()
    }
}

struct Play {
    world: World<MemoryLedger>,
    owner: Wallet<Place>,
    /// The thief's machine: the copy, a wallet over it for what it asks the issuer, and the key past any wallet.
    copy: Place,
    reader: Wallet<Place>,
    key: Caller<MemoryLedger>,
    counter: u32,
    shops: [Till<MemoryLedger>; 2],
    sales: u32,
}

impl Play {
    async fn new() -> Self {
        let plan = Plan { people: vec![person("hanako", true)], ..Plan::default() };
        let world = World::over(MemoryLedger::new(Clock::movable(START_MS)), plan, |_| {}).await;
        let (place, owner) = world.hanako().await;
        let shops = [world.till("1001").await, world.till("2002").await];
        let copy = place.copied();
        let (reader, key) = (world.wallet(&copy).await, Caller::thief_of(&world, &copy).await);
        Self { world, owner, copy, reader, key, counter: 0, shops, sales: 0 }
    }

    async fn charge(&mut self, shop: usize, code: &str, amount: u32) -> bool {
        self.sales += 1;
        self.shops[shop].outcome(code, amount, &format!("sale-{}", self.sales)).await == Outcome::Approved
    }

    async fn buy(&mut self) -> bool {
        let Ok(code) = self.owner.payment_code(None).await else { return false };
        self.charge(0, &code.text, 540).await
    }

    /// Names the thief's counters, as a wallet does whose clock was wrong.
    async fn name(&self) {
        self.key.call(&NameCounters { nonce: Nonce([1; 16]), counter: self.counter }).await.ok();
    }

    async fn steal(&mut self, amount: u32, careful: bool) -> bool {
        if careful {
            // Takes the highest counter and, when the time has come, a fresh allowance.
            self.reader.sync().await.ok();
        }
        self.world.advance(61);
        self.counter = self.counter.max(data(&self.copy).atc) + 1;
        let counter = self.counter;
        let code = forge(&self.copy, &self.key, self.world.now(), |token| token.atc = counter);
        self.charge(1, &code, amount).await
    }

    /// What ends it, seen from the owner's wallet.
    fn ended(&self) -> Option<End> {
        let state = self.owner.state();
        if state.status == Status::Suspended {
            return Some(End::Clone);
        }
        state.alerts.iter().any(|alert| alert.kind == AlertKind::UnknownUse).then_some(End::Owner)
    }
}

async fn play(owner: Owner, thief: Thief, seed: u64) -> Outcomes {
    let mut dice = Dice(seed);
    let mut play = Play::new().await;
    let (mut thefts, mut lost) = (0, 0);
    let start = dice.below(12);
    let mut next_try = start;
    for hour in 0..DAYS * 24 {
        play.world.advance(u64::from(HOUR));
        let opens = match owner {
            Owner::Often => dice.below(8) == 0,
            Owner::Seldom => dice.below(72) == 0,
            Owner::Never => false,
        };
        if opens {
            play.owner.sync().await.ok();
            play.buy().await;
            if matches!(thief, Thief::Follower) {
                // 61 and 122 seconds after the owner's code.
                for amount in [10_000, 9_000] {
                    if play.steal(amount, true).await {
                        thefts += 1;
                        lost += u64::from(amount);
                    }
                }
            }
            play.owner.sync().await.ok();
            if let Some(end) = play.ended() {
                return Outcomes { thefts, lost, end, hours: hour.saturating_sub(start) };
            }
        }
        if hour < next_try {
            continue;
        }
        let (amounts, careful, apart): (&[u32], bool, u32) = match thief {
            Thief::Greedy => (&[10_000, 5_000], false, 6),
            Thief::GreedyAndCareful => (&[10_000, 5_000], true, 6),
            Thief::Patient => (&[1_000], true, 24),
            Thief::OneShot => (&[10_000], true, DAYS * 24),
            Thief::Follower => continue,
            Thief::Namer => (&[10_000, 5_000], true, 6),
        };
        next_try = hour + apart;
        for amount in amounts {
            // As often as it goes.
            while play.steal(*amount, careful).await {
                thefts += 1;
                lost += u64::from(*amount);
                if matches!(thief, Thief::Namer) {
                    play.name().await;
                }
                if apart >= 24 {
                    break;
                }
            }
        }
    }
    Outcomes { thefts, lost, end: End::NotCaught, hours: DAYS * 24 }
}

fn line(owner: (Owner, &str), thief: (Thief, &str)) -> String {
    // Without an owner nothing is left to chance but the first hour.
    let runs = if matches!(owner.0, Owner::Never) { 1 } else { RUNS };
    let all: Vec<Outcomes> = (0..runs).map(|seed| run(play(owner.0, thief.0, seed))).collect();
    let count = |end| all.iter().filter(|one| one.end == end).count();
    let mut thefts: Vec<u32> = all.iter().map(|one| one.thefts).collect();
    thefts.sort_unstable();
    let worst = all.iter().map(|one| one.lost).max().unwrap();
    let hours = all.iter().filter(|one| one.end != End::NotCaught).map(|one| one.hours).max();
    format!(
        "| {} | {} | {} | {} | {} | {} of {runs} | {} of {runs} | {} |\n",
        owner.1,
        thief.1,
        thefts[thefts.len() / 2],
        thefts[thefts.len() - 1],
        grouped(worst),
        count(End::Clone),
        count(End::Owner),
        hours.map_or("–".into(), |hours| format!("{hours} h")),
    )
}

#[test]
fn a_copied_key_is_caught_after_so_many_thefts() {
    let mut table = String::from(
        "\n| owner pays | thief | thefts, median | thefts, worst | yen lost, worst | caught by clone evidence | caught by the owner's wallet | at the latest after |\n|---|---|---:|---:|---:|---|---|---|\n",
    );
    for owner in [
        (Owner::Often, "often: three times a day"),
        (Owner::Seldom, "seldom: every third day"),
        (Owner::Never, "never"),
    ] {
        for thief in [
            (Thief::Greedy, "greedy"),
            (Thief::GreedyAndCareful, "greedy, asks for the counter first"),
            (Thief::Patient, "patient: JPY 1,000 a day, asks first"),
            (Thief::OneShot, "one shot"),
            (Thief::Follower, "follows the owner within 160 s, asks first"),
            (Thief::Namer, "greedy, asks first, names counters as drawn"),
        ] {
            table += &line(owner, thief);
        }
    }
    table.push('\n');
    println!("{table}");
    page::check(&table, "clones");
}
