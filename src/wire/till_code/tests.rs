#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::id::{Handle, Veil};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::money::{Amount, Currency};
use crate::wire::token::{Limit, Token};
use p256::ecdsa::signature::Signer;

fn scheme() -> Scheme {
    Scheme::new(&[0xa0, 0, 0, 9, 0x99], "JITSUIN", Surrogate::Pan(vec![0x99; 8])).unwrap()
}

/// A token's COSE bytes, as long as they get.
fn cose() -> (Vec<u8>, PublicKey, Token, Veil) {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let public = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    let audience = format!("t/{}", "a".repeat(22)).parse().unwrap();
    let limit = Limit::Exact { amount: Amount::MAX, currency: Currency::JPY, audience };
    let token = Token { limit, issued_at: 1_790_000_000, expires_at: 1_790_000_060, atc: 1, random: [0; 4] };
    let veil = Veil([5; 16]);
    let unsigned = token.prepare(Handle([9; 8]), &veil).unwrap();
    let signature: p256::ecdsa::Signature = key.sign(unsigned.message());
    (unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap()), public, token, veil)
}

#[test]
fn a_token_comes_back_out_of_its_envelope() {
    let (cose, key, token, veil) = cose();
    let longest = Scheme::new(&[0xa0; 16], "SIXTEEN LETTERS.", Surrogate::Track2(vec![0x99; 19])).unwrap();
    for scheme in [scheme(), longest] {
        let text = scheme.envelope(&cose).unwrap();
        assert!(text.len() < CHARACTERS_BELOW);
        assert!(text.starts_with("hQVDUFYwMW"));
        let read = TillCode::from_text(&text).unwrap();
        assert_eq!(*read.token(&scheme).unwrap().verify(&key, &veil).unwrap(), token);
    }
}

#[test]
fn an_envelope_of_another_scheme_holds_no_token_of_ours() {
    let other = Scheme::new(&[0xa0, 0, 0, 9, 0x98], "OTHER", Surrogate::Pan(vec![0x99; 8])).unwrap();
    let read = TillCode::from_text(&scheme().envelope(&cose().0).unwrap()).unwrap();
    assert_eq!(read.token(&other).err(), Some(Refusal::MissingKey));
}

#[test]
fn only_a_token_goes_into_an_envelope() {
    assert_eq!(scheme().envelope(b"no token"), Err(Refusal::WrongTag));
}

#[test]
fn a_scheme_says_what_the_specification_allows() {
    let pan = || Surrogate::Pan(vec![1; 8]);
    for (aid, label, surrogate, refusal) in [
        (&[1; 4][..], "A", pan(), Refusal::OutOfRange),
        (&[1; 17], "A", pan(), Refusal::OutOfRange),
        (&[1; 5], "", pan(), Refusal::OutOfRange),
        (&[1; 5], "seventeen letters", pan(), Refusal::OutOfRange),
        (&[1; 5], "店", pan(), Refusal::BadText),
        (&[1; 5], "A", Surrogate::Pan(vec![]), Refusal::OutOfRange),
        (&[1; 5], "A", Surrogate::Pan(vec![1; 11]), Refusal::OutOfRange),
        (&[1; 5], "A", Surrogate::Track2(vec![1; 20]), Refusal::OutOfRange),
    ] {
        assert_eq!(Scheme::new(aid, label, surrogate), Err(refusal), "{label}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let (cose, ..) = cose();
    let text = scheme().envelope(&cose).unwrap();
    let read = TillCode::from_text(&text).unwrap();
    assert_eq!(BASE64.encode(&tlv::write(read.objects())), text);
}

#[test]
fn the_short_writer_writes_what_the_general_one_does() {
    let (longest, ..) = cose();
    let plain =
        Token { limit: Limit::Allowance, issued_at: 1_790_000_000, expires_at: 1_790_000_060, atc: 1, random: [0; 4] };
    let shortest = plain.prepare(Handle([9; 8]), &Veil([5; 16])).unwrap().finish(&Signature::from_wire([1; 64]));
    for cose in [shortest, longest] {
        let text = Form::Emvco.text(&cose).unwrap();
        assert_eq!(Ok(text.clone()), Scheme::jitsuin().envelope(&cose));
        assert_eq!(read_payment_code(&text), UnverifiedToken::from_cose(&cose));
        assert_eq!(read_payment_code(&Form::Jitsuin.text(&cose).unwrap()), UnverifiedToken::from_cose(&cose));
    }
    assert_eq!(Form::Emvco.text(&[0; 256]), Err(Refusal::WrongLength));
    assert_eq!(Scheme::jitsuin(), Scheme::new(b"\xf0JITSUIN", "JITSUIN", Surrogate::Pan(vec![0x99; 8])).unwrap());
}

#[test]
fn two_applications_of_one_scheme_say_no_one_thing() {
    let (cose, ..) = cose();
    let read = TillCode::from_text(&scheme().envelope(&cose).unwrap()).unwrap();
    let application = read.applications().next().unwrap().clone();
    let twice = BASE64.encode(&tlv::write(&[read.objects(), &[application]].concat()));
    // As long as it gets, twice is too long; with the shortest token it is not.
    assert_eq!(TillCode::from_text(&twice), Err(Refusal::WrongLength));
    let one = Data::template(APPLICATION_TEMPLATE, vec![Data::bytes(AID, b"\xf0JITSUIN")]);
    let twice = BASE64.encode(&tlv::write(&[Data::bytes(PAYLOAD_FORMAT, FORMAT), one.clone(), one]));
    assert_eq!(read_payment_code(&twice).err(), Some(Refusal::DuplicateKey));
}
