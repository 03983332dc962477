//! The shared vectors inside the module, so that one set of files holds natively, in Node and in a browser. Test kit only.

use crate::code::Code;
use crate::issuer::Settings;
use crate::issuer::replay::{Judgement, Use, Window, claims_hash};
use crate::issuer::webauthn::check_assertion;
use crate::rules::lifetime::{self, NotAlive};
use crate::wire::allowance::Allowance;
use crate::wire::approval::Approval;
use crate::wire::calls::Outcome;
use crate::wire::co_signature::CoSignature;
use crate::wire::dpop;
use crate::wire::enrolment::Enrolment;
use crate::wire::freeze::Freeze;
use crate::wire::head::Head;
use crate::wire::id::Veil;
use crate::wire::intent::Intent;
use crate::wire::key::PublicKey;
use crate::wire::key_set::KeySet;
use crate::wire::money::Amount;
use crate::wire::quote::Quote;
use crate::wire::receipt::{Body, Receipt};
use crate::wire::sign1::encode;
use crate::wire::state::DeviceState;
use crate::wire::text::{Label, Shown};
use crate::wire::till_code::{Content, Data, TillCode};
use crate::wire::time::Time;
use crate::wire::token::{Limit, Token, UnverifiedToken};
use crate::wire::webauthn::AttestedCredential;
use crate::wire::{Refusal, Statement, open, shop_code};
use data_encoding::{HEXLOWER, HEXUPPER};
use serde_json::{Value as Json, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks one vector (JSON text) with the decoder of its folder and gives `{ expect, at, fields }` as JSON text. A vector
/// or folder that makes no sense is expected as `no-vector`.
#[wasm_bindgen]
#[must_use]
pub fn check_vector(folder: &str, vector: &str) -> String {
    let vector: Json = serde_json::from_str(vector).unwrap_or_default();
    match check(folder, &vector) {
        Ok(fields) => json!({ "expect": "ok", "at": null, "fields": fields }),
        Err((name, at)) => json!({ "expect": name, "at": at, "fields": null }),
    }
    .to_string()
}

type Checked = Result<Json, (&'static str, Option<usize>)>;
const NO_VECTOR: (&str, Option<usize>) = ("no-vector", None);

fn named(refusal: Refusal) -> (&'static str, Option<usize>) {
    (refusal.name(), None)
}

fn check(folder: &str, vector: &Json) -> Checked {
    match folder {
        "enrol" => statement::<Enrolment>(vector),
        "step-up" => statement::<CoSignature>(vector),
        "approval" => statement::<Approval>(vector),
        "freeze" => statement::<Freeze>(vector),
        "allowance" => statement::<Allowance>(vector),
        "receipt" => statement::<Receipt>(vector),
        "head" => statement::<Head>(vector),
        "state" => statement::<DeviceState>(vector),
        "time" => statement::<Time>(vector),
        "keyset" => statement::<KeySet>(vector),
        "quote" => statement::<Quote>(vector),
        "token" => token(vector),
        "intent" => intent(vector),
        "dpop" => proof(vector),
        "body" => body(vector),
        "text" => parsed_text(vector),
        "shop-code" => match shop_code::parse_merchant_code(text(vector, "input")?) {
            Ok(code) => serde_json::to_value(code.raw).map_err(|_| NO_VECTOR),
            Err(refusal) => Err((refusal.reason.name(), Some(refusal.at))),
        },
        "till-code" => TillCode::from_text(text(vector, "input")?).map(|code| tree(code.objects())).map_err(named),
        "assertion" => assertion(vector),
        _ => Err(NO_VECTOR),
    }
}

fn text<'v>(vector: &'v Json, member: &str) -> Result<&'v str, (&'static str, Option<usize>)> {
    vector.get(member).and_then(Json::as_str).ok_or(NO_VECTOR)
}

fn hex(vector: &Json, member: &str) -> Result<Vec<u8>, (&'static str, Option<usize>)> {
    HEXLOWER.decode(text(vector, member)?.as_bytes()).map_err(|_| NO_VECTOR)
}

fn key(vector: &Json) -> Result<PublicKey, (&'static str, Option<usize>)> {
    vector.get("publicKey").cloned().and_then(|jwk| serde_json::from_value(jwk).ok()).ok_or(NO_VECTOR)
}

fn statement<S: Statement>(vector: &Json) -> Checked {
    let statement = open::<S>(&hex(vector, "input")?, &key(vector)?).map_err(named)?;
    Ok(json!({ "payload": HEXLOWER.encode(&encode(&*statement.into_inner())) }))
}

fn token(vector: &Json) -> Checked {
    let token = UnverifiedToken::from_text(text(vector, "input")?).map_err(named)?;
    // A vector without a veil stands for somebody who has none.
    let veil = Veil::try_from(hex(vector, "externalAad")?.as_slice()).unwrap_or(Veil([0; 16]));
    let token = token.verify(&key(vector)?, &veil).map_err(named)?;
    let now = vector.get("now").and_then(Json::as_u64).ok_or(NO_VECTOR)?;
    match lifetime::check(&token, now.saturating_mul(1000)) {
        Err(NotAlive::Expired) => return Err(("token-expired", None)),
        Err(NotAlive::Ahead) => return Err(("token-ahead", None)),
        Ok(()) => {}
    }
    if let Some(after) = vector.get("after") {
        let after: Vec<String> = serde_json::from_value(after.clone()).map_err(|_| NO_VECTOR)?;
        let key = key(vector)?;
        let earlier = |text: &String| Ok(*UnverifiedToken::from_text(text)?.verify(&key, &veil)?.into_inner());
        judge(&token, &after.iter().map(earlier).collect::<Result<Vec<_>, _>>().map_err(named)?)?;
    }
    let (limit, amount, audience) = match &token.limit {
        Limit::Allowance => ("allowance", None, None),
        Limit::UpTo { amount, .. } => ("up-to", Some(amount), None),
        Limit::Exact { amount, audience, .. } => ("exact", Some(amount), Some(audience)),
    };
    Ok(json!({
        "limit": limit, "amount": amount, "audience": audience, "issuedAt": token.issued_at,
        "expiresAt": token.expires_at, "atc": token.atc,
    }))
}

/// What the ledger's window makes of a token after others.
fn judge(token: &Token, after: &[Token]) -> Result<(), (&'static str, Option<usize>)> {
    let mut window = Window::default();
    for token in after {
        let (atc, random, issued_at, claims) = (token.atc, token.random, token.issued_at, claims_hash(token));
        let till = "t/1".parse().map_err(|_| NO_VECTOR)?;
        let (at, amount, outcome, payment) = (issued_at, Amount::ZERO, Outcome::Approved, None);
        window.take(Use { atc, random, issued_at, claims, at, till, amount, outcome, payment, seq: 0 });
    }
    match window.judge(token) {
        Judgement::Fresh => Ok(()),
        Judgement::Repeat(_) | Judgement::Behind => Err((Code::TokenUsed.name(), None)),
        Judgement::Clone => Err((Code::CloneSuspected.name(), None)),
    }
}

fn intent(vector: &Json) -> Checked {
    let intent = Intent::from_bytes(&hex(vector, "input")?).map_err(named)?;
    Ok(json!({ "challenge": HEXLOWER.encode(intent.challenge().as_bytes()) }))
}

fn body(vector: &Json) -> Checked {
    let body = Body::from_bytes(&hex(vector, "input")?).map_err(named)?;
    Ok(json!({ "hash": HEXLOWER.encode(body.hash().as_bytes()) }))
}

fn parsed_text(vector: &Json) -> Checked {
    let input = text(vector, "input")?;
    let parsed = match text(vector, "type")? {
        "shown" => input.parse::<Shown>(),
        "label" => input.parse::<Label>().map(Shown::from),
        _ => return Err(NO_VECTOR),
    };
    Ok(json!({ "text": parsed.map_err(named)? }))
}

fn proof(vector: &Json) -> Checked {
    let call = vector.get("call").ok_or(NO_VECTOR)?;
    let (method, url, body) = (text(call, "method")?, text(call, "url")?, text(call, "body")?);
    let proof = dpop::verify(text(vector, "input")?, method, url, body.as_bytes()).map_err(named)?;
    serde_json::to_value(json!({ "thumb": proof.key.thumbprint(), "claims": proof.claims })).map_err(|_| NO_VECTOR)
}

/// A member of the vector as JSON says it.
fn member<T: serde::de::DeserializeOwned>(vector: &Json, path: &str) -> Result<T, (&'static str, Option<usize>)> {
    vector.pointer(path).cloned().and_then(|value| serde_json::from_value(value).ok()).ok_or(NO_VECTOR)
}

/// A captured assertion against the issuer's check of one page.
fn assertion(vector: &Json) -> Checked {
    let origin: String = member(vector, "/expected/origin")?;
    let mut settings = Settings::new("https://issuer.example", &[&origin]).map_err(|_| NO_VECTOR)?;
    settings.rp_id = member::<String>(vector, "/expected/rpId")?.parse().map_err(|_| NO_VECTOR)?;
    let challenge = member::<String>(vector, "/expected/challenge")?.parse().map_err(|_| NO_VECTOR)?;
    let assertion = serde_json::from_str(text(vector, "input")?).map_err(|_| NO_VECTOR)?;
    let credential =
        AttestedCredential { id: member(vector, "/credential/id")?, key: member(vector, "/credential/key")? };
    let user = member(vector, "/expected/userHandle")?;
    match check_assertion(&settings, &challenge, &assertion, &credential, &user) {
        Ok(_) => Ok(Json::Null),
        Err(code) => Err((code.name(), None)),
    }
}

fn tree(objects: &[Data]) -> Json {
    let value = |object: &Data| match &object.content {
        Content::Bytes(bytes) => Json::from(HEXUPPER.encode(bytes)),
        Content::Template(inside) => tree(inside),
    };
    objects.iter().map(|object| json!({ "tag": format!("{:02X}", object.tag), "value": value(object) })).collect()
}
