#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::testing::passkey::Passkey as Soft;
use crate::issuer::testing::{Stage, public, sign};
use crate::issuer::verifier::credential_key::CredentialKey;
use crate::wire::id::{Bytes, Hash, Nonce};
use crate::wire::intent::Action;

const NOW: u32 = 1_795_000_000;

fn intent() -> Intent {
    Intent {
        issuer: Stage::new().settings.issuer,
        account: "acc-1".parse().unwrap(),
        thumb: public(7).thumbprint(),
        credential: Bytes(Soft::new(31).id).try_into().unwrap(),
        head: Hash::ZERO,
        nonce: Nonce([1; 16]),
        expires_at: NOW + 300,
        action: Action::Unfreeze,
    }
}

/// The device key with this number over an intent and its assertion.
fn co_signed(device: u8, intent: &[u8], assertion: &Assertion) -> Vec<u8> {
    let response = &assertion.response;
    let parts = [&response.authenticator_data.0, &response.client_data.0, &response.signature.0];
    let [data, client, signature] = parts;
    let co_signature = CoSignature::over(intent, data, client, signature, &assertion.raw_id);
    let unsigned = sign1::prepare(&co_signature, &public(device));
    unsigned.finish(&sign(device, &unsigned))
}

fn check(intent: &[u8], assertion: &Assertion, co_signature: &[u8], now: u32) -> Result<Asserted, Code> {
    check_by(&Soft::new(31), intent, assertion, co_signature, now)
}

/// The same where another passkey is registered.
fn check_by(
    soft: &Soft,
    intent: &[u8],
    assertion: &Assertion,
    co_signature: &[u8],
    now: u32,
) -> Result<Asserted, Code> {
    let settings = Stage::new().settings;
    let passkey = Passkey {
        id: Bytes(soft.id.clone()).try_into().unwrap(),
        key: CredentialKey::from_cose_key(&soft.credential().key.0).unwrap(),
        user_handle: None,
        backup_eligible: false,
    };
    let account = "acc-1".parse().unwrap();
    let signer = Signer {
        issuer: &settings.issuer,
        place: settings.place(),
        account: &account,
        key: &public(7),
        passkeys: &[passkey],
        now_ms: u64::from(now) * 1000,
    };
    signer.check(intent, &Answer { assertion, co_signature })
}

#[test]
fn both_signatures_over_one_intent_hold() {
    let bytes = intent().to_bytes();
    let assertion = Soft::new(31).assert(&intent().challenge());
    assert!(check(&bytes, &assertion, &co_signed(7, &bytes, &assertion), NOW).is_ok());
}

#[test]
fn a_passkey_may_be_of_each_algorithm() {
    let bytes = intent().to_bytes();
    for algorithm in [-7, -257, -8] {
        let mut soft = Soft::new(31);
        soft.algorithm = algorithm;
        let assertion = soft.assert(&intent().challenge());
        let held = check_by(&soft, &bytes, &assertion, &co_signed(7, &bytes, &assertion), NOW);
        assert!(held.is_ok(), "{algorithm}: {held:?}");
        soft.break_signature = true;
        let broken = soft.assert(&intent().challenge());
        let refused = check_by(&soft, &bytes, &broken, &co_signed(7, &bytes, &broken), NOW);
        assert_eq!(refused, Err(Code::AssertionRefused), "{algorithm}");
    }
}

#[test]
fn an_intent_is_for_its_issuer_account_device_credential_and_time() {
    type Change = (fn(&mut Intent), Code);
    let changes: &[Change] = &[
        (|intent| intent.issuer = "https://other.example".parse().unwrap(), Code::IntentMismatch),
        (|intent| intent.account = "acc-2".parse().unwrap(), Code::IntentMismatch),
        (|intent| intent.thumb = public(8).thumbprint(), Code::IntentMismatch),
        (|intent| intent.credential = Bytes(vec![9; 16]).try_into().unwrap(), Code::CredentialUnknown),
        (|intent| intent.expires_at = NOW, Code::IntentExpired),
    ];
    for (change, code) in changes {
        let mut other = intent();
        change(&mut other);
        let bytes = other.to_bytes();
        let assertion = Soft::new(31).assert(&other.challenge());
        assert_eq!(check(&bytes, &assertion, &co_signed(7, &bytes, &assertion), NOW).unwrap_err(), *code);
    }
    let assertion = Soft::new(31).assert(&intent().challenge());
    assert_eq!(check(b"no intent", &assertion, &[], NOW).unwrap_err(), Code::Malformed);
}

#[test]
fn the_passkey_is_checked_before_the_co_signature() {
    let bytes = intent().to_bytes();
    let mut soft = Soft::new(31);
    soft.break_signature = true;
    let assertion = soft.assert(&intent().challenge());
    assert_eq!(check(&bytes, &assertion, &[], NOW).unwrap_err(), Code::AssertionRefused);
}

#[test]
fn a_co_signature_covers_this_intent_and_this_assertion_under_this_key() {
    let bytes = intent().to_bytes();
    let soft = Soft::new(31);
    let assertion = soft.assert(&intent().challenge());
    assert_eq!(check(&bytes, &assertion, &[], NOW).unwrap_err(), Code::CoSignatureMissing);
    let another = Intent { nonce: Nonce([2; 16]), ..intent() }.to_bytes();
    let later = Soft { counter: 1, ..soft }.assert(&intent().challenge());
    for wrong in [
        co_signed(8, &bytes, &assertion),
        co_signed(7, &another, &assertion),
        co_signed(7, &bytes, &later),
        b"no statement".to_vec(),
    ] {
        assert_eq!(check(&bytes, &assertion, &wrong, NOW).unwrap_err(), Code::CoSignatureRefused);
    }
    let good = co_signed(7, &bytes, &assertion);
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(check(&bytes, &assertion, &changed, NOW).unwrap_err(), Code::CoSignatureRefused, "{at}");
    }
}
