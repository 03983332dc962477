//! Maps with integer keys, read field by field in their ascending order.

use super::{MAP, Reader};
use crate::wire::{Field, Refusal};

impl<'b> Reader<'b> {
    /// Opens a map with integer keys, after a look at all its keys: they must ascend without a repeat.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, keys unsorted or repeated, or the end of the bytes.
    pub fn map(&mut self) -> Result<Map<'_, 'b>, Refusal> {
        let left = self.head(MAP)?.strict()?;
        let mut ahead = *self;
        let mut last = None;
        for _ in 0..left {
            let key = order(ahead.int()?);
            if let Some(last) = last {
                if last == key {
                    return Err(Refusal::DuplicateKey);
                }
                if last > key {
                    return Err(Refusal::UnsortedKeys);
                }
            }
            last = Some(key);
            ahead.skip()?;
        }
        Ok(Map { reader: self, left })
    }

    /// A map with text keys in any order, as other makers' formats have it. `read` is given each key once, and must read its value.
    ///
    /// # Errors
    /// Another type, a long or indefinite length, [`Refusal::DuplicateKey`], the end of the bytes, or what `read` refuses.
    pub fn text_map(&mut self, mut read: impl FnMut(&'b str, &mut Self) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut seen = Vec::new();
        for _ in 0..self.head(MAP)?.strict()? {
            let key = self.text()?;
            if seen.contains(&key) {
                return Err(Refusal::DuplicateKey);
            }
            seen.push(key);
            read(key, self)?;
        }
        Ok(())
    }

    /// A whole map of these fields, in ascending key order.
    ///
    /// # Errors
    /// What the map or a field refuses.
    pub(in crate::wire) fn fields(&mut self, fields: &mut [(i64, &mut dyn Field)]) -> Result<(), Refusal> {
        let mut map = self.map()?;
        map.fields(fields)?;
        map.end()
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
    /// Passes over `key`, if it is the next; its value follows then.
    fn key(&mut self, key: i64) -> Result<bool, Refusal> {
        if self.left == 0 {
            return Ok(false);
        }
        let mut ahead = *self.reader;
        let next = order(ahead.int()?);
        let wanted = order(key);
        if next < wanted {
            return Err(Refusal::UnknownKey);
        }
        if next == wanted {
            *self.reader = ahead;
            self.left -= 1;
        }
        Ok(next == wanted)
    }

    /// The field under `key`; blank if it may be missing and is.
    ///
    /// # Errors
    /// [`Refusal::MissingKey`], [`Refusal::UnknownKey`] for a key in between, or what the field refuses.
    pub fn field<T: Field>(&mut self, key: i64) -> Result<T, Refusal> {
        let mut field = T::blank();
        self.fields(&mut [(key, &mut field)])?;
        Ok(field)
    }

    /// The same for a row of fields in ascending key order, each in its place.
    pub(in crate::wire) fn fields(&mut self, fields: &mut [(i64, &mut dyn Field)]) -> Result<(), Refusal> {
        for (key, field) in fields {
            if self.key(*key)? {
                field.read(self.reader)?;
            } else if field.is_present() {
                return Err(Refusal::MissingKey);
            }
        }
        Ok(())
    }

    /// Passes over the fields before `key`.
    ///
    /// # Errors
    /// A value that is none, or the end of the bytes.
    pub(in crate::wire) fn pass_until(&mut self, key: i64) -> Result<(), Refusal> {
        while self.left > 0 {
            let mut ahead = *self.reader;
            if order(ahead.int()?) >= order(key) {
                break;
            }
            ahead.skip()?;
            *self.reader = ahead;
            self.left -= 1;
        }
        Ok(())
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
