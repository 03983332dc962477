//! JSON in little code. Each struct states its members once, in [`json_object`]; reading and writing them is one function
//! each for all structs, so a further struct costs the page's module two lists of pointers. The general crate natively
//! checks this one in the tests, and speaks to it by a bridge wherever the issuer's ledger and the test kit use serde.

mod bridge;
mod parse;
mod read;
mod shape;
mod write;

pub(crate) use bridge::{deserialize, serialize};
pub(crate) use parse::{Json, parse};
pub(crate) use read::FromJson;
pub(crate) use shape::{json_object, json_serde, json_words};
pub(crate) use write::{ToJson, Writer};

/// Not JSON, or not of the expected shape. Says no more, since no user and no till hears more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadJson;

impl core::fmt::Display for BadJson {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("bad JSON")
    }
}

impl core::error::Error for BadJson {}

/// Reads one JSON text and nothing after it.
///
/// # Errors
/// [`BadJson`].
pub(crate) fn from_slice<T: FromJson>(bytes: &[u8]) -> Result<T, BadJson> {
    let mut value = T::blank();
    read_into(&mut value, bytes)?;
    Ok(value)
}

/// Becomes what one JSON text says, and nothing after it; where that fails, what stands there then is of no use.
pub(crate) fn read_into(value: &mut dyn FromJson, bytes: &[u8]) -> Result<(), BadJson> {
    value.read(&parse(bytes)?)
}

/// Writes one JSON text, without spaces.
pub(crate) fn to_vec(value: &dyn ToJson) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.into_bytes()
}

/// The same with one member more, which stands last.
pub(crate) fn to_vec_with(value: &dyn ToJson, member: Option<(&str, &dyn ToJson)>) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    if let Some((name, member)) = member {
        writer.add_member(name, member);
    }
    writer.into_bytes()
}

/// The same, as a text.
#[cfg(any(feature = "wallet", feature = "js-codes", feature = "js-verifier"))]
pub(crate) fn to_text(value: &dyn ToJson) -> String {
    crate::wire::base::utf8(&to_vec(value)).unwrap_or_default().into()
}

/// The text of an integer. The library's formatting is ten times as large in the page's module.
#[cfg(feature = "wallet")]
pub(crate) fn decimal(value: u64) -> String {
    to_text(&value)
}

#[cfg(test)]
mod tests;
