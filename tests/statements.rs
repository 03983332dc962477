//! What is written is read, and what is refused when it is made is refused when it is read: every statement and body,
//! with texts of each general category of Unicode, and with every length and number around its bounds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

#[path = "statements/answers.rs"]
mod answers;
#[path = "statements/made.rs"]
mod made;
#[path = "statements/parts.rs"]
mod parts;
#[path = "statements/raw.rs"]
mod raw;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use jitsuin::wire::cbor::{Reader, Writer};
use jitsuin::wire::{Field, Refusal};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The characters of each general category, but for surrogates, which no text holds.
static CATEGORIES: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let category = CodePointMapData::<GeneralCategory>::new();
    let mut characters = BTreeMap::<u8, Vec<char>>::new();
    for character in '\0'..=char::MAX {
        characters.entry(category.get(character) as u8).or_default().push(character);
    }
    assert_eq!(characters.len(), 29);
    characters.into_values().collect()
});

/// Lengths around the bounds of labels and shown texts, in characters of one to four bytes.
const LENGTHS: &[usize] = &[0, 1, 2, 8, 9, 59, 60, 61, 63, 64, 65, 84, 85, 86, 127, 128, 239, 240, 241, 254, 255, 256];

/// A character of any category, each as likely as the others.
fn character() -> impl Strategy<Value = char> {
    any::<prop::sample::Index>().prop_flat_map(|category| {
        let characters = &CATEGORIES[category.index(CATEGORIES.len())];
        any::<prop::sample::Index>().prop_map(|at| characters[at.index(characters.len())])
    })
}

/// A text of any characters: one repeated up to a bound with another somewhere in it, or a short mixture.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let filled = (prop::sample::select(vec!['a', 'é', '角', '😀']), character(), any::<prop::sample::Index>());
    let around = (filled, prop::sample::select(LENGTHS)).prop_map(|((fill, other, at), length)| {
        let mut characters = vec![fill; length];
        if length > 0 {
            characters[at.index(length)] = other;
        }
        characters.into_iter().collect()
    });
    prop_oneof![around, prop::collection::vec(character(), 0..12).prop_map(|all| all.into_iter().collect())]
}

/// A number at, or next to, a bound of any integer here.
pub(crate) fn number() -> impl Strategy<Value = u64> {
    const BOUNDS: &[u64] = &[0, 23, 24, 30, 120, 0xff, 0x1_0000, u32::MAX as u64, 1 << 53, u64::MAX];
    let around = (prop::sample::select(BOUNDS), -1_i64..=1).prop_map(|(bound, by)| bound.saturating_add_signed(by));
    prop_oneof![3 => around, 1 => any::<u64>()]
}

pub(crate) fn encode(field: &dyn Field) -> Vec<u8> {
    let mut to = Writer::new();
    field.write(&mut to);
    to.into_bytes()
}

/// Reads one value that is all of `bytes`.
pub(crate) fn decode<F: Field>(bytes: &[u8]) -> Result<F, Refusal> {
    let mut reader = Reader::new(bytes)?;
    let mut value = F::blank();
    value.read(&mut reader)?;
    reader.end()?;
    Ok(value)
}
