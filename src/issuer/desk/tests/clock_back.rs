//! A ledger's clock that was ahead, swept what had ended by it, and is put right: what counts once still counts once.
#![allow(clippy::unwrap_used)]
use super::freeze::{order, stop_code};
use super::steps::{advance, confirm, pay};
use super::*;
use crate::issuer::ledger::CLOCK_BACK;
use crate::wire::id::{AccountId, CallId};

const YEAR: u32 = 365 * 24 * 3600;

/// The clock jumps ahead, the ledger is swept, and the clock is put right.
fn jump(issuer: &World, seconds: u32) {
    let before = issuer.ledger().now_ms();
    advance(issuer, seconds);
    now(issuer.sweep()).unwrap();
    issuer.ledger().clock().set(before);
}

fn limit(issuer: &World, device: &Client, old: u32, new: u32) -> IntentPrepared {
    let call = PrepareLimit { old: Amount::of(old), new: Amount::of(new), head: Hash::ZERO };
    device.call(issuer, &call).unwrap()
}

/// A released account, whose clock was ahead meanwhile.
fn released(issuer: &World, account: &AccountId) {
    now(issuer.release_account(account)).unwrap();
    jump(issuer, CLOCK_BACK);
}

#[test]
fn a_used_step_up_stays_used() {
    for ahead in [301, CLOCK_BACK, YEAR] {
        let issuer = world();
        let (device, _) = enrolled(&issuer, "hanako");
        let first = limit(&issuer, &device, 50_000, 40_000);
        confirm(&issuer, &device, &first).unwrap();
        let second = limit(&issuer, &device, 40_000, 50_000);
        confirm(&issuer, &device, &second).unwrap();
        jump(&issuer, ahead);
        assert_eq!(confirm(&issuer, &device, &first).err(), Some(Code::IntentExpired), "{ahead} s ahead");
    }
}

#[test]
fn an_intent_that_was_made_ahead_does_not_live_until_the_clock_has_caught_up() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    for (ahead, holds) in [(31, false), (30, true)] {
        let before = issuer.ledger().now_ms();
        advance(&issuer, ahead);
        let made = limit(&issuer, &device, 50_000, 40_000);
        issuer.ledger().clock().set(before);
        let refused = (!holds).then_some(Code::IntentExpired);
        assert_eq!(confirm(&issuer, &device, &made).err(), refused, "{ahead} s ahead");
    }
}

#[test]
fn a_nonce_that_failed_is_forgotten_with_its_intent_and_a_used_one_never() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let made = limit(&issuer, &device, 50_000, 40_000);
    let intent = Intent::from_bytes(&made.intent.0).unwrap();
    let unsigned = ConfirmIntent { co_signature: None, ..agree(&device, &intent, &Passkey::new(PASSKEY)) };
    assert_eq!(device.call(&issuer, &unsigned).err(), Some(Code::CoSignatureMissing));
    confirm(&issuer, &device, &limit(&issuer, &device, 50_000, 40_000)).unwrap();
    assert_eq!(now(issuer.ledger().keys(Kind::Nonces)).unwrap().len(), 2);
    advance(&issuer, YEAR);
    now(issuer.sweep()).unwrap();
    assert_eq!(now(issuer.ledger().keys(Kind::Nonces)).unwrap().len(), 1);
}

#[test]
fn a_used_stop_code_and_a_used_order_freeze_nothing_again() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let by_code = FreezeByCode { code: stop_code(&issuer) };
    let by_order = FreezeAccount { statement: order(&issuer, &channel) };
    let stranger = Client::new(60);
    stranger.call(&issuer, &by_code).unwrap();
    released(&issuer, &account);
    assert_eq!(stranger.call(&issuer, &by_code).err(), Some(Code::CodeRefused));
    channel.call(&issuer, &by_order).unwrap();
    released(&issuer, &account);
    assert_eq!(channel.call(&issuer, &by_order).err(), Some(Code::IntentExpired));
}

#[test]
fn a_call_that_comes_again_hears_its_first_answer() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let token = token(&issuer, &account, 1);
    let paid = pay(&issuer, &shop, &token, 500, "1");
    let intent = Intent::from_bytes(&limit(&issuer, &device, 50_000, 40_000).intent.0).unwrap();
    let sent = body(&agree(&device, &intent, &Passkey::new(PASSKEY)), ByCall(CallId([1; 16])));
    let first = device.send(&issuer, ConfirmIntent::PATH, &sent);
    assert_eq!(code(&first), None);
    jump(&issuer, CLOCK_BACK);
    assert_eq!(pay(&issuer, &shop, &token, 500, "1"), paid);
    assert_eq!(device.send(&issuer, ConfirmIntent::PATH, &sent).body, first.body);
    assert_eq!(balance(&issuer, &channel), 1_500);
}

#[test]
fn what_is_kept_under_a_code_or_ticket_is_gone_once_it_was_used() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    device.call(&issuer, &preparation(ticket.clone(), CHANNEL)).unwrap();
    jump(&issuer, CLOCK_BACK);
    assert_eq!(device.call(&issuer, &preparation(ticket, CHANNEL)).err(), Some(Code::TicketExpired));
    let code = now(issuer.send_till_code(&"t/1001".parse().unwrap())).unwrap();
    Client::new(TILL).call(&issuer, &EnrolTill { code: code.clone() }).unwrap();
    jump(&issuer, CLOCK_BACK);
    assert_eq!(Client::new(60).call(&issuer, &EnrolTill { code }).err(), Some(Code::CodeRefused));
}
