//! How a plain type stands as the value of one map entry, and the macro that makes a strict map of such fields.

use super::Refusal;
use super::cbor::{Reader, Writer};

/// A type that has one CBOR form.
pub trait Field {
    /// Writes the value.
    fn write(&self, to: &mut Writer);

    /// Reads the value.
    ///
    /// # Errors
    /// What is not the one form of this type.
    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal>
    where
        Self: Sized;

    /// What a missing entry means, where it may be missing.
    #[must_use]
    fn absent() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Whether the entry is written at all.
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

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        T::read(from).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
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

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        from.uint().and_then(|value| if value <= MAX_INT { Ok(value) } else { Err(Refusal::OutOfRange) })
    }
}

impl Field for u32 {
    fn write(&self, to: &mut Writer) {
        to.uint(u64::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        from.uint()?.try_into().map_err(|_| Refusal::OutOfRange)
    }
}

impl Field for bool {
    fn write(&self, to: &mut Writer) {
        to.bool(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        from.bool()
    }
}

/// Texts are shown to people and compared: at most 255 bytes, and no character that hides or turns others.
impl Field for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        let text = from.text()?;
        if text.len() > 255 {
            return Err(Refusal::OutOfRange);
        }
        if text.chars().any(is_deceptive) {
            return Err(Refusal::BadText);
        }
        Ok(text.into())
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

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut bytes = [0; N];
        from.bytes_into(&mut bytes)?;
        Ok(bytes)
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

    fn read(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        let length = from.array()?;
        if length > 16 {
            return Err(Refusal::OutOfRange);
        }
        (0..length).map(|_| T::read(from)).collect()
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

            fn read(from: &mut $crate::wire::cbor::Reader<'_>) -> Result<Self, $crate::wire::Refusal> {
                let mut map = from.map()?;
                $(let mut $field: Option<$type> = None;)*
                map.fields(&mut [$(($key, &mut $field),)*])?;
                map.end()?;
                match ($($field,)*) {
                    ($(Some($field),)*) => Ok(Self { $($field,)* }),
                    _ => Err($crate::wire::Refusal::MissingKey),
                }
            }
        }
    };
}
pub(crate) use map_struct;
