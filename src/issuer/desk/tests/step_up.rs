//! Top-ups, their step-up and their cards.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::intents;

#[test]
fn a_top_up_changed_after_its_challenge_is_refused() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let passkey = Passkey::new(PASSKEY);
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let good = agree(&device, &intent, &passkey);
    let mut changed = intent.clone();
    if let crate::wire::intent::Action::TopUp { amount, .. } = &mut changed.action {
        *amount = Amount::of(500);
    }
    let refuse = |call: &ConfirmIntent| device.call(&issuer, call).err();
    let signed_other = ConfirmIntent { intent: good.intent.clone(), ..agree(&device, &changed, &passkey) };
    assert_eq!(refuse(&signed_other), Some(Code::IntentMismatch));
    assert_eq!(refuse(&ConfirmIntent { co_signature: None, ..good.clone() }), Some(Code::CoSignatureMissing));
    let other = agree(&device, &changed, &passkey).co_signature;
    assert_eq!(refuse(&ConfirmIntent { co_signature: other, ..good.clone() }), Some(Code::CoSignatureRefused));
    let by_channel = agree(&channel, &intent, &passkey).co_signature;
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
    let good = agree(&device, &intent, &passkey);
    let foreign = Passkey { origin: "https://wallet.example:8788".into(), ..passkey.clone() };
    for _ in 0..5 {
        let call = agree(&device, &intent, &foreign);
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::WrongOrigin));
    }
    assert_eq!(device.call(&issuer, &good).err(), Some(Code::IntentExpired));
    let late = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let late = agree(&device, &late, &passkey);
    issuer.ledger().clock().advance(300_000);
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
    let confirm = |intent: &Intent| device.call(&issuer, &agree(&device, intent, &Passkey::new(PASSKEY))).map(|_| ());
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

/// How many rows the ledger has beside the accounts.
fn rows(issuer: &World) -> usize {
    [Kind::Calls, Kind::Nonces, Kind::Orders, Kind::Tries]
        .map(|kind| now(issuer.ledger().keys(kind)).unwrap().len())
        .iter()
        .sum()
}

#[test]
fn a_copied_key_uses_up_and_ends_nothing_that_the_owner_prepares() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let before = rows(&issuer);
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    // The thief calls with the same key, and has another passkey.
    for _ in 0..50 {
        prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    }
    assert_eq!(rows(&issuer), before, "what is prepared is not stored");
    let his = Passkey { break_signature: true, ..Passkey::new(PASSKEY) };
    for _ in 0..10 {
        let own = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
        for _ in 0..5 {
            assert_eq!(device.call(&issuer, &agree(&device, &own, &his)).err(), Some(Code::AssertionRefused));
        }
    }
    assert!(device.call(&issuer, &agree(&device, &intent, &Passkey::new(PASSKEY))).is_ok());
    assert_eq!(balance(&issuer, &channel), 7000);
    issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    now(issuer.sweep()).unwrap();
    let kept = now(issuer.ledger().keys(Kind::Nonces)).unwrap();
    assert_eq!(kept, [intents::row(intent.nonce)], "one that failed is forgotten with its end");
}

#[test]
fn a_nonce_is_for_the_intent_and_the_key_that_it_was_made_for() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let passkey = Passkey::new(PASSKEY);
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let refuse = |intent: &Intent| device.call(&issuer, &agree(&device, intent, &passkey)).err();
    let changed = |change: fn(&mut Intent)| {
        let mut changed = intent.clone();
        change(&mut changed);
        changed
    };
    let wrong: [fn(&mut Intent); 6] = [
        |intent| intent.expires_at += 1,
        |intent| intent.expires_at -= 1,
        |intent| intent.head = Hash([7; 32]),
        |intent| intent.nonce.0[0] ^= 1,
        |intent| intent.nonce.0[7] ^= 1,
        |intent| intent.nonce.0[15] ^= 1,
    ];
    for change in wrong {
        assert_eq!(refuse(&changed(change)), Some(Code::IntentExpired));
    }
    let dearer = changed(|intent| {
        let crate::wire::intent::Action::TopUp { amount, .. } = &mut intent.action else { panic!("another intent") };
        *amount = Amount::of(30_000);
    });
    assert_eq!(refuse(&dearer), Some(Code::IntentExpired), "signed by both, and never prepared");
    assert_eq!(
        refuse(&changed(|intent| intent.action = crate::wire::intent::Action::Codes)),
        Some(Code::IntentExpired)
    );
    assert_eq!(balance(&issuer, &channel), 2000);
    assert_eq!(refuse(&intent), None);
    assert_eq!(refuse(&intent), Some(Code::IntentExpired), "used once");
    assert_eq!(balance(&issuer, &channel), 7000);
}

#[test]
fn an_intent_names_a_link_of_its_own_account() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let ask = |head| {
        let call = PrepareLimit { old: Amount::of(50_000), new: Amount::of(1_000), head };
        device.call(&issuer, &call).err()
    };
    let links = |issuer: &World, channel: &Client| -> Vec<Hash> {
        let items = sync(issuer, channel).receipts;
        items
            .iter()
            .map(|item| crate::wire::sign1::claimed::<receipt::Receipt>(&item.receipt.0).unwrap().link())
            .collect()
    };
    for head in links(&issuer, &channel) {
        assert_eq!(ask(head), None);
    }
    assert_eq!(ask(Hash::ZERO), None, "before the first receipt");
    assert_eq!(ask(Hash([1; 32])), Some(Code::IntentMismatch));
    let elsewhere = world();
    let (_, other) = enrolled(&elsewhere, "taro");
    assert!(!links(&elsewhere, &other).is_empty());
    for head in links(&elsewhere, &other) {
        assert_eq!(ask(head), Some(Code::IntentMismatch));
    }
}
