//! "It was not me", said more often than an account has room for.
#![allow(clippy::unwrap_used)]
use super::freeze::{freeze, order, unfreeze};
use super::steps::{advance, pay};
use super::*;
use crate::issuer::account::{Account, Held, HeldCause};
use crate::wire::id::AccountId;

fn account<R: Send>(issuer: &World, id: &AccountId, look: impl Fn(&mut Account) -> R + Send + core::marker::Sync) -> R {
    let needs = Needs::new().and(Kind::Accounts, id);
    now(issuer.ledger().transact(needs, |records| {
        let mut owner = records.accounts.get(id).cloned().unwrap();
        let seen = look(&mut owner);
        records.accounts.put(id, owner);
        seen
    }))
    .unwrap()
}

/// As many reported payments as there is room for, none of which a person has looked at.
fn fill(issuer: &World, id: &AccountId) {
    let held = |seq| Held {
        payment: format!("p-{seq}"),
        seq,
        at: 1,
        reported: true,
        cause: HeldCause::Person,
        told: 0,
        fetched_at: None,
    };
    account(issuer, id, |owner| owner.held.extend((1_000..1_100).map(held)));
}

fn waiting(issuer: &World, id: &AccountId) -> (usize, u32) {
    account(issuer, id, |owner| (owner.held.len(), owner.reported_more))
}

/// Number of the newest receipt.
fn newest(issuer: &World, channel: &Client) -> u64 {
    sync(issuer, channel).receipts.len() as u64
}

fn report(issuer: &World, channel: &Client, seq: u64) {
    channel.call(issuer, &ReportUse { statement: order(issuer, channel), seq: Some(seq) }).unwrap();
}

#[test]
fn one_report_too_many_adds_no_row_and_its_money_waits_all_the_same() {
    for give_back in [true, false] {
        let issuer = world();
        let (device, channel) = enrolled(&issuer, "hanako");
        let id = device.account.clone().unwrap();
        let shop = till(&issuer, TILL, "t/1001");
        let paid = pay(&issuer, &shop, &token(&issuer, &id, 1), 500, "1").payment.unwrap();
        let seq = newest(&issuer, &channel);
        fill(&issuer, &id);
        report(&issuer, &channel, seq);
        assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
        assert_eq!(waiting(&issuer, &id), (100, 1));
        report(&issuer, &channel, seq);
        assert_eq!(waiting(&issuer, &id), (100, 1), "said twice");
        now(issuer.settle_held(&id, &paid, give_back)).unwrap();
        assert_eq!(balance(&issuer, &channel), if give_back { 2_000 } else { 1_500 });
        assert_eq!(waiting(&issuer, &id), (100, 0));
        assert_eq!(now(issuer.settle_held(&id, &paid, true)).unwrap_err().code, Code::NotFound);
    }
}

#[test]
fn a_reported_payment_that_its_till_reverses_waits_no_more() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let payment = pay(&issuer, &shop, &token(&issuer, &id, 1), 500, "1").payment.unwrap();
    fill(&issuer, &id);
    report(&issuer, &channel, newest(&issuer, &channel));
    shop.call(&issuer, &ReversePayment { payment: payment.clone(), key: "idempotency-reverse".into() }).unwrap();
    assert_eq!(waiting(&issuer, &id), (100, 0));
    assert_eq!(now(issuer.settle_held(&id, &payment, true)).unwrap_err().code, Code::NotFound);
    assert_eq!(balance(&issuer, &channel), 2_000);
}

#[test]
fn reports_leave_room_for_a_code_that_turns_up_at_a_second_till() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let (shop, other) = (till(&issuer, TILL, "t/1001"), till(&issuer, TILL + 1, "t/2002"));
    fill(&issuer, &id);
    let lifted = token(&issuer, &id, 1);
    assert_eq!(pay(&issuer, &shop, &lifted, 500, "1").outcome, Outcome::Approved);
    advance(&issuer, 1);
    assert_eq!(pay(&issuer, &other, &lifted, 500, "2").outcome, Outcome::TokenUsed);
    assert_eq!(waiting(&issuer, &id), (101, 0));
    assert_eq!(kinds(&issuer, &channel).pop().unwrap().0, receipt::Kind::Held);
}

#[test]
fn a_report_that_is_refused_marks_no_payment() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let payment = pay(&issuer, &shop, &token(&issuer, &id, 1), 500, "1").payment.unwrap();
    let seq = newest(&issuer, &channel);
    for _ in 0..3 {
        advance(&issuer, 1);
        freeze(&issuer, &channel).unwrap();
        unfreeze(&issuer, &device).unwrap();
    }
    fill(&issuer, &id);
    let call = ReportUse { statement: order(&issuer, &channel), seq: Some(seq) };
    assert_eq!(channel.call(&issuer, &call).err(), Some(Code::TooManyAttempts));
    assert_eq!(waiting(&issuer, &id), (100, 0));
    let marked = |records: &mut Records| records.payments.get(&payment).unwrap().reported_at;
    let needs = Needs::new().and(Kind::Payments, &payment);
    assert_eq!(now(issuer.ledger().transact(needs, marked)).unwrap(), None);
}

#[test]
fn a_reported_payment_that_is_doubtful_for_another_reason_too_is_released_by_no_time() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let (shop, other) = (till(&issuer, TILL, "t/1001"), till(&issuer, TILL + 1, "t/2002"));
    let (first, second) = (token(&issuer, &id, 1), token(&issuer, &id, 2));
    let payment = pay(&issuer, &shop, &first, 500, "1").payment.unwrap();
    fill(&issuer, &id);
    report(&issuer, &channel, newest(&issuer, &channel));
    unfreeze(&issuer, &device).unwrap();
    // Both tokens were made before its receipt was shown: the payment elsewhere makes the one before doubtful.
    account(&issuer, &id, |owner| owner.tokens_from = 0);
    advance(&issuer, 11);
    assert_eq!(pay(&issuer, &other, &second, 500, "2").outcome, Outcome::Approved);
    let held = account(&issuer, &id, |owner| {
        owner.held.iter().find(|held| held.payment == payment).map(|held| (held.reported, held.told > 0))
    });
    assert_eq!(held, Some((true, true)));
    now(issuer.settle_held(&id, &payment, true)).unwrap();
    assert_eq!(waiting(&issuer, &id), (100, 0));
}
