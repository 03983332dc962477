#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::*;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, Encoding};
use proptest::prelude::*;

const BOTH: [(Alphabet, Encoding); 2] = [(BASE32, BASE32_NOPAD), (BASE64URL, BASE64URL_NOPAD)];

#[test]
fn the_examples_of_rfc_4648() {
    let examples = [("", "", ""), ("f", "MY", "Zg"), ("fo", "MZXQ", "Zm8"), ("foo", "MZXW6", "Zm9v")];
    let longer =
        [("foob", "MZXW6YQ", "Zm9vYg"), ("fooba", "MZXW6YTB", "Zm9vYmE"), ("foobar", "MZXW6YTBOI", "Zm9vYmFy")];
    for (bytes, base32, base64) in examples.into_iter().chain(longer) {
        assert_eq!(encode(BASE32, bytes.as_bytes()), base32);
        assert_eq!(encode(BASE64URL, bytes.as_bytes()), base64);
        assert_eq!(decode(BASE32, base32).unwrap(), bytes.as_bytes());
        assert_eq!(decode(BASE64URL, base64).unwrap(), bytes.as_bytes());
    }
}

#[test]
fn every_short_text_is_read_as_an_independent_reader_does() {
    let characters = b"AB27az09-_=+/ \n\0f";
    for first in characters {
        for second in characters {
            for third in characters {
                for length in 0..=3 {
                    let text = String::from_utf8([*first, *second, *third][..length].to_vec()).unwrap();
                    for (ours, theirs) in BOTH {
                        assert_eq!(decode(ours, &text), theirs.decode(text.as_bytes()).ok(), "{text:?}");
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn bytes_are_written_as_an_independent_writer_does_and_come_back(bytes: Vec<u8>) {
        for (ours, theirs) in BOTH {
            let text = encode(ours, &bytes);
            prop_assert_eq!(&text, &theirs.encode(&bytes));
            prop_assert_eq!(decode(ours, &text), Some(bytes.clone()));
        }
    }

    #[test]
    fn any_text_is_read_as_an_independent_reader_does(text in "[A-Za-z0-9_=+-]{0,40}|\\PC{0,20}") {
        for (ours, theirs) in BOTH {
            prop_assert_eq!(decode(ours, &text), theirs.decode(text.as_bytes()).ok());
        }
    }
}
