#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// The tree as the general crate holds it; none for a fraction, which is passed over here.
fn value(json: &Json) -> Option<Value> {
    serde_json::to_value(json).ok()
}

fn read(text: &str) -> Option<Value> {
    value(&parse(text.as_bytes()).ok()?)
}

/// Any tree, written with this writer.
impl ToJson for Value {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Null => None::<bool>.write(to),
            Self::Bool(value) => value.write(to),
            Self::Number(number) => match number.as_i64().filter(|value| *value < 0) {
                Some(value) => value.write(to),
                None => number.as_u64().unwrap().write(to),
            },
            Self::String(text) => text.write(to),
            Self::Array(items) => items.write(to),
            Self::Object(members) => {
                let members: alloc::collections::BTreeMap<_, _> = members.clone().into_iter().collect();
                members.write(to);
            }
        }
    }
}

fn theirs(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[test]
fn what_is_not_json_is_refused_as_the_general_crate_refuses_it() {
    let texts = [
        "",
        " ",
        "nul",
        "nulll",
        "tru",
        "[",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\0\"",
        "1 1",
        "[]]",
        "{}{}",
        "\u{feff}1",
        "'a'",
        "NaN",
        "Infinity",
        "true false",
        "/**/1",
    ];
    for text in texts {
        assert_eq!(read(text), None, "{text:?}");
        assert_eq!(theirs(text), None, "{text:?}");
    }
    assert!(parse(b"\"\xff\"").is_err());
}

#[test]
fn what_is_json_is_read_as_the_general_crate_reads_it() {
    let texts = [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "18446744073709551615",
        "-9223372036854775808",
        "\"\"",
        "[]",
        "{}",
        "[[],{}]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u65e5\\ud83d\\ude00\"",
        "\"日本 😀 \u{7f}\"",
        " { \"a\" : [ 1 , -2 , null ] , \"b\" : { \"c\" : \"d\" } } ",
    ];
    for text in texts {
        // -0 is a float to the general crate and a whole number here.
        assert_eq!(read(text), if text == "-0" { Some(0.into()) } else { theirs(text) }, "{text:?}");
    }
}

#[test]
fn fractions_are_passed_over_and_never_read() {
    struct Known {
        known: u64,
    }
    json_object! { open Known { known } }
    for number in ["0.5", "1e3", "-1.25E-7", "18446744073709551616", "-9223372036854775809"] {
        let text = format!("{{\"known\":7,\"other\":[{number}]}}");
        assert_eq!(from_slice::<Known>(text.as_bytes()).unwrap().known, 7, "{number}");
        assert_eq!(from_slice::<u64>(number.as_bytes()), Err(BadJson), "{number}");
        assert_eq!(from_slice::<i64>(number.as_bytes()), Err(BadJson), "{number}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(read(&nested(32)).is_some());
    assert!(read(&nested(33)).is_none());
    assert!(read(&"[".repeat(1 << 16)).is_none());
    assert!(read(&"{\"a\":".repeat(1 << 16)).is_none());
}

json_words! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Kind {
        TopUp "top-up",
        Refund "refund",
    }
}

#[derive(Debug, PartialEq)]
struct Shape {
    kind: Kind,
    byte: u8,
    random: [u8; 2],
    maybe: Option<i64>,
    absent: Option<String>,
    list: Vec<bool>,
}
json_object! { strict Shape { kind, byte, random, maybe, absent = "notHere?", list = "list?" } }

const SHAPE: Shape =
    Shape { kind: Kind::Refund, byte: 255, random: [1, 2], maybe: None, absent: None, list: Vec::new() };

#[test]
fn structs_are_written_in_order_and_read_in_any() {
    let text = r#"{"kind":"refund","byte":255,"random":[1,2],"maybe":null,"list":[]}"#;
    assert_eq!(String::from_utf8(to_vec(&SHAPE)).unwrap(), text);
    assert_eq!(from_slice::<Shape>(text.as_bytes()).unwrap(), SHAPE);
    for same in [
        r#"{"random":[1,2],"byte":255,"kind":"refund"}"#,
        r#"{"kind":"refund","byte":255,"random":[1,2],"notHere":null,"list":[]}"#,
    ] {
        assert_eq!(from_slice::<Shape>(same.as_bytes()).unwrap(), SHAPE, "{same}");
    }
    let full = Shape { maybe: Some(i64::MIN), absent: Some("null".into()), list: vec![true, false], ..SHAPE };
    let text = r#"{"kind":"refund","byte":255,"random":[1,2],"maybe":-9223372036854775808,"notHere":"null","list":[true,false]}"#;
    assert_eq!(String::from_utf8(to_vec(&full)).unwrap(), text);
    assert_eq!(from_slice::<Shape>(text.as_bytes()).unwrap(), full);
}

#[test]
fn structs_are_read_from_objects_with_each_member_once() {
    for wrong in [
        r#"{"kind":"top-up","byte":255,"random":[1,2],"byte":255}"#,
        r#"{"kind":"top-up","byte":256,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":-1,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2,3]}"#,
        r#"{"kind":"top","byte":1,"random":[1,2]}"#,
        r#"{"kind":"","byte":1,"random":[1,2]}"#,
        r#"{"kind":"top-up refund","byte":1,"random":[1,2]}"#,
        r#"{"kind":{"top-up":null},"byte":1,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2],"more":1}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2],"list?":[]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2],"list":null}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2],"maybe":0,"maybe":null}"#,
        r#"{"kind":"top-up","byte":"1","random":[1,2]}"#,
        r#"["top-up",255,[1,2],null]"#,
        r#"{"kind":"top-up","random":[1,2]}"#,
    ] {
        assert_eq!(from_slice::<Shape>(wrong.as_bytes()), Err(BadJson), "{wrong}");
        assert!(serde_json::from_str::<Shape>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn serde_reads_and_writes_the_same_over_the_bridge() {
    let text = String::from_utf8(to_vec(&SHAPE)).unwrap();
    assert_eq!(serde_json::from_str::<Shape>(&text).unwrap(), SHAPE);
    let theirs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(&SHAPE).unwrap(), theirs);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn both_crates_read_what_the_other_writes(json in any_json()) {
        let ours = to_vec(&json);
        prop_assert_eq!(serde_json::from_slice::<Value>(&ours).unwrap(), json.clone());
        prop_assert_eq!(read(&serde_json::to_string(&json).unwrap()), Some(json.clone()));
        prop_assert_eq!(read(&serde_json::to_string_pretty(&json).unwrap()), Some(json));
    }

    #[test]
    fn nothing_is_taken_that_the_general_crate_refuses(json in any_json(), at: prop::sample::Index, byte: u8) {
        let mut text = serde_json::to_vec(&json).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Some(ours) = parse(&text).ok().as_ref().and_then(value) {
            // -0 is the one text that the two read differently.
            let known = serde_json::from_slice::<Value>(&text);
            prop_assert!(known.is_ok());
            if !text.windows(2).any(|pair| pair == b"-0") {
                prop_assert_eq!(ours, known.unwrap());
            }
        }
    }

    #[test]
    fn no_input_panics(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }
}
