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

    /// The field under `key`, or its absent value if it has one.
    ///
    /// # Errors
    /// [`Refusal::MissingKey`], [`Refusal::UnknownKey`] for a key in between, or what the field refuses.
    pub fn field<T: Field>(&mut self, key: i64) -> Result<T, Refusal> {
        if self.key(key)? { T::read(self.reader) } else { T::absent().ok_or(Refusal::MissingKey) }
    }

    /// The same for a row of fields in ascending key order, each into its slot.
    pub(in crate::wire) fn fields(&mut self, slots: &mut [(i64, &mut dyn Slot)]) -> Result<(), Refusal> {
        for (key, slot) in slots {
            let present = self.key(*key)?;
            slot.fill(present.then_some(&mut *self.reader))?;
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

/// Where one field is put. Through it one loop reads the fields of every statement, instead of a copy of it for each.
pub(in crate::wire) trait Slot {
    /// Reads the field, or takes its absent value where there is nothing to read.
    fn fill(&mut self, from: Option<&mut Reader<'_>>) -> Result<(), Refusal>;
}

impl<T: Field> Slot for Option<T> {
    fn fill(&mut self, from: Option<&mut Reader<'_>>) -> Result<(), Refusal> {
        *self = match from {
            Some(from) => Some(T::read(from)?),
            None => Some(T::absent().ok_or(Refusal::MissingKey)?),
        };
        Ok(())
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
