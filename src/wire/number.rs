//! Whole numbers of statements: counts, numbers of receipts and times in milliseconds.

use super::cbor::{Reader, Writer};
use super::json::{self, BadJson, FromJson, Json, ToJson, json_serde};
use super::{Field, Refusal};

/// A whole number from 0 to 2^53 - 1: what a JavaScript number holds exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Whole(u64);

impl Whole {
    /// The largest number, 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// A number.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] above [`Whole::MAX`].
    pub const fn new(value: u64) -> Result<Self, Refusal> {
        if value > Self::MAX.0 { Err(Refusal::OutOfRange) } else { Ok(Self(value)) }
    }

    /// The number, or the largest one in its place: for a clock and for numbers that count up from 1, which never get there.
    #[must_use]
    pub const fn saturating(value: u64) -> Self {
        if value > Self::MAX.0 { Self::MAX } else { Self(value) }
    }

    /// The value.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u32> for Whole {
    fn from(value: u32) -> Self {
        Self(u64::from(value))
    }
}

impl From<Whole> for u64 {
    fn from(whole: Whole) -> Self {
        whole.0
    }
}

impl PartialEq<u64> for Whole {
    fn eq(&self, other: &u64) -> bool {
        self.0 == *other
    }
}

impl core::fmt::Display for Whole {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl ToJson for Whole {
    fn write(&self, to: &mut json::Writer) {
        to.whole(self.0);
    }
}

impl FromJson for Whole {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = Self::new(json.to()?).map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Whole }

impl Field for Whole {
    fn write(&self, to: &mut Writer) {
        to.uint(self.0);
    }

    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::new(from.uint()?)?;
        Ok(())
    }
}
