//! Vectors of the proof of possession (RFC 9449).

use crate::samples::device;
use crate::signer::Signer;
use crate::{Folder, NOW, Vector};
use jitsuin::wire::dpop::{Claims, verify};
use jitsuin::wire::id::{Hash, Nonce, from_base64, to_base64};
use jitsuin::wire::sha256;
use serde_json::{Value as Json, json};

const METHOD: &str = "POST";
const URL: &str = "https://issuer.example/v1/sync";
const BODY: &str = r#"{"nonce":"AAAAAAAAAAAAAAAAAAAAAA"}"#;

fn header(signer: &Signer) -> Json {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": signer.public().to_jwk() })
}

fn claims() -> Json {
    let claims = Claims {
        htm: METHOD.into(),
        htu: URL.into(),
        iat: NOW.into(),
        jti: Nonce([1; 16]),
        nonce: "bm9uY2U".into(),
        bdy: Hash(sha256(BODY.as_bytes())),
        acc: Some("acc-5f2c".parse().unwrap()),
    };
    serde_json::to_value(claims).unwrap()
}

fn with(mut json: Json, member: &str, value: Json) -> Json {
    json[member] = value;
    json
}

fn without(mut json: Json, member: &str) -> Json {
    json.as_object_mut().unwrap().remove(member).unwrap();
    json
}

fn compact(header: &Json, claims: &Json, signer: &Signer) -> String {
    let input = format!("{}.{}", to_base64(header.to_string().as_bytes()), to_base64(claims.to_string().as_bytes()));
    format!("{input}.{}", to_base64(signer.sign(input.as_bytes()).as_bytes()))
}

/// A proof whose signature is replaced by what `change` makes of it.
fn resigned(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let good = compact(&header(&device()), &claims(), &device());
    let (input, signature) = good.rsplit_once('.').unwrap();
    format!("{input}.{}", to_base64(&change(from_base64(signature).unwrap())))
}

pub(crate) fn write(folder: &mut Folder<'_>) {
    let signer = device();
    let (right, said) = (header(&signer), claims());
    let good = compact(&right, &said, &signer);
    let mut put = |rule: &str, input: String, call: [&str; 3], expect: &str, others: &str| {
        let [method, url, body] = call;
        let call = json!({ "method": method, "url": url, "body": body });
        let fields = verify(&input, method, url, body.as_bytes())
            .map_or(Json::Null, |proof| json!({ "thumb": proof.key.thumbprint(), "claims": proof.claims }));
        folder.write_proof(
            Vector {
                rule,
                source: "protocol section 5, RFC 9449 section 4",
                input,
                key: signer.public(),
                aad: &[],
                now: NOW,
                expect,
                others,
                fields,
            },
            call,
        );
    };
    let call = [METHOD, URL, BODY];
    put("golden", good.clone(), call, "ok", "accept");
    put("golden without account", compact(&right, &without(claims(), "acc"), &signer), call, "ok", "accept");
    put(
        "first call without a nonce",
        compact(&right, &with(claims(), "nonce", "".into()), &signer),
        call,
        "ok",
        "accept",
    );

    // A general library checks the JWS; the call, the claims' exact set and the one form of the header are ours.
    put("another method", good.clone(), ["GET", URL, BODY], "bad-combination", "skip");
    put("another url", good.clone(), [METHOD, "https://issuer.example/v1/freeze", BODY], "bad-combination", "skip");
    put("another body", good.clone(), [METHOD, URL, "{}"], "bad-combination", "skip");
    for (rule, header, expect, others) in [
        ("typ of another token", with(header(&signer), "typ", "jwt".into()), "wrong-header", "refuse"),
        ("typ missing", without(header(&signer), "typ"), "bad-json", "refuse"),
        ("algorithm none", with(header(&signer), "alg", "none".into()), "wrong-header", "refuse"),
        ("algorithm of another curve", with(header(&signer), "alg", "ES384".into()), "wrong-header", "refuse"),
        ("key missing", without(header(&signer), "jwk"), "bad-json", "refuse"),
        ("unknown header", with(header(&signer), "kid", "a".into()), "bad-json", "skip"),
        (
            "key of another curve",
            with(header(&signer), "jwk", with(right["jwk"].clone(), "crv", "P-384".into())),
            "bad-key",
            "refuse",
        ),
        (
            "point not on the curve",
            with(header(&signer), "jwk", with(right["jwk"].clone(), "x", to_base64(&[1; 32]).into())),
            "bad-key",
            "refuse",
        ),
        (
            "private key in the header",
            with(header(&signer), "jwk", with(right["jwk"].clone(), "d", to_base64(&[7; 32]).into())),
            "bad-json",
            "refuse",
        ),
    ] {
        put(rule, compact(&header, &said, &signer), call, expect, others);
    }
    for (rule, claims) in [
        ("unknown claim", with(claims(), "ath", "a".into())),
        ("jti missing", without(claims(), "jti")),
        ("jti too short", with(claims(), "jti", to_base64(&[1; 15]).into())),
        ("body hash missing", without(claims(), "bdy")),
        ("time as text", with(claims(), "iat", "now".into())),
    ] {
        put(
            rule,
            compact(&right, &claims, &signer),
            call,
            "bad-json",
            if rule == "time as text" { "refuse" } else { "skip" },
        );
    }
    put("signed by another key", compact(&right, &said, &Signer::new(99)), call, "bad-signature", "refuse");
    put("zero r", resigned(|s| [&[0; 32], &s[32..]].concat()), call, "bad-signature", "refuse");
    put("zero s", resigned(|s| [&s[..32], &[0; 32]].concat()), call, "bad-signature", "refuse");
    put("signature cut short", resigned(|s| s[..63].to_vec()), call, "bad-signature", "refuse");
    put("padding", format!("{good}=="), call, "bad-base64", "skip");
    put("signature missing", good.rsplit_once('.').unwrap().0.into(), call, "bad-json", "refuse");
    put("empty", String::new(), call, "bad-json", "refuse");
    let long = compact(&right, &with(claims(), "nonce", "n".repeat(4000).into()), &signer);
    put("too long", long, call, "too-long", "skip");
}
