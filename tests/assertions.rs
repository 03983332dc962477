//! Assertions of each algorithm captured from Chromium, right and tampered with, against the issuer's check and that for
//! servers of others, which must give one verdict and take nothing that passki refuses; and signatures of authenticators by
//! others against the latter. PyPI's `webauthn` reads the same files (`tests/python-webauthn`).
#![cfg(feature = "issuer")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

#[path = "../src/issuer/testing/passki.rs"]
mod passki_says;

use jitsuin::issuer::Settings;
use jitsuin::issuer::verifier::assertion::{self, Passkey};
use jitsuin::issuer::verifier::credential_key::CredentialKey;
use jitsuin::issuer::webauthn::{check_assertion, check_registration};
use jitsuin::wire::id::{Bytes, Hash};
use jitsuin::wire::sha256;
use jitsuin::wire::webauthn::{Assertion, AttestedCredential, Registration};
use serde_json::Value as Json;
use std::path::Path;

fn vectors() -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/assertion");
    let read = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
}

fn from<T: serde::de::DeserializeOwned>(json: &Json) -> T {
    serde_json::from_value(json.clone()).unwrap()
}

fn text(json: &Json) -> String {
    json.as_str().unwrap().to_owned()
}

fn hash(json: &Json) -> Hash {
    text(json).parse().unwrap()
}

/// An issuer of the page that a vector expects.
fn settings(expected: &Json) -> Settings {
    let mut settings = Settings::new("https://issuer.example", &[&text(&expected["origin"])]).unwrap();
    settings.rp_id = text(&expected["rpId"]).parse().unwrap();
    settings
}

fn check(vector: &Json) -> &'static str {
    let expected = &vector["expected"];
    let assertion: Assertion = serde_json::from_str(&text(&vector["input"])).unwrap();
    let credential =
        AttestedCredential { id: from(&vector["credential"]["id"]), key: from(&vector["credential"]["key"]) };
    let user: Bytes = from(&expected["userHandle"]);
    let (settings, challenge) = (settings(expected), hash(&expected["challenge"]));
    let desk = check_assertion(&settings, &challenge, &assertion, &credential, &user);
    let algorithm = CredentialKey::from_cose_key(&credential.key.0).unwrap().algorithm();
    let of = (credential.id.0.as_slice(), credential.key.0.as_slice(), algorithm);
    let json = serde_json::to_value(&assertion).unwrap();
    let (rp_id, origin) = (text(&expected["rpId"]), text(&expected["origin"]));
    let passki = passki_says::takes_assertion((&rp_id, &[&origin]), &challenge.0, &json, of);
    assert!(passki || desk.is_err(), "{}: passki refuses it", vector["rule"]);
    let passkey =
        Passkey { id: credential.id, key: from(&vector["publicKey"]), user_handle: Some(user), backup_eligible: false };
    // Every captured passkey stays on its device: a set BE is a changed flag, which the desk refuses by its signature.
    assert_eq!(assertion::check(&settings.place(), &challenge, &assertion, &passkey), desk, "{}", vector["rule"]);
    match desk {
        Ok(_) => "ok",
        Err(code) => code.name(),
    }
}

#[test]
fn captured_assertions_are_taken_or_refused_as_they_say() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 25);
    for vector in &vectors {
        let key: Bytes = from(&vector["credential"]["key"]);
        assert_eq!(CredentialKey::from_cose_key(&key.0), Ok(from(&vector["publicKey"])), "one key in two forms");
        assert_eq!(check(vector), text(&vector["expect"]), "{}", vector["rule"]);
    }
}

#[test]
fn each_captured_registration_holds_and_gives_the_credential() {
    let vectors = vectors();
    for rule in ["golden", "golden RS256", "golden EdDSA"] {
        let golden = vectors.iter().find(|vector| vector["rule"] == rule).unwrap();
        let registration: Registration = from(&golden["registration"]);
        let expected = &golden["expected"];
        let held = check_registration(&settings(expected), &hash(&expected["challenge"]), &registration).unwrap();
        assert_eq!(held.credential.id, from(&golden["credential"]["id"]));
        assert_eq!(held.credential.key, from(&golden["credential"]["key"]));
        let (rp_id, origin) = (text(&expected["rpId"]), text(&expected["origin"]));
        let challenge = hash(&expected["challenge"]).0;
        let passki = passki_says::registered((&rp_id, &[&origin]), &challenge, &golden["registration"]).unwrap();
        let algorithm = CredentialKey::from_cose_key(&held.credential.key.0).unwrap().algorithm();
        assert_eq!(passki, (held.credential.id.0.clone(), held.credential.key.0, algorithm, held.backup_eligible));
        let other = Hash([0; 32]);
        assert!(check_registration(&settings(expected), &other, &registration).is_err());
    }
}

/// What authenticators and libraries of others signed.
#[test]
fn signatures_by_others_hold_and_no_changed_one_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/credential-keys.json");
    let vectors: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut algorithms = Vec::new();
    for vector in &vectors {
        let part = |name: &str| from::<Bytes>(&vector[name]).0;
        let key = CredentialKey::from_cose_key(&part("key")).unwrap();
        assert_eq!(i64::from(key.algorithm()), vector["algorithm"].as_i64().unwrap());
        let message = [part("authenticatorData").as_slice(), &sha256(&part("clientData"))].concat();
        let signature = part("signature");
        assert_eq!(key.verify(&message, &signature), Ok(()), "{}", vector["source"]);
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(key.verify(&message, &changed).is_err(), "{}: {at}", vector["source"]);
        }
        assert!(key.verify(&message[1..], &signature).is_err());
        algorithms.push(key.algorithm());
    }
    assert_eq!(algorithms, [-7, -257, -8, -257, -8]);
}

#[test]
fn every_changed_byte_of_what_is_signed_is_refused() {
    let vectors = vectors();
    let golden = vectors.iter().find(|vector| vector["rule"] == "golden").unwrap();
    let assertion: Assertion = serde_json::from_str(&text(&golden["input"])).unwrap();
    for at in 0..assertion.response.authenticator_data.0.len() {
        let mut changed = assertion.clone();
        changed.response.authenticator_data.0[at] ^= 0x10;
        let mut vector = golden.clone();
        vector["input"] = serde_json::to_string(&changed).unwrap().into();
        assert_ne!(check(&vector), "ok", "authenticatorData {at}");
    }
}
