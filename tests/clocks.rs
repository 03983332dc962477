//! Clocks that go back, stand and jump: no honest phone is suspended for one, and none stops paying for longer than
//! 160 seconds and one sync (protocol section 2, "Single use and clones").
#![cfg(all(feature = "wallet", feature = "issuer", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/world.rs"]
mod world;

use jitsuin::issuer::desk::Reply;
use jitsuin::wallet::memory::{FnTransport, Place, run};
use jitsuin::wallet::ports::{Platform as _, Response, StoreError};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::{Call as _, NameCounters, Outcome};
use jitsuin::wire::id::Nonce;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::token::{Limit, Token};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use world::{Caller, ISSUER, Road, Till, World, data, yen};

const DAY: u64 = 24 * 3600;

/// A second tab, until it has drawn its code.
type Tab = Rc<RefCell<Option<(Place, Wallet<Place>)>>>;

/// The reasons of all refusals, newest first.
fn reasons(wallet: &Wallet<Place>) -> Vec<String> {
    let declined = wallet.receipts(None, 100).into_iter().filter(|receipt| receipt.kind == Kind::Declined);
    declined.filter_map(|receipt| receipt.reason.clone()).collect()
}

async fn stage() -> (World, Place, Wallet<Place>, Till) {
    let world = World::new().await;
    let (place, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    (world, place, wallet, till)
}

/// A token of a copied key under the copied allowance.
fn forge(place: &Place, key: &Caller, now: u32, atc: u32) -> String {
    let terms = data(place).allowance.unwrap();
    let token = Token { limit: Limit::Allowance, issued_at: now, expires_at: now + 60, atc, random: [7; 4] };
    let unsigned = token.prepare(terms.handle, &terms.veil).unwrap();
    Token::text(&unsigned, &key.sign(unsigned.message()))
}

/// A code that is drawn while the wall clock is so many seconds ahead.
async fn code_ahead(place: &Place, wallet: &Wallet<Place>, seconds: u64) -> String {
    place.clock().set_skew(i64::try_from(seconds * 1000).unwrap());
    let code = wallet.payment_code(Some(yen(100))).await.unwrap().text;
    place.clock().set_skew(0);
    code
}

#[test]
fn a_phone_whose_clock_was_put_right_pays_on() {
    for ahead in [40, 80] {
        run(async {
            let (world, place, wallet, till) = stage().await;
            let first = code_ahead(&place, &wallet, ahead).await;
            wallet.sync().await.unwrap();
            world.advance(2);
            let second = wallet.payment_code(Some(yen(100))).await.unwrap().text;
            world.advance(ahead - 30);
            assert_eq!(till.outcome(&first, 100, "sale-1").await, Outcome::Approved, "{ahead} s ahead");
            world.advance(61);
            assert_eq!(till.outcome(&second, 100, "sale-2").await, Outcome::Approved, "{ahead} s ahead");
            wallet.sync().await.unwrap();
            assert_eq!((wallet.state().status, reasons(&wallet)), (Status::Ready, vec![]), "{ahead} s ahead");
        });
    }
}

#[test]
fn a_code_under_the_handle_before_is_no_evidence_when_the_clock_was_put_right() {
    run(async {
        let (world, place, wallet, till) = stage().await;
        world.advance(6 * DAY);
        let before = data(&place).allowance.unwrap().handle;
        let first = code_ahead(&place, &wallet, 40).await;
        wallet.sync().await.unwrap();
        assert_ne!(data(&place).allowance.unwrap().handle, before, "refilled silently");
        world.advance(2);
        let second = wallet.payment_code(Some(yen(100))).await.unwrap().text;
        world.advance(9);
        assert_eq!(till.outcome(&second, 100, "sale-1").await, Outcome::Approved);
        world.advance(61);
        assert_eq!(till.outcome(&first, 100, "sale-2").await, Outcome::Approved, "within the grace");
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, reasons(&wallet)), (Status::Ready, vec![]));
    });
}

/// A script moves the clock of an open page far ahead, has a code drawn and moves it back.
async fn a_clock_that_jumped_costs_one_sync(ahead: u64, pays_before: bool) {
    let (world, place, wallet, till) = stage().await;
    let stolen = code_ahead(&place, &wallet, ahead).await;
    world.advance(2);
    wallet.sync().await.unwrap();
    if pays_before {
        let code = wallet.payment_code(Some(yen(100))).await.unwrap().text;
        assert_eq!(till.outcome(&code, 100, "sale-1").await, Outcome::Approved, "{ahead} s ahead");
        wallet.sync().await.unwrap();
    }
    // The stranger waits until the code comes alive.
    world.advance(ahead - 2);
    assert_eq!(till.outcome(&stolen, 100, "theft").await, Outcome::TokenUsed, "{ahead} s ahead");
    wallet.sync().await.unwrap();
    world.advance(61);
    let code = wallet.payment_code(Some(yen(100))).await.unwrap().text;
    assert_eq!(till.outcome(&code, 100, "sale-2").await, Outcome::Approved, "{ahead} s ahead");
    wallet.sync().await.unwrap();
    assert_eq!((wallet.state().status, reasons(&wallet)), (Status::Ready, vec![]), "{ahead} s ahead");
    assert!(wallet.state().alerts.is_empty(), "{:?}", wallet.state().alerts);
    world.audit().await;
}

#[test]
fn a_code_dated_ahead_is_used_when_it_comes_alive_after_the_next_payment() {
    for ahead in [170, 3600, 6 * DAY] {
        run(a_clock_that_jumped_costs_one_sync(ahead, true));
    }
}

#[test]
fn a_code_dated_ahead_is_used_when_it_comes_alive_before_the_next_payment() {
    for ahead in [170, 3600, 6 * DAY] {
        run(a_clock_that_jumped_costs_one_sync(ahead, false));
    }
}

#[test]
fn a_code_that_another_tab_draws_while_counters_are_named_is_named_next() {
    run(async {
        let (world, _, _, till) = stage().await;
        // A profile of its own, on whose road the second tab draws a code by the wrong clock, once.
        let tab: Tab = Rc::default();
        let (held, desk) = (Rc::clone(&tab), world.clone());
        let named = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&named);
        let transport = FnTransport::new(move |request| {
            let (held, desk, seen) = (Rc::clone(&held), desk.clone(), Rc::clone(&seen));
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                if path == NameCounters::PATH {
                    let call: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                    seen.borrow_mut().push(call["counter"].as_u64().unwrap());
                    let other = held.borrow_mut().take();
                    if let Some((place, wallet)) = other {
                        code_ahead(&place, &wallet, 600).await;
                    }
                }
                let Reply { status, body, nonce, retry_after, .. } =
                    desk.answer(request.method, &path, request.body, request.proof).await;
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        let place = world.place_over(ISSUER, transport);
        let one = world.wallet(&place).await;
        let ticket = world.ticket(&one, "taro").await.unwrap();
        let ceremony = one.prepare_enrolment(&ticket, "Test phone", None).await.unwrap();
        one.confirm(ceremony.id).await.unwrap();
        code_ahead(&place, &one, 600).await;
        world.advance(2);
        let second = world.wallet(&place).await;
        tab.borrow_mut().replace((place.clone(), second));
        one.sync().await.unwrap();
        assert_eq!(data(&place).atc, 2);
        world.advance(2);
        let code = one.payment_code(Some(yen(100))).await.unwrap();
        assert_eq!((named.borrow().as_slice(), code.counter), ([1, 2].as_slice(), 3));
        assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
    });
}

#[test]
fn a_renewed_key_goes_on_above_the_counters_that_were_named() {
    run(async {
        let (world, place, wallet, till) = stage().await;
        code_ahead(&place, &wallet, 3_600).await;
        world.advance(2);
        wallet.sync().await.unwrap();
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
        let code = wallet.payment_code(Some(yen(100))).await.unwrap();
        assert_eq!(code.counter, 2);
        assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
    });
}

#[test]
fn a_thief_in_a_gap_of_the_owners_counters_is_seen_by_the_owners_wallet() {
    run(async {
        let (world, place, wallet, till) = stage().await;
        let thief = Caller::thief_of(&world, &place).await;
        let gap = data(&place).atc + 1;
        for _ in 0..2 {
            wallet.payment_code(Some(yen(100))).await.unwrap();
            world.advance(2);
        }
        let code = wallet.payment_code(Some(yen(100))).await.unwrap();
        assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
        // Codes that were shown in vain left counters free, and within 160 seconds no order of dates tells.
        world.advance(61);
        let stolen = forge(&place, &thief, world.now(), gap);
        assert_eq!(till.outcome(&stolen, 1_000, "theft-1").await, Outcome::Approved);
        wallet.sync().await.unwrap();
        let alerts: Vec<_> = wallet.state().alerts.iter().map(|alert| alert.kind).collect();
        assert_eq!(alerts, [AlertKind::UnknownUse]);
        // Later, it does.
        world.advance(100);
        let stolen = forge(&place, &thief, world.now(), gap + 1);
        assert_eq!(till.outcome(&stolen, 1_000, "theft-2").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Suspended);
    });
}

#[test]
fn a_thief_who_names_counters_stops_no_phone_for_longer_than_a_sync() {
    run(async {
        let (world, place, wallet, till) = stage().await;
        let thief = Caller::thief_of(&world, &place).await;
        let name = |counter| NameCounters { nonce: Nonce([1; 16]), counter };
        let far = thief.call(&name(65_537)).await.unwrap_err();
        assert_eq!(far.code, "bad-argument");
        thief.call(&name(30)).await.unwrap();
        // The owner's next code stands below that: used, no evidence, and after a sync the next one pays.
        let code = wallet.payment_code(Some(yen(100))).await.unwrap();
        assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::TokenUsed);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
        world.advance(2);
        let code = wallet.payment_code(Some(yen(100))).await.unwrap();
        assert_eq!(code.counter, 31);
        assert_eq!(till.outcome(&code.text, 100, "sale-2").await, Outcome::Approved);
        // The channel key names nothing, and neither does a key that was stopped.
        wallet.freeze().await.unwrap();
        assert_eq!(thief.call(&name(40)).await.unwrap_err().code, "frozen");
    });
}

/// What an owner does in a day: news, a payment, a top-up.
async fn a_day(world: &World, wallet: &Wallet<Place>, till: &Till, name: &str) {
    wallet.sync().await.unwrap_or_else(|error| panic!("{name}: sync: {}", error.code));
    world.advance(61);
    let code = wallet.payment_code(Some(yen(100))).await.unwrap_or_else(|error| panic!("{name}: code: {}", error.code));
    let sale = format!("sale-{}", name.replace([' ', ':'], "-"));
    assert_eq!(till.outcome(&code.text, 100, &sale).await, Outcome::Approved, "{name}");
    wallet.sync().await.unwrap_or_else(|error| panic!("{name}: second sync: {}", error.code));
    world.advance(600);
    world.top_up(wallet, 1_000, "card-1").await.unwrap_or_else(|error| panic!("{name}: top-up: {}", error.code));
    assert_eq!((wallet.state().status, reasons(wallet)), (Status::Ready, vec![]), "{name}");
    let told = wallet.state().alerts.iter().filter(|alert| alert.kind != AlertKind::ClockSkew).count();
    assert_eq!(told, 0, "{name}: {:?}", wallet.state().alerts);
    world.audit().await;
}

/// How a clock is wrong for a while, in seconds; and whether it is put right afterwards.
const MOVES: [(&str, i64); 6] = [
    ("back by a minute", -60),
    ("back by an hour", -3_600),
    ("back by a day", -86_400),
    ("ahead by a minute", 60),
    ("ahead by an hour", 3_600),
    ("ahead by two days", 172_800),
];

/// A phone's clock may be anything.
const FAR: [(&str, i64); 2] = [("back by two years", -63_072_000), ("ahead by two years", 63_072_000)];

#[test]
fn a_phone_whose_clock_moves_under_the_page_goes_on() {
    for (name, seconds) in MOVES.into_iter().chain(FAR) {
        run(async {
            let (world, place, wallet, till) = stage().await;
            a_day(&world, &wallet, &till, &format!("before: {name}")).await;
            place.clock().set_skew(seconds * 1000);
            a_day(&world, &wallet, &till, name).await;
            place.clock().set_skew(0);
            a_day(&world, &wallet, &till, &format!("put right: {name}")).await;
        });
    }
}

#[test]
fn a_phone_whose_clock_moves_while_the_page_is_closed_goes_on() {
    for (name, seconds) in MOVES.into_iter().chain(FAR) {
        run(async {
            let (world, place, wallet, till) = stage().await;
            a_day(&world, &wallet, &till, &format!("before: {name}")).await;
            drop(wallet);
            place.clock().set_skew(seconds * 1000);
            let wallet = world.wallet(&place).await;
            a_day(&world, &wallet, &till, name).await;
            drop(wallet);
            place.clock().set_skew(0);
            let wallet = world.wallet(&place).await;
            a_day(&world, &wallet, &till, &format!("put right: {name}")).await;
        });
    }
}

#[test]
fn an_issuer_whose_clock_moves_takes_payments_on() {
    for (name, seconds) in MOVES {
        run(async {
            let (world, _, wallet, till) = stage().await;
            // The device and the card are no news any more.
            world.advance(3 * DAY);
            a_day(&world, &wallet, &till, &format!("before: {name}")).await;
            let clock = world.issuer.ledger().clock();
            clock.set(clock.now_ms().saturating_add_signed(seconds * 1000));
            a_day(&world, &wallet, &till, name).await;
            clock.set(clock.now_ms().saturating_add_signed(-seconds * 1000));
            a_day(&world, &wallet, &till, &format!("put right: {name}")).await;
        });
    }
}

#[test]
fn a_clock_that_stands_stops_nobody() {
    run(async {
        let (world, place, wallet, till) = stage().await;
        a_day(&world, &wallet, &till, "before").await;
        // The wall clock stood for ten minutes.
        place.clock().set_skew(-600_000);
        a_day(&world, &wallet, &till, "the phone's").await;
        place.clock().set_skew(0);
        a_day(&world, &wallet, &till, "the phone's put right").await;
        let (world, _, wallet, till) = stage().await;
        a_day(&world, &wallet, &till, "before").await;
        let clock = world.issuer.ledger().clock();
        clock.set(clock.now_ms() - 50_000);
        a_day(&world, &wallet, &till, "the issuer's").await;
        clock.set(clock.now_ms() + 50_000);
        a_day(&world, &wallet, &till, "the issuer's put right").await;
    });
}

/// One storage fault, where the issuer's clock would be noted.
#[test]
fn a_phone_whose_clock_is_wrong_freezes_though_the_time_it_learns_is_not_stored() {
    for skew in [-3_600_000, 3_600_000] {
        run(async {
            let world = World::new().await;
            let place: Rc<RefCell<Option<Place>>> = Rc::default();
            let store = Rc::clone(&place);
            let is_wrong = Rc::new(Cell::new(false));
            let wrong = Rc::clone(&is_wrong);
            place.replace(Some(world.place_on(move |at| {
                let fails = match at {
                    Road::Out("/v1/sync") => wrong.get().then_some(StoreError::Failed),
                    Road::Out("/v1/freeze") => None,
                    _ => return None,
                };
                store.borrow().as_ref().unwrap().store().fail(fails);
                None
            })));
            let place = place.borrow().clone().unwrap();
            let wallet = world.wallet(&place).await;
            world.enrol(&wallet, "hanako").await.unwrap();
            drop(wallet);
            place.clock().set_skew(skew);
            let wallet = world.wallet(&place).await;
            is_wrong.set(true);
            wallet.freeze().await.unwrap_or_else(|error| panic!("{skew}: {error}"));
            assert_eq!(wallet.state().status, Status::Frozen);
        });
    }
}
