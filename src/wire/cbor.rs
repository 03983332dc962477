//! Deterministic CBOR (RFC 8949 section 4.2.1): shortest heads, definite lengths, ascending keys, nothing behind.
//!
//! minicbor reads and writes items; this file adds the strictness it leaves to its callers.

use super::{Field, MAX_BYTES, Refusal};
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

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

    fn item(&mut self, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) {
        write(&mut Encoder::new(&mut self.bytes));
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.item(|encoder| drop(encoder.u64(value)));
    }

    /// A signed integer.
    pub fn int(&mut self, value: i64) {
        self.item(|encoder| drop(encoder.i64(value)));
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.item(|encoder| drop(encoder.bytes(value)));
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        self.item(|encoder| drop(encoder.str(value)));
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.item(|encoder| drop(encoder.bool(value)));
    }

    /// The head of an array.
    pub fn array(&mut self, length: u64) {
        self.item(|encoder| drop(encoder.array(length)));
    }

    /// The head of a map.
    pub fn map(&mut self, length: u64) {
        self.item(|encoder| drop(encoder.map(length)));
    }

    /// A tag.
    pub fn tag(&mut self, tag: u64) {
        self.item(|encoder| drop(encoder.tag(Tag::new(tag))));
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
pub struct Reader<'b> {
    decoder: Decoder<'b>,
}

/// Number of bytes in the shortest head for this argument.
const fn shortest(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn refusal(error: &minicbor::decode::Error) -> Refusal {
    if error.is_end_of_input() { Refusal::Truncated } else { Refusal::WrongType }
}

impl<'b> Reader<'b> {
    /// A reader over all of `bytes`; [`Reader::end`] must be called after the last item.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] above [`MAX_BYTES`].
    pub fn new(bytes: &'b [u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::TooLong);
        }
        Ok(Self { decoder: Decoder::new(bytes) })
    }

    /// Reads one head through `read` and demands the shortest form.
    fn head(
        &mut self,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<Option<u64>, minicbor::decode::Error>,
    ) -> Result<u64, Refusal> {
        let start = self.decoder.position();
        let argument = read(&mut self.decoder).map_err(|error| refusal(&error))?.ok_or(Refusal::Indefinite)?;
        if self.decoder.position() - start != shortest(argument) {
            return Err(Refusal::NotShortest);
        }
        Ok(argument)
    }

    /// Reads a string through `read`; its head must be shortest too.
    fn string<T>(
        &mut self,
        indefinite: Type,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, minicbor::decode::Error>,
        length: impl FnOnce(&T) -> usize,
    ) -> Result<T, Refusal> {
        if self.peek()? == indefinite {
            return Err(Refusal::Indefinite);
        }
        let start = self.decoder.position();
        let value = read(&mut self.decoder).map_err(|error| refusal(&error))?;
        let length = length(&value);
        if self.decoder.position() - start != length + shortest(length as u64) {
            return Err(Refusal::NotShortest);
        }
        Ok(value)
    }

    fn peek(&self) -> Result<Type, Refusal> {
        self.decoder.datatype().map_err(|error| refusal(&error))
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// Another type, a long form, or the end of the bytes.
    pub fn uint(&mut self) -> Result<u64, Refusal> {
        self.head(|decoder| decoder.u64().map(Some))
    }

    /// A signed integer.
    ///
    /// # Errors
    /// Another type, a long form, a value outside `i64`, or the end of the bytes.
    pub fn int(&mut self) -> Result<i64, Refusal> {
        let start = self.decoder.position();
        let value = self.decoder.i64().map_err(|error| refusal(&error))?;
        let argument = if value < 0 { value.unsigned_abs() - 1 } else { value.unsigned_abs() };
        if self.decoder.position() - start != shortest(argument) {
            return Err(Refusal::NotShortest);
        }
        Ok(value)
    }

    /// A byte string.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, or the end of the bytes.
    pub fn bytes(&mut self) -> Result<&'b [u8], Refusal> {
        self.string(Type::BytesIndef, Decoder::bytes, |bytes| bytes.len())
    }

    /// A text string.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, bytes that are not UTF-8, or the end of the bytes.
    pub fn text(&mut self) -> Result<&'b str, Refusal> {
        self.string(Type::StringIndef, Decoder::str, |text| text.len())
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Another type, or the end of the bytes.
    pub fn bool(&mut self) -> Result<bool, Refusal> {
        self.decoder.bool().map_err(|error| refusal(&error))
    }

    /// The head of an array.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, or the end of the bytes.
    pub fn array(&mut self) -> Result<u64, Refusal> {
        self.head(Decoder::array)
    }

    /// A tag.
    ///
    /// # Errors
    /// Another type, a long form, or the end of the bytes.
    pub fn tag(&mut self) -> Result<u64, Refusal> {
        self.head(|decoder| decoder.tag().map(|tag| Some(tag.as_u64())))
    }

    /// Opens a map with integer keys, after a look at all its keys: they must ascend without a repeat.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, keys unsorted or repeated, or the end of the bytes.
    pub fn map(&mut self) -> Result<Map<'_, 'b>, Refusal> {
        let left = self.head(Decoder::map)?;
        let mut ahead = Reader { decoder: self.decoder.clone() };
        let mut last = None;
        for _ in 0..left {
            let key = ahead.int()?;
            match last.map(|last: i64| order(last).cmp(&order(key))) {
                Some(core::cmp::Ordering::Equal) => return Err(Refusal::DuplicateKey),
                Some(core::cmp::Ordering::Greater) => return Err(Refusal::UnsortedKeys),
                _ => last = Some(key),
            }
            ahead.decoder.skip().map_err(|error| refusal(&error))?;
        }
        Ok(Map { reader: self, left })
    }

    /// Demands that nothing is left.
    ///
    /// # Errors
    /// [`Refusal::TrailingBytes`].
    pub fn end(self) -> Result<(), Refusal> {
        if self.decoder.position() == self.decoder.input().len() { Ok(()) } else { Err(Refusal::TrailingBytes) }
    }
}

/// Deterministic order is bytewise over the encoded keys: all non-negative ones first, then negative ones downwards.
const fn order(key: i64) -> (bool, u64) {
    (key < 0, if key < 0 { key.unsigned_abs() } else { key as u64 })
}

/// An open map: fields are taken in ascending key order, and none may be left.
pub struct Map<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: u64,
}

impl Map<'_, '_> {
    /// The field under `key`, or its absent value if it has one.
    ///
    /// # Errors
    /// [`Refusal::MissingKey`], [`Refusal::UnknownKey`] for a key in between, or what the field refuses.
    pub fn field<T: Field>(&mut self, key: i64) -> Result<T, Refusal> {
        if self.left == 0 {
            return T::absent().ok_or(Refusal::MissingKey);
        }
        let mut ahead = Reader { decoder: self.reader.decoder.clone() };
        let next = ahead.int()?;
        match order(next).cmp(&order(key)) {
            core::cmp::Ordering::Equal => {
                self.reader.decoder.set_position(ahead.decoder.position());
                self.left -= 1;
                T::read(self.reader)
            }
            core::cmp::Ordering::Greater => T::absent().ok_or(Refusal::MissingKey),
            core::cmp::Ordering::Less => Err(Refusal::UnknownKey),
        }
    }

    /// Demands that no field is left.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`].
    pub fn end(self) -> Result<(), Refusal> {
        if self.left == 0 { Ok(()) } else { Err(Refusal::UnknownKey) }
    }
}

/// Reads one map that is all of `bytes`.
///
/// # Errors
/// What the map or its fields refuse, and bytes behind it.
pub fn read_map<T>(bytes: &[u8], read: impl FnOnce(&mut Map<'_, '_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut reader = Reader::new(bytes)?;
    let mut map = reader.map()?;
    let value = read(&mut map)?;
    map.end()?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
