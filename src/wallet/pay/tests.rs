use super::*;
use crate::wallet::memory::run;
use crate::wallet::scripted::{START_MS, World, amount, join, start};
use crate::wallet::state::Status;
use crate::wire::receipt::Kind;
use crate::wire::token::UnverifiedToken;
use core::time::Duration;

fn token(wallet: &Wallet<crate::wallet::memory::Place>, code: &PaymentCode) -> Token {
    let (key, veil) = wallet.read(|data| (data.device_key, data.allowance.clone().unwrap().veil)).unwrap();
    *UnverifiedToken::from_text(&code.text).unwrap().verify(&key, &veil).unwrap().into_inner()
}

#[test]
fn a_code_is_signed_counted_and_drawn() {
    let world = World::new();
    let wallet = world.enrolled();
    let code = run(wallet.payment_code(Some(amount(600)))).unwrap();
    let token = token(&wallet, &code);
    assert_eq!((token.atc, code.counter), (1, 1));
    assert_eq!(u64::from(token.issued_at), START_MS / 1000);
    assert_eq!(token.expires_at - token.issued_at, 60);
    assert_eq!(token.limit, Limit::UpTo { amount: amount(600), currency: "JPY".parse().unwrap() });
    assert_eq!(code.expires_at, START_MS + 60_000);
    assert!(code.svg.starts_with("<svg"));
    let veil = crate::wire::id::Veil([0; 16]);
    let key = wallet.read(|data| data.device_key).unwrap();
    assert!(UnverifiedToken::from_text(&code.text).unwrap().verify(&key, &veil).is_err());
    assert_eq!(format!("{code:?}"), "PaymentCode { counter: 1, .. }");
}

#[test]
fn a_crash_after_the_write_skips_a_number_and_nothing_else() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        world.place.store().crash_after_write();
        let mut lost = Box::pin(wallet.payment_code(None));
        start(&mut lost).await;
    });
    drop(wallet);
    world.advance(2);
    let again = world.open();
    let code = run(again.payment_code(None)).unwrap();
    assert_eq!(code.counter, 2);
    assert_eq!(again.state().status, Status::Ready);
    assert_eq!(again.read(|data| data.made.len()).unwrap(), 2);
}

#[test]
fn two_tabs_never_take_one_number() {
    let world = World::new();
    let one = world.enrolled();
    let two = world.open();
    let mut counters = Vec::new();
    for _ in 0..3 {
        counters.push(run(one.payment_code(None)).unwrap().counter);
        world.advance(2);
        counters.push(run(two.payment_code(None)).unwrap().counter);
        world.advance(2);
    }
    assert_eq!(counters, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn time_never_runs_back_in_codes() {
    let world = World::new();
    let wallet = world.enrolled();
    let first = run(wallet.payment_code(Some(amount(600)))).unwrap();
    drop(wallet);
    // The wall clock was set back while the page was closed, by what the issuer overlooks.
    world.place.clock().set_skew(-160_000);
    let again = world.open();
    let second = run(again.payment_code(Some(amount(600)))).unwrap();
    assert_eq!(token(&again, &second).issued_at, token(&again, &first).issued_at);
    assert_eq!(second.counter, 2);
    drop(again);
    // By an hour: the clock is learned first, and nothing has to be named.
    world.advance(2);
    world.place.clock().set_skew(-3_600_000);
    let later = world.open();
    let third = run(later.payment_code(Some(amount(600)))).unwrap();
    assert_eq!(u64::from(token(&later, &third).issued_at), START_MS / 1000 + 2);
    assert!(world.issuer.book.borrow().named.is_empty());
}

#[test]
fn a_wrong_clock_is_made_good_by_the_signed_one() {
    for skew_ms in [-7 * 60_000, 7 * 60_000] {
        let world = World::skewed(skew_ms);
        let wallet = world.enrolled();
        assert_eq!(wallet.state().clock_offset_ms, -skew_ms);
        world.advance(5);
        let code = run(wallet.payment_code(None)).unwrap();
        assert_eq!(u64::from(token(&wallet, &code).issued_at), START_MS / 1000 + 5);
        assert_eq!(code.expires_at_here, START_MS.saturating_add_signed(skew_ms) + 65_000);
        assert!(wallet.state().alerts.iter().any(|alert| alert.skew_ms == Some(-skew_ms)));
        // The clock is put right under the open page: the monotonic one goes on.
        world.place.clock().set_skew(if skew_ms > 0 { 0 } else { skew_ms });
        world.advance(5);
        let code = run(wallet.payment_code(None)).unwrap();
        assert_eq!(u64::from(token(&wallet, &code).issued_at), START_MS / 1000 + 10);
    }
}

#[test]
fn one_a_second_and_ten_a_minute() {
    let world = World::new();
    let wallet = world.enrolled();
    for _ in 0..10 {
        assert!(run(wallet.payment_code(None)).is_ok());
        let refused = run(wallet.payment_code(None)).unwrap_err();
        assert_eq!((refused.code, refused.details.as_ref().unwrap().retry_after_ms), (Code::TooFast, Some(1_000)));
        world.advance(1);
    }
    let refused = run(wallet.payment_code(None)).unwrap_err();
    assert_eq!((refused.code, refused.details.as_ref().unwrap().retry_after_ms), (Code::TooFast, Some(50_000)));
    world.advance(50);
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 11);
}

#[test]
fn a_presentation_counts_once_until_a_receipt_says_otherwise() {
    let world = World::new();
    let wallet = world.enrolled();
    let left = || wallet.state().allowance.unwrap().left.amount.minor_units();
    assert_eq!(left(), 20_000);
    let shown = run(wallet.payment_code(None)).unwrap();
    assert_eq!(left(), 10_000);
    world.advance(30);
    run(wallet.payment_code(None)).unwrap();
    assert_eq!(left(), 10_000, "the same presentation");
    world.advance(100);
    run(wallet.payment_code(None)).unwrap();
    assert_eq!(left(), 0);
    world.advance(100);
    let refused = run(wallet.payment_code(None)).unwrap_err();
    assert_eq!(refused.code, Code::OverAllowance);
    assert_eq!(refused.details.as_ref().unwrap().left.unwrap().amount, Amount::ZERO);
    assert!(refused.details.as_ref().unwrap().resets_at.unwrap() > START_MS);
    assert_eq!(wallet.read(|data| data.atc).unwrap(), 3, "a refusal takes no number");
    // What was paid, and that nothing else was, comes with the sync.
    let thumb = wallet.read(|data| data.device_key.thumbprint()).unwrap();
    world.issuer.record(Kind::Payment, Some(thumb), Some(&token(&wallet, &shown)), Some(540));
    run(wallet.sync()).unwrap();
    assert_eq!(left(), 20_000 - 540);
    assert!(run(wallet.payment_code(None)).is_ok());
}

#[test]
fn a_bound_above_what_is_left_is_refused_early() {
    let world = World::new();
    let wallet = world.enrolled();
    let refused = run(wallet.payment_code(Some(amount(10_001)))).unwrap_err();
    assert_eq!(
        (refused.code, refused.details.as_ref().unwrap().left.unwrap().amount),
        (Code::OverAllowance, amount(10_000))
    );
    assert!(run(wallet.payment_code(Some(amount(10_000)))).is_ok());
    assert_eq!(run(wallet.payment_code(Some(Amount::ZERO))).unwrap_err().code, Code::BadAmount);
}

#[test]
fn the_issuers_word_counts_over_the_wallets_own_meter() {
    let world = World::new();
    {
        let mut book = world.issuer.book.borrow_mut();
        book.left.amount = amount(700);
        book.left.resets_at = u32::try_from(START_MS / 1000).unwrap() + 3_600;
    }
    let wallet = world.enrolled();
    assert_eq!(run(wallet.payment_code(Some(amount(701)))).unwrap_err().code, Code::OverAllowance);
    assert!(run(wallet.payment_code(Some(amount(700)))).is_ok());
}

#[test]
fn an_allowance_that_ended_is_over() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.transport().set_offline(true);
    world.advance(7 * 24 * 3600);
    let refused = run(wallet.payment_code(None)).unwrap_err();
    assert_eq!(refused.code, Code::OverAllowance);
    assert_eq!(refused.details.as_ref().unwrap().left.unwrap().amount, Amount::ZERO);
}

#[test]
fn offline_two_presentations_of_the_offline_part() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.transport().set_offline(true);
    world.advance(16 * 60);
    assert_eq!(run(wallet.payment_code(Some(amount(5_001)))).unwrap_err().code, Code::OverAllowance);
    run(wallet.payment_code(None)).unwrap();
    world.advance(600);
    run(wallet.payment_code(None)).unwrap();
    world.advance(600);
    assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, Code::OverAllowance);
    world.place.transport().set_offline(false);
    run(wallet.sync()).unwrap();
    assert!(run(wallet.payment_code(None)).is_ok());
}

#[test]
fn overlapping_calls_wait_and_do_not_panic() {
    let world = World::new();
    let wallet = world.enrolled();
    let (one, two) = run(join(wallet.payment_code(None), wallet.payment_code(None)));
    assert_eq!(one.unwrap().counter, 1);
    assert_eq!(two.unwrap_err().code, Code::TooFast);
    let ((one, two), three) = run(join(join(wallet.sync(), wallet.sync()), wallet.refill()));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    // Locked while a refill waits for its turn.
    run(async {
        let turn = wallet.room.news.turn().await;
        let mut refill = Box::pin(wallet.refill());
        start(&mut refill).await;
        wallet.lock();
        drop(turn);
        assert_eq!(refill.await.unwrap_err().code, Code::Locked);
    });
}

#[test]
fn a_listener_may_call_the_wallet() {
    use std::rc::Rc;
    let world = World::new();
    let wallet = Rc::new(world.enrolled());
    let seen = Rc::new(core::cell::Cell::new(0));
    let (inner, count) = (Rc::downgrade(&wallet), Rc::clone(&seen));
    wallet.on_change(move || {
        if let Some(wallet) = inner.upgrade() {
            let _ = (wallet.state(), wallet.report(), wallet.receipts(None, 5));
            wallet.on_change(|| {});
            count.set(count.get() + 1);
        }
    });
    run(wallet.payment_code(None)).unwrap();
    world.place.clock().advance(Duration::from_secs(2));
    wallet.lock();
    assert!(seen.get() >= 2);
}
