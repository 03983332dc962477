//! Callers who may not call: other origins, other devices, what was used before.

use super::by_hand::ByHand;
use super::world::{Caller, ISSUER, World, balance, yen};
use super::{data, forge, stage};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wallet::memory::{MemoryEntropy, SoftKey, run};
use jitsuin::wallet::ports::Platform;
use jitsuin::wire::calls::{ConfirmIntent, Outcome, Refill};
use jitsuin::wire::money::Currency;

#[test]
fn a_page_of_another_origin_is_wrong_origin() {
    run(async {
        let world = World::new().await;
        // The same relying party id, another port.
        let place = world.place_at("http://localhost:8788");
        let wallet = world.wallet(&place).await;
        assert_eq!(world.enrol(&wallet, "hanako").await.unwrap_err().code, Code::WrongOrigin);
        assert_eq!(wallet.state().status, Status::New);
    });
}

#[test]
fn a_second_profile_that_knows_id_and_password_gets_nothing() {
    run(async {
        let (world, owner, wallet, till, _) = stage().await;
        let place = world.place();
        let thief = world.wallet(&place).await;
        let messages = world.issuer.inbox(0).await.unwrap().len();
        let attempt = thief.log_in("hanako", "hanako-password", "en").await.unwrap();
        // The contact code is not the thief's to read: 3 guesses, and one that would have been right comes too late.
        let code = world.code_for("hanako@example.test").await;
        for guess in ["00000000", "11111111", "22222222"] {
            assert_eq!(thief.enter_code(&attempt, guess).await.unwrap_err().code, Code::CodeRefused);
        }
        assert_eq!(thief.enter_code(&attempt, &code).await.unwrap_err().code, Code::CodeRefused);
        assert_eq!(world.issuer.inbox(0).await.unwrap().len(), messages + 1, "the owner was told");
        assert_eq!(thief.payment_code(None).await.unwrap_err().code, Code::NotEnrolled);
        let top_up = thief.prepare_top_up(yen(1_000), Currency::JPY, "card-1".parse().unwrap()).await;
        assert_eq!(top_up.unwrap_err().code, Code::NotEnrolled);
        assert_eq!(thief.prepare_enrolment("guess", "Thief", None).await.unwrap_err().code, Code::TicketExpired);

        // Nor does a key of the thief's own reach the desk past the wallet.
        let mut stranger = Caller::stranger(&world);
        stranger.account = Some(data(&owner).account.unwrap().id);
        assert_eq!(stranger.call(&Refill {}).await.unwrap_err().code, "not-enrolled");
        let forged = forge(&owner, &stranger, |_| {});
        assert_eq!(till.outcome(&forged, 540, "sale-1").await, Outcome::TryAgain);

        // Even with the contact code: an account that has a device takes no second one this way.
        let attempt = thief.log_in("hanako", "hanako-password", "en").await.unwrap();
        let ticket = thief.enter_code(&attempt, &world.code_for("hanako@example.test").await).await;
        if let Ok(ticket) = ticket {
            assert_eq!(thief.prepare_enrolment(&ticket, "Thief", None).await.unwrap_err().code, Code::NotFirstDevice);
        }
        assert_eq!(thief.state().status, Status::New);
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        assert_eq!(wallet.state().devices.len(), 1);
    });
}

#[test]
fn a_wrong_password_is_answered_like_a_right_one() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let wallet = world.wallet(&place).await;
        let messages = world.issuer.inbox(0).await.unwrap().len();
        for (login, password) in [("hanako", "wrong"), ("nobody", "hanako-password")] {
            let attempt = wallet.log_in(login, password, "en").await.unwrap();
            assert_eq!(wallet.enter_code(&attempt, "00000000").await.unwrap_err().code, Code::CodeRefused);
        }
        assert_eq!(world.issuer.inbox(0).await.unwrap().len(), messages, "nobody is bothered");
    });
}

#[test]
fn a_ticket_is_for_one_key_and_one_use() {
    run(async {
        let world = World::new().await;
        let (place, other) = (world.place(), world.place());
        let (wallet, thief) = (world.wallet(&place).await, world.wallet(&other).await);
        let ticket = world.ticket(&wallet, "hanako").await.unwrap();
        // The thief needs keys of its own before it can ask anything.
        thief.log_in("nobody", "x", "en").await.unwrap();
        assert_eq!(thief.prepare_enrolment(&ticket, "Thief", None).await.unwrap_err().code, Code::TicketExpired);
        world.advance(601);
        assert_eq!(wallet.prepare_enrolment(&ticket, "Late", None).await.unwrap_err().code, Code::TicketExpired);
    });
}

#[test]
fn a_replayed_call_is_refused() {
    run(async {
        let (world, place, ..) = stage().await;
        let sent = place.transport().sent();
        let call = sent.iter().rev().find(|request| request.url.ends_with("/v1/sync")).unwrap();
        let path = call.url.strip_prefix(ISSUER).unwrap();
        let reply = world.answer("POST", path, call.body.clone(), call.proof.clone()).await;
        let problem: jitsuin::wire::calls::Problem = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(problem.code, "proof-replayed");
        let changed = world.answer("POST", path, b"{}".to_vec(), call.proof.clone()).await;
        let problem: jitsuin::wire::calls::Problem = serde_json::from_slice(&changed.body).unwrap();
        assert_eq!(problem.code, "proof-refused");
    });
}

#[test]
fn a_request_that_carries_a_prf_output_is_prf_leaked() {
    run(async {
        let (world, place, ..) = stage().await;
        let by_hand = ByHand::prepare(&world, &place, 1_000, "card-1").await;
        let assertion = by_hand.assert(&place, &by_hand.intent).await;
        let call = ConfirmIntent {
            intent: jitsuin::wire::id::Bytes(by_hand.intent.to_bytes()),
            assertion,
            co_signature: None,
        };
        let mut json = serde_json::to_value(&call).unwrap();
        json["assertion"]["clientExtensionResults"] = serde_json::json!({ "prf": { "results": { "first": "AA" } } });
        let refused = by_hand.caller.post("/v1/intents/confirm", serde_json::to_vec(&json).unwrap()).await;
        assert_eq!(refused.unwrap_err().code, "prf-leaked");
    });
}

#[test]
fn a_key_of_a_till_is_not_a_key_of_a_wallet() {
    run(async {
        let (world, ..) = stage().await;
        let (key, _) = SoftKey::make(&MemoryEntropy::of_system()).unwrap();
        let stranger = Caller::new(&world, key, None);
        let problem = stranger.call(&jitsuin::wire::calls::WhichTill {}).await.unwrap_err();
        assert!(problem.status >= 400, "{}", problem.code);
    });
}
