//! The shared vectors, each checked with the decoder of its folder. The same files run in wasm and in Python.
#![cfg(feature = "issuer")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

use data_encoding::HEXLOWER;
use jitsuin::code::Code;
use jitsuin::issuer::jwks::Jwks;
use jitsuin::issuer::replay::{Judgement, Use, Window, claims_hash};
use jitsuin::rules::lifetime::{self, NotAlive};
use jitsuin::wire::allowance::Allowance;
use jitsuin::wire::approval::Approval;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::dpop;
use jitsuin::wire::enrolment::Enrolment;
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::Veil;
use jitsuin::wire::intent::Intent;
use jitsuin::wire::key::PublicKey;
use jitsuin::wire::key_set::KeySet;
use jitsuin::wire::money::Amount;
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Receipt};
use jitsuin::wire::sign1::encode;
use jitsuin::wire::state::DeviceState;
use jitsuin::wire::text::{Label, Shown};
use jitsuin::wire::time::Time;
use jitsuin::wire::token::{Limit, Token, UnverifiedToken};
use jitsuin::wire::{Refusal, Statement, open};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    rule: String,
    source: String,
    input: String,
    public_key: PublicKey,
    external_aad: String,
    now: u32,
    expect: String,
    others: String,
    fields: Json,
    /// The call that a proof is checked for.
    call: Option<Call>,
    /// What a text is parsed into.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Tokens of the same key that the ledger took before this one, oldest first.
    after: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    method: String,
    url: String,
    body: String,
}

fn check_statement<S: Statement>(vector: &Vector) -> Result<Json, String> {
    let bytes = HEXLOWER.decode(vector.input.as_bytes()).unwrap();
    let statement = open::<S>(&bytes, &vector.public_key).map_err(|refusal| refusal.name().to_owned())?;
    Ok(json!({ "payload": HEXLOWER.encode(&encode(&*statement.into_inner())) }))
}

fn check_token(vector: &Vector) -> Result<Json, String> {
    let name = |refusal: Refusal| refusal.name().to_owned();
    let token = UnverifiedToken::from_text(&vector.input).map_err(name)?;
    let aad = HEXLOWER.decode(vector.external_aad.as_bytes()).unwrap();
    // A wallet and an issuer always have 16 bytes; a vector without a veil stands for somebody who has none.
    let veil = Veil::try_from(aad.as_slice()).unwrap_or(Veil([0; 16]));
    let token = token.verify(&vector.public_key, &veil).map_err(name)?;
    match lifetime::check(&token, u64::from(vector.now) * 1000) {
        Err(NotAlive::Expired) => return Err("token-expired".into()),
        Err(NotAlive::Ahead) => return Err("token-ahead".into()),
        other => other.unwrap(),
    }
    if let Some(after) = &vector.after {
        judge(&token, &after.iter().map(|text| taken(text, vector, &veil)).collect::<Vec<_>>())?;
    }
    let (limit, amount, audience) = match &token.limit {
        Limit::Allowance => ("allowance", None, None),
        Limit::UpTo { amount, .. } => ("up-to", Some(amount), None),
        Limit::Exact { amount, audience, .. } => ("exact", Some(amount), Some(audience)),
        other => panic!("{other:?}"),
    };
    Ok(json!({
        "limit": limit, "amount": amount, "audience": audience, "issuedAt": token.issued_at,
        "expiresAt": token.expires_at, "atc": token.atc,
    }))
}

fn taken(text: &str, vector: &Vector, veil: &Veil) -> Token {
    *UnverifiedToken::from_text(text).unwrap().verify(&vector.public_key, veil).unwrap().into_inner()
}

/// What the ledger's window makes of a token after others.
fn judge(token: &Token, after: &[Token]) -> Result<(), String> {
    let mut window = Window::default();
    for token in after {
        let (atc, random, issued_at, claims) = (token.atc, token.random, token.issued_at, claims_hash(token));
        let (till, amount) = ("t/1".parse().unwrap(), Amount::of(540));
        let (at, outcome, payment) = (issued_at, Outcome::Approved, None);
        window.take(Use { atc, random, issued_at, claims, at, till, amount, outcome, payment, seq: 0 });
    }
    match window.judge(token) {
        Judgement::Fresh => Ok(()),
        Judgement::Repeat(_) | Judgement::Behind => Err(Code::TokenUsed.name().into()),
        Judgement::Clone => Err(Code::CloneSuspected.name().into()),
    }
}

fn check_intent(vector: &Vector) -> Result<Json, String> {
    let bytes = HEXLOWER.decode(vector.input.as_bytes()).unwrap();
    let intent = Intent::from_bytes(&bytes).map_err(|refusal| refusal.name().to_owned())?;
    assert_eq!(intent.to_bytes(), bytes);
    Ok(json!({ "challenge": HEXLOWER.encode(intent.challenge().as_bytes()) }))
}

fn check_proof(vector: &Vector) -> Result<Json, String> {
    let call = vector.call.as_ref().unwrap();
    let proof = dpop::verify(&vector.input, &call.method, &call.url, call.body.as_bytes())
        .map_err(|refusal| refusal.name().to_owned())?;
    assert_eq!(proof.key, vector.public_key);
    Ok(json!({ "thumb": proof.key.thumbprint(), "claims": proof.claims }))
}

fn check_body(vector: &Vector) -> Result<Json, String> {
    let bytes = HEXLOWER.decode(vector.input.as_bytes()).unwrap();
    let body = Body::from_bytes(&bytes).map_err(|refusal| refusal.name().to_owned())?;
    assert_eq!(body.to_bytes(), bytes);
    Ok(json!({ "hash": HEXLOWER.encode(body.hash().as_bytes()) }))
}

fn check_text(vector: &Vector) -> Result<Json, String> {
    let parsed = match vector.kind.as_deref().unwrap() {
        "shown" => vector.input.parse::<Shown>(),
        "label" => vector.input.parse::<Label>().map(Shown::from),
        other => panic!("no type {other}"),
    };
    let text = parsed.map_err(|refusal| refusal.name().to_owned())?;
    Ok(json!({ "text": text }))
}

fn check(statement: &str, vector: &Vector) -> Result<Json, String> {
    match statement {
        "enrol" => check_statement::<Enrolment>(vector),
        "step-up" => check_statement::<CoSignature>(vector),
        "approval" => check_statement::<Approval>(vector),
        "freeze" => check_statement::<Freeze>(vector),
        "allowance" => check_statement::<Allowance>(vector),
        "receipt" => check_statement::<Receipt>(vector),
        "head" => check_statement::<Head>(vector),
        "state" => check_statement::<DeviceState>(vector),
        "time" => check_statement::<Time>(vector),
        "keyset" => check_statement::<KeySet>(vector),
        "quote" => check_statement::<Quote>(vector),
        "token" => check_token(vector),
        "intent" => check_intent(vector),
        "dpop" => check_proof(vector),
        "body" => check_body(vector),
        "text" => check_text(vector),
        other => panic!("no decoder for the folder {other}"),
    }
}

/// Folders whose vectors have a test of their own.
const OTHERS: [&str; 3] = ["shop-code", "till-code", "assertion"];

fn vectors() -> Vec<(String, Vector)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut found = vec![];
    for folder in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let statement = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if OTHERS.contains(&statement.as_str()) {
            continue;
        }
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            found.push((statement.clone(), serde_json::from_str(&text).unwrap()));
        }
    }
    found
}

#[test]
fn every_vector_is_taken_or_refused_as_it_says() {
    let mut wrong = vec![];
    for (statement, vector) in vectors() {
        assert!(!vector.source.is_empty());
        assert!(["accept", "refuse", "skip"].contains(&vector.others.as_str()));
        let (got, fields) = match check(&statement, &vector) {
            Ok(fields) => ("ok".to_owned(), fields),
            Err(refusal) => (refusal, Json::Null),
        };
        if got != vector.expect || fields != vector.fields {
            wrong.push(format!("{statement}, {}: expected {}, got {got}", vector.rule, vector.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_vector_was_lost() {
    let mut counts = BTreeMap::<String, usize>::new();
    for (statement, _) in vectors() {
        *counts.entry(statement).or_default() += 1;
    }
    let pinned = [
        ("allowance", 33),
        ("approval", 31),
        ("body", 30),
        ("dpop", 28),
        ("enrol", 34),
        ("freeze", 30),
        ("head", 32),
        ("intent", 28),
        ("keyset", 34),
        ("quote", 45),
        ("receipt", 34),
        ("state", 44),
        ("step-up", 31),
        ("text", 61),
        ("time", 32),
        ("token", 82),
    ];
    assert_eq!(counts, pinned.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn a_typed_statement_is_never_another_one() {
    for (statement, vector) in vectors().iter().filter(|(statement, vector)| {
        vector.rule == "golden" && !["token", "dpop", "body"].contains(&statement.as_str())
    }) {
        for other in [
            "enrol",
            "step-up",
            "approval",
            "freeze",
            "allowance",
            "receipt",
            "head",
            "state",
            "time",
            "keyset",
            "quote",
        ] {
            let result = check(other, vector);
            assert_eq!(result.is_ok(), other == statement, "{statement} as {other}");
        }
        let bytes = HEXLOWER.decode(vector.input.as_bytes()).unwrap();
        assert_eq!(UnverifiedToken::from_cose(&bytes).err(), Some(Refusal::WrongStatement), "{statement} as a token");
    }
}

#[test]
fn the_published_keys_are_those_of_the_key_set_and_no_other() {
    let vectors = vectors();
    let golden = |folder: &str| {
        let found = vectors.iter().find(|(statement, vector)| statement == folder && vector.rule == "golden").unwrap();
        (HEXLOWER.decode(found.1.input.as_bytes()).unwrap(), found.1.public_key)
    };
    let (bytes, root) = golden("keyset");
    let set = open::<KeySet>(&bytes, &root).unwrap().into_inner();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/jwks.json");
    let published: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(Jwks::of(&set)).unwrap(), published);
    let keys = published["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 4);
    for (folder, purpose) in [
        ("allowance", "allowance"),
        ("receipt", "receipt"),
        ("head", "receipt"),
        ("state", "receipt"),
        ("time", "time"),
        ("quote", "quote"),
    ] {
        let key = keys.iter().find(|key| key["purpose"] == purpose).unwrap();
        let (_, signer) = golden(folder);
        assert_eq!(key["kid"], serde_json::to_value(signer.kid()).unwrap());
        assert_eq!(key["x"], signer.to_jwk().x);
    }
}
