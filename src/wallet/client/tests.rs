use super::*;
use crate::wallet::Settings;
use crate::wallet::memory::run;
use crate::wallet::scripted::{Trick, World, account};
use crate::wire::id::Thumbprint;

fn paths(world: &World) -> Vec<String> {
    world.issuer.calls.borrow_mut().drain(..).collect()
}

#[test]
fn the_first_call_learns_a_nonce_and_later_ones_keep_it() {
    let world = World::new();
    let wallet = world.open();
    run(wallet.log_in("a", "b", "en")).unwrap();
    assert_eq!(paths(&world), ["/.well-known/jitsuin", "/v1/login"]);
    run(wallet.enter_code("attempt", "12345678")).unwrap();
    assert_eq!(paths(&world), ["/v1/login/code"]);
    // One that may be too old by now is not tried.
    world.place.clock().advance(NONCE_LIFE);
    run(wallet.enter_code("attempt", "12345678")).unwrap();
    assert_eq!(paths(&world), ["/.well-known/jitsuin", "/v1/login/code"]);
}

#[test]
fn a_call_is_tried_again_once_and_no_more() {
    let world = World::new();
    let wallet = world.enrolled();
    paths(&world);
    world.issuer.trick.set(Some(Trick::Refuse(Code::UseDpopNonce)));
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::UseDpopNonce);
    assert_eq!(paths(&world).len(), 2);
}

#[test]
fn each_call_is_proved_by_its_own_key_and_never_the_same_way_twice() {
    let world = World::new();
    let wallet = world.enrolled();
    run(wallet.sync()).unwrap();
    run(wallet.sync()).unwrap();
    let (device, channel) = wallet.read(|data| (data.device_key, data.channel_key)).unwrap();
    let mut seen = Vec::new();
    for request in world.place.transport().sent() {
        let Some(proof) = request.proof else { continue };
        let path = request.url.strip_prefix("http://localhost:8787").unwrap();
        let url = ["http://localhost:8787", path].concat();
        let proof = dpop::verify(&proof, "POST", &url, &request.body).unwrap();
        assert_eq!(proof.key, if path == "/v1/sync" { channel } else { device }, "{path}");
        let knows_account = matches!(path, "/v1/sync" | "/v1/enrolment/confirm");
        assert_eq!(proof.claims.acc, knows_account.then(account), "{path}");
        assert!(!seen.contains(&proof.claims.jti));
        seen.push(proof.claims.jti);
    }
    assert!(seen.len() >= 6);
}

#[test]
fn calls_go_to_the_endpoint_and_are_signed_for_the_issuer() {
    let world = World::new();
    let settings = Settings { endpoint: Some("https://shop.example/pay/".into()), ..World::settings() };
    let wallet = run(Wallet::open(world.place.clone(), settings)).unwrap();
    assert_eq!(wallet.address("/v1/sync"), "https://shop.example/pay/v1/sync");
}

#[test]
fn another_root_than_the_page_names_is_untrusted() {
    let world = World::new();
    let settings = Settings { root: Some(Thumbprint([1; 32])), ..World::settings() };
    let wallet = run(Wallet::open(world.place.clone(), settings)).unwrap();
    assert_eq!(run(wallet.log_in("a", "b", "en")).unwrap_err().code, Code::IssuerUntrusted);
    assert_eq!(paths(&world), ["/.well-known/jitsuin"]);
}

#[test]
fn a_new_key_set_is_followed_only_if_the_old_one_signed_it() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.rotate(true);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.read(|data| data.trust.clone().unwrap().key_set.by_previous.is_some()), Ok(true));
    world.issuer.rotate(false);
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::IssuerUntrusted);
    // Another issuer under the same address: its own root signs nothing here.
    let other = World::new();
    let foreign = World::new();
    foreign.issuer.rotate(true);
    let wallet = other.enrolled();
    let theirs = foreign.issuer.book.borrow().signed.clone();
    let followed = run(wallet.follow(Some(theirs)));
    // Worlds share their seed, so this one is the same issuer; a set with another root is not.
    assert!(followed.is_ok());
    let mut forged = foreign.issuer.book.borrow().signed.clone();
    forged.by_root = forged.by_previous.clone().unwrap();
    assert_eq!(run(wallet.follow(Some(forged))).unwrap_err().code, Code::IssuerUntrusted);
}

#[test]
fn a_wallet_that_was_away_follows_several_key_sets_step_by_step() {
    let world = World::new();
    let wallet = world.enrolled();
    for _ in 0..3 {
        world.issuer.rotate(true);
    }
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.key_set().unwrap().seq, 4);
    // One step of several that the set before did not sign: nothing of it is taken.
    world.issuer.rotate(false);
    world.issuer.rotate(true);
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::IssuerUntrusted);
    assert_eq!(wallet.key_set().unwrap().seq, 4);
}

#[test]
fn an_unreachable_issuer_is_offline_and_comes_back() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.transport().set_offline(true);
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::Offline);
    assert!(!wallet.state().online);
    assert!(run(wallet.payment_code(None)).is_ok());
    world.place.transport().set_offline(false);
    run(wallet.sync()).unwrap();
    assert!(wallet.state().online);
}

#[test]
fn answers_that_are_no_problems_have_codes_too() {
    let wallet = World::new().open();
    let answer = |status, retry_after| {
        let body = b"<html>".to_vec();
        wallet.taken(Ok(Response { status, body, nonce: None, retry_after })).unwrap_err()
    };
    assert_eq!(answer(502, None).code, Code::IssuerUnavailable);
    assert_eq!(answer(503, Some(3)).details.as_ref().unwrap().retry_after_ms, Some(3_000));
    assert_eq!(answer(426, None).code, Code::UpgradeNeeded);
    assert_eq!(answer(429, None).code, Code::TooManyAttempts);
    for status in [403, 404, 418] {
        assert_eq!(answer(status, None), Error::new(Code::ForeignAnswer).with_confidence(Confidence::Likely));
    }
}
