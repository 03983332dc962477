//! What must hold for every input: decoders never panic, and no single changed byte of a signed thing passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use jitsuin::wire::allowance::Allowance;
use jitsuin::wire::approval::Approval;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::dpop;
use jitsuin::wire::enrolment::{self, Custody, Enrolment};
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::{Handle, Hash, Nonce, Thumbprint, Veil};
use jitsuin::wire::intent::Intent;
use jitsuin::wire::key::{PublicKey, Signature};
use jitsuin::wire::key_set::KeySet;
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Receipt};
use jitsuin::wire::sha256;
use jitsuin::wire::sign1::prepare;
use jitsuin::wire::state::{DeviceItem, DeviceState, DeviceStatus, Devices, Left, SourceItem, Sources};
use jitsuin::wire::text::Shown;
use jitsuin::wire::time::Time;
use jitsuin::wire::token::{Limit, Token, UnverifiedToken};
use jitsuin::wire::webauthn::{AttestedCredential, AuthenticatorData, ClientData};
use jitsuin::wire::{Statement, open};
use p256::ecdsa::signature::Signer as _;
use proptest::prelude::*;

fn golden(statement: &str) -> (Vec<u8>, PublicKey) {
    let file = format!("{}/tests/vectors/{statement}/golden.json", env!("CARGO_MANIFEST_DIR"));
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let bytes = data_encoding::HEXLOWER.decode(json["input"].as_str().unwrap().as_bytes()).unwrap();
    (bytes, serde_json::from_value(json["publicKey"].clone()).unwrap())
}

fn signer() -> (p256::ecdsa::SigningKey, PublicKey) {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let public = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    (key, public)
}

fn sign(message: &[u8]) -> Signature {
    let signature: p256::ecdsa::Signature = signer().0.sign(message);
    Signature::from_signer(&signature.to_bytes()).unwrap()
}

/// Every byte changed in every single bit, one at a time.
fn changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(move |bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

fn every_changed_bit_is_refused<S: Statement>(name: &str) {
    let (bytes, key) = golden(name);
    assert!(open::<S>(&bytes, &key).is_ok(), "{name}");
    for changed in changed(&bytes) {
        assert!(open::<S>(&changed, &key).is_err(), "{name}: {}", data_encoding::HEXLOWER.encode(&changed));
    }
}

#[test]
fn every_changed_bit_of_every_statement_is_refused() {
    every_changed_bit_is_refused::<Enrolment>("enrol");
    every_changed_bit_is_refused::<CoSignature>("step-up");
    every_changed_bit_is_refused::<Approval>("approval");
    every_changed_bit_is_refused::<Freeze>("freeze");
    every_changed_bit_is_refused::<Allowance>("allowance");
    every_changed_bit_is_refused::<Receipt>("receipt");
    every_changed_bit_is_refused::<Head>("head");
    every_changed_bit_is_refused::<DeviceState>("state");
    every_changed_bit_is_refused::<Time>("time");
    every_changed_bit_is_refused::<KeySet>("keyset");
    every_changed_bit_is_refused::<Quote>("quote");
}

const VEIL: Veil = Veil([5; 16]);

fn token_text(token: &Token) -> String {
    let unsigned = token.prepare(Handle([9; 8]), &VEIL).unwrap();
    Token::text(&unsigned, &sign(unsigned.message()))
}

#[test]
fn every_changed_character_of_a_token_is_refused() {
    let limit = Limit::Exact { amount: Amount::of(540), currency: Currency::JPY, audience: "t/a".parse().unwrap() };
    let text = token_text(&Token { limit, issued_at: 100_000, expires_at: 100_060, atc: 1, random: [0; 4] });
    let key = signer().1;
    for at in 0..text.len() {
        for new in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" {
            let mut bytes = text.clone().into_bytes();
            if bytes[at] == *new {
                continue;
            }
            bytes[at] = *new;
            let changed = String::from_utf8(bytes).unwrap();
            let held = UnverifiedToken::from_text(&changed).and_then(|token| token.verify(&key, &VEIL));
            assert!(held.is_err(), "{changed}");
        }
    }
}

#[test]
fn every_changed_bit_of_a_proof_is_refused() {
    let claims = dpop::Claims {
        htm: "POST".into(),
        htu: "https://issuer.example/v1/sync".into(),
        iat: 1,
        jti: Nonce([1; 16]),
        nonce: "n".into(),
        bdy: Hash(sha256(b"{}")),
        acc: None,
    };
    let unsigned = dpop::prepare(&claims, &signer().1);
    let signature = sign(unsigned.message());
    let proof = unsigned.finish(&signature);
    assert!(dpop::verify(&proof, "POST", &claims.htu, b"{}").is_ok());
    for changed in changed(proof.as_bytes()) {
        if let Ok(changed) = String::from_utf8(changed) {
            assert!(dpop::verify(&changed, "POST", &claims.htu, b"{}").is_err(), "{changed}");
        }
    }
}

fn tokens() -> impl Strategy<Value = Token> {
    let amount = (1_u64..1 << 53).prop_map(|amount| Amount::new(amount).unwrap());
    let limit = prop_oneof![
        Just(Limit::Allowance),
        amount.clone().prop_map(|amount| Limit::UpTo { amount, currency: Currency::JPY }),
        (amount, "[mt]/[a-zA-Z0-9._-]{1,22}").prop_map(|(amount, audience)| Limit::Exact {
            amount,
            currency: Currency::JPY,
            audience: audience.parse().unwrap()
        }),
    ];
    (limit, 0x1_0000..u32::MAX - 120, 30_u32..=120, any::<u32>(), any::<[u8; 4]>()).prop_map(
        |(limit, issued_at, life, atc, random)| Token { limit, issued_at, expires_at: issued_at + life, atc, random },
    )
}

fn shown() -> impl Strategy<Value = Shown> {
    "\\PC{0,85}".prop_filter_map("not shown", |text| text.parse().ok())
}

fn devices() -> impl Strategy<Value = DeviceItem> {
    let status = prop_oneof![
        Just(DeviceStatus::Active),
        Just(DeviceStatus::Suspended),
        Just(DeviceStatus::Revoked),
        Just(DeviceStatus::Frozen)
    ];
    let times = (any::<u32>(), any::<u32>(), any::<Option<u32>>());
    (any::<[u8; 32]>(), shown(), status, times).prop_map(
        |(thumb, label, status, (added_at, cooled_at, last_used_at))| DeviceItem {
            thumb: Thumbprint(thumb),
            label,
            custody: Custody::Browser,
            status,
            added_at,
            cooled_at,
            last_used_at,
        },
    )
}

fn sources() -> impl Strategy<Value = SourceItem> {
    ("[A-Za-z0-9._-]{1,64}", shown(), shown(), any::<[u8; 16]>(), any::<Option<u32>>()).prop_map(
        |(id, kind, label, random, usable_from)| SourceItem {
            id: id.parse().unwrap(),
            kind,
            label,
            random,
            usable_from,
        },
    )
}

fn states() -> impl Strategy<Value = DeviceState> {
    let amount = || (0_u64..1 << 53).prop_map(|amount| Amount::new(amount).unwrap());
    let lists = (
        proptest::collection::vec(devices(), 0..=Devices::MOST),
        proptest::collection::vec(sources(), 0..=Sources::MOST),
    );
    let left = (amount(), any::<u32>(), any::<u32>());
    let numbers = (any::<[u8; 16]>(), 0_u64..1 << 53, any::<u32>(), amount());
    (lists, left, numbers).prop_map(|((devices, sources), (amount, count, resets_at), (nonce, seq, floor, limit))| {
        DeviceState {
            issuer: "https://issuer.example".parse().unwrap(),
            account: "acc-1".parse().unwrap(),
            thumb: Thumbprint([1; 32]),
            nonce: Nonce(nonce),
            seq: Whole::new(seq).unwrap(),
            status: DeviceStatus::Active,
            floor,
            devices: devices.try_into().unwrap(),
            sources: sources.try_into().unwrap(),
            left: Left { amount, count, resets_at },
            limit,
        }
    })
}

proptest! {
    #[test]
    fn a_state_that_is_built_is_read(state in states()) {
        let unsigned = prepare(&state, &signer().1);
        let bytes = unsigned.finish(&sign(unsigned.message()));
        prop_assert!(bytes.len() <= DeviceState::MOST_BYTES);
        prop_assert_eq!(&*open::<DeviceState>(&bytes, &signer().1).unwrap(), &state);
    }

    #[test]
    fn a_token_comes_back_as_it_went(token in tokens()) {
        let text = token_text(&token);
        prop_assert!((175..=255).contains(&text.len()));
        let back = UnverifiedToken::from_text(&text).unwrap().verify(&signer().1, &VEIL).unwrap();
        prop_assert_eq!(&*back, &token);
    }

    #[test]
    fn an_amount_comes_back_from_its_text(minor_units in 0_u64..1 << 53) {
        let amount = Amount::new(minor_units).unwrap();
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
    }

    #[test]
    fn a_statement_never_makes_a_decoder_panic(start in 0_usize..200, noise in proptest::collection::vec(any::<u8>(), 0..64)) {
        for name in ["enrol", "receipt", "state", "allowance", "keyset"] {
            let (mut bytes, key) = golden(name);
            let at = start.min(bytes.len());
            let end = (at + noise.len()).min(bytes.len());
            bytes.splice(at..end, noise.iter().copied());
            decode_everything(&bytes, &key);
        }
    }

    #[test]
    fn noise_never_makes_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_everything(&bytes, &signer().1);
    }

    #[test]
    fn text_never_makes_a_decoder_panic(text in "\\PC{0,300}") {
        let _refused = UnverifiedToken::from_text(&text);
        let _refused = UnverifiedToken::from_text(&format!("JT1{text}"));
        let _refused = dpop::verify(&text, "POST", "", b"");
        let _refused = text.parse::<Amount>();
        let _refused = ClientData::from_bytes(text.as_bytes());
    }
}

/// Results are of no interest here: that each decoder returns is the property.
fn decode_everything(bytes: &[u8], key: &PublicKey) {
    let _ = open::<Enrolment>(bytes, key);
    let _ = open::<CoSignature>(bytes, key);
    let _ = open::<Approval>(bytes, key);
    let _ = open::<Freeze>(bytes, key);
    let _ = open::<Allowance>(bytes, key);
    let _ = open::<Receipt>(bytes, key);
    let _ = open::<Head>(bytes, key);
    let _ = open::<DeviceState>(bytes, key);
    let _ = open::<Time>(bytes, key);
    let _ = open::<KeySet>(bytes, key);
    let _ = open::<Quote>(bytes, key);
    let _ = enrolment::open_self_signed(bytes);
    let _ = UnverifiedToken::from_cose(bytes);
    let _ = Intent::from_bytes(bytes);
    let _ = Body::from_bytes(bytes);
    let _ = PublicKey::from_cose_key(bytes);
    let _ = PublicKey::from_sec1(bytes);
    let _ = AuthenticatorData::from_bytes(bytes);
    let _ = AttestedCredential::from_authenticator_data(bytes);
    let _ = ClientData::from_bytes(bytes);
}
