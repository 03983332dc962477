//! The issuer's desk and the check for servers of others over the same answers: one verdict, and none that takes what passki
//! refuses.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::testing::passkey::{GOOD, Passkey as Soft};
use crate::issuer::testing::{Stage, passki, public};
use crate::issuer::webauthn::check_assertion;

const CHALLENGE: Hash = Hash([5; 32]);
const USER: [u8; 32] = [3; 32];

fn registered() -> Passkey {
    let good = Soft::new(31);
    Passkey {
        id: Bytes(good.id).try_into().unwrap(),
        key: CredentialKey::Es256(public(31)),
        user_handle: Some(Bytes(USER.into())),
        backup_eligible: false,
    }
}

/// The verdict of both, which must be one.
fn verdict(assertion: &Assertion, challenge: &Hash) -> Result<Asserted, Code> {
    verdict_of(&Soft::new(31), &registered(), assertion, challenge)
}

fn verdict_of(soft: &Soft, passkey: &Passkey, assertion: &Assertion, challenge: &Hash) -> Result<Asserted, Code> {
    let (settings, credential) = (Stage::new().settings, soft.credential());
    let ours = check(&settings.place(), challenge, assertion, passkey);
    let desk = check_assertion(&settings, challenge, assertion, &credential, &Bytes(USER.into()));
    assert_eq!(ours, desk);
    let of = (credential.id.0.as_slice(), credential.key.0.as_slice(), passkey.key.algorithm());
    let origins: Vec<&str> = settings.origins.iter().map(Origin::as_str).collect();
    let json = serde_json::to_value(assertion).unwrap();
    let passki = passki::takes_assertion((settings.rp_id.as_str(), &origins), &challenge.0, &json, of);
    assert!(passki || ours.is_err(), "passki refuses it");
    ours
}

fn changed(change: impl Fn(&mut Soft)) -> Assertion {
    let mut soft = Soft::new(31);
    change(&mut soft);
    soft.assert(&CHALLENGE)
}

#[test]
fn desk_and_servers_of_others_agree_on_every_wrong_answer() {
    type Change = (fn(&mut Soft), Code);
    let changes: &[Change] = &[
        (|soft| soft.origin = "https://wallet.example:8788".into(), Code::WrongOrigin),
        (|soft| soft.origin = "https://wallet.example/".into(), Code::WrongOrigin),
        (|soft| soft.cross_origin = true, Code::WrongOrigin),
        (|soft| soft.rp_id = "example".into(), Code::WrongRp),
        (|soft| soft.flags = 0x01, Code::UserNotVerified),
        (|soft| soft.flags = 0x04, Code::UserNotVerified),
        (|soft| soft.flags = GOOD | 0x10, Code::AssertionRefused),
        (|soft| soft.kind = Some("webauthn.create"), Code::AssertionRefused),
        (|soft| soft.kind = Some("payment.get"), Code::AssertionRefused),
        (|soft| soft.break_signature = true, Code::AssertionRefused),
        (|soft| soft.secret = 32, Code::AssertionRefused),
        (|soft| soft.id = vec![9; 16], Code::CredentialUnknown),
        (|soft| soft.user_handle = Some(vec![4; 32]), Code::CredentialUnknown),
    ];
    for (change, code) in changes {
        assert_eq!(verdict(&changed(change), &CHALLENGE).unwrap_err(), *code);
    }
    assert_eq!(verdict(&changed(|_| {}), &Hash([6; 32])).unwrap_err(), Code::IntentMismatch);
    let mut named = changed(|_| {});
    named.id = to_base64(&[9; 16]);
    assert_eq!(verdict(&named, &CHALLENGE).unwrap_err(), Code::AssertionRefused);
    named = changed(|_| {});
    named.kind = "password".into();
    assert_eq!(verdict(&named, &CHALLENGE).unwrap_err(), Code::AssertionRefused);
}

#[test]
fn they_agree_on_good_answers() {
    assert!(verdict(&changed(|_| {}), &CHALLENGE).is_ok());
    assert!(verdict(&changed(|soft| soft.user_handle = Some(USER.into())), &CHALLENGE).is_ok());
    assert!(verdict(&changed(|soft| soft.user_handle = Some(Vec::new())), &CHALLENGE).is_ok());
    assert_eq!(verdict(&changed(|soft| soft.counter = 7), &CHALLENGE).unwrap().counter, 7);
}

#[test]
fn they_agree_on_each_algorithm() {
    for algorithm in [-7, -257, -8] {
        let mut soft = Soft::new(31);
        soft.algorithm = algorithm;
        let credential = soft.credential();
        let passkey = Passkey { key: CredentialKey::from_cose_key(&credential.key.0).unwrap(), ..registered() };
        let verdict = |assertion: &Assertion| verdict_of(&soft, &passkey, assertion, &CHALLENGE);
        let good = soft.assert(&CHALLENGE);
        assert!(verdict(&good).is_ok(), "{algorithm}");
        for at in 0..good.response.signature.0.len() {
            let mut wrong = good.clone();
            wrong.response.signature.0[at] ^= 0x80;
            assert!(verdict(&wrong).is_err(), "{algorithm}: {at}");
        }
        for cut in [0, 1, good.response.signature.0.len() - 1] {
            let mut wrong = good.clone();
            wrong.response.signature.0.truncate(cut);
            assert!(verdict(&wrong).is_err(), "{algorithm}: {cut} bytes");
        }
        let mut long = good.clone();
        long.response.signature.0.push(0);
        assert!(verdict(&long).is_err(), "{algorithm}");
    }
}

#[test]
fn they_agree_on_every_changed_byte() {
    let good = changed(|_| {});
    type Part = fn(&mut Assertion) -> &mut Vec<u8>;
    let parts: &[Part] = &[
        |answer| &mut answer.response.authenticator_data.0,
        |answer| &mut answer.response.client_data.0,
        |answer| &mut answer.response.signature.0,
    ];
    for part in parts {
        for at in 0..part(&mut good.clone()).len() {
            let mut wrong = good.clone();
            part(&mut wrong)[at] ^= 1;
            // A changed member name of clientDataJSON may leave what is checked as it was; its signature is gone then.
            assert!(verdict(&wrong, &CHALLENGE).is_err(), "{at}");
        }
        let mut cut = good.clone();
        part(&mut cut).pop();
        assert!(verdict(&cut, &CHALLENGE).is_err());
    }
}

#[test]
fn a_flipped_backup_flag_is_refused_where_nobody_notes_it() {
    let settings = Stage::new().settings;
    let flipped = changed(|soft| soft.flags = GOOD | 0x08);
    let other = Passkey { backup_eligible: true, ..registered() };
    let ours = |passkey: &Passkey| check(&settings.place(), &CHALLENGE, &flipped, passkey);
    assert_eq!(ours(&registered()).unwrap_err(), Code::AssertionRefused);
    assert!(ours(&other).is_ok());
    let good = changed(|_| {});
    assert_eq!(check(&settings.place(), &CHALLENGE, &good, &other).unwrap_err(), Code::AssertionRefused);
}

#[test]
fn results_of_extensions_leak_wherever_they_stand_and_empty_ones_do_not() {
    for body in [
        r#"{"clientExtensionResults":{"prf":{"enabled":true}}}"#,
        r#"{"id":"AA","response":{"prf":{"results":{"first":"AA"}}}}"#,
        r#"{"items":[{"clientExtensionResults":"AA"}]}"#,
        r#"{"client\u0045xtensionResults":{"a":1}}"#,
    ] {
        assert!(leaks(body.as_bytes()), "{body}");
    }
    for body in [
        r#"{"id":"AA","response":{"signature":"AA"},"clientExtensionResults":{}}"#,
        r#"{"id":"AA","response":{"prf":{}}}"#,
        r#"{"label":"prf","place":"a\\b"}"#,
    ] {
        assert!(!leaks(body.as_bytes()), "{body}");
    }
}
