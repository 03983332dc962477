//! Haste, lifted codes, circuit breakers, tokens that a freeze ended.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::rules::policy::Ceiling;
use crate::wire::money::Amount;

fn set_place(shop: &Shop, till: &str, change: impl Fn(&mut Till) + Send + Sync) {
    shop.stage.decide(Needs::new().and(Kind::Tills, till), |_, records| {
        let mut held = records.tills.get(till).cloned().unwrap();
        change(&mut held);
        records.tills.put(till, held);
    });
}

fn elsewhere(till: &mut Till) {
    till.place = Some("Umeda".parse().unwrap());
    till.place_id = Some("umeda".parse().unwrap());
}

/// The wallet proves that it has checked everything so far.
fn acknowledge(shop: &Shop) {
    let now = shop.now();
    shop.change(|account| {
        let last = account.devices[0].last_debit.as_mut().unwrap();
        last.seen_at = Some(now);
    });
}

fn reasons(shop: &Shop) -> Vec<String> {
    shop.receipts().into_iter().filter_map(|(_, reason)| reason).collect()
}

#[test]
fn a_second_debit_within_seconds_needs_a_code_made_after_the_first_receipt_was_acknowledged() {
    let shop = Shop::new(10_000);
    assert_eq!(shop.redeem(&shop.token(1), TILL, 100).outcome, Outcome::Approved);
    // Made after the first debit, and its receipt never seen: what a thief's second scan looks like.
    shop.stage.advance(9);
    assert_eq!(shop.redeem(&shop.token(2), OTHER, 100).outcome, Outcome::Declined);
    assert_eq!(reasons(&shop), ["too-fast"]);
    shop.stage.advance(2);
    assert_eq!(shop.redeem(&shop.token(3), OTHER, 100).outcome, Outcome::Approved);
    // At one till the minute counts.
    shop.stage.advance(58);
    assert_eq!(shop.redeem(&shop.token(4), OTHER, 100).outcome, Outcome::Declined);
    shop.stage.advance(1);
    let early = shop.token(5);
    shop.stage.advance(1);
    acknowledge(&shop);
    assert_eq!(shop.redeem(&shop.token(6), OTHER, 100).outcome, Outcome::Approved);
    assert_eq!(shop.redeem(&early, OTHER, 100).outcome, Outcome::Declined);
}

#[test]
fn a_code_made_after_the_receipt_was_acknowledged_is_taken_at_once() {
    let shop = Shop::new(10_000);
    assert_eq!(shop.redeem(&shop.token(1), TILL, 100).outcome, Outcome::Approved);
    shop.stage.advance(3);
    let early = shop.token(2);
    shop.stage.advance(1);
    acknowledge(&shop);
    assert_eq!(shop.redeem(&early, TILL, 100).outcome, Outcome::Declined);
    assert_eq!(shop.redeem(&shop.token(3), TILL, 100).outcome, Outcome::Approved);
}

#[test]
fn a_live_code_at_a_second_till_holds_the_first_payment_once_and_tells_its_owner() {
    let shop = Shop::new(10_000);
    set_place(&shop, OTHER, |till| till.place = Some("Umeda".parse().unwrap()));
    let token = shop.token(1);
    let paid = shop.redeem(&token, TILL, 540);
    for _ in 0..3 {
        assert_eq!(shop.redeem(&token, OTHER, 540).outcome, Outcome::TokenUsed);
    }
    let account = shop.account();
    assert_eq!(account.held.len(), 1);
    assert_eq!((Some(&account.held[0].payment), account.held[0].seq), (paid.payment.as_ref(), 1));
    assert_eq!(shop.receipts().pop().unwrap(), (receipt::Kind::Held, Some("token-used".into())));
    let told = now(shop.stage.ledger.messages(0)).unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.text.contains("Umeda"));
    // The till that took the money may still give it back, and then nothing waits.
    shop.reverse(TILL, &paid.payment.unwrap(), "a-key-of-16-chars").unwrap();
    assert!(shop.account().held.is_empty());
}

#[test]
fn an_old_photo_at_a_second_till_changes_nothing() {
    let shop = Shop::new(10_000);
    let token = shop.token(1);
    shop.redeem(&token, TILL, 540);
    shop.stage.advance(70);
    let before = serde_json::to_string(&shop.account()).unwrap();
    assert_eq!(shop.redeem(&token, OTHER, 540).outcome, Outcome::TokenExpired);
    assert_eq!(serde_json::to_string(&shop.account()).unwrap(), before);
}

#[test]
fn a_payment_from_another_place_within_three_minutes_holds_the_one_before() {
    let shop = Shop::new(10_000);
    set_place(&shop, OTHER, elsewhere);
    shop.redeem(&shop.token(1), TILL, 100);
    shop.stage.advance(179);
    assert_eq!(shop.redeem(&shop.token(2), OTHER, 100).outcome, Outcome::Approved);
    let held = shop.account().held;
    assert_eq!(held.iter().map(|held| held.seq).collect::<Vec<_>>(), [1]);
    // The same place, or later: nothing.
    shop.stage.advance(61);
    assert_eq!(shop.redeem(&shop.token(3), OTHER, 100).outcome, Outcome::Approved);
    shop.stage.advance(180);
    assert_eq!(shop.redeem(&shop.token(4), TILL, 100).outcome, Outcome::Approved);
    assert_eq!(shop.account().held.len(), 1);
}

#[test]
fn a_held_payment_is_settled_once_for_one_side() {
    let shop = Shop::new(10_000);
    let token = shop.token(1);
    let id = shop.redeem(&token, TILL, 540).payment.unwrap();
    shop.redeem(&token, OTHER, 540);
    let settle = |id: &str, give_back| {
        let needs = Needs::new().and(Kind::Accounts, "acc-1").and(Kind::Payments, id);
        let account = "acc-1".parse().unwrap();
        shop.stage
            .decide(needs, |moment, records| super::super::settle(moment, records, &account, id, give_back))
            .map_err(|refused| refused.code)
    };
    assert_eq!(settle(&id, true), Ok(()));
    assert_eq!(shop.account().balance, Amount::of(10_000));
    assert_eq!(settle(&id, true), Err(Code::NotFound));
    assert_eq!(settle("pay-none", false), Err(Code::NotFound));
    let entries = now(shop.stage.ledger.entries()).unwrap();
    assert_eq!((books::check(&entries), books::balance(&entries, &"acc-1".parse().unwrap())), (Ok(()), 0));
}

const fn ceiling(hour: u32, new_payers: u32) -> Ceiling {
    let (hour, day) = (Amount::of(hour), Amount::of(hour * 2));
    Ceiling { hour, day, new_payers_hour: new_payers, new_payers_day: new_payers }
}

/// Payments of 100 yen, a minute apart, until one is declined.
fn pay_until_declined(shop: &Shop, till: &str) -> u32 {
    (1..100)
        .find(|_| {
            shop.stage.advance(61);
            let now = shop.now();
            let atc = shop.change(|account| account.devices[0].last_contact = now).devices[0].window.floor() + 1;
            shop.redeem(&shop.token(atc), till, 100).outcome != Outcome::Approved
        })
        .unwrap()
        - 1
}

#[test]
fn a_till_s_breaker_trips_at_its_ceiling_tells_the_operator_once_and_leaves_other_tills_alone() {
    let mut shop = Shop::new(10_000);
    shop.stage.settings.policy.breakers.till = ceiling(300, 9);
    assert_eq!(pay_until_declined(&shop, TILL), 3);
    assert_eq!(reasons(&shop), ["payments-paused"]);
    assert_eq!(pay_until_declined(&shop, TILL), 0);
    let told = now(shop.stage.ledger.messages(0)).unwrap();
    assert_eq!(told.iter().filter(|(_, message)| message.to == "operator").count(), 1);
    assert_eq!(pay_until_declined(&shop, OTHER), 3);
    shop.stage.advance(2 * 3600);
    assert_eq!(pay_until_declined(&shop, TILL), 3);
    assert_eq!(shop.account().balance, Amount::of(9_100));
}

#[test]
fn a_merchant_s_breaker_counts_all_its_tills() {
    let mut shop = Shop::new(10_000);
    shop.stage.settings.policy.breakers.merchant = ceiling(300, 9);
    assert_eq!(pay_until_declined(&shop, TILL), 3);
    assert_eq!(pay_until_declined(&shop, OTHER), 0);
}

#[test]
fn a_young_merchant_s_ceiling_is_low_until_thirty_days_have_passed() {
    let mut shop = Shop::new(10_000);
    shop.stage.settings.policy.breakers.young = ceiling(200, 9);
    set_place(&shop, TILL, |till| till.merchant_since = START);
    assert_eq!(pay_until_declined(&shop, TILL), 2);
    set_place(&shop, TILL, |till| till.merchant_since = START - 30 * 24 * 3600);
    assert_eq!(pay_until_declined(&shop, TILL), 8, "the key's own count of ten a day ends it");
}

#[test]
fn the_issuer_s_breaker_counts_everything() {
    let mut shop = Shop::new(10_000);
    shop.stage.settings.policy.breakers.all = ceiling(300, 9);
    shop.stage.settings.policy.breakers.shares = 1;
    assert_eq!(pay_until_declined(&shop, TILL), 3);
    assert_eq!(pay_until_declined(&shop, OTHER), 0);
}

#[test]
fn shares_of_the_issuer_s_ceiling_are_never_more_than_the_whole() {
    let whole = Ceiling { hour: Amount::of(1_003), day: Amount::of(5_000), new_payers_hour: 10, new_payers_day: 60 };
    let share = whole.share(8);
    assert_eq!(share, Ceiling { hour: Amount::of(125), day: Amount::of(625), new_payers_hour: 1, new_payers_day: 7 });
    assert!(share.hour.minor_units() * 8 <= whole.hour.minor_units());
    assert_eq!(whole.share(0), whole);
}

#[test]
fn new_payers_trip_a_breaker_and_known_ones_go_on() {
    let mut shop = Shop::new(10_000);
    shop.stage.advance(61);
    assert_eq!(shop.redeem(&shop.token(1), TILL, 100).outcome, Outcome::Approved);
    shop.stage.settings.policy.breakers.merchant = ceiling(10_000, 0);
    shop.stage.advance(61);
    assert_eq!(shop.redeem(&shop.token(2), TILL, 100).outcome, Outcome::Approved);
    set_place(&shop, OTHER, |till| till.merchant = "m/2".parse().unwrap());
    shop.stage.advance(200);
    assert_eq!(shop.redeem(&shop.token(3), OTHER, 100).outcome, Outcome::Declined);
}

#[test]
fn a_refused_payment_counts_in_no_breaker() {
    let mut shop = Shop::new(50);
    shop.stage.settings.policy.breakers.till = ceiling(300, 9);
    for atc in 1..=5 {
        shop.stage.advance(61);
        assert_eq!(shop.redeem(&shop.token(atc), TILL, 100).outcome, Outcome::Declined);
    }
    shop.change(|account| account.balance = Amount::of(1_000));
    assert_eq!(pay_until_declined(&shop, TILL), 3);
}

#[test]
fn thirty_thousand_three_times_in_a_minute_trips() {
    let shop = Shop::new(200_000);
    let mut spent = 0;
    for atc in 1..=3 {
        shop.stage.advance(20);
        acknowledge_if_any(&shop);
        if shop.redeem(&shop.token(atc), TILL, 30_000).outcome == Outcome::Approved {
            spent += 30_000;
        }
    }
    assert_eq!(spent, 0);
    // Nor in the steps that the allowance takes.
    for atc in 4..=9 {
        shop.stage.advance(10);
        acknowledge_if_any(&shop);
        if shop.redeem(&shop.token(atc), TILL, 10_000).outcome == Outcome::Approved {
            spent += 10_000;
        }
    }
    assert_eq!(spent, 20_000);
}

fn acknowledge_if_any(shop: &Shop) {
    if shop.account().devices[0].last_debit.is_some() {
        acknowledge(shop);
    }
}

#[test]
fn tokens_from_before_a_release_are_dead_and_later_ones_are_not() {
    let shop = Shop::new(2_000);
    let early = shop.token(1);
    shop.stage.advance(5);
    let now = shop.now();
    shop.change(|account| account.tokens_from = now);
    assert_eq!(shop.redeem(&early, TILL, 100).outcome, Outcome::Declined);
    assert_eq!(reasons(&shop), ["frozen"]);
    assert_eq!(shop.redeem(&shop.token(2), TILL, 100).outcome, Outcome::Approved);
}

#[test]
fn what_a_till_looked_up_in_vain_is_never_taken() {
    let shop = Shop::new(2_000);
    let key = "a-key-of-16-chars";
    let answers = answer_key(till_key(&TILL.parse().unwrap()), key);
    let look = || {
        shop.stage.decide(Needs::new().and(Kind::TillAnswers, &answers), |moment, records| {
            look_up(records, &answers, Currency::JPY, moment.now())
        })
    };
    assert_eq!(look(), None);
    let text = Shop::sign(&shop.token(1), HANDLE, VEIL);
    // The request was on its way: between its two transactions, say.
    let answer = shop.redeem_signed(&text, TILL, 540, key).unwrap();
    assert_eq!((answer.outcome, answer.payment, answer.amount), (Outcome::Declined, None, Amount::of(540)));
    assert_eq!((look(), shop.receipts().len()), (None, 0));
    assert_eq!(shop.account().balance, Amount::of(2_000));
    // The code itself is not spent.
    assert_eq!(shop.redeem_signed(&text, TILL, 540, "another-key-of-16").unwrap().outcome, Outcome::Approved);
}

#[test]
fn a_look_up_closes_no_key_that_gave_an_answer() {
    let shop = Shop::new(2_000);
    let key = "a-key-of-16-chars";
    let answers = answer_key(till_key(&TILL.parse().unwrap()), key);
    let text = Shop::sign(&shop.token(1), HANDLE, VEIL);
    let look = || {
        shop.stage.decide(Needs::new().and(Kind::TillAnswers, &answers), |moment, records| {
            look_up(records, &answers, Currency::JPY, moment.now())
        })
    };
    let sale = shop.redeem_signed(&text, TILL, 540, key).unwrap();
    assert_eq!(look(), Some(sale.clone()));
    assert_eq!(shop.redeem_signed(&text, TILL, 540, key), Ok(sale.clone()));
    // It is kept for a day, for whoever asks with the request and for whoever looks it up.
    shop.stage.advance(KEPT - 1);
    assert_eq!(shop.redeem_signed(&text, TILL, 540, key), Ok(sale.clone()));
    assert_eq!(look(), Some(sale));
    shop.stage.advance(1);
    assert_eq!(look(), None);
    assert_eq!(shop.redeem_signed(&text, TILL, 540, key).unwrap().outcome, Outcome::Declined);
}

#[test]
fn a_reversed_payment_says_nothing_about_where_the_device_is_used_next() {
    let shop = Shop::new(10_000);
    set_place(&shop, OTHER, elsewhere);
    let paid = shop.redeem(&shop.token(1), TILL, 540);
    shop.reverse(TILL, paid.payment.as_deref().unwrap(), "undo").unwrap();
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(2), OTHER, 540).outcome, Outcome::Approved);
    assert!(shop.account().held.is_empty());
    assert!(now(shop.stage.ledger.messages(0)).unwrap().is_empty());
}

#[test]
fn named_counters_are_used_and_suspend_nobody() {
    let shop = Shop::new(10_000);
    let paid = shop.token(1);
    let first = shop.redeem(&paid, TILL, 100);
    // Drawn while a clock was an hour ahead, the second by a copy of the key with the same counter.
    let hour =
        |token: Token| Token { issued_at: token.issued_at + 3_600, expires_at: token.expires_at + 3_600, ..token };
    let ahead = [hour(shop.token(2)), hour(shop.token(3)), Token { random: [2; 4], ..hour(shop.token(3)) }];
    shop.change(|account| assert!(account.device_mut(thumb()).unwrap().window.name(3)));
    shop.stage.advance(61);
    assert_eq!(shop.redeem(&shop.token(4), TILL, 100).outcome, Outcome::Approved);
    // What was paid before is still known.
    assert_eq!(shop.redeem(&paid, TILL, 100).used_here.map(|used| used.payment), first.payment);
    shop.stage.advance(3_600 - 61);
    for token in &ahead {
        assert_eq!(shop.redeem(token, TILL, 100).outcome, Outcome::TokenUsed);
    }
    assert_eq!(shop.account().device(thumb()).unwrap().state, State::Active);
    assert_eq!(shop.account().balance, Amount::of(9_800));
}
