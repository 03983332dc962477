//! Bytes of every form: a type's constructor takes a value exactly if its reader does, and what is read is written as it
//! stood.

use crate::{decode, encode, number, text};
use jitsuin::wire::allowance::Allowance;
use jitsuin::wire::approval::Approval;
use jitsuin::wire::cbor::Writer;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::enrolment::Enrolment;
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::*;
use jitsuin::wire::intent::Intent;
use jitsuin::wire::key_set::KeySet;
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Receipt};
use jitsuin::wire::text::{Label, Shown};
use jitsuin::wire::time::Time;
use jitsuin::wire::token::{Limit, Token};
use jitsuin::wire::{Field, Refusal};
use proptest::prelude::*;
use std::str::FromStr;

fn raw(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut to = Writer::new();
    write(&mut to);
    to.into_bytes()
}

/// One text: parsed, read from CBOR and read from JSON with one verdict.
fn one_verdict<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err = Refusal> + Field + PartialEq + core::fmt::Debug + serde::de::DeserializeOwned,
{
    let parsed = text.parse::<T>();
    let json = serde_json::from_str::<T>(&serde_json::to_string(text).unwrap());
    prop_assert_eq!(json.is_ok(), parsed.is_ok());
    prop_assert_eq!(decode::<T>(&raw(|to| to.text(text))), parsed);
    Ok(())
}

/// A value in a statement's map: a number, a text or bytes around a bound.
fn value() -> impl Strategy<Value = Vec<u8>> {
    const LENGTHS: &[usize] = &[0, 1, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1022, 1023, 1024];
    prop_oneof![
        number().prop_map(|number| raw(|to| to.uint(number))),
        text().prop_map(|text| raw(|to| to.text(&text))),
        prop::sample::select(LENGTHS).prop_map(|length| raw(|to| to.bytes(&vec![7; length]))),
        any::<bool>().prop_map(|value| raw(|to| to.bool(value))),
        prop::sample::select(&["payment", "browser", "cool-off", "m/a", "https://a", "a"][..])
            .prop_map(|word| raw(|to| to.text(word))),
    ]
}

/// The payload of a golden vector, its entries one by one.
fn golden(folder: &str, file: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let path = format!("{}/tests/vectors/{folder}/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let payload = json["fields"]["payload"].as_str().or(json["input"].as_str()).unwrap();
    entries(&data_encoding::HEXLOWER.decode(payload.as_bytes()).unwrap())
}

fn entries(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let length = decoder.map().unwrap().unwrap();
    let mut item = || {
        let from = decoder.position();
        decoder.skip().unwrap();
        bytes[from..decoder.position()].to_vec()
    };
    (0..length).map(|_| (item(), item())).collect()
}

fn body() -> Vec<(Vec<u8>, Vec<u8>)> {
    let entry = |key: u64, value: Vec<u8>| (raw(|to| to.uint(key)), value);
    let text = || raw(|to| to.text("a"));
    vec![
        entry(1, raw(|to| to.bytes(&[1; 16]))),
        entry(2, raw(|to| to.uint(1))),
        entry(3, raw(|to| to.uint(392))),
        entry(4, text()),
        entry(5, text()),
        entry(6, text()),
        entry(7, text()),
        entry(8, raw(|to| to.uint(1))),
        entry(9, text()),
    ]
}

fn token() -> Token {
    let limit = Limit::Exact { amount: Amount::of(1), currency: Currency::JPY, audience: "t/a".parse().unwrap() };
    Token { limit, issued_at: 0x1_0000, expires_at: 0x1_0000 + 60, atc: 1, random: [1; 4] }
}

/// One entry replaced: whatever is read is written as it stood, so it could have been made.
fn is_written_as_read<F: Field>(entries: &[(Vec<u8>, Vec<u8>)], at: usize, value: &[u8]) -> Result<(), TestCaseError> {
    let at = at % entries.len();
    let mut map = raw(|to| to.map(entries.len() as u64));
    for (index, (key, held)) in entries.iter().enumerate() {
        map.extend(key);
        map.extend(if index == at { value } else { held });
    }
    if let Ok(read) = decode::<F>(&map) {
        prop_assert_eq!(encode(&read), map);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_text_is_made_exactly_if_it_is_read(text in text()) {
        one_verdict::<Shown>(&text)?;
        one_verdict::<AccountId>(&text)?;
        one_verdict::<SourceId>(&text)?;
        one_verdict::<Audience>(&text)?;
        one_verdict::<IssuerId>(&text)?;
        one_verdict::<RpId>(&text)?;
        one_verdict::<CodeName>(&text)?;
    }

    #[test]
    fn every_label_can_be_shown_and_is_its_own_label(text in text()) {
        if let Ok(label) = text.parse::<Label>() {
            let shown = Shown::from(label.clone());
            prop_assert_eq!(shown.parse::<Label>(), Ok(label));
            prop_assert_eq!(decode::<Shown>(&encode(&shown)), Ok(shown));
        }
    }

    #[test]
    fn a_number_is_made_exactly_if_it_is_read(number in number()) {
        let bytes = raw(|to| to.uint(number));
        prop_assert_eq!(decode::<Whole>(&bytes), Whole::new(number));
        prop_assert_eq!(decode::<Amount>(&bytes), Amount::new(number));
        prop_assert_eq!(decode::<Currency>(&bytes), Currency::from_number(number));
        prop_assert_eq!(decode::<u32>(&bytes), u32::try_from(number).map_err(|_| Refusal::OutOfRange));
        let json = number.to_string();
        prop_assert_eq!(serde_json::from_str::<Whole>(&json).ok(), Whole::new(number).ok());
        prop_assert_eq!(json.parse::<Amount>().ok(), Amount::new(number).ok());
    }

    #[test]
    fn a_credential_id_is_made_exactly_if_it_is_read(length in 0_usize..1100) {
        let made = CredentialId::try_from(Bytes(vec![7; length]));
        prop_assert_eq!(decode::<CredentialId>(&raw(|to| to.bytes(&vec![7; length]))), made.clone());
        let json = serde_json::to_string(&Bytes(vec![7; length])).unwrap();
        prop_assert_eq!(serde_json::from_str::<CredentialId>(&json).ok(), made.ok());
    }

    #[test]
    fn what_is_read_could_have_been_made(at in 0_usize..64, value in value()) {
        is_written_as_read::<Body>(&body(), at, &value)?;
        is_written_as_read::<Allowance>(&golden("allowance", "golden"), at, &value)?;
        is_written_as_read::<Approval>(&golden("approval", "golden"), at, &value)?;
        is_written_as_read::<CoSignature>(&golden("step-up", "golden"), at, &value)?;
        is_written_as_read::<Enrolment>(&golden("enrol", "golden"), at, &value)?;
        is_written_as_read::<Freeze>(&golden("freeze", "golden"), at, &value)?;
        is_written_as_read::<Head>(&golden("head", "golden"), at, &value)?;
        is_written_as_read::<KeySet>(&golden("keyset", "golden"), at, &value)?;
        is_written_as_read::<Quote>(&golden("quote", "golden"), at, &value)?;
        is_written_as_read::<Receipt>(&golden("receipt", "golden"), at, &value)?;
        is_written_as_read::<Time>(&golden("time", "golden"), at, &value)?;
        is_written_as_read::<Token>(&entries(&encode(&token())), at, &value)?;
        for kind in ["top-up", "refill", "pay", "approve", "revoke", "rotate", "limit", "contact", "card", "codes"] {
            is_written_as_read::<Intent>(&golden("intent", &format!("golden-{kind}")), at, &value)?;
        }
    }
}
