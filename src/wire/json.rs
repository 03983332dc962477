//! JSON by serde's derives, in little code: one parsed tree behind every reader, an error without a text. A page's module
//! is half its size with it than with the general crate, which natively checks this one in the tests.

mod parse;
mod read;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Not JSON, or not of the expected shape. Says no more, since no user and no till hears more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadJson;

impl core::fmt::Display for BadJson {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("bad JSON")
    }
}

impl core::error::Error for BadJson {}

impl serde::de::Error for BadJson {
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

impl serde::ser::Error for BadJson {
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads one JSON text and nothing after it.
///
/// # Errors
/// [`BadJson`].
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadJson> {
    T::deserialize(parse::parse(bytes)?)
}

/// Writes one JSON text, without spaces.
///
/// # Errors
/// [`BadJson`] for what has no JSON form.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, BadJson> {
    let mut writer = write::Writer::default();
    value.serialize(&mut writer)?;
    Ok(writer.into_bytes())
}

#[cfg(test)]
mod tests;
