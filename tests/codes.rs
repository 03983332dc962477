//! Codes of shops and tills: codes found in the world and each rule broken alone, and what must hold for every text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use jitsuin::wire::Refusal;
use jitsuin::wire::id::Veil;
use jitsuin::wire::key::PublicKey;
use jitsuin::wire::shop_code::{PointOfInitiation, crc, parse_merchant_code};
use jitsuin::wire::till_code::{Content, Data, Scheme, Surrogate, TillCode, read_payment_code};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::path::Path;

fn vectors(folder: &str) -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(folder);
    let read = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
}

/// Compares what each vector of a folder says with what `parse` makes of it.
fn check(folder: &str, count: usize, parse: impl Fn(&str) -> Result<Json, (&'static str, Json)>) {
    let vectors = vectors(folder);
    let mut wrong = vec![];
    for vector in &vectors {
        let (expect, at, fields) = match parse(vector["input"].as_str().unwrap()) {
            Ok(fields) => ("ok", Json::Null, fields),
            Err((reason, at)) => (reason, at, Json::Null),
        };
        let got = json!({ "expect": expect, "at": at, "fields": fields });
        if vector["expect"] != got["expect"] || vector["at"] != got["at"] || vector["fields"] != got["fields"] {
            wrong.push(format!("{}: {got}", vector["rule"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(vectors.len(), count, "{folder}");
}

#[test]
fn every_shop_code_is_taken_or_refused_as_its_vector_says() {
    check("shop-code", 107, |text| match parse_merchant_code(text) {
        Ok(code) => Ok(serde_json::to_value(code.raw).unwrap()),
        Err(refusal) => Err((refusal.reason.name(), refusal.at.into())),
    });
}

fn tree(objects: &[Data]) -> Json {
    let value = |object: &Data| match &object.content {
        Content::Bytes(bytes) => Json::from(HEXUPPER.encode(bytes)),
        Content::Template(inside) => tree(inside),
    };
    objects.iter().map(|object| json!({ "tag": format!("{:02X}", object.tag), "value": value(object) })).collect()
}

#[test]
fn every_till_code_is_taken_or_refused_as_its_vector_says() {
    check("till-code", 35, |text| match TillCode::from_text(text) {
        Ok(code) => Ok(tree(code.objects())),
        Err(refusal) => Err((refusal.name(), Json::Null)),
    });
}

/// One data object of a shop code; lengths count characters.
fn object(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.chars().count())
}

#[test]
fn names_and_cities_of_scripts_that_need_joiners_are_read() {
    // Sinhala, Khmer, Persian.
    for name in ["ශ්\u{200d}රී ලංකා", "ភ្នំ\u{200b}ពេញ", "می\u{200c}خواهم"] {
        let local = [object("00", "EN"), object("01", name), object("02", name)].concat();
        let account = object("26", &object("00", "example.shop"));
        let objects = [("52", "5411"), ("53", "392"), ("58", "JP"), ("59", name), ("60", name), ("64", local.as_str())];
        let objects: String = objects.iter().map(|(id, value)| object(id, value)).collect();
        let text = [object("00", "01"), account, objects, "6304".into()].concat();
        let code = parse_merchant_code(&format!("{text}{:04X}", crc(text.as_bytes()))).unwrap();
        assert_eq!((code.merchant_name.as_deref(), code.merchant_city.as_deref()), (Some(name), Some(name)));
        let local = code.language_template.unwrap();
        assert_eq!((local.merchant_name.as_str(), local.merchant_city.as_deref()), (name, Some(name)));
    }
}

#[test]
fn every_reason_to_refuse_a_shop_code_has_a_vector() {
    let vectors = vectors("shop-code");
    for reason in jitsuin::wire::shop_code::Reason::ALL {
        assert!(vectors.iter().any(|vector| vector["expect"] == reason.name()), "{}", reason.name());
    }
}

#[test]
fn a_golden_envelope_holds_a_token_that_verifies() {
    let other = Scheme::new(&[0xa0, 0, 0, 9, 0x99], "JITSUIN", Surrogate::Pan(vec![0x99; 8])).unwrap();
    let golden: Vec<_> = vectors("till-code")
        .into_iter()
        .filter(|vector| vector["rule"].as_str().unwrap().starts_with("golden"))
        .collect();
    assert_eq!(golden.len(), 2);
    for vector in golden {
        let key: PublicKey = serde_json::from_value(vector["publicKey"].clone()).unwrap();
        let veil = HEXLOWER.decode(vector["externalAad"].as_str().unwrap().as_bytes()).unwrap();
        let code = TillCode::from_text(vector["input"].as_str().unwrap()).unwrap();
        let token = code.token(&Scheme::jitsuin()).unwrap();
        assert_eq!(read_payment_code(vector["input"].as_str().unwrap()).unwrap(), token);
        assert_eq!(code.token(&other).err(), Some(Refusal::MissingKey));
        assert!(token.verify(&key, &Veil::try_from(veil.as_slice()).unwrap()).is_ok());
        assert!(token.verify(&key, &Veil([0; 16])).is_err());
    }
}

fn sample(name: &str) -> String {
    let file = format!("{}/tests/vectors/shop-code/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vector: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    vector["input"].as_str().unwrap().to_owned()
}

#[test]
fn a_jpqr_code_has_its_typed_fields() {
    let code = parse_merchant_code(&sample("sample-31-d15600000000")).unwrap();
    assert_eq!(code.point_of_initiation, Some(PointOfInitiation::Static));
    assert_eq!(code.merchant_account, "26");
    assert_eq!(code.merchant_accounts.keys().collect::<Vec<_>>(), ["26", "29", "31"]);
    assert_eq!(code.merchant_category_code.as_deref(), Some("4111"));
    assert_eq!((code.currency.letters(), code.country_code.as_str(), code.amount), ("JPY", "JP", None));
    assert_eq!((code.merchant_name.as_deref(), code.merchant_city.as_deref()), (Some("xxx"), Some("xxx")));
    assert_eq!(code.postal_code.as_deref(), Some("1066143"));
    let language = code.language_template.unwrap();
    assert_eq!((language.language.as_str(), language.merchant_name.as_str()), ("JA", "メルペイ カフェ"));
    let jpqr = code.jpqr.unwrap();
    assert_eq!(
        [jpqr.level1, jpqr.level2, jpqr.level3, jpqr.level4],
        ["0000000000001", "0001", "000001", "000001"].map(String::from)
    );
}

#[test]
fn a_dynamic_code_has_its_amount_and_additional_data() {
    let code = parse_merchant_code(&sample("sample-09-d15600000000")).unwrap();
    assert_eq!(code.point_of_initiation, Some(PointOfInitiation::Dynamic));
    let amount = code.amount.unwrap();
    assert_eq!((amount.text.as_str(), amount.minor_units.unwrap().minor_units()), ("23.72", 2372));
    assert_eq!(code.currency.letters(), "CNY");
    assert_eq!(code.additional_data["07"], "A6008667");
    assert_eq!(code.jpqr, None);
}

#[test]
fn every_changed_character_of_a_shop_code_is_refused() {
    let good = sample("sample-31-d15600000000");
    let characters: Vec<char> = good.chars().collect();
    for at in 0..characters.len() {
        for new in ['0', '1', '9', 'A', 'a', 'x', 'カ'] {
            let mut changed = characters.clone();
            changed[at] = new;
            let changed: String = changed.into_iter().collect();
            assert!(changed == good || parse_merchant_code(&changed).is_err(), "{changed}");
        }
    }
}

fn sealed(objects: &str) -> String {
    let open = format!("{objects}6304");
    format!("{open}{:04X}", crc(open.as_bytes()))
}

proptest! {
    #[test]
    fn no_text_makes_a_decoder_panic(text in "\\PC{0,300}") {
        let _refused = parse_merchant_code(&text);
        let _refused = parse_merchant_code(&sealed(&text));
        let _refused = TillCode::from_text(&text);
        let _refused = read_payment_code(&text);
    }

    #[test]
    fn no_row_of_objects_makes_the_shop_decoder_panic(objects in proptest::collection::vec((0_u8..100, 0_usize..100, "\\PC{0,30}"), 0..10)) {
        let row: String = objects.iter().map(|(id, length, value)| format!("{id:02}{length:02}{value}")).collect();
        if let Err(refusal) = parse_merchant_code(&sealed(&format!("000201{row}"))) {
            prop_assert!(refusal.at <= row.chars().count() + 14);
        }
    }

    #[test]
    fn no_bytes_make_the_till_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _refused = TillCode::from_text(&BASE64.encode(&bytes));
        let _refused = read_payment_code(&BASE64.encode(&[b"\x85\x05CPV01", bytes.as_slice()].concat()));
    }

    #[test]
    fn a_right_row_comes_back(name in "[ぁ-んa-z ]{1,60}", city in "[a-z]{1,20}", amount in 0_u32..1_000_000) {
        let object = |id: &str, value: &str| format!("{id}{:02}{value}", value.chars().count());
        let row = ["000201".to_owned(), object("02", "abc"), object("53", "392"), object("54", &amount.to_string()),
            object("58", "JP"), object("59", &name), object("60", &city)].concat();
        let code = parse_merchant_code(&sealed(&row)).unwrap();
        prop_assert_eq!(code.merchant_name.unwrap(), name);
        prop_assert_eq!(code.merchant_city.unwrap(), city);
        prop_assert_eq!(code.amount.unwrap().minor_units.unwrap().minor_units(), u64::from(amount));
    }
}
