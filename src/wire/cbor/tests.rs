#![allow(clippy::unwrap_used)]
use super::*;

fn one<T: Field>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut reader = Reader::new(bytes)?;
    let value = T::read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[test]
fn an_integer_has_one_form() {
    assert_eq!(one::<u64>(&[0x17]), Ok(23));
    assert_eq!(one::<u64>(&[0x18, 0x17]), Err(Refusal::NotShortest));
    assert_eq!(one::<u64>(&[0x19, 0x00, 0xff]), Err(Refusal::NotShortest));
    assert_eq!(one::<u64>(&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Err(Refusal::NotShortest));
    assert_eq!(one::<u64>(&[0x20]), Err(Refusal::WrongType));
    assert_eq!(one::<u64>(&[0x19, 0x01]), Err(Refusal::Truncated));
    assert_eq!(one::<u64>(&[0x01, 0x01]), Err(Refusal::TrailingBytes));
}

#[test]
fn a_string_has_one_form() {
    assert_eq!(one::<String>(&[0x61, b'a']), Ok("a".into()));
    assert_eq!(one::<String>(&[0x78, 0x01, b'a']), Err(Refusal::NotShortest));
    assert_eq!(one::<String>(&[0x7f, 0x61, b'a', 0xff]), Err(Refusal::Indefinite));
    assert_eq!(one::<String>(&[0x62, b'a']), Err(Refusal::Truncated));
    assert_eq!(one::<String>(&[0x41, b'a']), Err(Refusal::WrongType));
}

#[test]
fn a_length_field_reserves_no_memory() {
    assert_eq!(one::<String>(&[0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(Refusal::Truncated));
    let mut reader = Reader::new(&[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap();
    assert_eq!(reader.map().err(), Some(Refusal::Truncated));
}

#[test]
fn map_keys_ascend_and_none_is_left_over() {
    let pair = |bytes: &[u8]| {
        read_map(bytes, |map| Ok((map.field::<u64>(1)?, map.field::<Option<u64>>(2)?, map.field::<u64>(-1)?)))
    };
    assert_eq!(pair(&[0xa3, 1, 10, 2, 11, 0x20, 12]), Ok((10, Some(11), 12)));
    assert_eq!(pair(&[0xa2, 1, 10, 0x20, 12]), Ok((10, None, 12)));
    assert_eq!(pair(&[0xa2, 1, 10, 2, 11]), Err(Refusal::MissingKey));
    assert_eq!(pair(&[0xa3, 0x20, 12, 1, 10, 2, 11]), Err(Refusal::UnsortedKeys));
    assert_eq!(pair(&[0xa3, 1, 10, 1, 11, 0x20, 12]), Err(Refusal::DuplicateKey));
    assert_eq!(pair(&[0xa3, 1, 10, 3, 11, 0x20, 12]), Err(Refusal::UnknownKey));
    assert_eq!(pair(&[0xa3, 1, 10, 0x20, 12, 0x21, 12]), Err(Refusal::UnknownKey));
    assert_eq!(pair(&[0xbf, 1, 10, 0x20, 12, 0xff]), Err(Refusal::Indefinite));
    assert_eq!(pair(&[0xb8, 0x02, 1, 10, 0x20, 12]), Err(Refusal::NotShortest));
}

#[test]
fn more_than_the_bound_is_not_read() {
    assert_eq!(Reader::new(&vec![0; MAX_BYTES + 1]).err(), Some(Refusal::TooLong));
}
