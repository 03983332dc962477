//! What must be refused, each with its own code, nothing moved, and nothing changed before a signature held.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::ledger::{Kind, Ledger};
use jitsuin::issuer::verifier::{Candidate, Sale, authenticate};
use jitsuin::wallet::memory::{MemoryEntropy, Mode, Place, SoftKey, Tamper, run};
use jitsuin::wallet::ports::{Authenticator, Platform, RequestOptions, SigningKey};
use jitsuin::wallet::record::Data;
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::{ConfirmIntent, IntentConfirmed, Outcome, PrepareTopUp, Refill};
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::id::{Bytes, Veil};
use jitsuin::wire::intent::Intent;
use jitsuin::wire::money::Currency;
use jitsuin::wire::receipt;
use jitsuin::wire::sign1;
use jitsuin::wire::token::{Limit, Token, UnverifiedToken};
use jitsuin::wire::webauthn::Assertion;
use std::collections::BTreeMap;
use std::time::Duration;
use world::{Caller, ISSUER, Till, World, balance, yen};

/// Everything an issuer decides by, and every movement.
async fn ledger(world: &World) -> (BTreeMap<String, String>, usize, usize) {
    let ledger = world.issuer.ledger();
    let mut rows = BTreeMap::new();
    for kind in [Kind::Accounts, Kind::Handles, Kind::Payments, Kind::TopUps, Kind::Credentials, Kind::Tills] {
        rows.extend(ledger.bodies(kind));
    }
    (rows, ledger.entries().await.unwrap().len(), world.issuer.inbox(0).await.unwrap().len())
}

/// An enrolled wallet with its data, and the two tills.
async fn stage() -> (World, Place, Wallet<Place>, Till, Till) {
    // One till tries more wrong codes here than an issuer would hear from it.
    let world = World::with(Plan::default(), |settings| settings.attempts.per_till = u32::MAX).await;
    let (place, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    (world, place, wallet, till, other)
}

fn data(place: &Place) -> Data {
    Data::from_bytes(&place.store().data().unwrap()).unwrap()
}

/// A token of the wallet's own key with whatever claims.
fn forge(place: &Place, key: &Caller, change: impl FnOnce(&mut Token)) -> String {
    let data = data(place);
    let terms = data.allowance.unwrap();
    let now = data.last_contact;
    let mut token =
        Token { limit: Limit::Allowance, issued_at: now, expires_at: now + 60, atc: data.atc + 1, random: [7; 4] };
    change(&mut token);
    let unsigned = token.prepare(terms.handle, &terms.veil);
    Token::text(&unsigned, &key.sign(unsigned.message()))
}

/// What the verifier says of a token, in its own words.
fn verdict(world: &World, place: &Place, text: &str, till: &str, amount: u32) -> Result<(), Code> {
    let data = data(place);
    let terms = data.allowance.unwrap();
    let token = UnverifiedToken::from_text(text).map_err(|refusal| refusal.code())?;
    let key = data.device_key;
    let candidate = Candidate { thumb: key.thumbprint(), key, veil: terms.veil };
    let (token, _) = authenticate(&token, &[candidate])?;
    let sale = Sale {
        till: till.parse().unwrap(),
        merchant: till.replacen('t', "m", 1).parse().unwrap(),
        amount: yen(amount),
        currency: Currency::JPY,
        now_ms: u64::from(world.now()) * 1000,
    };
    sale.check(&token, terms.per_payment)
}

#[test]
fn a_used_token_at_another_till_is_token_used() {
    run(async {
        let (world, _, wallet, till, other) = stage().await;
        let code = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Approved);
        let before = ledger(&world).await;
        assert_eq!(till.outcome(&code, 541, "sale-2").await, Outcome::TokenUsed, "the same till, another amount");
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

/// A step-up done by hand with the wallet's own key and passkey, so that each part can be wrong.
struct ByHand {
    caller: Caller,
    intent: Intent,
    credential: Bytes,
}

impl ByHand {
    async fn prepare(world: &World, place: &Place, amount: u32, source: &str) -> Self {
        let caller = Caller::thief_of(world, place).await;
        let data = data(place);
        let call = PrepareTopUp {
            amount: yen(amount),
            currency: Currency::JPY,
            source: source.parse().unwrap(),
            head: data.link.hash,
        };
        let intent = Intent::from_bytes(&caller.call(&call).await.unwrap().intent.0).unwrap();
        Self { caller, intent, credential: data.account.unwrap().credential }
    }

    async fn assert(&self, place: &Place, over: &Intent) -> Assertion {
        let options = RequestOptions {
            rp_id: "localhost".parse().unwrap(),
            challenge: over.challenge(),
            credential: self.credential.clone(),
            prf: None,
            deadline: Duration::from_secs(60),
        };
        place.authenticator().get(&options).await.unwrap().0
    }

    fn co_sign(&self, over: &Intent, assertion: &Assertion, with: &Caller) -> Bytes {
        let response = &assertion.response;
        let statement = CoSignature::over(
            &over.to_bytes(),
            &response.authenticator_data.0,
            &response.client_data.0,
            &response.signature.0,
            &self.credential.0,
        );
        let unsigned = sign1::prepare(&statement, with.key.public());
        Bytes(unsigned.finish(&with.sign(unsigned.message())))
    }

    async fn confirm(&self, assertion: Assertion, co_signature: Option<Bytes>) -> Result<IntentConfirmed, String> {
        let call = ConfirmIntent { nonce: self.intent.nonce, assertion, co_signature };
        self.caller.call(&call).await.map_err(|problem| problem.code)
    }
}

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
        let call = ConfirmIntent { nonce: by_hand.intent.nonce, assertion, co_signature: Some(right) };
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
        let top_up = thief.prepare_top_up(yen(1_000), Currency::JPY, &"card-1".parse().unwrap()).await;
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
        let call = ConfirmIntent { nonce: by_hand.intent.nonce, assertion, co_signature: None };
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
        assert_eq!(till.outcome(&code, 540, "sale-2").await, Outcome::Reversed, "the same code, scanned again");
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 2_000);
        world.audit().await;
    });
}

#[test]
fn card_codes_can_not_be_guessed_without_end() {
    run(async {
        let (_, _, wallet, ..) = stage().await;
        let source = "card-4".parse().unwrap();
        let mut refused = None;
        for _ in 0..12 {
            refused = wallet.prove_card(&source).await.err().or(refused);
        }
        assert_eq!(refused.map(|error| error.code), Some(Code::TooManyAttempts));
    });
}
