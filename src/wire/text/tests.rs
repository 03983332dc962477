use super::*;
use icu_properties::props::BidiControl;
use proptest::prelude::*;

fn shown(text: &str) -> Result<String, Refusal> {
    text.parse::<Shown>().map(|shown| shown.as_str().into())
}

fn label(text: &str) -> Result<String, Refusal> {
    text.parse::<Label>().map(|label| label.as_str().into())
}

#[test]
fn a_shown_text_has_no_control_separator_or_direction_mark() {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let direction = CodePointSetData::new::<BidiControl>();
    for character in '\0'..=char::MAX {
        let refused = direction.contains(character)
            || matches!(
                categories.get(character),
                GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
            );
        assert_eq!(shown(&character.to_string()).is_err(), refused, "{character:?}");
    }
}

#[test]
fn a_shown_text_has_at_most_255_bytes() {
    assert_eq!(shown(""), Ok(String::new()));
    let longest = "角".repeat(85);
    assert_eq!(shown(&longest), Ok(longest.clone()));
    assert_eq!(shown(&(longest + "a")), Err(Refusal::OutOfRange));
}

#[test]
fn a_label_is_composed_and_trimmed() {
    assert_eq!(label("  Cafe\u{301}\t\n"), Ok("Café".into()));
    assert_eq!(label("\u{3000}かと\u{3099}の店\u{a0}"), Ok("かどの店".into()));
    // Half width stays: NFC is no NFKC.
    assert_eq!(label("ｶﾞ"), Ok("ｶﾞ".into()));
    // A canonical singleton is replaced: the Kelvin sign is a K.
    assert_eq!(label("\u{212a}"), Ok("K".into()));
}

#[test]
fn a_label_has_1_to_60_characters_and_at_most_240_bytes() {
    for empty in ["", " ", "\u{3000}\n"] {
        assert_eq!(label(empty), Err(Refusal::OutOfRange), "{empty:?}");
    }
    for (character, most) in [("a", 60), ("角", 60), ("😀", 60), ("🏴", 60)] {
        assert!(label(&character.repeat(most)).is_ok(), "{character}");
        assert_eq!(label(&character.repeat(most + 1)), Err(Refusal::OutOfRange), "{character}");
    }
    // 60 after composition, 240 before; each of the four parts of one composes away.
    let composes = "\u{3b1}\u{313}\u{300}\u{345}".repeat(60);
    assert_eq!(label(&composes).map(|name| name.chars().count()), Ok(60));
    assert_eq!(label(&"a".repeat(MOST_TYPED + 1)), Err(Refusal::OutOfRange));
}

#[test]
fn a_label_leaves_ink() {
    let blank =
        ["\u{115f}", "\u{1160}", "\u{3164}", "\u{ffa0}", "\u{2800}", "\u{200d}", "\u{200b}", "\u{301}", "\u{fe0f}"];
    for text in blank {
        assert_eq!(label(text), Err(Refusal::BadText), "{text:?}");
    }
    // Letter, number, punctuation mark, symbol; the Braille blank beside another pattern.
    for text in ["a", "7", "!", "+", "店", "😀", "\u{2801}\u{2800}\u{2801}"] {
        assert_eq!(label(text), Ok(text.into()));
    }
}

#[test]
fn a_label_hides_nothing() {
    let hides = [
        ("soft hyphen", "Kado\u{ad}mise"),
        ("word joiner", "Kado\u{2060}mise"),
        ("byte order mark", "Kado\u{feff}mise"),
        ("grapheme joiner", "Kado\u{34f}mise"),
        ("variation selector 17", "角\u{e0100}"),
        ("Mongolian variation selector", "ᠠ\u{180b}"),
        ("Hangul filler", "a\u{3164}b"),
        ("invisible plus", "1\u{2064}2"),
        ("language tag", "a\u{e0001}\u{e006a}\u{e0061}"),
        ("tags without a flag", "a\u{e0062}\u{e0063}\u{e0064}\u{e007f}"),
        ("tags that do not end", "🏴\u{e0067}\u{e0062}\u{e0065}"),
        ("tags too few", "🏴\u{e0067}\u{e0062}\u{e007f}"),
        ("tags too many", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0061}\u{e0061}\u{e007f}"),
        ("an end alone", "🏴\u{e007f}"),
        ("tags of capitals", "🏴\u{e0047}\u{e0042}\u{e0045}\u{e007f}"),
        ("tags after tags", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e007f}\u{e0067}\u{e0062}\u{e0065}\u{e007f}"),
    ];
    for (what, text) in hides {
        assert_eq!(label(text), Err(Refusal::BadText), "{what}");
    }
}

#[test]
fn a_label_takes_what_a_script_or_an_emoji_needs() {
    let needed = [
        ("Persian zero-width non-joiner", "می\u{200c}خواهم"),
        ("Sinhala zero-width joiner", "ශ්\u{200d}රී ලංකා"),
        ("Khmer zero-width space", "ភ្នំ\u{200b}ពេញ"),
        ("family", "👨\u{200d}👩\u{200d}👧\u{200d}👦"),
        ("heart with variation selector 16", "❤\u{fe0f} café"),
        ("keycap", "1\u{fe0f}\u{20e3}"),
        ("flag of Scotland", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} shop"),
        ("black flag", "🏴"),
        ("two flags", "🏴🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"),
        ("flag of Japan", "🇯🇵"),
        ("quotes and a link", "\"Kado\" <https://kado.example>"),
    ];
    for (what, text) in needed {
        assert_eq!(label(text), Ok(text.into()), "{what}");
    }
}

#[test]
fn a_label_stacks_at_most_8_marks() {
    // U+0334 composes with nothing.
    let stack = |marks: usize| ["a", &"\u{334}".repeat(marks), "b"].concat();
    assert!(label(&stack(8)).is_ok());
    assert_eq!(label(&stack(9)), Err(Refusal::BadText));
    // A joiner does not end a row, a letter does.
    let joined = ["a", &"\u{334}".repeat(8), "\u{200d}", "\u{334}"].concat();
    assert_eq!(label(&joined), Err(Refusal::BadText));
    assert!(label(&[stack(8), stack(8)].concat()).is_ok());
    // One more composes with its letter.
    assert!(label(&["e\u{301}", &"\u{301}".repeat(8)].concat()).is_ok());
}

proptest! {
    #[test]
    fn every_label_parses_to_itself_and_can_be_shown(text in ".{0,70}") {
        if let Ok(name) = text.parse::<Label>() {
            prop_assert_eq!(name.as_str().parse::<Label>(), Ok(name.clone()));
            prop_assert_eq!(name.as_str().parse::<Shown>(), Ok(Shown::from(name)));
        }
    }
}
