//! What a key that was stopped, or a code that is not taken, may write into its owner's history.
#![allow(clippy::unwrap_used)]
use super::*;

/// Offers codes with these counters, each in every way in which a code may be refused.
fn offer(shop: &Shop, counters: core::ops::Range<u32>) {
    for atc in counters {
        shop.stage.advance(1);
        let ahead = shop.now() + 60;
        let exact = Limit::Exact { amount: Amount::of(1), currency: Currency::JPY, audience: OTHER.parse().unwrap() };
        let token = match atc % 4 {
            0 => Token { issued_at: ahead, expires_at: ahead + 60, ..shop.token(atc) },
            1 => Token { limit: exact, ..shop.token(atc) },
            _ => shop.token(atc),
        };
        let amount = if atc % 4 == 2 { 10_001 } else { 100 };
        assert_ne!(shop.redeem(&token, TILL, amount).outcome, Outcome::Approved);
    }
}

/// Ends the key or stops the account.
type Stop = fn(&mut Account);

const STOPS: [Stop; 3] = [
    |account| account.device_mut(thumb()).unwrap().state = State::Suspended,
    |account| account.frozen_at = Some(START),
    // Released since: what was made before is dead.
    |account| account.tokens_from = START + 100_000,
];

#[test]
fn a_key_that_its_owner_ended_writes_nothing() {
    let shop = Shop::new(10_000);
    shop.change(|account| account.device_mut(thumb()).unwrap().state = State::Revoked);
    offer(&shop, 1..31);
    assert!(shop.receipts().is_empty(), "{:?}", shop.receipts());
    assert_eq!(shop.account().device(thumb()).unwrap().window.floor(), 0);
}

#[test]
fn a_stopped_key_writes_a_few_receipts_an_hour_and_takes_no_counter() {
    for stop in STOPS {
        let shop = Shop::new(10_000);
        let most = usize::try_from(shop.stage.settings.policy.untaken_receipts_hour).unwrap();
        shop.change(stop);
        offer(&shop, 1..31);
        assert_eq!(shop.receipts().len(), most, "its owner sees that it was offered");
        shop.stage.advance(3_600);
        offer(&shop, 31..61);
        assert_eq!(shop.receipts().len(), 2 * most);
        assert_eq!(shop.account().device(thumb()).unwrap().window.floor(), 0);
    }
}

#[test]
fn codes_that_are_offered_in_turn_make_one_receipt_each() {
    for stop in STOPS {
        let shop = Shop::new(10_000);
        shop.change(stop);
        let tokens = [shop.token(1), shop.token(2)];
        for _ in 0..10 {
            for token in &tokens {
                assert_eq!(shop.redeem(token, TILL, 100).outcome, Outcome::Declined);
            }
        }
        assert_eq!(shop.receipts().len(), 2);
    }
}

#[test]
fn codes_for_another_till_make_a_few_receipts_an_hour() {
    let shop = Shop::new(10_000);
    let exact = Limit::Exact { amount: Amount::of(1), currency: Currency::JPY, audience: OTHER.parse().unwrap() };
    for atc in 1..31 {
        let token = Token { limit: exact.clone(), ..shop.token(atc) };
        assert_eq!(shop.redeem(&token, TILL, 1).outcome, Outcome::Declined);
    }
    assert_eq!(shop.receipts().len(), usize::try_from(shop.stage.settings.policy.untaken_receipts_hour).unwrap());
}
