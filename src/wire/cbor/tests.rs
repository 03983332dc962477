#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::text::Shown;
use proptest::prelude::*;

fn one<T: Field>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut reader = Reader::new(bytes)?;
    let mut value = T::blank();
    value.read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[test]
fn an_integer_has_one_form() {
    assert_eq!(one::<u32>(&[0x17]), Ok(23));
    assert_eq!(one::<u32>(&[0x18, 0x17]), Err(Refusal::NotShortest));
    assert_eq!(one::<u32>(&[0x19, 0x00, 0xff]), Err(Refusal::NotShortest));
    assert_eq!(one::<u32>(&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Err(Refusal::NotShortest));
    assert_eq!(one::<u32>(&[0x20]), Err(Refusal::WrongType));
    assert_eq!(one::<u32>(&[0x19, 0x01]), Err(Refusal::Truncated));
    assert_eq!(one::<u32>(&[0x01, 0x01]), Err(Refusal::TrailingBytes));
}

#[test]
fn a_string_has_one_form() {
    assert_eq!(one::<Shown>(&[0x61, b'a']), Ok("a".parse().unwrap()));
    assert_eq!(one::<Shown>(&[0x78, 0x01, b'a']), Err(Refusal::NotShortest));
    assert_eq!(one::<Shown>(&[0x7f, 0x61, b'a', 0xff]), Err(Refusal::Indefinite));
    assert_eq!(one::<Shown>(&[0x62, b'a']), Err(Refusal::Truncated));
    assert_eq!(one::<Shown>(&[0x41, b'a']), Err(Refusal::WrongType));
}

#[test]
fn a_length_field_reserves_no_memory() {
    assert_eq!(one::<Shown>(&[0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(Refusal::Truncated));
    let mut reader = Reader::new(&[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap();
    assert_eq!(reader.map().err(), Some(Refusal::Truncated));
}

#[test]
fn map_keys_ascend_and_none_is_left_over() {
    let pair = |bytes: &[u8]| {
        read_map(bytes, |map| Ok((map.field::<u32>(1)?, map.field::<Option<u32>>(2)?, map.field::<u32>(-1)?)))
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

/// What minicbor, which takes every form, makes of one item; `None` where it refuses or the form is not the strict one.
fn of_minicbor(bytes: &[u8]) -> Option<String> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let mut encoder = minicbor::Encoder::new(vec![]);
    let value = match bytes.first()? >> 5 {
        0 | 1 => decoder.i64().ok().inspect(|value| drop(encoder.i64(*value))).map(|value| format!("{value}")),
        2 => decoder.bytes().ok().inspect(|value| drop(encoder.bytes(value))).map(|value| format!("{value:?}")),
        3 => decoder.str().ok().inspect(|value| drop(encoder.str(value))).map(|value| format!("{value:?}")),
        4 => decoder.array().ok()?.inspect(|value| drop(encoder.array(*value))).map(|value| format!("{value}")),
        6 => decoder.tag().ok().inspect(|value| drop(encoder.tag(*value))).map(|value| format!("{}", value.as_u64())),
        7 => decoder.bool().ok().inspect(|value| drop(encoder.bool(*value))).map(|value| format!("{value}")),
        _ => None,
    }?;
    bytes.starts_with(encoder.writer()).then_some(value)
}

fn of_reader(bytes: &[u8]) -> Option<String> {
    let mut reader = Reader::new(bytes).ok()?;
    match bytes.first()? >> 5 {
        0 | 1 => reader.int().ok().map(|value| format!("{value}")),
        2 => reader.bytes().ok().map(|value| format!("{value:?}")),
        3 => reader.text().ok().map(|value| format!("{value:?}")),
        4 => reader.array().ok().map(|value| format!("{value}")),
        6 => reader.tag().ok().map(|value| format!("{value}")),
        7 => reader.bool().ok().map(|value| format!("{value}")),
        _ => None,
    }
}

/// Heads of every type and width, with every argument near a border, and random bytes behind them.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let near = prop_oneof![0..30_u64, 250..260_u64, 65530..65540_u64, 0xffff_fff0..0x1_0000_0010_u64, any::<u64>()];
    (0..8_u8, 0..32_u8, near, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(major, info, argument, rest)| {
        let width = if (24..28).contains(&info) { 1 << (info - 24) } else { 0 };
        let argument = argument.to_be_bytes();
        [&[major << 5 | info], argument.get(8 - width..).unwrap(), &rest].concat()
    })
}

proptest! {
    #[test]
    fn reads_what_minicbor_reads_in_its_one_form(bytes in item()) {
        prop_assert_eq!(of_reader(&bytes), of_minicbor(&bytes));
    }

    #[test]
    fn skips_what_minicbor_skips(items in prop::collection::vec(item(), 1..8)) {
        let bytes = items.concat();
        let mut decoder = minicbor::Decoder::new(&bytes);
        let mut reader = Reader::new(&bytes).unwrap();
        // What is skipped here is skipped there to the same place; only indefinite lengths and stray breaks are not taken here.
        if reader.skip().is_ok() {
            prop_assert!(decoder.skip().is_ok());
            prop_assert_eq!(decoder.position(), bytes.len() - reader.rest().len());
        } else if decoder.skip().is_ok() {
            let skipped = bytes.get(..decoder.position()).unwrap();
            prop_assert!(skipped.iter().any(|byte| byte & 0x1f == 31));
        }
    }

    #[test]
    fn writes_what_minicbor_writes(value: i64, length in 0..70_000_u64, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut to = Writer::new();
        to.uint(value.unsigned_abs());
        to.int(value);
        to.bytes(&bytes);
        to.text("text");
        to.array(length);
        to.map(length);
        to.tag(length);
        to.bool(value > 0);
        let mut encoder = minicbor::Encoder::new(vec![]);
        encoder.u64(value.unsigned_abs()).unwrap().i64(value).unwrap().bytes(&bytes).unwrap().str("text").unwrap();
        encoder.array(length).unwrap().map(length).unwrap().tag(minicbor::data::Tag::new(length)).unwrap();
        encoder.bool(value > 0).unwrap();
        prop_assert_eq!(to.into_bytes(), encoder.into_writer());
    }
}
