//! What waits, and what a young merchant may take.

use super::doctored::*;
use super::facts::{Disowned, Facts};
use super::promises::broken;
use jitsuin::code::Code;
use jitsuin::issuer::account::{Held, HeldCause};
use jitsuin::rules::policy::Policy;
use jitsuin::wire::number::Whole;
use jitsuin::wire::receipt::Kind;

/// Hanako's first payment is released.
fn release(facts: &mut Facts) {
    later(facts, 1);
    let seq = first(facts);
    write(facts, Kind::Released, None, |_, body| body.undoes = Some(Whole::saturating(seq)));
}

fn first(facts: &mut Facts) -> u64 {
    let paid = own(facts).1.iter().find(|receipt| receipt.kind == Kind::Payment);
    paid.unwrap().seq
}

fn report(facts: &mut Facts) {
    let (seq, at_ms) = (first(facts), facts.now_ms);
    facts.owners[0].disowned.push(Disowned { seq, at_ms });
}

#[test]
fn what_is_reported_waits() {
    keeps(release);
    keeps(report);
    breaks("what-is-reported-waits", |facts| {
        report(facts);
        release(facts);
    });
    // Released before it was reported, or by a person.
    keeps(|facts| {
        release(facts);
        report(facts);
    });
    keeps(|facts| {
        report(facts);
        let seq = first(facts);
        facts.owners[0].settled.push(seq);
        release(facts);
    });
}

#[test]
fn no_shop_waits_for_ever() {
    let waits = |facts: &mut Facts, reported: bool, seconds: u64| {
        let (seq, at) = (first(facts), now(facts));
        let (account, _) = own(facts);
        let cause = HeldCause::Elsewhere(account.devices[0].thumb);
        let payment = "doctored".into();
        account.held.push(Held { payment, seq, at, reported, cause, told: seq + 1, fetched_at: None });
        later(facts, seconds);
        facts.calm = true;
    };
    let most = u64::from(Policy::default().hold_most_seconds);
    keeps(|facts| waits(facts, false, most));
    keeps(|facts| waits(facts, true, most + 7_200));
    breaks("no-shop-waits-for-ever", |facts| waits(facts, false, most + 7_200));
}

#[test]
fn a_young_shop_takes_at_most() {
    let mut facts = story();
    let seen = |facts: &Facts, day: u32| {
        let mut policy = Policy::default();
        policy.breakers.young.day = amount(day);
        broken(facts, &policy).into_iter().map(|broken| broken.promise).collect::<Vec<_>>()
    };
    // 540, 300 that were given back, and 700.
    assert_eq!(seen(&facts, 1_539), [""; 0]);
    facts.young.push("m/1001".into());
    assert_eq!(seen(&facts, 1_539), ["a-young-shop-takes-at-most"]);
    assert_eq!(seen(&facts, 1_540), [""; 0]);
}

#[test]
fn nobody_is_kept_waiting() {
    let hurried =
        |facts: &mut Facts| write(facts, Kind::Declined, Some(300), |_, body| body.reason = Some(Code::TooFast.into()));
    keeps(|facts| {
        pay(facts, 300, (900, [9; 4]));
        later(facts, 5);
        hurried(facts);
    });
    breaks("nobody-is-kept-waiting", |facts| {
        later(facts, 3_600);
        hurried(facts);
    });
}
