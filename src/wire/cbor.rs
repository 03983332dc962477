//! Deterministic CBOR (RFC 8949 section 4.2.1): shortest heads, definite lengths, ascending keys, nothing behind.
//!
//! Own code for reading, since a decoder that takes every form is ten times as large in the page's module, and this one form
//! is all there is here. The tests hold it against minicbor.

mod map;

use super::base::utf8;
use super::{Field, MAX_BYTES, Refusal};

pub use map::{Map, read_map};

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
const FALSE: u64 = 20;
const TRUE: u64 = FALSE + 1;

/// Writes items into memory. Writing can't fail, so no method returns a result.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A head: its argument in the shortest form.
    fn head(&mut self, major: u8, argument: u64) {
        let (info, width) = match argument {
            0..24 => (argument as u8, 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.bytes.push(major << 5 | info);
        for place in (0..width).rev() {
            self.bytes.push((argument >> (place * 8)) as u8);
        }
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.head(UINT, value);
    }

    /// A signed integer.
    pub fn int(&mut self, value: i64) {
        // The argument of a negative one is -1 - value: all bits turned over.
        if value < 0 { self.head(NEGATIVE, !value as u64) } else { self.head(UINT, value as u64) }
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.string(BYTES, value);
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        self.string(TEXT, value.as_bytes());
    }

    fn string(&mut self, major: u8, value: &[u8]) {
        self.head(major, value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.head(SIMPLE, FALSE + u64::from(value));
    }

    /// The head of an array.
    pub fn array(&mut self, length: u64) {
        self.head(ARRAY, length);
    }

    /// The head of a map.
    pub fn map(&mut self, length: u64) {
        self.head(MAP, length);
    }

    /// A tag.
    pub fn tag(&mut self, tag: u64) {
        self.head(TAG, tag);
    }

    /// A whole map of optional fields: those absent are left out. Keys must be given in ascending order.
    pub fn fields(&mut self, fields: &[(i64, &dyn Field)]) {
        let present = fields.iter().filter(|(_, field)| field.is_present());
        self.map(present.clone().count() as u64);
        for (key, field) in present {
            self.int(*key);
            field.write(self);
        }
    }
}

/// Reads items strictly.
#[derive(Clone, Copy)]
pub struct Reader<'b> {
    rest: &'b [u8],
}

/// The argument of a head, and whether it stood there in its shortest form.
struct Argument {
    value: u64,
    shortest: bool,
}

impl Argument {
    fn strict(self) -> Result<u64, Refusal> {
        if self.shortest { Ok(self.value) } else { Err(Refusal::NotShortest) }
    }
}

impl<'b> Reader<'b> {
    /// A reader over all of `bytes`; [`Reader::end`] must be called after the last item.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] above [`MAX_BYTES`].
    pub fn new(bytes: &'b [u8]) -> Result<Self, Refusal> {
        Self::up_to(MAX_BYTES, bytes)
    }

    /// The same under a bound of its own.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] above `most_bytes`.
    pub fn up_to(most_bytes: usize, bytes: &'b [u8]) -> Result<Self, Refusal> {
        if bytes.len() > most_bytes { Err(Refusal::TooLong) } else { Ok(Self { rest: bytes }) }
    }

    /// The major type of the next item.
    fn major(&self) -> Result<u8, Refusal> {
        self.rest.first().map(|first| first >> 5).ok_or(Refusal::Truncated)
    }

    /// A head of any type.
    fn any_head(&mut self) -> Result<Argument, Refusal> {
        let (first, rest) = self.rest.split_first().ok_or(Refusal::Truncated)?;
        let info = first & 0x1f;
        if info < 24 {
            self.rest = rest;
            return Ok(Argument { value: u64::from(info), shortest: true });
        }
        if info > 27 {
            let indefinite = info == 31 && matches!(first >> 5, BYTES | TEXT | ARRAY | MAP);
            return Err(if indefinite { Refusal::Indefinite } else { Refusal::WrongType });
        }
        let width = 1 << (info - 24);
        let (argument, rest) = rest.split_at_checked(width).ok_or(Refusal::Truncated)?;
        self.rest = rest;
        let value = argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        // One byte is for 24 and more; each wider form for what half its width can't hold.
        let shortest = if width == 1 { value >= 24 } else { value >> (width * 4) != 0 };
        Ok(Argument { value, shortest })
    }

    fn head(&mut self, major: u8) -> Result<Argument, Refusal> {
        if self.major()? == major { self.any_head() } else { Err(Refusal::WrongType) }
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], Refusal> {
        let length = usize::try_from(length).map_err(|_| Refusal::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Refusal::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Passes over one item of any type. Lengths in it count down what is left, so nothing is nested and nothing reserved.
    pub(super) fn skip(&mut self) -> Result<(), Refusal> {
        let mut left = 1_u64;
        while left > 0 {
            left -= 1;
            let major = self.major()?;
            let argument = self.any_head()?.value;
            match major {
                BYTES => {
                    self.take(argument)?;
                }
                TEXT => {
                    utf8(self.take(argument)?).ok_or(Refusal::WrongType)?;
                }
                ARRAY => left = left.saturating_add(argument),
                MAP => left = left.saturating_add(argument.saturating_mul(2)),
                TAG => left = left.saturating_add(1),
                _ => {}
            }
        }
        Ok(())
    }

    /// What of the bytes has not been read.
    pub(super) const fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// Another type, a long form, or the end of the bytes.
    pub fn uint(&mut self) -> Result<u64, Refusal> {
        self.head(UINT)?.strict()
    }

    /// A signed integer.
    ///
    /// # Errors
    /// Another type, a long form, a value outside `i64`, or the end of the bytes.
    pub fn int(&mut self) -> Result<i64, Refusal> {
        let negative = self.major()? == NEGATIVE;
        let argument = self.head(u8::from(negative))?.strict()?;
        let value = i64::try_from(argument).map_err(|_| Refusal::WrongType)?;
        Ok(if negative { !value } else { value })
    }

    /// A byte string.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, or the end of the bytes.
    pub fn bytes(&mut self) -> Result<&'b [u8], Refusal> {
        let length = self.head(BYTES)?;
        let bytes = self.take(length.value)?;
        length.strict().map(|_| bytes)
    }

    /// A byte string of exactly the length of `to`, into it.
    ///
    /// # Errors
    /// As [`Reader::bytes`]; [`Refusal::OutOfRange`] for another length.
    pub fn bytes_into(&mut self, to: &mut [u8]) -> Result<(), Refusal> {
        let bytes = self.bytes()?;
        if bytes.len() != to.len() {
            return Err(Refusal::OutOfRange);
        }
        to.copy_from_slice(bytes);
        Ok(())
    }

    /// A text string.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, bytes that are not UTF-8, or the end of the bytes.
    pub fn text(&mut self) -> Result<&'b str, Refusal> {
        let length = self.head(TEXT)?;
        let text = utf8(self.take(length.value)?).ok_or(Refusal::WrongType)?;
        length.strict().map(|_| text)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Another type, or the end of the bytes.
    pub fn bool(&mut self) -> Result<bool, Refusal> {
        let argument = self.head(SIMPLE)?;
        match argument.value {
            FALSE if argument.shortest => Ok(false),
            TRUE if argument.shortest => Ok(true),
            _ => Err(Refusal::WrongType),
        }
    }

    /// The head of an array.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, or the end of the bytes.
    pub fn array(&mut self) -> Result<u64, Refusal> {
        self.head(ARRAY)?.strict()
    }

    /// A tag.
    ///
    /// # Errors
    /// Another type, a long form, or the end of the bytes.
    pub fn tag(&mut self) -> Result<u64, Refusal> {
        self.head(TAG)?.strict()
    }

    /// Demands that nothing is left.
    ///
    /// # Errors
    /// [`Refusal::TrailingBytes`].
    pub fn end(self) -> Result<(), Refusal> {
        if self.rest.is_empty() { Ok(()) } else { Err(Refusal::TrailingBytes) }
    }
}

#[cfg(test)]
mod tests;
