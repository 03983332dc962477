mod state;
mod unsigned;

use super::*;
use crate::wallet::Status;
use crate::wallet::memory::{Place, run};
use crate::wallet::ports::Response;
use crate::wallet::scripted::{Trick, World};
use crate::wallet::state::AlertKind;
use crate::wire::calls::Call as _;
use crate::wire::id::Thumbprint;
use crate::wire::money::Amount;
use crate::wire::receipt::Kind;

fn causes(wallet: &Wallet<Place>) -> Vec<Cause> {
    wallet.state().alerts.iter().filter_map(|alert| alert.cause).collect()
}

fn code<T: core::fmt::Debug>(result: Result<T, Error>) -> Code {
    result.unwrap_err().code
}

/// Changes what the answers to one call say in JSON, from now on.
fn change_answers(world: &World, path: &'static str, change: impl Fn(&mut serde_json::Value) + 'static) {
    world.issuer.carry(move |called, response| {
        if called != path || response.status != 200 {
            return response;
        }
        let mut answer = serde_json::from_slice(&response.body).unwrap();
        change(&mut answer);
        Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
    });
}

fn own(wallet: &Wallet<Place>) -> Thumbprint {
    wallet.read(|data| data.device_key.thumbprint()).unwrap()
}

#[test]
fn a_history_that_does_not_hold_is_refused_and_alerted_once() {
    let table = [
        (Trick::ReceiptWrongKey, Code::ReceiptForged, Cause::Forged),
        (Trick::ReceiptLeftOut, Code::ChainGap, Cause::Gap),
        (Trick::OtherHistory, Code::ChainFork, Cause::Fork),
    ];
    for (trick, code, cause) in table {
        let world = World::new();
        let wallet = world.enrolled();
        let before = wallet.state();
        world.issuer.record(Kind::TopUp, Some(own(&wallet)), None, Some(100));
        world.issuer.record(Kind::TopUp, Some(own(&wallet)), None, Some(100));
        world.issuer.trick.set(Some(trick));
        for _ in 0..2 {
            assert_eq!(run(wallet.sync()).unwrap_err().code, code, "{trick:?}");
            assert_eq!(causes(&wallet), [cause]);
        }
        assert_eq!(wallet.state().balance, before.balance);
        assert_eq!(wallet.state().recent, before.recent);
        // It stays until it is acknowledged, also over a reload.
        let again = world.open();
        let id = again.state().alerts.first().unwrap().id.clone();
        run(again.acknowledge(&id)).unwrap();
        assert_eq!(again.state().alerts, []);
    }
}

#[test]
fn a_history_that_went_back_is_a_fork() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.book.borrow_mut().receipts.clear();
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::ChainFork);
    assert_eq!(causes(&wallet), [Cause::Fork]);
}

#[test]
fn an_old_head_and_a_replayed_time_are_not_believed() {
    for (trick, code) in [(Trick::OldHead, Code::ClockSkew), (Trick::OtherTimeNonce, Code::IssuerUntrusted)] {
        let world = World::new();
        let wallet = world.enrolled();
        let before = wallet.state().synced_at;
        world.advance(100);
        world.issuer.trick.set(Some(trick));
        assert_eq!(run(wallet.sync()).unwrap_err().code, code, "{trick:?}");
        assert_eq!(wallet.state().synced_at, before);
    }
}

#[test]
fn a_slow_round_trip_sets_no_clock() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.clock().set_skew(-300_000);
    world.issuer.trick.set(Some(Trick::SlowAnswer));
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().clock_offset_ms, 0);
    world.issuer.trick.set(None);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().clock_offset_ms, 300_000);
}

#[test]
fn many_receipts_come_in_rounds() {
    let world = World::new();
    let wallet = world.enrolled();
    for _ in 0..120 {
        world.issuer.record(Kind::TopUp, Some(own(&wallet)), None, Some(1));
    }
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.read(|data| data.link.seq).unwrap(), 121);
    assert_eq!(wallet.state().balance.unwrap().amount.minor_units(), 10_120);
    assert_eq!(wallet.receipts(None, 1_000).len(), 100);
    assert_eq!(wallet.receipts(Some(100), 2).iter().map(|receipt| receipt.sequence).collect::<Vec<_>>(), [99, 98]);
}

#[test]
fn the_issuers_state_of_this_device_stops_codes() {
    let table = [
        (DeviceStatus::Frozen, Status::Frozen, Code::Frozen),
        (DeviceStatus::Suspended, Status::Suspended, Code::Suspended),
        (DeviceStatus::Revoked, Status::Revoked, Code::Revoked),
    ];
    for (told, status, code) in table {
        let world = World::new();
        let wallet = world.enrolled();
        world.issuer.book.borrow_mut().status = told;
        run(wallet.sync()).unwrap();
        assert_eq!(wallet.state().status, status);
        assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, code);
        assert_eq!(run(wallet.refill()).unwrap_err().code, code);
        world.issuer.book.borrow_mut().status = DeviceStatus::Active;
        run(wallet.sync()).unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
        // A refused call says it too.
        world.issuer.trick.set(Some(Trick::Refuse(code)));
        assert_eq!(run(wallet.sync()).unwrap_err().code, code);
        assert_eq!(wallet.state().status, status);
    }
}

#[test]
fn a_stop_that_the_call_after_a_payment_tells_is_heard() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.record(Kind::Payment, Some(own(&wallet)), None, Some(540));
    // The first answer is taken, and with it the first change of state: the next call is refused.
    let issuer = std::rc::Rc::clone(&world.issuer);
    wallet.on_change(move || issuer.trick.set(Some(Trick::Refuse(Code::Suspended))));
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().recent.len(), world.issuer.book.borrow().receipts.len());
    assert_eq!(wallet.state().status, Status::Suspended);
}

#[test]
fn payments_that_go_on_are_left_to_the_next_sync() {
    let world = World::new();
    let wallet = world.enrolled();
    let device = own(&wallet);
    let pay = move |issuer: &crate::wallet::scripted::Issuer| {
        issuer.record(Kind::Payment, Some(device), None, Some(1));
    };
    pay(&world.issuer);
    // Whenever the wallet has learnt of one, there is another.
    let issuer = std::rc::Rc::clone(&world.issuer);
    wallet.on_change(move || {
        if issuer.book.borrow().receipts.len() < 20 {
            pay(&issuer);
        }
    });
    let calls = || world.place.transport().sent().iter().filter(|sent| sent.url.ends_with(Sync::PATH)).count();
    let before = calls();
    run(wallet.sync()).unwrap();
    assert_eq!(calls() - before, 2);
}

#[test]
fn little_is_told_once_where_something_used_it_up() {
    let world = World::new();
    let wallet = world.enrolled();
    let now = seconds(world.issuer.clock.true_ms());
    let told = |amount: u32, count: u32, resets_at: u32| {
        world.issuer.book.borrow_mut().left = Left { amount: Amount::of(amount), count, resets_at };
        run(wallet.sync()).unwrap();
        wallet.state().alerts.iter().filter(|alert| alert.kind == AlertKind::LowAllowance).count()
    };
    // A fifth of 20,000.
    assert_eq!(told(4_000, 2, now + 60), 0);
    assert_eq!(told(3_999, 2, now), 0);
    assert_eq!(told(3_999, 2, now + 60), 1);
    assert_eq!(told(3_000, 2, now + 60), 1);
    assert_eq!(told(4_000, 1, now + 61), 2);
}

#[test]
fn works_while_locked() {
    let world = World::new();
    let wallet = world.enrolled();
    wallet.lock();
    world.issuer.record(Kind::TopUp, Some(own(&wallet)), None, Some(5));
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().balance.unwrap().amount.minor_units(), 10_005);
    assert_eq!(wallet.state().status, Status::Locked);
}

#[test]
fn an_allowance_near_its_end_is_refilled_silently() {
    let world = World::new();
    let wallet = world.enrolled();
    let handle = || wallet.read(|data| data.allowance.clone().unwrap().handle).unwrap();
    let first = handle();
    world.advance(4 * 24 * 3600);
    run(wallet.sync()).unwrap();
    assert_eq!(handle(), first);
    world.advance(24 * 3600 + 1);
    run(wallet.sync()).unwrap();
    assert_ne!(handle(), first);
    assert_eq!(world.issuer.book.borrow().allowances, 2);
    run(wallet.sync()).unwrap();
    assert_eq!(world.issuer.book.borrow().allowances, 2);
}

#[test]
fn the_counter_keeps_above_the_issuers_floor() {
    let world = World::new();
    let wallet = world.enrolled();
    // 64, and 10 for each minute since the last contact.
    world.issuer.book.borrow_mut().floor = 64;
    run(wallet.sync()).unwrap();
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 65);
    world.advance(119);
    world.issuer.book.borrow_mut().floor = 65 + 64 + 10;
    run(wallet.sync()).unwrap();
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 140);
    assert_eq!(wallet.state().alerts, []);
}

#[test]
fn security_events_of_others_are_told_and_own_ones_are_not() {
    let world = World::new();
    let wallet = world.enrolled();
    assert_eq!(wallet.state().alerts, []);
    let other = Some(Thumbprint([9; 32]));
    for kind in [Kind::LimitsChanged, Kind::Frozen, Kind::Unfrozen] {
        world.issuer.record(kind, Some(own(&wallet)), None, None);
    }
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().alerts, []);
    let of_others = [
        Kind::DeviceAdded,
        Kind::RecoveryStarted,
        Kind::ContactChanged,
        Kind::LimitsChanged,
        Kind::Frozen,
        Kind::Unfrozen,
    ];
    for kind in of_others {
        world.issuer.record(kind, other, None, None);
    }
    // By the issuer's own people.
    world.issuer.record(Kind::Unfrozen, None, None, None);
    run(wallet.sync()).unwrap();
    let kinds: Vec<_> = wallet.state().alerts.iter().map(|alert| alert.kind).collect();
    assert_eq!(
        kinds,
        [
            AlertKind::NewDevice,
            AlertKind::RecoveryStarted,
            AlertKind::ContactChanged,
            AlertKind::LimitsChanged,
            AlertKind::Frozen,
            AlertKind::Unfrozen,
            AlertKind::Unfrozen
        ]
    );
}

#[test]
fn two_tabs_check_one_history() {
    let world = World::new();
    let one = world.enrolled();
    let two = world.open();
    world.issuer.record(Kind::TopUp, Some(own(&one)), None, Some(5));
    let (left, right) = run(crate::wallet::scripted::join(one.sync(), two.sync()));
    assert!(left.is_ok() && right.is_ok());
    run(one.sync()).unwrap();
    assert_eq!(one.state().recent, two.state().recent);
    assert_eq!(one.state().recent.len(), 2);
}

#[test]
fn an_issuer_that_shows_nothing_new_for_ten_minutes_is_told_of_once_and_one_out_of_reach_is_not() {
    let late = |wallet: &Wallet<Place>| {
        wallet.state().alerts.iter().filter(|alert| alert.kind == AlertKind::ReceiptsLate).count()
    };
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.trick.set(Some(Trick::OldHead));
    world.advance(599);
    assert!(run(wallet.sync()).is_err());
    assert_eq!(late(&wallet), 0);
    world.advance(2);
    for _ in 0..2 {
        assert!(run(wallet.sync()).is_err());
        assert_eq!(late(&wallet), 1);
    }
    world.issuer.trick.set(None);
    assert_eq!(run(wallet.sync()), Ok(()));
}

#[test]
fn what_a_wrong_clock_wrote_at_a_refill_binds_nothing_once_it_is_put_right() {
    let world = World::new();
    let wallet = world.enrolled();
    let handle = || wallet.read(|data| data.allowance.clone().unwrap().handle).unwrap();
    // Twenty days ahead by a script, and an answer too slow to learn the clock by.
    world.place.clock().set_skew(20 * 24 * 3_600_000);
    world.issuer.trick.set(Some(Trick::SlowAnswer));
    run(wallet.sync()).unwrap();
    let early = handle();
    world.issuer.trick.set(None);
    world.place.clock().set_skew(0);
    run(wallet.sync()).unwrap();
    let contact = wallet.read(|data| data.last_contact).unwrap();
    assert_eq!(contact, seconds(world.issuer.clock.true_ms()), "a contact is in the past");
    // Five days on, the allowance is near its end.
    world.advance(6 * 24 * 3600);
    run(wallet.sync()).unwrap();
    assert_ne!(handle(), early, "refilled silently");
}

#[test]
fn a_clock_that_jumped_does_not_make_receipts_late() {
    let late = |wallet: &Wallet<Place>| {
        wallet.state().alerts.iter().filter(|alert| alert.kind == AlertKind::ReceiptsLate).count()
    };
    let world = World::new();
    let wallet = world.enrolled();
    world.place.clock().set_skew(3_600_000);
    world.issuer.trick.set(Some(Trick::Refuse(Code::IssuerUnavailable)));
    assert!(run(wallet.sync()).is_err());
    assert_eq!(late(&wallet), 0);
    // Ten minutes of the steady clock do.
    world.advance(601);
    assert!(run(wallet.sync()).is_err());
    assert_eq!(late(&wallet), 1);
}
