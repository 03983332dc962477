//! Clocks that differ: no check of time accuses anybody, and one sync puts a wallet right.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::Platform as _;
use jitsuin::wallet::{Ceremony, Confirmed, Error, Status, Wallet};
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::money::Currency;
use world::{World, yen};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;

/// How a wallet's clocks went wrong since its last sync.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// Wall and monotonic clock stood for so long.
    Stood(i64),
    /// The wall clock jumped under an open page.
    Jumped(i64),
    /// The wall clock jumped while no page was open, so that no monotonic clock tells.
    JumpedWhileClosed(i64),
}

const ALL: [Wrong; 12] = [
    Wrong::Stood(MINUTE),
    Wrong::Stood(HOUR),
    Wrong::Jumped(MINUTE),
    Wrong::Jumped(HOUR),
    Wrong::Jumped(YEAR),
    Wrong::Jumped(-YEAR),
    Wrong::JumpedWhileClosed(MINUTE),
    Wrong::JumpedWhileClosed(-MINUTE),
    Wrong::JumpedWhileClosed(HOUR),
    Wrong::JumpedWhileClosed(-HOUR),
    Wrong::JumpedWhileClosed(YEAR),
    Wrong::JumpedWhileClosed(-YEAR),
];

impl Wrong {
    async fn apply(self, world: &World, place: &Place, wallet: Wallet<Place>) -> Wallet<Place> {
        match self {
            Self::Stood(by) => world.issuer.ledger().clock().advance(by.unsigned_abs()),
            Self::Jumped(by) => place.clock().set_skew(by),
            Self::JumpedWhileClosed(by) => {
                wallet.close().await;
                place.clock().set_skew(by);
                return world.wallet(place).await;
            }
        }
        wallet
    }
}

/// What an owner agrees to.
#[derive(Clone, Copy, Debug)]
enum Asked {
    TopUp,
    Refill,
    Limit,
    Rotation,
    Release,
}

const CEREMONIES: [Asked; 5] = [Asked::TopUp, Asked::Refill, Asked::Limit, Asked::Rotation, Asked::Release];

impl Asked {
    /// What has to be so before, while the clock is right.
    async fn ready(self, wallet: &Wallet<Place>) {
        if matches!(self, Self::Release) {
            wallet.freeze().await.unwrap();
        }
    }

    async fn prepare(self, wallet: &Wallet<Place>) -> Result<Ceremony, Error> {
        match self {
            Self::TopUp => wallet.prepare_top_up(yen(1_000), Currency::JPY, "card-1".parse().unwrap()).await,
            Self::Refill => wallet.prepare_refill().await,
            Self::Limit => wallet.prepare_limit(yen(1_000)).await,
            Self::Rotation => wallet.prepare_rotation(None).await,
            Self::Release => wallet.prepare_unfreeze().await,
        }
    }
}

/// What is left of a release after its passkey: the contact code.
async fn finish(world: &World, wallet: &Wallet<Place>, confirmed: Confirmed, of: &str) {
    match confirmed {
        Confirmed::CodeSent { attempt } => {
            let code = world.code_for("hanako@example.test").await;
            wallet.unfreeze(&attempt, &code).await.unwrap_or_else(|error| panic!("{of}: code: {error}"));
        }
        Confirmed::Receipt { .. } | Confirmed::Enrolled { .. } => {}
        other => panic!("{of}: {other:?}"),
    }
}

/// A wallet for which everything is ready, its clock right.
async fn ready(asked: Asked) -> (World, Place, Wallet<Place>) {
    let world = World::new().await;
    let (place, wallet) = world.hanako().await;
    world.advance(60);
    asked.ready(&wallet).await;
    wallet.sync().await.unwrap();
    (world, place, wallet)
}

async fn works_after_a_sync(world: &World, place: &Place, wallet: &Wallet<Place>, of: &str) {
    wallet.sync().await.unwrap_or_else(|error| panic!("{of}: {error}"));
    let state = wallet.state();
    assert_eq!(state.status, Status::Ready, "{of}");
    let true_ms = i64::try_from(world.issuer.ledger().clock().now_ms()).unwrap();
    let here_ms = i64::try_from(jitsuin::wallet::ports::Clock::now_ms(place.clock())).unwrap();
    assert_eq!(state.clock_offset_ms, true_ms - here_ms, "{of}");
    let accused: Vec<_> = state.alerts.iter().filter(|alert| alert.kind.name() != "clock-skew").collect();
    assert!(accused.is_empty(), "{of}: {accused:?}");
}

#[test]
fn a_clock_that_went_wrong_since_the_last_sync_stops_no_ceremony() {
    run(async {
        for asked in CEREMONIES {
            for wrong in ALL {
                let of = format!("{asked:?}, {wrong:?}");
                let (world, place, wallet) = ready(asked).await;
                let wallet = wrong.apply(&world, &place, wallet).await;
                let prepared = asked.prepare(&wallet).await;
                let ceremony = prepared.unwrap_or_else(|error| panic!("{of}: prepare: {error}"));
                let done = wallet.confirm(ceremony.id).await;
                let done = done.unwrap_or_else(|error| panic!("{of}: confirm: {error}"));
                finish(&world, &wallet, done, &of).await;
                works_after_a_sync(&world, &place, &wallet, &of).await;
                world.audit().await;
            }
        }
    });
}

#[test]
fn a_clock_that_jumps_between_prepare_and_confirm_ends_no_ceremony() {
    run(async {
        for asked in CEREMONIES {
            for by in [MINUTE, HOUR, YEAR, -MINUTE, -HOUR, -YEAR] {
                let of = format!("{asked:?}, {by} ms");
                let (world, place, wallet) = ready(asked).await;
                let ceremony = asked.prepare(&wallet).await.unwrap();
                place.clock().set_skew(by);
                let done = wallet.confirm(ceremony.id).await;
                let done = done.unwrap_or_else(|error| panic!("{of}: confirm: {error}"));
                finish(&world, &wallet, done, &of).await;
                works_after_a_sync(&world, &place, &wallet, &of).await;
                world.audit().await;
            }
        }
    });
}

#[test]
fn an_intent_that_ended_while_the_clocks_stood_is_over_and_nothing_worse() {
    run(async {
        let (world, place, wallet) = ready(Asked::TopUp).await;
        let ceremony = Asked::TopUp.prepare(&wallet).await.unwrap();
        world.issuer.ledger().clock().advance(301_000);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::IntentExpired);
        works_after_a_sync(&world, &place, &wallet, "ended").await;
    });
}

#[test]
fn a_clock_that_is_off_hinders_neither_enrolment_nor_recovery() {
    run(async {
        for by in [MINUTE, HOUR, YEAR, -MINUTE, -HOUR, -YEAR, 12 * YEAR, -12 * YEAR] {
            let of = format!("{by} ms");
            let world = World::new().await;
            let place = world.place();
            place.clock().set_skew(by);
            let wallet = world.wallet(&place).await;
            world.enrol(&wallet, "hanako").await.unwrap_or_else(|error| panic!("enrolment, {of}: {error}"));
            works_after_a_sync(&world, &place, &wallet, &of).await;
            // A second refill is reckoned from the first, which came before the clock was learned.
            let ceremony = wallet.prepare_refill().await.unwrap_or_else(|error| panic!("refill, {of}: {error}"));
            wallet.confirm(ceremony.id).await.unwrap_or_else(|error| panic!("refill, {of}: {error}"));

            wallet.forget().await.unwrap();
            place.clock().set_skew(-by);
            let again = world.wallet(&place).await;
            let ticket = world.ticket(&again, "hanako").await.unwrap();
            let ceremony = again.prepare_recovery(&ticket, "New key", None).await.unwrap();
            place.clock().set_skew(by);
            again.confirm(ceremony.id).await.unwrap_or_else(|error| panic!("recovery, {of}: {error}"));
            works_after_a_sync(&world, &place, &again, &of).await;
        }
    });
}

#[test]
fn an_owner_whose_clock_is_off_can_stop_the_account() {
    run(async {
        for wrong in ALL {
            let (world, place, wallet) = ready(Asked::TopUp).await;
            let wallet = wrong.apply(&world, &place, wallet).await;
            wallet.lock();
            wallet.freeze().await.unwrap_or_else(|error| panic!("{wrong:?}: {error}"));
            wallet.sync().await.unwrap();
            assert_eq!(wallet.state().status, Status::Frozen, "{wrong:?}");
        }
    });
}

#[test]
fn one_sync_puts_the_next_code_right() {
    run(async {
        for wrong in ALL {
            let of = format!("{wrong:?}");
            let (world, place, wallet) = ready(Asked::TopUp).await;
            let till = world.till("1001").await;
            let wallet = wrong.apply(&world, &place, wallet).await;
            works_after_a_sync(&world, &place, &wallet, &of).await;
            let code = wallet.payment_code(None).await.unwrap();
            assert_eq!(till.outcome(&code.text, 100, "sale").await, Outcome::Approved, "{of}");
            // A refill while the clock is wrong, and the silent one a day later.
            place.clock().set_skew(0);
            wallet.sync().await.unwrap();
            world.audit().await;
        }
    });
}

#[test]
fn an_allowance_that_came_while_the_clock_was_wrong_is_renewed_in_time() {
    run(async {
        for by in [YEAR, -YEAR, HOUR, -HOUR] {
            let (world, place, wallet) = ready(Asked::TopUp).await;
            world.advance(24 * 3600);
            place.clock().set_skew(by);
            wallet.refill().await.unwrap_or_else(|error| panic!("{by} ms: {error}"));
            place.clock().set_skew(0);
            wallet.sync().await.unwrap();
            let before = wallet.state().allowance.unwrap().until;
            world.advance(6 * 24 * 3600);
            wallet.sync().await.unwrap();
            assert!(wallet.state().allowance.unwrap().until > before, "{by} ms");
            let ceremony = wallet.prepare_refill().await.unwrap_or_else(|error| panic!("{by} ms: {error}"));
            wallet.confirm(ceremony.id).await.unwrap();
        }
    });
}

#[test]
fn a_limit_that_time_alone_has_changed_is_no_mismatch() {
    run(async {
        let world = World::new().await;
        let wallet = world.wallet(&world.place()).await;
        // Taro's account existed before: his first device cools off.
        world.enrol(&wallet, "taro").await.unwrap();
        assert_eq!(wallet.state().limit.unwrap().amount, yen(3_000));
        world.advance(24 * 3600 + 1);
        let refused = wallet.prepare_limit(yen(50_000)).await.unwrap_err();
        assert_eq!(refused.code, Code::BadAmount, "there is nothing to change");
        assert_eq!(wallet.state().limit.unwrap().amount, yen(50_000));
    });
}
