//! The owner's own limit, and refills.
#![allow(clippy::unwrap_used)]
use super::steps::{advance, at, confirm, pay};
use super::*;

#[test]
fn a_limit_is_lowered_and_raised_by_a_step_up_alone() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let ask = |old, new| PrepareLimit { old: Amount::of(old), new: Amount::of(new), head: Hash::ZERO };
    assert_eq!(device.call(&issuer, &ask(50_000, 0)).err(), Some(Code::BadAmount));
    assert_eq!(device.call(&issuer, &ask(50_000, 50_001)).err(), Some(Code::OverLimit));
    let prepared = device.call(&issuer, &ask(50_000, 300)).unwrap();
    assert_ne!(standing(&issuer, &channel).left.amount, Amount::of(300), "nothing before it is signed");
    confirm(&issuer, &device, &prepared).unwrap();
    assert_eq!(standing(&issuer, &channel).left.amount, Amount::of(300));
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 301, "1").outcome, Outcome::Declined);
    assert_eq!(device.call(&issuer, &ask(299, 1_000)).err(), Some(Code::IntentMismatch));
    assert_eq!(device.call(&issuer, &ask(300, 300)).err(), Some(Code::BadAmount));
    assert_eq!(device.call(&issuer, &ask(300, 50_001)).err(), Some(Code::OverLimit));
    let prepared = device.call(&issuer, &ask(300, 1_000)).unwrap();
    assert_eq!(standing(&issuer, &channel).left.amount, Amount::of(300), "nothing before it is signed");
    confirm(&issuer, &device, &prepared).unwrap();
    assert_eq!(standing(&issuer, &channel).left.amount, Amount::of(1_000));
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 301, "2").outcome, Outcome::Approved);
    let changes = kinds(&issuer, &channel).into_iter().filter(|(kind, _)| *kind == receipt::Kind::LimitsChanged);
    assert_eq!(changes.count(), 2);
}

#[test]
fn a_refill_beyond_the_silent_one_needs_a_step_up_and_never_a_new_window() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1");
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
    let ask = |per_payment, count, total, until| PrepareRefill {
        per_payment: Amount::of(per_payment),
        count,
        total: Amount::of(total),
        until,
        head: Hash::ZERO,
    };
    let week = at(&issuer) + 7 * 24 * 3600;
    for over in [
        ask(10_001, 5, 20_000, week),
        ask(100, 11, 20_000, week),
        ask(100, 5, 20_001, week),
        ask(100, 5, 500, week + 1),
    ] {
        assert_eq!(device.call(&issuer, &over).err(), Some(Code::OverLimit));
    }
    assert_eq!(device.call(&issuer, &ask(0, 5, 100, week)).err(), Some(Code::BadAmount));
    let prepared = device.call(&issuer, &ask(5_000, 5, 15_000, week)).unwrap();
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
    confirm(&issuer, &device, &prepared).unwrap();
    let before = standing(&issuer, &channel);
    let refilled = device.call(&issuer, &Refill {}).unwrap();
    assert_eq!((refilled.left.amount, refilled.left.count), (Amount::of(14_500), 4));
    assert_eq!(before.left.amount, Amount::of(19_500));
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit), "one agreement, one refill");
    assert_eq!(kinds(&issuer, &channel).pop().unwrap().0, receipt::Kind::Refilled);
    // Agreed to and not fetched in time.
    let prepared = device.call(&issuer, &ask(5_000, 5, 15_000, week)).unwrap();
    confirm(&issuer, &device, &prepared).unwrap();
    advance(&issuer, 300);
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
}
