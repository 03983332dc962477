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

/// Integers in statements stay within what a JavaScript number holds exactly.
const MAX_INT: u64 = (1 << 53) - 1;

impl Field for u64 {
    fn write(&self, to: &mut Writer) {
        to.uint(*self);
    }

    fn blank() -> Self {
        0
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = from.uint()?;
        if *self <= MAX_INT { Ok(()) } else { Err(Refusal::OutOfRange) }
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

/// Texts are shown to people and compared: at most 255 bytes, and no character that hides or turns others.
impl Field for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        let text = from.text()?;
        if text.len() > 255 {
            return Err(Refusal::OutOfRange);
        }
        if text.chars().any(is_deceptive) {
            return Err(Refusal::BadText);
        }
        *self = text.into();
        Ok(())
    }
}

/// Control characters, and those that change the direction of the text around them.
pub(crate) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
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

/// A list of at most 16 items.
impl<T: Field> Field for Vec<T> {
    fn write(&self, to: &mut Writer) {
        to.array(self.len() as u64);
        for item in self {
            item.write(to);
        }
    }

    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        let length = from.array()?;
        if length > 16 {
            return Err(Refusal::OutOfRange);
        }
        for _ in 0..length {
            self.push(T::blank());
            self.last_mut().map_or(Ok(()), |item| item.read(from))?;
        }
        Ok(())
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
