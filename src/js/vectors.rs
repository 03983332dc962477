//! The shared vectors inside the module, so that one set of files holds natively, in Node and in a browser. Test kit only.

use crate::rules::lifetime::{self, NotAlive};
use crate::wire::allowance::Allowance;
use crate::wire::approval::Approval;
use crate::wire::co_signature::CoSignature;
use crate::wire::dpop;
use crate::wire::enrolment::Enrolment;
use crate::wire::freeze::Freeze;
use crate::wire::head::Head;
use crate::wire::id::Veil;
use crate::wire::intent::Intent;
use crate::wire::key::PublicKey;
use crate::wire::key_set::KeySet;
use crate::wire::quote::Quote;
use crate::wire::receipt::Receipt;
use crate::wire::sign1::encode;
use crate::wire::till_code::{Content, Data, TillCode};
use crate::wire::time::Time;
use crate::wire::token::{Limit, UnverifiedToken};
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
        "time" => statement::<Time>(vector),
        "keyset" => statement::<KeySet>(vector),
        "quote" => statement::<Quote>(vector),
        "token" => token(vector),
        "intent" => intent(vector),
        "dpop" => proof(vector),
        "shop-code" => match shop_code::parse_merchant_code(text(vector, "input")?) {
            Ok(code) => serde_json::to_value(code.raw).map_err(|_| NO_VECTOR),
            Err(refusal) => Err((refusal.reason.name(), Some(refusal.at))),
        },
        "till-code" => TillCode::from_text(text(vector, "input")?).map(|code| tree(code.objects())).map_err(named),
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
    Ok(json!({ "payload": HEXLOWER.encode(&encode(&statement.into_inner())) }))
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

fn intent(vector: &Json) -> Checked {
    let intent = Intent::from_bytes(&hex(vector, "input")?).map_err(named)?;
    Ok(json!({ "challenge": HEXLOWER.encode(intent.challenge().as_bytes()) }))
}

fn proof(vector: &Json) -> Checked {
    let call = vector.get("call").ok_or(NO_VECTOR)?;
    let (method, url, body) = (text(call, "method")?, text(call, "url")?, text(call, "body")?);
    let proof = dpop::verify(text(vector, "input")?, method, url, body.as_bytes()).map_err(named)?;
    serde_json::to_value(json!({ "thumb": proof.key.thumbprint(), "claims": proof.claims })).map_err(|_| NO_VECTOR)
}

fn tree(objects: &[Data]) -> Json {
    let value = |object: &Data| match &object.content {
        Content::Bytes(bytes) => Json::from(HEXUPPER.encode(bytes)),
        Content::Template(inside) => tree(inside),
    };
    objects.iter().map(|object| json!({ "tag": format!("{:02X}", object.tag), "value": value(object) })).collect()
}
