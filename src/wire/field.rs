//! How a plain type stands as the value of one map entry, and the macro that makes a strict map of such fields.

use super::Refusal;
use super::cbor::{Reader, Writer};

/// A type that has one CBOR form.
pub trait Field {
    /// Writes the value.
    fn write(&self, to: &mut Writer);

    /// What stands in the value's place until it is read. Nobody sees it.
    #[doc(hidden)]
    fn blank() -> Self
    where
        Self: Sized;

    /// Becomes what is read: in place, so that one loop reads the fields of every statement.
    ///
    /// # Errors
    /// What is not the one form of this type; what stands here then is of no use.
    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal>;

    /// Whether the entry is written at all. One that is not while it is blank may be missing.
    fn is_present(&self) -> bool {
        true
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, to: &mut Writer) {
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn blank() -> Self {
        None
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        self.insert(T::blank()).read(from)
    }

    fn is_present(&self) -> bool {
        self.is_some()
    }
}

impl Field for u32 {
    fn write(&self, to: &mut Writer) {
        to.uint(u64::from(*self));
    }

    fn blank() -> Self {
        0
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = from.uint()?.try_into().map_err(|_| Refusal::OutOfRange)?;
        Ok(())
    }
}

impl Field for bool {
    fn write(&self, to: &mut Writer) {
        to.bool(*self);
    }

    fn blank() -> Self {
        false
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = from.bool()?;
        Ok(())
    }
}

/// A word that is compared with known ones and never shown.
pub(super) struct Word(pub(super) String);

impl Field for Word {
    fn write(&self, to: &mut Writer) {
        to.text(&self.0);
    }

    fn blank() -> Self {
        Self(String::new())
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        self.0 = from.text()?.into();
        Ok(())
    }
}

impl<const N: usize> Field for [u8; N] {
    fn write(&self, to: &mut Writer) {
        to.bytes(self);
    }

    fn blank() -> Self {
        [0; N]
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        from.bytes_into(self)
    }
}

/// A struct whose CBOR form is one map with small integer keys, ascending in the order given.
macro_rules! map_struct {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$field_doc:meta])* $key:literal => $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        $vis struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::wire::Field for $name {
            fn write(&self, to: &mut $crate::wire::cbor::Writer) {
                to.fields(&[$(($key, &self.$field),)*]);
            }

            fn blank() -> Self {
                Self { $($field: <$type as $crate::wire::Field>::blank(),)* }
            }

            fn read(&mut self, from: &mut $crate::wire::cbor::Reader<'_>) -> Result<(), $crate::wire::Refusal> {
                from.fields(&mut [$(($key, &mut self.$field),)*])
            }
        }
    };
}
pub(crate) use map_struct;
