//! The main job from end to end, natively: real wallet, real desk, real keys, over ports in memory.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::wallet::memory::run;
use jitsuin::wallet::ports::Platform;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Confirmed, Status};
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::till_code::{Form, Scheme, Surrogate, TillCode};
use world::{World, balance, receipt, yen};

#[test]
fn a_device_is_enrolled_pays_and_tops_up() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let wallet = world.wallet(&place).await;
        assert_eq!(wallet.state().status, Status::New);
        world.enrol(&wallet, "hanako").await.unwrap();
        let state = wallet.state();
        assert_eq!(state.status, Status::Ready);
        assert_eq!(state.device.unwrap().custody, Custody::Software);
        assert_eq!(balance(&wallet), 2_000);

        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 1_460);
        let newest = wallet.receipts(None, 1).remove(0);
        assert_eq!((newest.kind, newest.counter), (Kind::Payment, Some(code.counter)));
        assert_eq!(newest.shop.as_deref(), Some("Kado no Mise"));
        assert!(wallet.state().alerts.is_empty(), "{:?}", wallet.state().alerts);

        world.prove_card(&wallet, "card-1").await;
        let done = receipt(world.top_up(&wallet, 5_000, "card-1").await.unwrap());
        assert_eq!(done.kind, Kind::TopUp);
        assert_eq!(balance(&wallet), 6_460);
        world.audit().await;
    });
}

#[test]
fn the_same_call_of_a_till_gives_the_first_answer_and_the_same_token_takes_nothing() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        let first = till.charge(&code.text, 540, "sale-1").await;
        assert_eq!(till.charge(&code.text, 540, "sale-1").await, first);
        let again = till.charge(&code.text, 540, "sale-2").await;
        assert_eq!((again.outcome, again.payment), (Outcome::TokenUsed, None));
        assert_eq!(again.used_here.unwrap().payment, first.payment.clone().unwrap());
        assert_eq!(till.look_up("sale-1").await.unwrap(), first);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 1_460);
        world.audit().await;
    });
}

#[test]
fn a_till_reverses_its_own_payment_within_15_minutes() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        let (till, other) = (world.till("1001").await, world.till("2002").await);
        let code = wallet.payment_code(None).await.unwrap();
        let payment = till.charge(&code.text, 540, "sale-1").await.payment.unwrap();
        assert!(other.reverse(&payment, "undo-1").await.is_err(), "another till's payment");
        let undone = till.reverse(&payment, "undo-2").await.unwrap();
        assert_eq!(undone.outcome, Outcome::Reversed);
        assert_eq!(till.reverse(&payment, "undo-2").await.unwrap(), undone);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        assert_eq!(wallet.receipts(None, 1)[0].kind, Kind::Refund);

        world.advance(120);
        let code = wallet.payment_code(None).await.unwrap();
        let payment = till.charge(&code.text, 540, "sale-3").await.payment.unwrap();
        world.advance(15 * 60 + 1);
        assert_eq!(till.reverse(&payment, "undo-3").await.unwrap_err().code, Code::ReversalTooLate.name());
        world.audit().await;
    });
}

/// The token inside an envelope.
fn cose(envelope: &str) -> Vec<u8> {
    let code = TillCode::from_text(envelope).unwrap();
    let application = code.applications().next().unwrap();
    application.inside(0x63).unwrap().inside(0xdf01).unwrap().as_bytes().unwrap().into()
}

#[test]
fn an_envelope_pays_like_a_token_and_is_the_same_token() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        let (till, other) = (world.till("1001").await, world.till("2002").await);
        let code = wallet.payment_code_as(Form::Emvco, Some(yen(1_000))).await.unwrap();
        assert!(code.text.starts_with("hQVDUFYwMW"), "{}", code.text);
        let token = cose(&code.text);
        let others = Scheme::new(b"\xf0OTHER", "OTHER", Surrogate::Pan(vec![0x99; 8])).unwrap();
        assert_eq!(till.outcome(&others.envelope(&token).unwrap(), 540, "sale-0").await, Outcome::TryAgain);
        assert_eq!(till.outcome(&code.text, 1_001, "sale-1").await, Outcome::AmountOver, "its bound holds");
        world.advance(2);

        let code = wallet.payment_code_as(Form::Emvco, None).await.unwrap();
        let first = till.charge(&code.text, 540, "sale-2").await;
        assert_eq!(first.outcome, Outcome::Approved);
        assert_eq!(other.outcome(&code.text, 540, "sale-3").await, Outcome::TokenUsed);
        let again = till.charge(&Form::Jitsuin.text(&cose(&code.text)).unwrap(), 540, "sale-4").await;
        assert_eq!(again.used_here.unwrap().payment, first.payment.unwrap(), "in either form the same payment");
        let outcome = till.outcome(&Form::Jitsuin.text(&token).unwrap(), 540, "sale-5").await;
        assert_eq!(outcome, Outcome::TokenUsed, "a refused code is spent in both");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 1_460);
        world.audit().await;
    });
}

#[test]
fn a_reload_keeps_the_device() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let id = wallet.state().device.unwrap().id;
        drop(wallet);
        let again = world.wallet(&place).await;
        assert_eq!(again.state().status, Status::Ready);
        assert_eq!(again.state().device.unwrap().id, id);
        assert!(again.payment_code(None).await.is_ok());
    });
}

#[test]
fn two_tabs_enrolling_at_once_end_with_one_device() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let (one, two) = (world.wallet(&place).await, world.wallet(&place).await);
        let ticket_one = world.ticket(&one, "hanako").await.unwrap();
        let ticket_two = world.ticket(&two, "hanako").await.unwrap();
        let first = one.prepare_enrolment(&ticket_one, "Tab", None).await.unwrap();
        let second = two.prepare_enrolment(&ticket_two, "Tab", None).await.unwrap();
        let both = both(one.confirm(first.id), two.confirm(second.id)).await;
        let id = |confirmed| match confirmed {
            Confirmed::Enrolled { device } => device.id,
            other => panic!("{other:?}"),
        };
        let ids = (id(both.0.unwrap()), id(both.1.unwrap()));
        assert_eq!(ids.0, ids.1);
        two.sync().await.unwrap();
        assert_eq!(two.state().devices.len(), 1);
        assert_eq!(two.receipts(None, 10).iter().filter(|receipt| receipt.kind == Kind::DeviceAdded).count(), 1);
    });
}

/// Runs both at once.
async fn both<A: Future, B: Future>(one: A, two: B) -> (A::Output, B::Output) {
    let (mut one, mut two) = (std::pin::pin!(one), std::pin::pin!(two));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|context| {
        if first.is_none()
            && let std::task::Poll::Ready(output) = one.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let std::task::Poll::Ready(output) = two.as_mut().poll(context)
        {
            second = Some(output);
        }
        if first.is_some() && second.is_some() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    (first.unwrap(), second.unwrap())
}

#[test]
fn a_crash_after_the_counter_is_stored_skips_a_number_and_nothing_else() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let before = wallet.payment_code(None).await.unwrap().counter;
        world.advance(2);
        place.store().crash_after_write();
        {
            // The process ends between the write and the code: its future never comes back and is dropped.
            let mut code = Box::pin(wallet.payment_code(None));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..100 {
                assert!(code.as_mut().poll(&mut context).is_pending());
            }
        }
        drop(wallet);
        world.advance(2);
        let again = world.wallet(&place).await;
        let code = again.payment_code(None).await.unwrap();
        assert_eq!(code.counter, before + 2, "one number is skipped, none is used twice");
        let till = world.till("1001").await;
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        again.sync().await.unwrap();
        assert_eq!(balance(&again), 1_460);
        assert!(again.state().alerts.is_empty());
        world.audit().await;
    });
}

#[test]
fn a_card_that_is_never_answered_leaves_the_top_up_pending() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        world.prove_card(&wallet, "card-5").await;
        assert!(matches!(world.top_up(&wallet, 1_000, "card-5").await.unwrap(), Confirmed::Pending { .. }));
        world.advance(30);
        world.issuer.sweep().await.unwrap();
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        assert_eq!(world.issuer.funding().charged(), 0);
        world.audit().await;
    });
}

#[test]
fn a_card_that_is_answered_late_credits_when_the_answer_comes() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        world.prove_card(&wallet, "card-3").await;
        assert!(matches!(world.top_up(&wallet, 1_000, "card-3").await.unwrap(), Confirmed::Pending { .. }));
        world.advance(30);
        world.issuer.sweep().await.unwrap();
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 3_000);
        assert_eq!(wallet.receipts(None, 1)[0].kind, Kind::TopUp);
        world.audit().await;
    });
}

#[test]
fn a_card_that_is_answered_twice_credits_once() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        world.prove_card(&wallet, "card-4").await;
        receipt(world.top_up(&wallet, 1_000, "card-4").await.unwrap());
        for _ in 0..3 {
            world.issuer.sweep().await.unwrap();
        }
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 3_000);
        assert_eq!(world.issuer.funding().charged(), 1_000);
        world.audit().await;
    });
}

#[test]
fn a_declined_card_moves_nothing_and_says_so() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        world.prove_card(&wallet, "card-2").await;
        assert_eq!(world.top_up(&wallet, 1_000, "card-2").await.unwrap_err().code, Code::CardDeclined);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        assert_eq!(wallet.receipts(None, 1)[0].kind, Kind::TopUpFailed);
        world.audit().await;
    });
}

#[test]
fn an_account_that_existed_before_cools_off() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "taro").await.unwrap();
        let device = wallet.state().device.unwrap();
        assert!(device.cool_off_until.is_some());
        let refused = world.top_up(&wallet, 1_000, "card-1").await.unwrap_err();
        assert_eq!(refused.code, Code::CoolingOff);
        assert_eq!(refused.details.as_ref().unwrap().until, device.cool_off_until);

        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 1_500, "sale-1").await, Outcome::Approved, "the cool-off allowance pays");

        world.advance(24 * 3600 + 1);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().device.unwrap().cool_off_until, None);
        assert_eq!(world.top_up(&wallet, 1_000, "card-1").await.unwrap_err().code, Code::CardProofNeeded);
        world.audit().await;
    });
}

#[test]
fn freezing_stops_codes_tokens_and_top_ups() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        let till = world.till("1001").await;
        let shown = wallet.payment_code(None).await.unwrap();
        wallet.lock();
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Locked);
        wallet.freeze().await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
        assert_eq!(till.outcome(&shown.text, 540, "sale-1").await, Outcome::Declined);
        assert_eq!(world.top_up(&wallet, 1_000, "card-1").await.unwrap_err().code, Code::Frozen);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        assert!(wallet.receipts(None, 10).iter().any(|receipt| receipt.kind == Kind::Frozen));
        wallet.freeze().await.unwrap();
        world.audit().await;
    });
}

#[test]
fn a_debit_that_this_wallet_did_not_make_is_told() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let till = world.till("1001").await;
        // The thief has a copy of the whole profile, as it was a moment ago.
        let before = place.store().data().unwrap();
        let thief = world.wallet(&place).await;
        world.advance(2);
        let stolen = thief.payment_code(None).await.unwrap();
        place.store().overwrite(&before);
        assert_eq!(till.outcome(&stolen.text, 540, "sale-1").await, Outcome::Approved);
        let wallet = {
            drop(wallet);
            world.wallet(&place).await
        };
        wallet.sync().await.unwrap();
        let alerts = wallet.state().alerts;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        assert_eq!(alerts[0].kind, AlertKind::UnknownUse);
        wallet.acknowledge(&alerts[0].id).await.unwrap();
        assert!(wallet.state().alerts.is_empty());
    });
}

#[test]
fn an_evicted_record_is_not_a_first_run() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        place.store().evict();
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::KeyLost);
        assert_eq!(world.wallet(&place).await.state().status, Status::KeyLost);
        let fresh = world.place();
        assert_eq!(world.wallet(&fresh).await.state().status, Status::New);
    });
}
