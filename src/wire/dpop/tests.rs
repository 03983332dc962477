#![allow(clippy::unwrap_used)]
use super::*;
use p256::ecdsa::signature::Signer;

const URL: &str = "https://issuer.example/v1/sync";

fn proof(change: impl FnOnce(&mut Claims)) -> String {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let public = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    let mut claims = Claims {
        htm: "POST".into(),
        htu: URL.into(),
        iat: 1_790_000_000,
        jti: Nonce([1; 16]),
        nonce: "n".into(),
        bdy: Hash(sha256(b"{}")),
        acc: Some("acc-1".parse().unwrap()),
    };
    change(&mut claims);
    let unsigned = prepare(&claims, &public);
    let signature: p256::ecdsa::Signature = key.sign(unsigned.message());
    unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap())
}

#[test]
fn a_proof_holds_for_its_own_call_only() {
    let good = proof(|_| {});
    assert_eq!(verify(&good, "POST", URL, b"{}").unwrap().claims.jti, Nonce([1; 16]));
    assert_eq!(verify(&good, "GET", URL, b"{}").err(), Some(Refusal::BadCombination));
    assert_eq!(verify(&good, "POST", "https://evil.example/v1/sync", b"{}").err(), Some(Refusal::BadCombination));
    assert_eq!(verify(&good, "POST", URL, b"{ }").err(), Some(Refusal::BadCombination));
}

#[test]
fn every_changed_character_is_refused() {
    let good = proof(|_| {});
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verify(&changed, "POST", URL, b"{}").is_err(), "{at}");
    }
}

#[test]
fn a_header_says_exactly_what_it_must() {
    let good = proof(|_| {});
    let (_, rest) = good.split_once('.').unwrap();
    for header in [r#"{"typ":"dpop+jwt","alg":"none"}"#, r#"{"typ":"jwt"}"#, "[]", ""] {
        let changed = format!("{}.{rest}", to_base64(header.as_bytes()));
        assert!(verify(&changed, "POST", URL, b"{}").is_err(), "{header}");
    }
}
