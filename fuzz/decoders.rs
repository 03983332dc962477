//! Every decoder by name, shared by the fuzz targets and by `tests/corpus.rs`, which replays their seeds.
//!
//! A decoder must return for every input. Where it accepts, the value must write itself back as the same bytes: the one
//! form that the specification speaks of.

use jitsuin::wallet::record::Data;
use jitsuin::wire::allowance::Allowance;
use jitsuin::wire::approval::Approval;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::enrolment::{Enrolment, open_self_signed};
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::{AccountId, Audience, Bytes, CodeName, IssuerId, RpId, SourceId, from_base64, to_base64};
use jitsuin::wire::intent::Intent;
use jitsuin::wire::key::PublicKey;
use jitsuin::wire::key_set::KeySet;
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Receipt};
use jitsuin::wire::shop_code::{crc, parse_merchant_code};
use jitsuin::wire::sign1::kid_of;
use jitsuin::wire::state::DeviceState;
use jitsuin::wire::text::{Label, Shown};
use jitsuin::wire::till_code::{TillCode, read_payment_code};
use jitsuin::wire::time::Time;
use jitsuin::wire::token::UnverifiedToken;
use jitsuin::wire::webauthn::{Assertion, AttestedCredential, AuthenticatorData, ClientData, Registration};
use jitsuin::wire::{Statement, cbor::Reader, dpop};

/// A decoder, its result thrown away.
type Decode = fn(&[u8]);

/// Name of the target and what it runs.
pub(crate) const DECODERS: &[(&str, Decode)] = &[
    ("token", token),
    ("enrol", |bytes| {
        statement::<Enrolment>(bytes);
        let _ = open_self_signed(bytes);
    }),
    ("step-up", statement::<CoSignature>),
    ("approval", statement::<Approval>),
    ("freeze", statement::<Freeze>),
    ("allowance", statement::<Allowance>),
    ("receipt", statement::<Receipt>),
    ("head", statement::<Head>),
    ("state", statement::<DeviceState>),
    ("time", statement::<Time>),
    ("keyset", statement::<KeySet>),
    ("quote", statement::<Quote>),
    ("intent", intent),
    ("body", body),
    ("cose-key", cose_key),
    ("dpop", |bytes| {
        let _ = dpop::verify(&String::from_utf8_lossy(bytes), "POST", "https://issuer.example/v1/sync", b"");
    }),
    ("shop-code", shop_code),
    ("till-code", till_code),
    ("webauthn", webauthn),
    ("record", record),
    ("text", text),
];

/// Runs the decoder of a target.
pub(crate) fn run(target: &str, bytes: &[u8]) {
    for (_, decode) in DECODERS.iter().filter(|(name, _)| *name == target) {
        decode(bytes);
    }
}

fn token(bytes: &[u8]) {
    let _ = UnverifiedToken::from_cose(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = UnverifiedToken::from_text(&text);
    let _ = UnverifiedToken::from_text(&format!("JT1{text}"));
}

/// A fuzzer can't sign, so the payload is also read without its envelope.
fn statement<S: Statement>(bytes: &[u8]) {
    let _ = kid_of::<S>(bytes);
    let Ok(mut reader) = Reader::up_to(S::MOST_BYTES, bytes) else { return };
    let mut value = S::blank();
    if let (Ok(()), Ok(())) = (value.read(&mut reader), reader.end()) {
        assert_eq!(jitsuin::wire::sign1::encode(&value), bytes, "a second form");
    }
}

fn intent(bytes: &[u8]) {
    if let Ok(intent) = Intent::from_bytes(bytes) {
        assert_eq!(intent.to_bytes(), bytes, "a second form");
    }
}

fn body(bytes: &[u8]) {
    if let Ok(body) = Body::from_bytes(bytes) {
        assert_eq!(body.to_bytes(), bytes, "a second form");
    }
}

fn cose_key(bytes: &[u8]) {
    if let Ok(key) = PublicKey::from_cose_key(bytes) {
        assert_eq!(key.to_cose_key(), bytes, "a second form");
    }
    if let Ok(key) = PublicKey::from_sec1(bytes) {
        assert_eq!(key.to_sec1(), bytes, "a second form");
    }
}

/// A fuzzer does not guess a CRC, so the text is also read with a right one behind it.
fn shop_code(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = parse_merchant_code(&text);
    let open = format!("{}6304", text.get(..text.len().saturating_sub(8)).unwrap_or(&text));
    let _ = parse_merchant_code(&format!("{open}{:04X}", crc(open.as_bytes())));
}

fn till_code(bytes: &[u8]) {
    let _ = TillCode::from_text(&String::from_utf8_lossy(bytes));
    let _ = TillCode::from_text(&data_encoding::BASE64.encode(bytes));
    let _ = read_payment_code(&data_encoding::BASE64.encode(bytes));
}

fn webauthn(bytes: &[u8]) {
    let _ = AuthenticatorData::from_bytes(bytes);
    let _ = AttestedCredential::from_authenticator_data(bytes);
    let _ = Registration::from_parts(Bytes(Vec::new()), Bytes(bytes.into()));
    let _ = ClientData::from_bytes(bytes);
    let _ = serde_json::from_slice::<Assertion>(bytes);
    let _ = serde_json::from_slice::<Registration>(bytes);
}

/// The wallet's stored record: what an evicted or copied profile may hold.
fn record(bytes: &[u8]) {
    if let Ok(data) = Data::from_bytes(bytes) {
        let written = data.to_bytes();
        assert_eq!(Data::from_bytes(&written).map(|again| again.to_bytes()), Ok(written), "a second form");
    }
}

/// Texts of one form each: what is taken is written back the same.
fn text(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    one_form::<Amount>(text);
    one_form::<IssuerId>(text);
    one_form::<RpId>(text);
    one_form::<AccountId>(text);
    one_form::<SourceId>(text);
    one_form::<Audience>(text);
    one_form::<CodeName>(text);
    one_form::<Shown>(text);
    if let Ok(label) = text.parse::<Label>() {
        assert_eq!(label.as_str().parse(), Ok(label.clone()), "a second form");
        assert_eq!(label.as_str().parse(), Ok(Shown::from(label)), "a label that can't be shown");
    }
    if let Ok(bytes) = from_base64(text) {
        assert_eq!(to_base64(&bytes), text, "a second form");
    }
    if let Ok(currency) = text.parse::<Currency>() {
        assert_eq!(currency.letters(), text, "a second form");
    }
}

fn one_form<T: core::str::FromStr + core::fmt::Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text, "a second form");
    }
}
