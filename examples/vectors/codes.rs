//! Vectors of the codes of shops and tills: each rule broken alone, with a right CRC. Codes found in the world stand beside
//! them as `sample-*.json` and are not written here.

use crate::samples::{HANDLE, VEIL, device};
use crate::signer::Sign1;
use crate::{NOW, samples};
use data_encoding::{BASE64, HEXUPPER};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::shop_code::crc;
use jitsuin::wire::till_code::{Content, Data, Scheme, TillCode};
use jitsuin::wire::token::{Limit, Token};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Removes what an earlier run wrote and leaves the samples.
fn emptied(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if !file.file_name().unwrap().to_str().unwrap().starts_with("sample-") {
            std::fs::remove_file(file).unwrap();
        }
    }
    folder
}

fn write(folder: &Path, rule: &str, mut vector: Json) {
    for (key, value) in
        [("publicKey", Json::Null), ("externalAad", "".into()), ("now", 0.into()), ("others", "skip".into())]
    {
        vector.as_object_mut().unwrap().entry(key).or_insert(value);
    }
    vector["rule"] = rule.into();
    let name = rule.replace(|c: char| !c.is_ascii_alphanumeric(), "-").to_ascii_lowercase();
    std::fs::write(folder.join(name + ".json"), serde_json::to_string_pretty(&vector).unwrap() + "\n").unwrap();
}

/// The shortest code: format, an account, currency, country. What is put behind it starts at character 27.
const GOOD: &str = "0002010204aaaa53033925802JP";

fn sealed(objects: &str) -> String {
    let open = format!("{objects}6304");
    format!("{open}{:04X}", crc(open.as_bytes()))
}

pub(crate) fn write_shop_codes() -> usize {
    let folder = emptied("shop-code");
    // 27 characters, four objects of 103, the last one, and the CRC's 8.
    let padded = |last: usize| {
        let full = |id: usize| format!("{id}99{}", "x".repeat(99));
        sealed(&format!("{GOOD}{}69{last}{}", (65..69).map(full).collect::<String>(), "x".repeat(last)))
    };
    let good = GOOD;
    let refused = [
        ("513 characters", padded(62), "too-long", 512),
        ("empty", String::new(), "no-crc", 0),
        ("no code at all", "https://shop.example/".into(), "no-crc", 13),
        ("crc in lower case", sealed(good).replace("96D3", "96d3"), "bad-crc", 31),
        ("crc missing", good.into(), "no-crc", 19),
        ("crc not at the end", format!("{}0104abcd", sealed(good)), "no-crc", 35),
        ("crc inside the last value", sealed(&format!("{good}5910ab")), "no-crc", 27),
        ("one character changed", sealed(good).replace("aaaa", "aaab"), "bad-crc", 31),
        ("id of letters", sealed("000201XX04aaaa53033925802JP"), "bad-id", 6),
        ("id of other digits", sealed("0002010204aaaa53033925802JP٥٩01a"), "bad-id", 27),
        ("length of letters", sealed("00020102XXaaaa53033925802JP"), "bad-length", 8),
        ("length of zero", sealed("0002010204aaaa53033925802JP5900"), "bad-length", 29),
        ("value behind the end", sealed("0002010204aaaa53033925802JP5999a"), "truncated", 31),
        ("length in bytes", sealed("0002010204aaaa53033925802JP5906みせ"), "bad-length", 39),
        ("value behind its template", sealed("0002012605000405303392"), "truncated", 14),
        ("half an object in a template", sealed("00020126070001a01053033925802JP"), "truncated", 17),
        ("text as a template", sealed("000201260412a553033925802JP"), "bad-length", 12),
        ("format indicator twice", sealed("00020100020102040aaa53033925802JP"), "duplicate-id", 6),
        ("id twice", sealed("0002010204aaaa53033925303392"), "duplicate-id", 21),
        ("id twice in a template", sealed("00020126100001a0001b53033925802JP"), "duplicate-id", 15),
        ("crc twice", sealed(&sealed(good)), "duplicate-id", 35),
        ("format indicator missing", sealed("0204aaaa53033925802JP"), "no-format", 0),
        ("format indicator not first", sealed("0204aaaa00020153033925802JP"), "no-format", 0),
        ("format of another version", sealed("0002020204aaaa53033925802JP"), "unknown-format", 4),
        ("account missing", sealed("00020153033925802JP"), "missing-id", 27),
        ("currency missing", sealed("0002010204aaaa5802JP"), "missing-id", 28),
        ("country missing", sealed("0002010204aaaa5303392"), "missing-id", 29),
        ("point of initiation 13", sealed("0002010102130204aaaa53033925802JP"), "bad-value", 10),
        ("category of letters", sealed("0002010204aaaa5204abcd53033925802JP"), "bad-value", 18),
        ("currency of letters", sealed("0002010204aaaa5303JPY5802JP"), "bad-value", 18),
        ("currency that does not exist", sealed("0002010204aaaa53030015802JP"), "bad-value", 18),
        ("country in lower case", sealed("0002010204aaaa53033925802jp"), "bad-value", 25),
        ("amount of letters", sealed("0002010204aaaa5303392540312x5802JP"), "bad-value", 25),
        ("amount with two points", sealed("0002010204aaaa530339254051.2.35802JP"), "bad-value", 25),
        ("amount with a sign", sealed("0002010204aaaa53033925403-545802JP"), "bad-value", 25),
        ("amount with a comma", sealed("0002010204aaaa530339254051,0005802JP"), "bad-value", 25),
        ("amount that starts with a point", sealed("0002010204aaaa53033925402.55802JP"), "bad-value", 25),
        ("amount of 14 characters", sealed("0002010204aaaa53033925414123456789012345802JP"), "bad-value", 25),
        ("amount of zero", sealed("0002010204aaaa5303392540105802JP"), "bad-value", 25),
        ("amount of zero with decimals", sealed("0002010204aaaa530384054040.005802US"), "bad-value", 25),
        ("category of 3 digits", sealed("0002010204aaaa520354153033925802JP"), "bad-value", 18),
        ("tip of a kind to come", sealed("0002010204aaaa530339254031005502045802JP"), "bad-value", 32),
        ("fee that is not announced", sealed("0002010204aaaa530339254031005602505802JP"), "bad-value", 32),
        ("fee beside a tip that is asked", sealed("0002010204aaaa530339254031005502015602505802JP"), "bad-value", 38),
        ("fee announced and missing", sealed("0002010204aaaa530339254031005502025802JP"), "missing-id", 48),
        ("fee of zero", sealed("0002010204aaaa53033925403100550202560105802JP"), "bad-value", 38),
        ("percentage of zero", sealed("0002010204aaaa53033925403100550203570105802JP"), "bad-value", 38),
        ("percentage of 100", sealed("0002010204aaaa5303392540310055020357031005802JP"), "bad-value", 38),
        ("fee and percentage", sealed("0002010204aaaa53033925403100550202560250570155802JP"), "bad-value", 44),
        ("language without a name", sealed("0002010204aaaa53033925802JP64060002JA"), "bad-value", 31),
        ("language of three letters", sealed("0002010204aaaa53033925802JP64120003JPN0101a"), "bad-value", 31),
        ("jpqr without its levels", sealed("00020126230019jp.or.paymentsjapan53033925802JP"), "bad-value", 10),
        (
            "jpqr with a short level",
            sealed("00020126670019jp.or.paymentsjapan0113000000000000102040001030600000104050000153033925802JP"),
            "bad-value",
            10,
        ),
        ("name with a line break", sealed("0002010204aaaa53033925802JP5903a\nb"), "deceptive-text", 31),
        ("name written backwards", sealed("0002010204aaaa53033925802JP5903a\u{202e}b"), "deceptive-text", 31),
        ("name with a direction mark", sealed("0002010204aaaa53033925802JP5903a\u{200e}b"), "deceptive-text", 31),
        ("city written backwards", sealed("0002010204aaaa53033925802JP6003a\u{2067}b"), "deceptive-text", 31),
        (
            "name of the place written backwards",
            sealed("0002010204aaaa53033925802JP64130002JA0103a\u{202e}b"),
            "deceptive-text",
            31,
        ),
        ("bill number with a bell", sealed("0002010204aaaa53033925802JP62070103a\u{7}b"), "deceptive-text", 31),
    ];
    let mut written = 0;
    for (rule, input, expect, at) in refused {
        let source = "EMV QRCPS Merchant-Presented Mode 1.1";
        write(&folder, rule, json!({ "source": source, "input": input, "expect": expect, "at": at, "fields": null }));
        written += 1;
    }
    let widest = format!("5999{}", "店".repeat(99));
    let named = |rule, name: &str| {
        let input = sealed(&format!("{good}59{:02}{name}", name.chars().count()));
        (rule, input, json!({ "00": "01", "02": "aaaa", "53": "392", "58": "JP", "59": name }))
    };
    let taken = [
        (
            "512 characters",
            padded(61),
            json!({
                "00": "01", "02": "aaaa", "53": "392", "58": "JP", "65": "x".repeat(99), "66": "x".repeat(99),
                "67": "x".repeat(99), "68": "x".repeat(99), "69": "x".repeat(61),
            }),
        ),
        ("shortest", sealed(good), json!({ "00": "01", "02": "aaaa", "53": "392", "58": "JP" })),
        (
            "unknown ids and templates are kept",
            sealed(&format!("{good}6503abc7901290070003a.b9904abcd")),
            json!({ "00": "01", "02": "aaaa", "53": "392", "58": "JP", "65": "abc", "79": "2", "90": { "00": "a.b" }, "99": "abcd" }),
        ),
        (
            "99 characters of three bytes each",
            sealed(&format!("{good}{widest}")),
            json!({ "00": "01", "02": "aaaa", "53": "392", "58": "JP", "59": "店".repeat(99) }),
        ),
        named("Persian name with a non-joiner", "می\u{200c}خواهم"),
        named("Sinhala name with a joiner", "ශ්\u{200d}රී"),
        named("Khmer name with a zero-width space", "ភ្នំ\u{200b}ពេញ"),
        (
            "tip that is asked",
            sealed("0002010204aaaa530339254031005502015802JP"),
            json!({ "00": "01", "02": "aaaa", "53": "392", "54": "100", "55": "01", "58": "JP" }),
        ),
        (
            "fee on top of the amount",
            sealed("0002010204aaaa530339254031005502025602505802JP"),
            json!({ "00": "01", "02": "aaaa", "53": "392", "54": "100", "55": "02", "56": "50", "58": "JP" }),
        ),
        (
            "percentage on top of the amount",
            sealed("0002010204aaaa5303840540310055020357043.505802US"),
            json!({ "00": "01", "02": "aaaa", "53": "840", "54": "100", "55": "03", "57": "3.50", "58": "US" }),
        ),
        (
            "a part of a yen is kept as text",
            sealed("0002010204aaaa530339254050.5005802JP"),
            json!({ "00": "01", "02": "aaaa", "53": "392", "54": "0.500", "58": "JP" }),
        ),
    ];
    for (rule, input, mut fields) in taken {
        fields["63"] = input[input.len() - 4..].into();
        let source = "EMV QRCPS Merchant-Presented Mode 1.1";
        write(&folder, rule, json!({ "source": source, "input": input, "expect": "ok", "at": null, "fields": fields }));
        written += 1;
    }
    written
}

fn tree(objects: &[Data]) -> Json {
    let value = |object: &Data| match &object.content {
        Content::Bytes(bytes) => Json::from(HEXUPPER.encode(bytes)),
        Content::Template(inside) => tree(inside),
    };
    objects.iter().map(|object| json!({ "tag": format!("{:02X}", object.tag), "value": value(object) })).collect()
}

pub(crate) fn write_till_codes() -> usize {
    let folder = emptied("till-code");
    let mut written = 0;
    let scheme = Scheme::jitsuin();
    let limit =
        Limit::Exact { amount: Amount::of(540), currency: Currency::JPY, audience: "t/minato-1".parse().unwrap() };
    for (rule, limit) in [("golden plain", Limit::Allowance), ("golden exact", limit)] {
        let token = Token { limit, issued_at: NOW, expires_at: NOW + 60, atc: 42, random: [1, 2, 3, 4] };
        let cose = Sign1::new(HANDLE, None, samples::bytes(&token), VEIL.0.to_vec()).sign(&device());
        let input = scheme.envelope(&cose).unwrap();
        let fields = tree(TillCode::from_text(&input).unwrap().objects());
        let vector = json!({
            "source": "protocol section 2", "input": input, "expect": "ok", "fields": fields,
            "publicKey": device().public(), "externalAad": data_encoding::HEXLOWER.encode(&VEIL.0), "now": NOW,
        });
        write(&folder, rule, vector);
        written += 1;
    }
    let start = "85054350563031";
    let hex = |text: &str| BASE64.encode(&HEXUPPER.decode(text.as_bytes()).unwrap());
    let app = "61074F05A000000999";
    for (rule, input, expect) in [
        ("512 characters", BASE64.encode(&[0x85; 384]), "wrong-length"),
        ("no base64", "hQVD UFYwMQ==".into(), "bad-base64"),
        ("padding missing", hex(&format!("{start}{app}")).replace('=', "x") + "=", "bad-base64"),
        ("empty", String::new(), "wrong-prefix"),
        ("format indicator missing", hex(app), "wrong-prefix"),
        ("format indicator not first", hex(&format!("{app}{start}")), "wrong-prefix"),
        ("format of another version", hex(&format!("85054350563032{app}")), "wrong-prefix"),
        ("application missing", hex(start), "missing-key"),
        ("application without an aid", hex(&format!("{start}6103500141")), "missing-key"),
        ("second application without an aid", hex(&format!("{start}{app}6103500141")), "missing-key"),
        ("value behind its template", hex(&format!("{start}61064F05A0000009")), "truncated"),
        ("value behind the end", hex(&format!("{start}61084F05A000000999")), "truncated"),
        ("tag without a length", hex(&format!("{start}{app}9F08")), "truncated"),
        ("half a tag", hex(&format!("{start}{app}9F")), "truncated"),
        ("half a length", hex(&format!("{start}{app}5081")), "truncated"),
        ("long form of a short length", hex(&format!("{start}6181074F05A000000999")), "not-shortest"),
        ("long form of a length of 200", hex(&format!("{start}{app}508200C8")), "not-shortest"),
        ("indefinite length", hex(&format!("{start}61804F05A0000009990000")), "indefinite"),
        ("length of four gigabytes", hex(&format!("{start}{app}5084FFFFFFFF")), "truncated"),
        ("tag of three bytes", hex(&format!("{start}{app}9F810100")), "wrong-type"),
        ("tag zero", hex(&format!("{start}{app}0000")), "wrong-type"),
        ("aid twice", hex(&format!("{start}610E4F05A0000009994F05A000000999")), "duplicate-key"),
        ("nested too deep", hex(&format!("{start}{app}6108630663046302 6300").replace(' ', "")), "out-of-range"),
    ] {
        let source = "EMV QRCPS Consumer-Presented Mode 1.1, EMV Book 3 annex B";
        write(&folder, rule, json!({ "source": source, "input": input, "expect": expect, "fields": null }));
        written += 1;
    }
    written
}
