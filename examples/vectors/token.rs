//! Vectors of the payment token.

use crate::samples::{HANDLE, VEIL, device};
use crate::signer::{Sign1, Signer};
use crate::statements::broken_maps;
use crate::value::{Entries, Value};
use crate::{Folder, NOW, Vector, samples};
use data_encoding::BASE32_NOPAD;
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::token::{Limit, Token};
use serde_json::{Value as Json, json};

fn text(bytes: &[u8]) -> String {
    format!("JT1{}", BASE32_NOPAD.encode(bytes))
}

fn plain() -> Token {
    Token { limit: Limit::Allowance, issued_at: NOW, expires_at: NOW + 60, atc: 42, random: [0xde, 0xad, 0xbe, 0xef] }
}

fn fields(token: &Token) -> Json {
    let (kind, amount, audience) = match &token.limit {
        Limit::UpTo { amount, .. } => ("up-to", Some(amount.to_string()), None),
        Limit::Exact { amount, audience, .. } => ("exact", Some(amount.to_string()), Some(audience.to_string())),
        _ => ("allowance", None, None),
    };
    json!({
        "limit": kind, "amount": amount, "audience": audience, "issuedAt": token.issued_at,
        "expiresAt": token.expires_at, "atc": token.atc,
    })
}

pub(crate) fn write(folder: &mut Folder<'_>) {
    let signer = device();
    let key = signer.public();
    let form = |payload: Vec<u8>| Sign1::new(HANDLE, None, payload, VEIL.0.to_vec());
    let right = form(samples::bytes(&plain()));
    let golden = text(&right.sign(&signer));
    let mut put = |rule: &str, input: String, aad: &[u8], now: u32, expect: &str, others: &str, fields: Json| {
        folder.write(Vector { rule, source: "protocol section 2", input, key, aad, now, expect, others, fields });
    };
    let veil = VEIL.0.as_slice();

    let audience = || "t/minato-1".parse().unwrap();
    let (amount, currency) = (Amount::of(540), Currency::JPY);
    let up_to = Token { limit: Limit::UpTo { amount, currency }, ..plain() };
    let exact = Token { limit: Limit::Exact { amount, currency, audience: audience() }, ..plain() };
    for (rule, token) in
        [("golden plain", plain()), ("golden upper bound", up_to.clone()), ("golden exact", exact.clone())]
    {
        let input = text(&form(samples::bytes(&token)).sign(&signer));
        put(rule, input, veil, NOW, "ok", "accept", fields(&token));
    }
    let high = Sign1 { signature: Signer::high, ..right.clone() };
    put("high s accepted", text(&high.sign(&signer)), veil, NOW, "ok", "accept", fields(&plain()));

    put("veil missing", golden.clone(), &[], NOW, "bad-signature", "refuse", Json::Null);
    put("veil of another allowance", golden.clone(), &[1; 16], NOW, "bad-signature", "refuse", Json::Null);
    put("expired", golden.clone(), veil, NOW + 70, "token-expired", "accept", Json::Null);
    put("last second of the leeway", golden.clone(), veil, NOW + 69, "ok", "accept", fields(&plain()));
    put("dated ahead", golden.clone(), veil, NOW - 31, "token-ahead", "accept", Json::Null);
    put("dated ahead within the leeway", golden.clone(), veil, NOW - 30, "ok", "accept", fields(&plain()));

    let mut stray = golden.clone().into_bytes();
    let last = stray.len() - 1;
    stray[last] += 1;
    let stray = String::from_utf8(stray).unwrap();
    for (rule, input, refusal) in [
        ("lower case", golden.to_lowercase(), "wrong-prefix"),
        ("lower case body", format!("JT1{}", golden[3..].to_lowercase()), "bad-base32"),
        ("padding", format!("{golden}===="), "bad-base32"),
        ("non-zero unused base32 bits", stray, "bad-base32"),
        ("digit outside base32", golden.replacen('A', "1", 1), "bad-base32"),
        ("space inside", format!("{} {}", &golden[..90], &golden[90..]), "bad-base32"),
        ("newline behind", format!("{golden}\n"), "bad-base32"),
        ("prefix of another version", golden.replacen("JT1", "JT2", 1), "wrong-prefix"),
        ("one character short", golden[..174].into(), "wrong-length"),
        ("256 characters", format!("{golden}{}", "A".repeat(256 - golden.len())), "wrong-length"),
        ("empty", String::new(), "wrong-length"),
    ] {
        put(rule, input, veil, NOW, refusal, "skip", Json::Null);
    }

    // Three rules of maps look different in a token: its last key is negative, its first optional, its text long.
    let own = ["extra key", "first key missing", "payload of another type"];
    for (rule, payload, refusal) in broken_maps(&samples::bytes(&exact)) {
        if !own.contains(&rule) {
            put(rule, text(&form(payload).sign(&signer)), veil, NOW, refusal, "skip", Json::Null);
        }
    }
    let array = Value::Array(vec![Value::Bytes(vec![1; 40])]).encode();
    put("payload of another type", text(&form(array).sign(&signer)), veil, NOW, "wrong-type", "skip", Json::Null);

    let claims = |token: &Token, change: &dyn Fn(&mut Entries)| {
        let mut entries = Value::entries(&samples::bytes(token));
        change(&mut entries);
        text(&form(Value::Map(entries).encode()).sign(&signer))
    };
    let limit =
        |entries: Vec<(u64, Value)>| Value::Map(entries.into_iter().map(|(k, v)| (Value::Uint(k), v)).collect());
    let yen = || (2, Value::Uint(392));
    for (rule, input, refusal) in [
        ("extra key", claims(&exact, &|map| map.insert(4, (Value::Uint(8), Value::Uint(1)))), "unknown-key"),
        ("exp missing", claims(&exact, &|map| drop(map.remove(1))), "missing-key"),
        ("cti missing", claims(&exact, &|map| drop(map.remove(3))), "missing-key"),
        ("exact amount without aud", claims(&exact, &|map| drop(map.remove(0))), "bad-combination"),
        ("aud without an amount", claims(&exact, &|map| drop(map.pop())), "bad-combination"),
        (
            "bound with aud",
            claims(&exact, &|map| map[4].1 = limit(vec![yen(), (4, Value::Uint(540))])),
            "bad-combination",
        ),
        (
            "amount and bound",
            claims(&exact, &|map| map[4].1 = limit(vec![(1, Value::Uint(540)), yen(), (4, Value::Uint(540))])),
            "bad-combination",
        ),
        (
            "map with only a flag",
            claims(&exact, &|map| map[4].1 = limit(vec![(3, Value::Raw(vec![0xf5]))])),
            "missing-key",
        ),
        (
            "amount without currency",
            claims(&exact, &|map| map[4].1 = limit(vec![(1, Value::Uint(540))])),
            "missing-key",
        ),
        ("currency without amount", claims(&exact, &|map| map[4].1 = limit(vec![yen()])), "bad-combination"),
        ("amount zero", claims(&exact, &|map| map[4].1 = limit(vec![(1, Value::Uint(0)), yen()])), "out-of-range"),
        (
            "amount 2^53",
            claims(&exact, &|map| map[4].1 = limit(vec![(1, Value::Uint(1 << 53)), yen()])),
            "out-of-range",
        ),
        (
            "unknown currency",
            claims(&exact, &|map| map[4].1 = limit(vec![(1, Value::Uint(540)), (2, Value::Uint(1))])),
            "out-of-range",
        ),
        ("aud without its kind", claims(&exact, &|map| map[0].1 = Value::Text("minato-1".into())), "bad-text"),
        (
            "aud too long",
            claims(&exact, &|map| map[0].1 = Value::Text(format!("t/{}", "a".repeat(23)))),
            "out-of-range",
        ),
        ("aud not ascii", claims(&exact, &|map| map[0].1 = Value::Text("t/みなと".into())), "bad-text"),
        ("life of 29 s", claims(&exact, &|map| map[1].1 = Value::Uint(u64::from(NOW) + 29)), "bad-lifetime"),
        ("life of 121 s", claims(&exact, &|map| map[1].1 = Value::Uint(u64::from(NOW) + 121)), "bad-lifetime"),
        ("ends before it begins", claims(&exact, &|map| map[1].1 = Value::Uint(u64::from(NOW) - 60)), "bad-lifetime"),
        (
            "date that makes a text too short",
            claims(&exact, &|map| (map[1].1, map[2].1) = (Value::Uint(0xffff + 60), Value::Uint(0xffff))),
            "out-of-range",
        ),
        ("time above 32 bits", claims(&exact, &|map| map[1].1 = Value::Uint(1 << 32)), "out-of-range"),
        ("time of another type", claims(&exact, &|map| map[1].1 = Value::Text("now".into())), "wrong-type"),
        ("cti too short", claims(&exact, &|map| map[3].1 = Value::Bytes(vec![1; 7])), "out-of-range"),
        ("cti too long", claims(&exact, &|map| map[3].1 = Value::Bytes(vec![1; 9])), "out-of-range"),
    ] {
        put(rule, input, veil, NOW, refusal, "skip", Json::Null);
    }
    for (rule, token, seconds) in [("life of 30 s", &up_to, 30), ("life of 120 s", &up_to, 120)] {
        let token = Token { expires_at: NOW + seconds, ..token.clone() };
        put(rule, text(&form(samples::bytes(&token)).sign(&signer)), veil, NOW, "ok", "accept", fields(&token));
    }

    let typed = Sign1::new(HANDLE, Some("application/vnd.jitsuin.head.v1+cose"), right.payload.clone(), veil.to_vec());
    let flagged = Value::Map(vec![(Value::Uint(4), Value::Bytes(vec![1]))]);
    for (rule, form, refusal, others) in [
        ("typ in the header", typed, "wrong-statement", "skip"),
        ("tag of another message", Sign1 { tag: Some(17), ..right.clone() }, "wrong-tag", "skip"),
        ("unprotected header", Sign1 { unprotected: flagged, ..right.clone() }, "unprotected-header", "skip"),
        ("five items", Sign1 { extra: vec![Value::Uint(0)], ..right.clone() }, "wrong-tag", "refuse"),
        ("trailing byte", Sign1 { behind: vec![0], ..right.clone() }, "trailing-bytes", "skip"),
        (
            "zero r",
            Sign1 { signature: |s| [&[0; 32], &s.as_bytes()[32..]].concat(), ..right.clone() },
            "bad-signature",
            "refuse",
        ),
        (
            "zero s",
            Sign1 { signature: |s| [&s.as_bytes()[..32], &[0; 32]].concat(), ..right.clone() },
            "bad-signature",
            "refuse",
        ),
    ] {
        put(rule, text(&form.sign(&signer)), veil, NOW, refusal, others, Json::Null);
    }
    // With the exact amount, so that what is left out does not make the text too short.
    let whole = form(samples::bytes(&exact));
    let header = |entries: Vec<(u64, Value)>| {
        Value::Map(entries.into_iter().map(|(key, value)| (Value::Uint(key), value)).collect()).encode()
    };
    let (alg, kid) = (|| (1, Value::Raw(vec![0x26])), || (4, Value::Bytes(HANDLE.0.to_vec())));
    for (rule, protected) in [
        ("another algorithm", header(vec![(1, Value::Raw(vec![0x38, 0x22])), kid()])),
        ("unknown header", header(vec![alg(), kid(), (5, Value::Uint(1))])),
        ("kid missing", header(vec![alg()])),
        ("kid too short", header(vec![alg(), (4, Value::Bytes(vec![1; 7]))])),
    ] {
        let input = text(&Sign1 { protected, ..whole.clone() }.sign(&signer));
        put(rule, input, veil, NOW, "wrong-header", "skip", Json::Null);
    }
    let untagged = text(&Sign1 { tag: None, ..whole.clone() }.sign(&signer));
    put("tag missing", untagged, veil, NOW, "wrong-tag", "skip", Json::Null);
    let cut = text(&Sign1 { signature: |s| s.as_bytes()[..63].to_vec(), ..whole }.sign(&signer));
    put("signature cut short", cut, veil, NOW, "bad-signature", "refuse", Json::Null);
    put("signed by another key", text(&right.sign(&Signer::new(99))), veil, NOW, "bad-signature", "refuse", Json::Null);
    write_uses(folder);
}

/// Counters: what a token is to the ledger depends on what was taken before it.
fn write_uses(folder: &mut Folder<'_>) {
    let signer = device();
    let signed = |token: &Token| text(&Sign1::new(HANDLE, None, samples::bytes(token), VEIL.0.to_vec()).sign(&signer));
    let at = |atc: u32, issued_at: u32| Token { atc, issued_at, expires_at: issued_at + 60, ..plain() };
    let first = plain();
    let capped = Limit::UpTo { amount: Amount::of(540), currency: Currency::JPY };
    for (rule, token, after, expect) in [
        ("next counter", at(43, NOW), vec![first.clone()], "ok"),
        ("same token again", first.clone(), vec![first.clone()], "token-used"),
        ("counter reuse", Token { random: [1; 4], ..first.clone() }, vec![first.clone()], "clone-suspected"),
        (
            "counter reuse with other claims",
            Token { limit: capped, ..first.clone() },
            vec![first.clone()],
            "clone-suspected",
        ),
        (
            "counter reuse behind a later one",
            Token { random: [1; 4], ..first.clone() },
            vec![first.clone(), at(43, NOW)],
            "clone-suspected",
        ),
        ("two codes in the other order", at(42, NOW - 5), vec![at(43, NOW)], "ok"),
        // Taken when a clock was ahead, or behind, that was put right since.
        ("higher counter dated 160 s earlier", at(43, NOW), vec![at(42, NOW + 160)], "ok"),
        ("higher counter dated 161 s earlier", at(43, NOW), vec![at(42, NOW + 161)], "clone-suspected"),
        ("lower counter dated 160 s later", at(41, NOW), vec![at(42, NOW - 160)], "ok"),
        ("lower counter dated 161 s later", at(41, NOW), vec![at(42, NOW - 161)], "clone-suspected"),
        ("counter 63 behind", at(42, NOW), vec![at(105, NOW)], "ok"),
        ("counter 64 behind", at(42, NOW), vec![at(106, NOW)], "token-used"),
        ("counter 65536 ahead", at(42 + 65_536, NOW), vec![first.clone()], "ok"),
        ("counter 65537 ahead", at(42 + 65_537, NOW), vec![first.clone()], "clone-suspected"),
    ] {
        let fields = if expect == "ok" { fields(&token) } else { Json::Null };
        let (input, source, key) = (signed(&token), "protocol section 2, single use and clones", signer.public());
        let after: Vec<_> = after.iter().map(signed).collect();
        let aad = VEIL.0.as_slice();
        folder
            .write_after(Vector { rule, source, input, key, aad, now: NOW, expect, others: "accept", fields }, &after);
    }
}
