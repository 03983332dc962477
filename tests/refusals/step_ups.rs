//! Step-ups that may not move money.

use super::by_hand::ByHand;
use super::stage;
use super::world::{Caller, balance};
use jitsuin::code::Code;
use jitsuin::issuer::ledger::Ledger;
use jitsuin::issuer::messages::Message;
use jitsuin::wallet::memory::{Mode, Tamper, run};
use jitsuin::wallet::ports::Platform;
use jitsuin::wire::calls::{ConfirmIntent, IntentConfirmed};
use jitsuin::wire::id::SourceId;

#[test]
fn a_top_up_changed_after_the_challenge_is_refused_and_moves_nothing() {
    run(async {
        let (world, place, wallet, ..) = stage().await;
        world.prove_card(&wallet, "card-4").await;
        let before = (world.issuer.ledger().entries().await.unwrap().len(), world.issuer.funding().charged());
        let by_hand = ByHand::prepare(&world, &place, 1_000, "card-1").await;
        let others = [
            ByHand::prepare(&world, &place, 5_000, "card-1").await.intent,
            ByHand::prepare(&world, &place, 1_000, "card-4").await.intent,
        ];
        for other in &others {
            // The person agreed to another amount or source than the open intent says.
            let assertion = by_hand.assert(&place, other).await;
            let co_signature = by_hand.co_sign(other, &assertion, &by_hand.caller);
            assert_eq!(by_hand.confirm(assertion, Some(co_signature)).await.unwrap_err(), "intent-mismatch");
            // And with a co-signature over the open one.
            let assertion = by_hand.assert(&place, other).await;
            let co_signature = by_hand.co_sign(&by_hand.intent, &assertion, &by_hand.caller);
            assert_eq!(by_hand.confirm(assertion, Some(co_signature)).await.unwrap_err(), "intent-mismatch");
        }
        let assertion = by_hand.assert(&place, &by_hand.intent).await;
        let co_signature = by_hand.co_sign(&others[0], &assertion, &by_hand.caller);
        assert_eq!(by_hand.confirm(assertion, Some(co_signature)).await.unwrap_err(), "co-signature-refused");
        let after = (world.issuer.ledger().entries().await.unwrap().len(), world.issuer.funding().charged());
        assert_eq!(after, before);
        world.audit().await;
    });
}

#[test]
fn a_step_up_by_another_device_key_is_refused() {
    run(async {
        let (world, place, ..) = stage().await;
        let by_hand = ByHand::prepare(&world, &place, 1_000, "card-1").await;
        let stranger = Caller::stranger(&world);
        let assertion = by_hand.assert(&place, &by_hand.intent).await;
        let co_signature = by_hand.co_sign(&by_hand.intent, &assertion, &stranger);
        assert_eq!(by_hand.confirm(assertion.clone(), Some(co_signature)).await.unwrap_err(), "co-signature-refused");
        let right = by_hand.co_sign(&by_hand.intent, &assertion, &by_hand.caller);
        let call = ConfirmIntent {
            intent: jitsuin::wire::id::Bytes(by_hand.intent.to_bytes()),
            assertion,
            co_signature: Some(right),
        };
        assert_eq!(stranger.call(&call).await.unwrap_err().code, "not-enrolled");
        world.audit().await;
    });
}

#[test]
fn a_missing_co_signature_has_its_own_code() {
    run(async {
        let (world, place, wallet, ..) = stage().await;
        let by_hand = ByHand::prepare(&world, &place, 1_000, "card-1").await;
        let assertion = by_hand.assert(&place, &by_hand.intent).await;
        assert_eq!(by_hand.confirm(assertion.clone(), None).await.unwrap_err(), "co-signature-missing");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        let co_signature = by_hand.co_sign(&by_hand.intent, &assertion, &by_hand.caller);
        let first = by_hand.confirm(assertion.clone(), Some(co_signature.clone())).await;
        assert!(matches!(first, Ok(IntentConfirmed::Done { .. })), "{first:?}");
        assert_eq!(by_hand.confirm(assertion, Some(co_signature)).await.unwrap_err(), "intent-expired", "used once");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 3_000);
        world.audit().await;
    });
}

#[test]
fn the_issuer_refuses_what_a_passkey_did_not_say() {
    run(async {
        for (tamper, code) in [
            (Tamper::Uv, "user-not-verified"),
            (Tamper::Origin, "wrong-origin"),
            (Tamper::CrossOrigin, "wrong-origin"),
            (Tamper::RpId, "wrong-rp"),
            (Tamper::Signature, "assertion-refused"),
            (Tamper::Challenge, "intent-mismatch"),
            (Tamper::UserHandle, "credential-unknown"),
        ] {
            let (world, place, wallet, ..) = stage().await;
            let by_hand = ByHand::prepare(&world, &place, 1_000, "card-1").await;
            place.authenticator().tamper(Some(tamper));
            let assertion = by_hand.assert(&place, &by_hand.intent).await;
            let co_signature = by_hand.co_sign(&by_hand.intent, &assertion, &by_hand.caller);
            assert_eq!(by_hand.confirm(assertion, Some(co_signature)).await.unwrap_err(), code, "{tamper:?}");
            wallet.sync().await.unwrap();
            assert_eq!(balance(&wallet), 2_000, "{tamper:?}");
            assert_eq!(world.issuer.funding().charged(), 0, "{tamper:?}");
        }
    });
}

#[test]
fn the_wallet_signs_nothing_that_differs_from_what_it_was_asked_for() {
    run(async {
        for (tamper, code) in [
            (Tamper::Uv, Code::UserNotVerified),
            (Tamper::Origin, Code::WrongOrigin),
            (Tamper::CrossOrigin, Code::WrongOrigin),
            (Tamper::Challenge, Code::AssertionRefused),
        ] {
            let (world, place, wallet, ..) = stage().await;
            place.authenticator().tamper(Some(tamper));
            assert_eq!(world.top_up(&wallet, 1_000, "card-1").await.unwrap_err().code, code, "{tamper:?}");
            let sent = place.transport().sent();
            assert!(!sent.iter().any(|request| request.url.ends_with("/v1/intents/confirm")), "{tamper:?}");
        }
        let (world, place, wallet, ..) = stage().await;
        place.authenticator().set_mode(Mode::UvFail);
        assert!(world.top_up(&wallet, 1_000, "card-1").await.is_err());
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
    });
}

#[test]
fn card_codes_can_not_be_guessed_without_end() {
    run(async {
        let (world, _, wallet, ..) = stage().await;
        let source: SourceId = "card-4".parse().unwrap();
        let mut last = None;
        for _ in 0..12 {
            last = Some(wallet.prove_card(source.clone()).await.unwrap());
        }
        // Those beyond the day's three are answered alike; no code was made for them, so none is right.
        let inbox = world.issuer.inbox(0).await.unwrap();
        let of_card = |message: &Message| message.text.contains("card company") || message.text.contains("カード会社");
        let codes: Vec<_> = inbox.into_iter().filter(|(_, message)| of_card(message)).collect();
        let codes: Vec<_> = codes.into_iter().filter_map(|(_, message)| message.code).collect();
        assert_eq!(codes.len(), 3);
        let proof = last.unwrap().proof;
        for code in codes {
            assert_eq!(world.issuer.finish_card_proof(&proof, &code).await.unwrap_err().code, Code::CodeRefused);
        }
    });
}
