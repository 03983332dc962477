//! Lists of statements, each with its longest length.

use super::cbor::{Reader, Writer};
use super::{Field, Refusal};
use core::ops::Deref;

/// A list of at most `MOST` items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> List<T, MOST> {
    /// The items.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MOST: usize> TryFrom<Vec<T>> for List<T, MOST> {
    type Error = Refusal;

    /// # Errors
    /// [`Refusal::OutOfRange`] for more than `MOST` items.
    fn try_from(items: Vec<T>) -> Result<Self, Refusal> {
        if items.len() > MOST { Err(Refusal::OutOfRange) } else { Ok(Self(items)) }
    }
}

impl<T, const MOST: usize> Deref for List<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Field, const MOST: usize> Field for List<T, MOST> {
    fn write(&self, to: &mut Writer) {
        to.array(self.0.len() as u64);
        for item in &self.0 {
            item.write(to);
        }
    }

    fn blank() -> Self {
        Self(Vec::new())
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        let length = from.array()?;
        if length > MOST as u64 {
            return Err(Refusal::OutOfRange);
        }
        for _ in 0..length {
            let mut item = T::blank();
            item.read(from)?;
            self.0.push(item);
        }
        Ok(())
    }
}
