//! Top-ups, their step-up and their cards.
#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn a_top_up_changed_after_its_challenge_is_refused() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let passkey = Passkey::new(PASSKEY);
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let good = agree(&device, &intent, intent.nonce, &passkey);
    let mut changed = intent.clone();
    if let crate::wire::intent::Action::TopUp { amount, .. } = &mut changed.action {
        *amount = Amount::of(500);
    }
    let refuse = |call: &ConfirmIntent| device.call(&issuer, call).err();
    assert_eq!(refuse(&agree(&device, &changed, intent.nonce, &passkey)), Some(Code::IntentMismatch));
    assert_eq!(refuse(&ConfirmIntent { co_signature: None, ..good.clone() }), Some(Code::CoSignatureMissing));
    let other = agree(&device, &changed, intent.nonce, &passkey).co_signature;
    assert_eq!(refuse(&ConfirmIntent { co_signature: other, ..good.clone() }), Some(Code::CoSignatureRefused));
    let by_channel = agree(&channel, &intent, intent.nonce, &passkey).co_signature;
    assert_eq!(refuse(&ConfirmIntent { co_signature: by_channel, ..good.clone() }), Some(Code::CoSignatureRefused));
    // The channel key proves no step-up at all.
    assert_eq!(channel.call(&issuer, &good).err(), Some(Code::NotEnrolled));
    assert_eq!(balance(&issuer, &channel), 2000);
    assert!(device.call(&issuer, &good).is_ok());
    assert_eq!(refuse(&good), Some(Code::IntentExpired));
    assert_eq!(balance(&issuer, &channel), 7000);
}

#[test]
fn five_failed_confirms_end_an_intent_and_time_does_too() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let passkey = Passkey::new(PASSKEY);
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let good = agree(&device, &intent, intent.nonce, &passkey);
    let foreign = Passkey { origin: "https://wallet.example:8788".into(), ..passkey.clone() };
    for _ in 0..5 {
        let call = agree(&device, &intent, intent.nonce, &foreign);
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::WrongOrigin));
    }
    assert_eq!(device.call(&issuer, &good).err(), Some(Code::IntentExpired));
    let intents: Vec<_> = (0..3).map(|_| prepare_top_up(&issuer, &device, 5000, "card-1").unwrap()).collect();
    assert_eq!(prepare_top_up(&issuer, &device, 5000, "card-1").err(), Some(Code::IntentLimit));
    issuer.ledger().clock().advance(300_000);
    let late = agree(&device, &intents[0], intents[0].nonce, &passkey);
    assert_eq!(device.call(&issuer, &late).err(), Some(Code::IntentExpired));
    assert!(prepare_top_up(&issuer, &device, 5000, "card-1").is_ok());
    assert_eq!(balance(&issuer, &channel), 2000);
}

#[test]
fn limits_count_again_at_confirm() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let [first, second] = [(); 2].map(|()| prepare_top_up(&issuer, &device, 5000, "card-1").unwrap());
    let confirm = |intent: &Intent| {
        device.call(&issuer, &agree(&device, intent, intent.nonce, &Passkey::new(PASSKEY))).map(|_| ())
    };
    confirm(&first).unwrap();
    assert_eq!(confirm(&second), Err(Code::OverLimit));
    assert_eq!(prepare_top_up(&issuer, &device, 5000, "card-1").err(), Some(Code::OverLimit));
    issuer.ledger().clock().advance(600_000);
    assert_eq!(prepare_top_up(&issuer, &device, 30_001, "card-1").err(), Some(Code::OverLimit));
    assert!(top_up(&issuer, &device, 5000, "card-1").is_ok());
    assert_eq!(balance(&issuer, &channel), 12_000);
}

#[test]
fn cards_that_decline_answer_late_twice_or_never() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    for card in ["card-2", "card-3", "card-4"] {
        prove_card(&issuer, &device, card);
    }
    // A day has three proofs.
    issuer.ledger().clock().advance(24 * 3_600_000);
    prove_card(&issuer, &device, "card-5");
    let later = |seconds: u64| issuer.ledger().clock().advance(seconds * 1000);
    assert_eq!(top_up(&issuer, &device, 5000, "card-2").err(), Some(Code::CardDeclined));
    assert_eq!(balance(&issuer, &channel), 2000);
    assert_eq!(kinds(&issuer, &channel).pop().unwrap(), (receipt::Kind::TopUpFailed, Some("card-declined".into())));

    // Late: pending, then credited by a sweep.
    assert!(matches!(top_up(&issuer, &device, 5000, "card-3").unwrap(), IntentConfirmed::Pending { .. }));
    assert_eq!(now(issuer.sweep()), Ok(0));
    later(5);
    assert_eq!(now(issuer.sweep()), Ok(1));
    assert_eq!(balance(&issuer, &channel), 7000);

    // Twice: credited once.
    later(600);
    assert!(matches!(top_up(&issuer, &device, 5000, "card-4").unwrap(), IntentConfirmed::Done { .. }));
    assert_eq!(now(issuer.sweep()), Ok(0));
    assert_eq!(balance(&issuer, &channel), 12_000);

    // Never: pending for good, counted against the limits, and nothing moves.
    later(600);
    assert!(matches!(top_up(&issuer, &device, 5000, "card-5").unwrap(), IntentConfirmed::Pending { .. }));
    later(3600);
    assert_eq!(now(issuer.sweep()), Ok(0));
    assert_eq!(balance(&issuer, &channel), 12_000);
    assert_eq!(issuer.funding().charged(), 10_000);
    let entries = now(issuer.ledger().entries()).unwrap();
    let owed: i64 = entries.iter().filter(|entry| entry.book == Book::Cards).map(|entry| entry.amount).sum();
    assert_eq!(owed, -10_000);
    assert_eq!(books::check(&entries), Ok(()));
}
