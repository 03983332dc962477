#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn read(text: &str) -> Option<Value> {
    from_slice(text.as_bytes()).ok()
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
    assert_eq!(from_slice::<Value>(b"\"\xff\""), Err(BadJson));
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
    #[derive(serde::Deserialize)]
    struct Known {
        known: u64,
    }
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

#[test]
fn structs_are_read_from_objects_with_each_member_once() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        TopUp,
    }
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        kind: Kind,
        byte: u8,
        random: [u8; 2],
        maybe: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        absent: Option<String>,
    }
    let shape = Shape { kind: Kind::TopUp, byte: 255, random: [1, 2], maybe: None, absent: None };
    let text = r#"{"kind":"top-up","byte":255,"random":[1,2],"maybe":null}"#;
    assert_eq!(String::from_utf8(to_vec(&shape).unwrap()).unwrap(), text);
    assert_eq!(from_slice::<Shape>(text.as_bytes()).unwrap(), shape);
    for wrong in [
        r#"{"kind":"top-up","byte":255,"random":[1,2],"byte":255}"#,
        r#"{"kind":"top-up","byte":256,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":-1,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1]}"#,
        r#"{"kind":"pay","byte":1,"random":[1,2]}"#,
        r#"{"kind":{"top-up":null},"byte":1,"random":[1,2]}"#,
        r#"{"kind":"top-up","byte":1,"random":[1,2],"more":1}"#,
        r#"{"kind":"top-up","byte":"1","random":[1,2]}"#,
        r#"["top-up",255,[1,2],null]"#,
        r#"{"kind":"top-up","random":[1,2]}"#,
    ] {
        assert_eq!(from_slice::<Shape>(wrong.as_bytes()), Err(BadJson), "{wrong}");
    }
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
        let ours = to_vec(&json).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&ours).unwrap(), json.clone());
        prop_assert_eq!(from_slice::<Value>(&serde_json::to_vec(&json).unwrap()), Ok(json.clone()));
        prop_assert_eq!(from_slice::<Value>(serde_json::to_string_pretty(&json).unwrap().as_bytes()), Ok(json));
    }

    #[test]
    fn nothing_is_taken_that_the_general_crate_refuses(json in any_json(), at: prop::sample::Index, byte: u8) {
        let mut text = serde_json::to_vec(&json).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(value) = from_slice::<Value>(&text) {
            // -0 is the one text that the two read differently.
            let known = serde_json::from_slice::<Value>(&text);
            prop_assert!(known.is_ok());
            if !text.windows(2).any(|pair| pair == b"-0") {
                prop_assert_eq!(value, known.unwrap());
            }
        }
    }

    #[test]
    fn no_input_panics(bytes: Vec<u8>) {
        let _ = from_slice::<Value>(&bytes);
    }
}
