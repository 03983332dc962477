//! Vectors of texts that people read, and of receipts' bodies, in which they stand.

use crate::statements::broken_maps;
use crate::value::{Entries, Value};
use crate::{Folder, NOW, Vector, samples};
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

/// Texts that may not be shown, by their rule.
pub(crate) fn unshown() -> Vec<(&'static str, String, &'static str)> {
    let inside = |character: char| format!("みなと{character}商店");
    vec![
        ("line break", inside('\n'), "bad-text"),
        ("tabulator", inside('\t'), "bad-text"),
        ("zero byte", inside('\0'), "bad-text"),
        ("next line", inside('\u{85}'), "bad-text"),
        ("line separator", inside('\u{2028}'), "bad-text"),
        ("paragraph separator", inside('\u{2029}'), "bad-text"),
        ("right-to-left override", inside('\u{202e}'), "bad-text"),
        ("right-to-left isolate", inside('\u{2067}'), "bad-text"),
        ("Arabic letter mark", inside('\u{61c}'), "bad-text"),
        ("left-to-right mark", inside('\u{200e}'), "bad-text"),
        ("256 bytes", "a".repeat(256), "out-of-range"),
        ("90 kanji", "角".repeat(90), "out-of-range"),
    ]
}

pub(crate) fn write(folder: &mut Folder<'_>) {
    let mut put = |kind: &str, rule: &str, input: String, expect: &str, made: Option<&str>| {
        let fields = made.map_or(Json::Null, |made| json!({ "text": made }));
        let (rule, source) = (format!("{kind} {rule}"), "protocol section 6, Text");
        let key = samples::device().public();
        let vector = Vector { rule: &rule, source, input, key, aad: &[], now: NOW, expect, others: "skip", fields };
        folder.write_text(vector, kind);
    };
    for (rule, text, refusal) in unshown() {
        put("shown", rule, text.clone(), refusal, None);
        put("label", rule, text, refusal, None);
    }
    for (rule, text) in [
        ("empty", String::new()),
        ("255 bytes", "角".repeat(85)),
        ("decomposed stays so", "Cafe\u{301}".into()),
        ("soft hyphen and joiners", "a\u{ad}b\u{200b}c\u{200d}d\u{2060}e".into()),
    ] {
        put("shown", rule, text.clone(), "ok", Some(&text));
    }

    let tags =
        |name: &str| name.bytes().map(|byte| char::from_u32(0xe0000 + u32::from(byte)).unwrap()).collect::<String>();
    let flag = |name: &str| format!("🏴{}\u{e007f}", tags(name));
    for (rule, text) in [
        ("60 letters", "a".repeat(60)),
        ("60 emoji of 240 bytes", "😀".repeat(60)),
        ("Persian with a non-joiner", "می\u{200c}خواهم".into()),
        ("Sinhala with a joiner", "ශ්\u{200d}රී ලංකා".into()),
        ("Khmer with a zero-width space", "ភ្នំ\u{200b}ពេញ".into()),
        ("family of emoji", "👨\u{200d}👩\u{200d}👧\u{200d}👦".into()),
        ("heart as an emoji", "❤\u{fe0f}".into()),
        ("flag of Scotland", flag("gbsct")),
        ("8 marks", format!("a{}", "\u{334}".repeat(8))),
        ("digit alone", "7".into()),
        ("punctuation alone", "!".into()),
    ] {
        put("label", rule, text.clone(), "ok", Some(&text));
    }
    for (rule, text, made) in [
        ("trimmed", "\u{3000}\u{a0} Kado no Mise\t\n", "Kado no Mise"),
        ("composed", "Cafe\u{301} かと\u{3099}", "Café かど"),
        ("Kelvin sign is a K", "\u{212a}", "K"),
        ("half width stays", "ｶﾞ", "ｶﾞ"),
    ] {
        put("label", rule, text.into(), "ok", Some(made));
    }
    for (rule, text, refusal) in [
        ("empty", String::new(), "out-of-range"),
        ("white space alone", " \u{3000}\n".into(), "out-of-range"),
        ("61 letters", "a".repeat(61), "out-of-range"),
        ("filler alone", "\u{3164}".into(), "bad-text"),
        ("Braille blank alone", "\u{2800}".into(), "bad-text"),
        ("mark alone", "\u{301}".into(), "bad-text"),
        ("joiner alone", "\u{200d}".into(), "bad-text"),
        ("soft hyphen", "Kado\u{ad}mise".into(), "bad-text"),
        ("word joiner", "Kado\u{2060}mise".into(), "bad-text"),
        ("byte order mark", "Kado\u{feff}mise".into(), "bad-text"),
        ("filler inside", "a\u{115f}b".into(), "bad-text"),
        ("variation selector 17", "角\u{e0100}".into(), "bad-text"),
        ("tags without a flag", format!("a{}\u{e007f}", tags("gbsct")), "bad-text"),
        ("tags without an end", format!("🏴{}", tags("gbsct")), "bad-text"),
        ("tags of capitals", flag("GBSCT"), "bad-text"),
        ("tags of two letters", flag("gb"), "bad-text"),
        ("9 marks", format!("a{}", "\u{334}".repeat(9)), "bad-text"),
        ("9 marks with a joiner", format!("a{}\u{200d}\u{334}", "\u{334}".repeat(8)), "bad-text"),
    ] {
        put("label", rule, text, refusal, None);
    }
}

/// Bodies are not signed as such: their hash stands in a receipt.
pub(crate) fn write_bodies(folder: &mut Folder<'_>) {
    let key = samples::device().public();
    let mut put = |rule: &str, bytes: &[u8], expect: &str, fields: Json| {
        let (input, source) = (HEXLOWER.encode(bytes), "protocol section 3, receipt");
        folder.write(Vector { rule, source, input, key, aad: &[], now: NOW, expect, others: "skip", fields });
    };
    let body = samples::body();
    let payload = body.to_bytes();
    put("golden", &payload, "ok", json!({ "hash": HEXLOWER.encode(body.hash().as_bytes()) }));
    for (rule, payload, refusal) in broken_maps(&payload) {
        put(rule, &payload, refusal, Json::Null);
    }
    // salt, amount, currency, shop, place, device label
    let with = |change: &dyn Fn(&mut Entries)| {
        let mut entries = Value::entries(&payload);
        change(&mut entries);
        Value::Map(entries).encode()
    };
    for (rule, text, refusal) in unshown() {
        let changed = with(&|map| map[3].1 = Value::Text(text.clone()));
        put(&format!("shop with {rule}"), &changed, refusal, Json::Null);
    }
    let line = || Value::Text("a\nb".into());
    put("place with line break", &with(&|map| map[4].1 = line()), "bad-text", Json::Null);
    put("device label with line break", &with(&|map| map[5].1 = line()), "bad-text", Json::Null);
    put("salt of 15 bytes", &with(&|map| map[0].1 = Value::Bytes(vec![6; 15])), "out-of-range", Json::Null);
    put("amount 2^53", &with(&|map| map[1].1 = Value::Uint(1 << 53)), "out-of-range", Json::Null);
    put("unknown currency", &with(&|map| map[2].1 = Value::Uint(1)), "out-of-range", Json::Null);
    let more = |key: u64, value: Value| with(&|map| map.push((Value::Uint(key), value.clone())));
    put("undoes 2^53", &more(8, Value::Uint(1 << 53)), "out-of-range", Json::Null);
    put("reason with a capital", &more(9, Value::Text("Too-fast".into())), "bad-text", Json::Null);
    put("reason of 65 letters", &more(9, Value::Text("a".repeat(65))), "out-of-range", Json::Null);
}
