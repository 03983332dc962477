use super::*;
use crate::wallet::PaymentCode;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::{START_MS, Trick, World, amount};
use crate::wallet::state::AlertKind;
use crate::wire::calls::Call as _;
use crate::wire::receipt::Kind;
use crate::wire::token::UnverifiedToken;
use std::rc::Rc;

const HOUR_MS: i64 = 3_600_000;

fn issued_at(wallet: &Wallet<Place>, code: &PaymentCode) -> u32 {
    let (key, veil) = wallet.read(|data| (data.device_key, data.allowance.clone().unwrap().veil)).unwrap();
    UnverifiedToken::from_text(&code.text).unwrap().verify(&key, &veil).unwrap().issued_at
}

/// A wallet that drew one code while its wall clock was so far ahead, put right since.
fn was_ahead(world: &World, ms: i64) -> Wallet<Place> {
    let wallet = world.enrolled();
    world.place.clock().set_skew(ms);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!(u64::from(issued_at(&wallet, &code)), START_MS.saturating_add_signed(ms) / 1000);
    world.place.clock().set_skew(0);
    world.advance(2);
    wallet
}

fn named(world: &World) -> Vec<u32> {
    world.issuer.book.borrow().named.clone()
}

#[test]
fn what_was_drawn_far_ahead_is_named_before_the_next_code() {
    let world = World::new();
    let wallet = was_ahead(&world, HOUR_MS);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!((named(&world), code.counter), (vec![1], 2));
    assert_eq!(u64::from(issued_at(&wallet, &code)), START_MS / 1000 + 2);
    // Once.
    world.advance(2);
    run(wallet.sync()).unwrap();
    run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!(named(&world), [1]);
}

#[test]
fn any_sync_names_it_and_a_locked_wallet_once_it_is_open() {
    let world = World::new();
    let wallet = was_ahead(&world, HOUR_MS);
    wallet.lock();
    run(wallet.sync()).unwrap();
    assert_eq!(named(&world), [0; 0], "the channel key is never for tokens");
    run(wallet.unlock()).unwrap();
    run(wallet.sync()).unwrap();
    assert_eq!(named(&world), [1]);
}

#[test]
fn at_most_160_seconds_ahead_nothing_is_named_and_dates_stand_still() {
    let world = World::new();
    // Two seconds have gone since.
    let wallet = was_ahead(&world, 162_000);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!(u64::from(issued_at(&wallet, &code)), START_MS / 1000 + 162);
    world.advance(162);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!(u64::from(issued_at(&wallet, &code)), START_MS / 1000 + 164);
    assert_eq!(named(&world), [0; 0]);
}

#[test]
fn without_a_connection_it_says_when_it_goes_on() {
    let world = World::new();
    let wallet = was_ahead(&world, 200_000);
    world.place.transport().set_offline(true);
    let refused = run(wallet.payment_code(Some(amount(100)))).unwrap_err();
    let details = refused.details.clone().unwrap();
    assert_eq!(
        (refused.code, details.skew_ms, details.retry_after_ms),
        (Code::SyncNeeded, Some(-198_000), Some(38_000))
    );
    assert_eq!(wallet.read(|data| data.atc).unwrap(), 1, "no counter is used up by it");
    // As it said.
    world.advance(38);
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap().counter, 2);
    // And at once, with one.
    let world = World::new();
    let wallet = was_ahead(&world, 200_000);
    world.place.transport().set_offline(true);
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap_err().code, Code::SyncNeeded);
    world.place.transport().set_offline(false);
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap().counter, 2);
}

#[test]
fn an_answer_that_proves_nothing_gives_no_code() {
    let world = World::new();
    let wallet = was_ahead(&world, HOUR_MS);
    // Whoever carries the answer says that it was taken, and has no statement for this call.
    world.issuer.trick.set(Some(Trick::OtherTimeNonce));
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap_err().code, Code::SyncNeeded);
    assert_eq!(wallet.read(|data| data.atc).unwrap(), 1);
    world.issuer.trick.set(None);
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap().counter, 2);
}

#[test]
fn the_time_alone_does_not_prove_that_counters_were_named() {
    let world = World::new();
    let wallet = was_ahead(&world, HOUR_MS);
    world.issuer.trick.set(Some(Trick::CountersNotTaken));
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap_err().code, Code::SyncNeeded);
    assert_eq!((named(&world), wallet.read(|data| data.atc).unwrap()), (vec![], 1));
    world.issuer.trick.set(None);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!((named(&world), code.counter), (vec![1], 2));
    assert_eq!(u64::from(issued_at(&wallet, &code)), START_MS / 1000 + 2);
}

#[test]
fn it_is_named_also_where_the_history_does_not_hold() {
    let world = World::new();
    let wallet = was_ahead(&world, HOUR_MS);
    world.issuer.record(crate::wire::receipt::Kind::TopUp, None, None, Some(1));
    world.issuer.trick.set(Some(Trick::ReceiptBody));
    assert!(run(wallet.sync()).is_err());
    assert_eq!(named(&world), [1]);
    assert_eq!(run(wallet.payment_code(Some(amount(100)))).unwrap().counter, 2);
}

#[test]
fn what_was_shown_under_the_wrong_clock_counts_no_longer() {
    let world = World::new();
    let wallet = world.enrolled();
    let left = |wallet: &Wallet<Place>| {
        let left = wallet.state().allowance.unwrap();
        (left.left.amount.minor_units(), left.count_left)
    };
    let before = left(&wallet);
    world.place.clock().set_skew(HOUR_MS);
    for _ in 0..10 {
        run(wallet.payment_code(Some(amount(100)))).unwrap();
        world.advance(1);
    }
    world.place.clock().set_skew(0);
    // Ten codes were made in the last minute of the wrong clock; the next one waits for none of them.
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    assert_eq!((named(&world), code.counter), (vec![10], 11));
    world.advance(71);
    run(wallet.sync()).unwrap();
    assert_eq!(left(&wallet), before);
    world.advance(24 * 3600 + 60);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.read(|data| data.made.len()).unwrap(), 0);
}

#[test]
fn a_payment_from_before_the_issuers_clock_was_put_back_is_known_after_the_naming() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.clock().set_skew(HOUR_MS);
    let code = run(wallet.payment_code(Some(amount(100)))).unwrap();
    let (key, veil) = wallet.read(|data| (data.device_key, data.allowance.clone().unwrap().veil)).unwrap();
    let token = UnverifiedToken::from_text(&code.text).unwrap().verify(&key, &veil).unwrap();
    // The issuer's clock was an hour ahead as well when the till's call arrived; the payment is done just before the naming.
    let issuer = Rc::clone(&world.issuer);
    world.issuer.carry(move |path, response| {
        if path == NameCounters::PATH {
            issuer.record(Kind::Payment, Some(key.thumbprint()), Some(&token), Some(100));
            issuer.book.borrow_mut().receipts.last_mut().unwrap().0.time = token.issued_at + 5;
        }
        response
    });
    world.place.clock().set_skew(0);
    world.advance(2);
    run(wallet.sync()).unwrap();
    run(wallet.sync()).unwrap();
    assert_eq!((named(&world), wallet.state().recent.len()), (vec![1], 2));
    assert_eq!(wallet.state().alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [] as [AlertKind; 0]);
}
