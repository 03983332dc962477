use super::*;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::{Trick, World, amount};
use crate::wallet::state::AlertKind;
use crate::wallet::{Ceremony, Wallet};
use crate::wire::money::Currency;
use crate::wire::receipt::Kind;

const YEAR_MS: i64 = 365 * 24 * 3_600_000;

async fn top_up(wallet: &Wallet<Place>) -> Result<Ceremony, Error> {
    wallet.prepare_top_up(amount(5_000), Currency::JPY, "card-1".parse().unwrap()).await
}

fn skew_ms(error: &Error) -> Option<i64> {
    error.details.as_ref().and_then(|details| details.skew_ms)
}

#[test]
fn what_a_sync_can_not_mend_is_told_as_a_clock_with_its_skew() {
    for (stood, told) in [(60, 60_000), (3_600, 3_600_000)] {
        let world = World::new();
        let wallet = world.enrolled();
        let prompts = world.place.authenticator().prompts().len();
        world.issuer.clock.advance(Duration::from_secs(stood));
        // The answer takes so long that it tells no time.
        world.issuer.trick.set(Some(Trick::SlowAnswer));
        let refused = run(top_up(&wallet)).unwrap_err();
        assert_eq!((refused.code, skew_ms(&refused)), (Code::ClockSkew, Some(told - 11_000)));
        assert_eq!(world.place.authenticator().prompts().len(), prompts);
        assert_eq!(wallet.state().ceremony, None);
        world.issuer.trick.set(None);
        assert!(run(top_up(&wallet)).is_ok());
    }
}

#[test]
fn an_intent_whose_end_does_not_fit_costs_one_sync_and_one_that_fits_costs_none() {
    let calls = |world: &World, path: &str| world.issuer.calls.borrow().iter().filter(|held| *held == path).count();
    for (stood, syncs) in [(0, 0), (30, 0), (31, 1), (600, 1)] {
        let world = World::new();
        let wallet = world.enrolled();
        world.issuer.clock.advance(Duration::from_secs(stood));
        world.issuer.calls.borrow_mut().clear();
        run(top_up(&wallet)).unwrap();
        assert_eq!((calls(&world, "/v1/sync"), calls(&world, "/v1/top-ups")), (syncs, 1), "{stood} s");
    }
}

#[test]
fn a_clock_out_of_the_keys_time_follows_a_new_key_set_and_opens_an_allowance() {
    // The issuer's keys are valid from 2023 to 2030; it is 2027.
    for skew in [-7 * YEAR_MS, 7 * YEAR_MS] {
        let world = World::new();
        world.enrolled();
        world.place.clock().set_skew(skew);
        let wallet = world.open();
        world.issuer.rotate(true);
        assert_eq!(run(wallet.refill()), Ok(()), "{skew} ms");
        assert_eq!(wallet.key_set().unwrap().seq, 2);
        assert_eq!(wallet.state().clock_offset_ms, -skew);
        assert!(wallet.read(|data| data.unopened.is_none()).unwrap());
        assert!(run(wallet.payment_code(None)).is_ok());
    }
}

/// A wallet whose clock is years off, with an allowance that it could not open for that.
fn with_an_unopened_allowance() -> (World, Wallet<Place>) {
    let world = World::new();
    world.enrolled();
    world.place.clock().set_skew(-7 * YEAR_MS);
    let wallet = world.open();
    world.issuer.trick.set(Some(Trick::SlowAnswer));
    assert_eq!(run(wallet.refill()).unwrap_err().code, Code::ClockSkew);
    assert!(wallet.read(|data| data.unopened.is_some()).unwrap());
    world.issuer.trick.set(None);
    (world, wallet)
}

#[test]
fn an_allowance_that_comes_before_the_clock_is_learned_is_not_lost() {
    let (world, wallet) = with_an_unopened_allowance();
    run(wallet.sync()).unwrap();
    assert!(wallet.read(|data| data.unopened.is_none() && data.allowance.is_some()).unwrap());
    assert_eq!(world.issuer.book.borrow().allowances, 2, "the one that had come");
}

#[test]
fn an_allowance_that_waits_to_be_opened_does_not_take_the_place_of_a_newer_one() {
    let (world, wallet) = with_an_unopened_allowance();
    // The clock is put right before anything was learned, and a refill comes first.
    world.place.clock().set_skew(0);
    run(wallet.refill()).unwrap();
    let newest = wallet.read(|data| data.allowance.as_ref().unwrap().handle).unwrap();
    assert!(wallet.read(|data| data.unopened.is_none()).unwrap());
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.read(|data| data.allowance.as_ref().unwrap().handle).unwrap(), newest);
}

#[test]
fn an_issuer_that_signs_with_keys_past_their_time_is_no_forger() {
    let world = World::new();
    let wallet = world.enrolled();
    world.advance(4 * 365 * 24 * 3_600);
    let refused = run(wallet.sync()).unwrap_err();
    assert_eq!(refused.code, Code::ClockSkew);
    assert!(skew_ms(&refused).is_some_and(|skew| skew < 0));
    assert!(wallet.state().alerts.iter().all(|alert| alert.kind == AlertKind::ReceiptsLate));
}

#[test]
fn a_receipt_outside_its_keys_time_is_no_forgery() {
    let world = World::new();
    let wallet = world.enrolled();
    let own = wallet.read(|data| data.device_key.thumbprint()).unwrap();
    world.issuer.record(Kind::TopUp, Some(own), None, Some(100));
    world.issuer.book.borrow_mut().receipts.last_mut().unwrap().0.time = 1_600_000_000;
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().alerts, []);
    assert_eq!(wallet.state().balance.unwrap().amount, amount(10_100));
}

#[test]
fn a_wall_clock_that_jumped_makes_no_receipt_late() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.clock().set_skew(YEAR_MS);
    world.issuer.trick.set(Some(Trick::OldHead));
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::ClockSkew);
    assert_eq!(wallet.state().alerts, []);
}
