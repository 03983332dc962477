//! Payment tokens that may not pay.

use super::world::{Caller, balance, yen};
use super::{data, forge, ledger, stage, verdict};
use jitsuin::code::Code;
use jitsuin::issuer::verifier::{Candidate, authenticate};
use jitsuin::wallet::Status;
use jitsuin::wallet::memory::run;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::id::Veil;
use jitsuin::wire::money::Currency;
use jitsuin::wire::receipt;
use jitsuin::wire::token::{Limit, UnverifiedToken};

#[test]
fn a_used_token_at_another_till_is_token_used() {
    run(async {
        let (world, _, wallet, till, other) = stage().await;
        let code = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Approved);
        let before = ledger(&world).await;
        assert_eq!(till.outcome(&code, 541, "sale-2").await, Outcome::TokenUsed, "the same till, another amount");
        assert_eq!(till.outcome(&code, 540, "sale-3").await, Outcome::TokenUsed, "and the same amount");
        assert_eq!(ledger(&world).await, before);
        // At another till it moves nothing either; its owner is told, and the first payment waits.
        assert_eq!(other.outcome(&code, 540, "sale-1").await, Outcome::TokenUsed);
        wallet.sync().await.unwrap();
        assert_eq!((balance(&wallet), wallet.receipts(None, 1)[0].kind), (1_460, receipt::Kind::Held));
        let before = ledger(&world).await;
        assert_eq!(other.outcome(&code, 540, "sale-3").await, Outcome::TokenUsed);
        assert_eq!(ledger(&world).await, before, "once");
        world.audit().await;
    });
}

#[test]
fn a_token_for_one_till_is_wrong_till_at_another_and_still_good_at_its_own() {
    run(async {
        let (world, place, wallet, till, other) = stage().await;
        let thief = Caller::thief_of(&world, &place).await;
        let text = forge(&place, &thief, |token| {
            token.limit =
                Limit::Exact { amount: yen(540), currency: Currency::JPY, audience: "t/1001".parse().unwrap() };
        });
        assert_eq!(verdict(&world, &place, &text, "t/2002", 540), Err(Code::WrongTill));
        assert_eq!(verdict(&world, &place, &text, "t/1001", 541), Err(Code::AmountMismatch));
        assert_eq!(other.outcome(&text, 540, "sale-1").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.receipts(None, 1)[0].reason.as_deref(), Some("wrong-till"));
        assert_eq!(balance(&wallet), 2_000);
        assert_eq!(till.outcome(&text, 540, "sale-1").await, Outcome::Approved);
        world.audit().await;
    });
}

#[test]
fn a_token_past_its_time_is_token_expired_and_changes_nothing() {
    run(async {
        let (world, place, wallet, till, _) = stage().await;
        let code = wallet.payment_code(None).await.unwrap().text;
        world.advance(70);
        assert_eq!(verdict(&world, &place, &code, "t/1001", 540), Err(Code::TokenExpired));
        let before = ledger(&world).await;
        assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::TokenExpired);
        assert_eq!(ledger(&world).await, before, "an old photo must not hurt its owner");
    });
}

#[test]
fn a_token_dated_ahead_is_token_ahead() {
    run(async {
        let (world, place, wallet, till, _) = stage().await;
        let thief = Caller::thief_of(&world, &place).await;
        let text = forge(&place, &thief, |token| {
            token.issued_at += 40;
            token.expires_at += 40;
        });
        assert_eq!(verdict(&world, &place, &text, "t/1001", 540), Err(Code::TokenAhead));
        assert_eq!(till.outcome(&text, 540, "sale-1").await, Outcome::TokenExpired, "the till hears the short list");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
    });
}

#[test]
fn a_changed_character_anywhere_in_the_token_changes_nothing() {
    run(async {
        let (world, _, wallet, till, _) = stage().await;
        let text = wallet.payment_code(None).await.unwrap().text;
        let before = ledger(&world).await;
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(till.outcome(&changed, 540, &format!("sale-{at}")).await, Outcome::TryAgain, "{at}");
        }
        // The last character holds unused bits: each other value of them is refused too.
        let last = text.len() - 1;
        for other in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" {
            let mut changed = text.clone().into_bytes();
            if changed[last] == *other {
                continue;
            }
            changed[last] = *other;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(till.outcome(&changed, 540, &format!("last-{other}")).await, Outcome::TryAgain);
        }
        assert_eq!(ledger(&world).await, before);
        assert_eq!(till.outcome(&text, 540, "the-right-one").await, Outcome::Approved);
    });
}

#[test]
fn a_token_checked_without_its_veil_is_bad_signature() {
    run(async {
        let (_, place, wallet, ..) = stage().await;
        let text = wallet.payment_code(None).await.unwrap().text;
        let key = data(&place).device_key;
        let token = UnverifiedToken::from_text(&text).unwrap();
        for veil in [Veil([0; 16]), Veil([1; 16])] {
            let candidate = Candidate { thumb: key.thumbprint(), key, veil };
            assert_eq!(authenticate(&token, &[candidate]).unwrap_err(), Code::BadSignature);
        }
        assert_eq!(authenticate(&token, &[]).unwrap_err(), Code::TokenUnknown);
    });
}

#[test]
fn an_amount_above_the_bound_or_the_allowance_is_amount_over() {
    run(async {
        let (world, place, wallet, till, _) = stage().await;
        let bounded = wallet.payment_code(Some(yen(500))).await.unwrap().text;
        assert_eq!(verdict(&world, &place, &bounded, "t/1001", 501), Err(Code::AmountOver));
        assert_eq!(till.outcome(&bounded, 501, "sale-1").await, Outcome::AmountOver);
        world.advance(2);
        let plain = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(verdict(&world, &place, &plain, "t/1001", 10_001), Err(Code::AmountOver));
        assert_eq!(till.outcome(&plain, 10_001, "sale-2").await, Outcome::AmountOver);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        world.advance(2);
        assert_eq!(wallet.payment_code(Some(yen(10_001))).await.unwrap_err().code, Code::OverAllowance);
        world.audit().await;
    });
}

#[test]
fn more_than_the_balance_is_declined_and_the_owner_is_told_why() {
    run(async {
        let (_, _, wallet, till, _) = stage().await;
        let code = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(till.outcome(&code, 2_001, "sale-1").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.receipts(None, 1)[0].reason.as_deref(), Some("balance-low"));
        assert_eq!(balance(&wallet), 2_000);
    });
}

#[test]
fn a_new_token_with_a_used_counter_is_no_repeat_of_the_paid_one() {
    run(async {
        let (world, place, wallet, till, _) = stage().await;
        let thief = Caller::thief_of(&world, &place).await;
        let first = forge(&place, &thief, |_| {});
        assert_eq!(till.outcome(&first, 540, "sale-1").await, Outcome::Approved);
        world.advance(90);
        // An owner's patched page signs the same counter and random part again with a new date.
        let again = forge(&place, &thief, |token| {
            token.issued_at += 90;
            token.expires_at += 90;
        });
        assert_eq!(till.outcome(&again, 540, "sale-2").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Suspended, "it is clone evidence");
        assert_eq!(balance(&wallet), 1_460);
        world.audit().await;
    });
}

#[test]
fn a_reversed_payment_is_not_approved_again() {
    run(async {
        let (world, _, wallet, till, _) = stage().await;
        let code = wallet.payment_code(None).await.unwrap().text;
        let payment = till.charge(&code, 540, "sale-1").await.payment.unwrap();
        till.reverse(&payment, "undo-1").await.unwrap();
        assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Reversed, "the same request");
        let again = till.charge(&code, 540, "sale-2").await;
        assert_eq!((again.outcome, again.used_here.unwrap().payment), (Outcome::TokenUsed, payment), "scanned again");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        world.audit().await;
    });
}
