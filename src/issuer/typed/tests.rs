#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

#[test]
fn digits_have_the_values_that_unicode_gives_them() {
    // Zeros of scripts, of two whose rows touch, and of the mathematical rows.
    for zero in
        ['0', '٠', '۰', '०', '০', '๐', '០', '\u{1040}', '\u{116d0}', '\u{116da}', '\u{1d7ce}', '\u{1d7d8}', '\u{1fbf0}']
    {
        for value in 0..10 {
            let sign = char::from_u32(u32::from(zero) + value).unwrap();
            assert_eq!(digit(sign), char::from_digit(value, 10), "{sign:?}");
        }
    }
    for sign in ['a', '½', '³', '①', '五', '-', ' '] {
        assert_eq!(digit(sign), None, "{sign:?}");
    }
    let of_each_value = (0..10)
        .map(|value| {
            let value = char::from_digit(value, 10);
            ('\0'..=char::MAX).filter(|sign| digit(*sign) == value).count()
        })
        .collect::<Vec<_>>();
    assert!(of_each_value.iter().all(|count| *count == of_each_value[0] && *count > 60), "{of_each_value:?}");
}

#[test]
fn a_login_is_mapped_as_rfc_8265_says() {
    let mapped = [
        ("Juliet@example.com", "juliet@example.com"),
        ("fussball", "fussball"),
        ("fu\u{df}ball", "fu\u{df}ball"),
        ("\u{3c0}", "\u{3c0}"),
        ("\u{3a3}", "\u{3c3}"),
        ("\u{ff28}\u{ff41}\u{ff4e}\u{ff41}", "hana"),
    ];
    for (typed, wanted) in mapped {
        assert_eq!(login(typed).as_deref(), Some(wanted));
    }
    for nobody in ["", "foo bar", "henry\u{2163}", "\u{265a}", "a\u{200b}b", &"a".repeat(1025)] {
        assert_eq!(login(nobody), None, "{nobody:?}");
    }
}

#[test]
fn a_password_keeps_what_is_not_canonically_equal() {
    assert_eq!(password("Correct horse  ").as_deref(), Some("Correct horse  "));
    assert_eq!(password("\u{3c0}\u{df}\u{e5}").as_deref(), Some("\u{3c0}\u{df}\u{e5}"));
    assert_eq!(password("Jack of \u{2666}s").as_deref(), Some("Jack of \u{2666}s"));
    assert_eq!(password("foo\u{1680}bar").as_deref(), Some("foo bar"));
    for refused in ["", "my cat is a \u{9}by", &"x".repeat(1025)] {
        assert_eq!(password(refused), None, "{refused:?}");
    }
}

proptest! {
    #[test]
    fn each_form_is_its_own_form(text in ".{0,40}") {
        for form in [login, password, sent_code, till_code] {
            if let Some(once) = form(&text) {
                prop_assert_eq!(form(&once), Some(once));
            }
        }
    }
}
