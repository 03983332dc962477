//! Vectors that every typed statement shares: the same rules, broken one at a time and signed rightly.

use crate::signer::{Sign1, Signer};
use crate::value::{Entries, Value};
use crate::{Folder, NOW, Vector, samples, text};
use data_encoding::HEXLOWER;
use jitsuin::wire::state::DeviceState;
use jitsuin::wire::{MAX_BYTES, Statement as _};
use serde_json::{Value as Json, json};

/// A typed statement.
pub(crate) struct Kind {
    /// The NAME of its typ.
    pub(crate) name: &'static str,
    payload: fn() -> Vec<u8>,
    /// First byte of its signer's key.
    signer: u8,
}

pub(crate) const ALL: &[Kind] = &[
    Kind { name: "enrol", payload: samples::enrol, signer: 7 },
    Kind { name: "step-up", payload: samples::step_up, signer: 7 },
    Kind { name: "approval", payload: samples::approval, signer: 7 },
    Kind { name: "freeze", payload: samples::freeze, signer: 8 },
    Kind { name: "allowance", payload: samples::allowance, signer: 21 },
    Kind { name: "receipt", payload: samples::receipt, signer: 22 },
    Kind { name: "head", payload: samples::head, signer: 22 },
    Kind { name: "state", payload: samples::state, signer: 22 },
    Kind { name: "time", payload: samples::time, signer: 23 },
    Kind { name: "keyset", payload: samples::key_set, signer: 20 },
    Kind { name: "quote", payload: samples::quote, signer: 24 },
];

fn typ(name: &str) -> String {
    format!("application/vnd.jitsuin.{name}.v1+cose")
}

/// The most bytes that a reader of this statement takes.
fn most_bytes(kind: &Kind) -> usize {
    if kind.name == "state" { DeviceState::MOST_BYTES } else { MAX_BYTES }
}

/// A payload with one rule of maps broken.
pub(crate) fn broken_maps(payload: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let entries = Value::entries(payload);
    let with = |change: &dyn Fn(&mut Entries)| {
        let mut changed = entries.clone();
        change(&mut changed);
        Value::Map(changed).encode()
    };
    let (first_key, first_value) = (entries[0].0.encode(), entries[0].1.encode());
    let mut indefinite = vec![0xbf];
    indefinite.extend(entries.iter().flat_map(|(key, value)| [key.encode(), value.encode()].concat()));
    indefinite.push(0xff);
    vec![
        ("extra key", with(&|map| map.push((Value::Uint(99), Value::Uint(1)))), "unknown-key"),
        ("first key missing", with(&|map| drop(map.remove(0))), "missing-key"),
        ("duplicate key", with(&|map| map.insert(1, map[0].clone())), "duplicate-key"),
        ("unsorted keys", with(&|map| map.swap(0, 1)), "unsorted-keys"),
        (
            "long integer form of a key",
            with(&|map| map[0].0 = Value::Raw([vec![0x18], first_key.clone()].concat())),
            "not-shortest",
        ),
        ("indefinite map", indefinite, "indefinite"),
        ("trailing byte in the payload", [payload, &[0]].concat(), "trailing-bytes"),
        ("payload cut short", payload[..payload.len() - 1].to_vec(), "truncated"),
        ("payload of another type", Value::Array(vec![Value::Raw(first_value)]).encode(), "wrong-type"),
    ]
}

/// States with one value changed.
fn broken_states(payload: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let entries = Value::entries(payload);
    let with = |key: usize, value: Value| {
        let mut changed = entries.clone();
        changed[key - 1].1 = value;
        Value::Map(changed).encode()
    };
    let map = |entries: Vec<(u64, Value)>| {
        Value::Map(entries.into_iter().map(|(key, value)| (Value::Uint(key), value)).collect())
    };
    let device = |label: &str| {
        map(vec![
            (1, Value::Bytes(vec![1; 32])),
            (2, Value::Text(label.into())),
            (3, Value::Text("browser".into())),
            (4, Value::Text("active".into())),
            (5, Value::Uint(1)),
            (6, Value::Uint(1)),
        ])
    };
    let source = |random: usize| {
        map(vec![
            (1, Value::Text("card-1".into())),
            (2, Value::Text("card".into())),
            (3, Value::Text("VISA".into())),
            (4, Value::Bytes(vec![9; random])),
        ])
    };
    let left = |count: Value| map(vec![(1, Value::Uint(1)), (2, count), (3, Value::Uint(1))]);
    let many = |item: &Value, count: usize| Value::Array(vec![item.clone(); count]);
    vec![
        ("32 devices", with(8, many(&device(&"d".repeat(255)), 32)), "ok"),
        ("33 devices", with(8, many(&device("d"), 33)), "out-of-range"),
        ("32 sources", with(9, many(&source(16), 32)), "ok"),
        ("33 sources", with(9, many(&source(16), 33)), "out-of-range"),
        (
            "nobody and nothing",
            [8, 9].iter().fold(payload.to_vec(), |payload, key| {
                let mut changed = Value::entries(&payload);
                changed[key - 1].1 = Value::Array(vec![]);
                Value::Map(changed).encode()
            }),
            "ok",
        ),
        ("status of no device", with(6, Value::Text("asleep".into())), "bad-text"),
        ("floor above 32 bits", with(7, Value::Uint(1 << 32)), "out-of-range"),
        ("label with a line end", with(8, many(&device("Pixel\n9"), 1)), "bad-text"),
        ("label of 256 bytes", with(8, many(&device(&"d".repeat(256)), 1)), "out-of-range"),
        ("random part of 15 bytes", with(9, many(&source(15), 1)), "out-of-range"),
        ("left as a number", with(10, Value::Uint(1)), "wrong-type"),
        ("count left above 32 bits", with(10, left(Value::Uint(1 << 32))), "out-of-range"),
        ("limit above 2^53", with(11, Value::Uint(1 << 53)), "out-of-range"),
        ("nonce of 15 bytes", with(4, Value::Bytes(vec![1; 15])), "out-of-range"),
    ]
}

pub(crate) fn write(folder: &mut Folder<'_>, kind: &Kind) {
    let signer = Signer::new(kind.signer);
    let key = signer.public();
    let payload = (kind.payload)();
    let typ = typ(kind.name);
    let right = Sign1::new(key.kid(), Some(&typ), payload.clone(), vec![]);
    let mut put = |rule: &str, bytes: Vec<u8>, expect: &str, others: &str, fields: Json| {
        let input = HEXLOWER.encode(&bytes);
        let source = "protocol section 3";
        folder.write(Vector { rule, source, input, key, aad: &[], now: NOW, expect, others, fields });
    };

    put("golden", right.sign(&signer), "ok", "accept", json!({ "payload": HEXLOWER.encode(&payload) }));
    let high = Sign1 { signature: Signer::high, ..right.clone() };
    put("high s accepted", high.sign(&signer), "ok", "accept", json!({ "payload": HEXLOWER.encode(&payload) }));

    for (rule, payload, refusal) in broken_maps(&payload) {
        let broken = Sign1 { payload, ..right.clone() };
        put(rule, broken.sign(&signer), refusal, "skip", Json::Null);
    }

    let header = |entries: Vec<(u64, Value)>| {
        Value::Map(entries.into_iter().map(|(key, value)| (Value::Uint(key), value)).collect()).encode()
    };
    let alg = || (1, Value::Raw(vec![0x26]));
    let kid = || (4, Value::Bytes(key.kid().0.to_vec()));
    let typed = |typ: &str| (16, Value::Text(typ.into()));
    let other = self::typ(if kind.name == "head" { "time" } else { "head" });
    for (rule, protected, refusal) in [
        ("another algorithm", header(vec![(1, Value::Raw(vec![0x38, 0x22])), kid(), typed(&typ)]), "wrong-header"),
        ("unknown header", header(vec![alg(), kid(), (5, Value::Uint(1)), typed(&typ)]), "wrong-header"),
        ("kid missing", header(vec![alg(), typed(&typ)]), "wrong-header"),
        ("kid too short", header(vec![alg(), (4, Value::Bytes(vec![1; 7])), typed(&typ)]), "wrong-header"),
        ("typ missing", header(vec![alg(), kid()]), "wrong-statement"),
        ("typ of another statement", header(vec![alg(), kid(), typed(&other)]), "wrong-statement"),
        ("typ of another version", header(vec![alg(), kid(), typed(&typ.replace("v1", "v2"))]), "wrong-statement"),
        ("kid of another key", header(vec![alg(), (4, Value::Bytes(vec![1; 8])), typed(&typ)]), "wrong-key"),
    ] {
        put(rule, Sign1 { protected, ..right.clone() }.sign(&signer), refusal, "skip", Json::Null);
    }

    for (rule, payload, expect) in broken_values(kind.name, &payload) {
        let fields = if expect == "ok" { json!({ "payload": HEXLOWER.encode(&payload) }) } else { Json::Null };
        let others = if expect == "ok" { "accept" } else { "skip" };
        put(&rule, Sign1 { payload, ..right.clone() }.sign(&signer), expect, others, fields);
    }

    let flagged = Value::Map(vec![(Value::Uint(4), Value::Bytes(vec![1]))]);
    let forms = [
        ("tag of another message", Sign1 { tag: Some(17), ..right.clone() }, "wrong-tag", "skip"),
        ("tag missing", Sign1 { tag: None, ..right.clone() }, "wrong-tag", "skip"),
        ("unprotected header", Sign1 { unprotected: flagged, ..right.clone() }, "unprotected-header", "skip"),
        ("five items", Sign1 { extra: vec![Value::Uint(0)], ..right.clone() }, "wrong-tag", "refuse"),
        ("trailing byte", Sign1 { behind: vec![0], ..right.clone() }, "trailing-bytes", "skip"),
        ("too long", Sign1 { behind: vec![0; most_bytes(kind)], ..right.clone() }, "too-long", "skip"),
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
        (
            "signature cut short",
            Sign1 { signature: |s| s.as_bytes()[..63].to_vec(), ..right.clone() },
            "bad-signature",
            "refuse",
        ),
        ("signature over an aad", Sign1 { aad: vec![1], ..right.clone() }, "bad-signature", "refuse"),
    ];
    for (rule, form, refusal, others) in forms {
        put(rule, form.sign(&signer), refusal, others, Json::Null);
    }
    if kind.name == "state" {
        for (rule, payload, refusal) in broken_states(&payload) {
            let fields = if refusal == "ok" { json!({ "payload": HEXLOWER.encode(&payload) }) } else { Json::Null };
            let others = if refusal == "ok" { "accept" } else { "skip" };
            put(rule, Sign1 { payload, ..right.clone() }.sign(&signer), refusal, others, fields);
        }
    }
    put("signed by another key", right.sign(&Signer::new(99)), "bad-signature", "refuse", Json::Null);
    let stray = [vec![4], vec![1; 64]].concat();
    let mut entries = Value::entries(&payload);
    match kind.name {
        "enrol" | "approval" => entries[3].1 = Value::Bytes(stray),
        "keyset" => {
            let point = Signer::new(21).public().to_sec1();
            let at = payload.windows(point.len()).position(|bytes| bytes == point).unwrap();
            let broken = [&payload[..at], &stray, &payload[at + point.len()..]].concat();
            entries = Value::entries(&broken);
        }
        _ => return,
    }
    let broken = Sign1 { payload: Value::Map(entries).encode(), ..right };
    put("point not on the curve", broken.sign(&signer), "bad-key", "skip", Json::Null);
}

/// A payload with one value at a bound of its type, or beyond it.
fn broken_values(name: &str, payload: &[u8]) -> Vec<(String, Vec<u8>, &'static str)> {
    let entries = Value::entries(payload);
    let mut found = Vec::new();
    let mut with = |rule: &str, at: usize, value: Value, expect| {
        let mut changed = entries.clone();
        changed[at].1 = value;
        found.push((rule.to_owned(), Value::Map(changed).encode(), expect));
    };
    let most = (1 << 53) - 1;
    match name {
        "receipt" => {
            with("seq 2^53 - 1", 2, Value::Uint(most), "ok");
            with("seq 2^53", 2, Value::Uint(most + 1), "out-of-range");
            with("time 2^32", 4, Value::Uint(1 << 32), "out-of-range");
            with("kind that does not exist", 5, Value::Text("gift".into()), "bad-text");
        }
        "head" => {
            with("seq 2^53", 1, Value::Uint(most + 1), "out-of-range");
            with("balance 2^53", 4, Value::Uint(most + 1), "out-of-range");
        }
        "time" => {
            with("now 2^53 - 1", 2, Value::Uint(most), "ok");
            with("now 2^53", 2, Value::Uint(most + 1), "out-of-range");
        }
        "allowance" => {
            with("per payment 2^53", 5, Value::Uint(most + 1), "out-of-range");
            with("count 2^32", 6, Value::Uint(1 << 32), "out-of-range");
            with("tier that does not exist", 12, Value::Text("gold".into()), "bad-text");
        }
        "enrol" => {
            with("credential of 1023 bytes", 5, Value::Bytes(vec![1; 1023]), "ok");
            with("credential of 1024 bytes", 5, Value::Bytes(vec![1; 1024]), "out-of-range");
            with("credential of no byte", 5, Value::Bytes(vec![]), "out-of-range");
        }
        "step-up" => with("credential of 1024 bytes", 4, Value::Bytes(vec![1; 1024]), "out-of-range"),
        "keyset" => {
            with("seq 2^53", 1, Value::Uint(most + 1), "out-of-range");
            let entry = samples::bytes(&samples::issuer_keys().keys[0]);
            let list = |length| Value::Array(vec![Value::Raw(entry.clone()); length]);
            with("16 keys", 2, list(16), "ok");
            with("17 keys", 2, list(17), "out-of-range");
        }
        "quote" => {
            for (rule, text, refusal) in text::unshown() {
                with(&format!("merchant with {rule}"), 1, Value::Text(text), refusal);
            }
            with("merchant of 255 bytes", 1, Value::Text("角".repeat(85)), "ok");
            with("place with line break", 2, Value::Text("a\nb".into()), "bad-text");
            let mut without = entries.clone();
            without.remove(2);
            found.push(("place absent".into(), Value::Map(without).encode(), "ok"));
        }
        _ => {}
    }
    found
}

/// Intents are not signed as such: their hash is a WebAuthn challenge.
pub(crate) fn write_intents(folder: &mut Folder<'_>) {
    let key = samples::device().public();
    let mut put = |rule: &str, bytes: &[u8], expect: &str, fields: Json| {
        let input = HEXLOWER.encode(bytes);
        let source = "protocol section 4";
        folder.write(Vector { rule, source, input, key, aad: &[], now: NOW, expect, others: "skip", fields });
    };
    for intent in samples::intents() {
        let challenge = HEXLOWER.encode(intent.challenge().as_bytes());
        put(
            &format!("golden {}", intent.action.kind()),
            &samples::bytes(&intent),
            "ok",
            json!({ "challenge": challenge }),
        );
    }
    let payload = samples::bytes(&samples::intents()[0]);
    for (rule, payload, refusal) in broken_maps(&payload) {
        put(rule, &payload, refusal, Json::Null);
    }
    let changed = |index: usize, value: Value| {
        let mut entries = Value::entries(&payload);
        entries[index].1 = value;
        Value::Map(entries).encode()
    };
    put("version 2", &changed(0, Value::Uint(2)), "unknown-version", Json::Null);
    put("unknown kind", &changed(1, Value::Text("gift".into())), "bad-text", Json::Null);
    put("terms of another kind", &changed(1, Value::Text("unfreeze".into())), "unknown-key", Json::Null);
    put("kind without its terms", &changed(1, Value::Text("pay".into())), "wrong-type", Json::Null);
    put("amount above 2^53", &changed(9, Value::Uint(1 << 53)), "out-of-range", Json::Null);
    put("currency that does not exist", &changed(10, Value::Uint(1)), "out-of-range", Json::Null);
    put("credential of 1024 bytes", &changed(5, Value::Bytes(vec![1; 1024])), "out-of-range", Json::Null);
    put("nonce too short", &changed(7, Value::Bytes(vec![1; 15])), "out-of-range", Json::Null);
}
