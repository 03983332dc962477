#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::testing::passkey::{GOOD, Passkey};
use crate::issuer::testing::{Stage, passki};
use crate::wire::origin::Origin;

const CHALLENGE: Hash = Hash([5; 32]);
const USER: [u8; 32] = [3; 32];

fn register(change: impl Fn(&mut Passkey)) -> Result<Registered, Code> {
    let mut passkey = Passkey::new(31);
    change(&mut passkey);
    check(&CHALLENGE, &passkey.register(&CHALLENGE))
}

/// A registration that holds says to passki what it says here.
fn check(challenge: &Hash, registration: &Registration) -> Result<Registered, Code> {
    let settings = Stage::new().settings;
    let ours = check_registration(&settings, challenge, registration);
    if let Ok(Registered { credential, backup_eligible, .. }) = &ours {
        let origins: Vec<&str> = settings.origins.iter().map(Origin::as_str).collect();
        let json = serde_json::to_value(registration).unwrap();
        let read = passki::registered((settings.rp_id.as_str(), &origins), &challenge.0, &json);
        let key = CredentialKey::from_cose_key(&credential.key.0).unwrap();
        let (id, key, algorithm) = (credential.id.0.clone(), credential.key.0.clone(), key.algorithm());
        assert_eq!(read, Some((id, key, algorithm, *backup_eligible)));
    }
    ours
}

fn assert(change: impl Fn(&mut Passkey)) -> Result<Asserted, Code> {
    let good = Passkey::new(31);
    let mut passkey = good.clone();
    change(&mut passkey);
    let assertion = passkey.assert(&CHALLENGE);
    check_assertion(&Stage::new().settings, &CHALLENGE, &assertion, &good.credential(), &Bytes(USER.into()))
}

/// One change and the code it must have.
type Change = (fn(&mut Passkey), Code);

/// Changes that both ceremonies refuse alike.
const CHANGES: &[Change] = &[
    (|passkey| passkey.origin = "https://wallet.example:8788".into(), Code::WrongOrigin),
    (|passkey| passkey.origin = "http://wallet.example".into(), Code::WrongOrigin),
    (|passkey| passkey.cross_origin = true, Code::WrongOrigin),
    (|passkey| passkey.rp_id = "example".into(), Code::WrongRp),
    (|passkey| passkey.flags = 0x01, Code::UserNotVerified),
    (|passkey| passkey.flags = 0x04, Code::UserNotVerified),
    (|passkey| passkey.flags = 0x00, Code::UserNotVerified),
    (|passkey| passkey.kind = Some("payment.get"), Code::AssertionRefused),
    // BS without BE can't be (WebAuthn section 6.1.3).
    (|passkey| passkey.flags = GOOD | 0x10, Code::AssertionRefused),
];

#[test]
fn a_good_registration_says_what_it_is() {
    let registered = register(|passkey| passkey.flags = GOOD | 0x18).unwrap();
    assert_eq!(registered.credential, Passkey::new(31).credential());
    assert!(registered.backup_eligible && registered.backed_up);
    assert!(!register(|_| {}).unwrap().backup_eligible);
}

#[test]
fn each_wrong_registration_has_its_code() {
    for (change, code) in CHANGES {
        assert_eq!(register(change).unwrap_err(), *code);
    }
    assert_eq!(register(|passkey| passkey.kind = Some("webauthn.get")).unwrap_err(), Code::AssertionRefused);
    let other = Passkey::new(31).register(&Hash([6; 32]));
    assert_eq!(check(&CHALLENGE, &other).unwrap_err(), Code::IntentMismatch);
}

#[test]
fn authenticator_data_beside_the_attestation_is_the_same() {
    let mut registration = Passkey::new(31).register(&CHALLENGE);
    registration.response.authenticator_data.0[32] |= 0x08;
    assert_eq!(check(&CHALLENGE, &registration).unwrap_err(), Code::AssertionRefused);
    let mut registration = Passkey::new(31).register(&CHALLENGE);
    registration.raw_id = Bytes(vec![1; 16]).try_into().unwrap();
    assert_eq!(check(&CHALLENGE, &registration).unwrap_err(), Code::AssertionRefused);
    let mut registration = Passkey::new(31).register(&CHALLENGE);
    registration.response.attestation_object.0.truncate(40);
    assert_eq!(check(&CHALLENGE, &registration).unwrap_err(), Code::AssertionRefused);
}

#[test]
fn each_wrong_assertion_has_its_code() {
    assert!(assert(|_| {}).is_ok());
    assert!(assert(|passkey| passkey.user_handle = Some(USER.into())).is_ok());
    // Safari 15.4 to 17.3 says so that there is none.
    assert!(assert(|passkey| passkey.user_handle = Some(Vec::new())).is_ok());
    for (change, code) in CHANGES {
        assert_eq!(assert(change).unwrap_err(), *code);
    }
    let more: &[Change] = &[
        (|passkey| passkey.kind = Some("webauthn.create"), Code::AssertionRefused),
        (|passkey| passkey.break_signature = true, Code::AssertionRefused),
        (|passkey| passkey.secret = 32, Code::AssertionRefused),
        (|passkey| passkey.id = vec![9; 16], Code::CredentialUnknown),
        (|passkey| passkey.user_handle = Some(vec![4; 32]), Code::CredentialUnknown),
    ];
    for (change, code) in more {
        assert_eq!(assert(change).unwrap_err(), *code);
    }
}

#[test]
fn an_assertion_answers_its_challenge_only() {
    let passkey = Passkey::new(31);
    let assertion = passkey.assert(&Hash([6; 32]));
    let settings = Stage::new().settings;
    let checked = check_assertion(&settings, &CHALLENGE, &assertion, &passkey.credential(), &Bytes(USER.into()));
    assert_eq!(checked.unwrap_err(), Code::IntentMismatch);
}

#[test]
fn every_changed_byte_of_what_is_signed_is_refused() {
    let passkey = Passkey::new(31);
    let good = passkey.assert(&CHALLENGE);
    let settings = Stage::new().settings;
    let refused = |assertion: &Assertion| {
        check_assertion(&settings, &CHALLENGE, assertion, &passkey.credential(), &Bytes(USER.into())).is_err()
    };
    for at in 0..good.response.authenticator_data.0.len() {
        let mut changed = good.clone();
        changed.response.authenticator_data.0[at] ^= 1;
        assert!(refused(&changed), "authenticatorData {at}");
    }
    for at in 0..good.response.client_data.0.len() {
        let mut changed = good.clone();
        changed.response.client_data.0[at] ^= 1;
        assert!(refused(&changed), "clientDataJSON {at}");
    }
}

#[test]
fn a_counter_that_does_not_grow_is_a_signal() {
    let mut credential = Credential {
        id: Bytes(vec![1]).try_into().unwrap(),
        key: Bytes(vec![1]),
        counter: 0,
        counter_regressions: 0,
        backup_eligible: false,
        backed_up: false,
        backup_flips: 0,
    };
    let asserted = |counter| Asserted { counter, backup_eligible: false, backed_up: false };
    credential.note(asserted(0));
    assert_eq!(credential.counter_regressions, 0);
    credential.note(asserted(5));
    credential.note(asserted(5));
    credential.note(asserted(0));
    assert_eq!((credential.counter, credential.counter_regressions), (5, 2));
    credential.note(Asserted { counter: 6, backup_eligible: true, backed_up: true });
    assert_eq!((credential.backup_flips, credential.backed_up), (1, true));
    assert!(assert(|passkey| passkey.counter = 7).is_ok());
}

#[test]
fn each_algorithm_registers_and_asserts_and_its_signature_counts() {
    for algorithm in [-7, -257, -8] {
        let mut passkey = Passkey::new(31);
        passkey.algorithm = algorithm;
        let settings = Stage::new().settings;
        let registered = check(&CHALLENGE, &passkey.register(&CHALLENGE)).unwrap();
        assert_eq!(registered.credential, passkey.credential());
        let check = |assertion: &Assertion| {
            check_assertion(&settings, &CHALLENGE, assertion, &registered.credential, &Bytes(USER.into()))
        };
        let good = passkey.assert(&CHALLENGE);
        assert!(check(&good).is_ok(), "{algorithm}");
        for other in [-7, -257, -8].into_iter().filter(|other| *other != algorithm) {
            let mut passkey = passkey.clone();
            passkey.algorithm = other;
            assert_eq!(check(&passkey.assert(&CHALLENGE)).unwrap_err(), Code::AssertionRefused, "{other}");
        }
        for at in 0..good.response.signature.0.len() {
            let mut changed = good.clone();
            changed.response.signature.0[at] ^= 1;
            assert!(check(&changed).is_err(), "{algorithm}: signature {at}");
        }
    }
}

#[test]
fn a_registration_of_another_algorithm_is_refused() {
    let mut passkey = Passkey::new(31);
    passkey.algorithm = -7;
    let mut registration = passkey.register(&CHALLENGE);
    // ES384 over the same point, in both copies of authenticatorData: {3: -35} takes one byte more.
    let data = &mut registration.response.authenticator_data.0;
    let at = data.windows(3).position(|bytes| bytes == [0x03, 0x26, 0x20]).unwrap();
    data.splice(at + 1..at + 2, [0x38, 0x22]);
    let mut object = crate::wire::cbor::Writer::new();
    object.map(3);
    object.text("fmt");
    object.text("none");
    object.text("attStmt");
    object.map(0);
    object.text("authData");
    object.bytes(data);
    registration.response.attestation_object = Bytes(object.into_bytes());
    let checked = check(&CHALLENGE, &registration);
    assert_eq!(checked.unwrap_err(), Code::AssertionRefused);
}

#[test]
fn a_statement_of_attestation_that_nobody_asked_for_changes_nothing() {
    let mut registration = Passkey::new(31).register(&CHALLENGE);
    let mut object = crate::wire::cbor::Writer::new();
    object.map(3);
    object.text("fmt");
    object.text("apple");
    object.text("attStmt");
    object.map(1);
    object.text("x5c");
    object.bytes(&[1]);
    object.text("authData");
    object.bytes(&registration.response.authenticator_data.0);
    registration.response.attestation_object = Bytes(object.into_bytes());
    let held = check_registration(&Stage::new().settings, &CHALLENGE, &registration).unwrap();
    assert_eq!(held, register(|_| {}).unwrap());
}

/// An Ed25519 signature of the passkey of secret 31 over its assertion for [`CHALLENGE`], whose R is the neutral point and whose S is
/// k times the secret scalar (made in Python from RFC 8032). Libraries without the strict check take it.
const SMALL_ORDER_R: &str = "01000000000000000000000000000000000000000000000000000000000000003e34778692150157afe3fdc6a7c104e4f3943203f9524f839320b93c58cfe703";

#[test]
fn a_signature_that_readers_of_evidence_refuse_is_no_consent() {
    let mut passkey = Passkey::new(31);
    passkey.algorithm = -8;
    let mut assertion = passkey.assert(&CHALLENGE);
    assertion.response.signature.0 = data_encoding::HEXLOWER.decode(SMALL_ORDER_R.as_bytes()).unwrap();
    let checked =
        check_assertion(&Stage::new().settings, &CHALLENGE, &assertion, &passkey.credential(), &Bytes(USER.into()));
    assert_eq!(checked.unwrap_err(), Code::AssertionRefused);
}
