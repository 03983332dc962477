//! How a struct or a set of words states its JSON once.

/// States a struct's members. A member's JSON name is its own unless one is given; a name with a `?` is left out of the
/// text while the member is `None`, and may be missing. The first word says who reads it: `open` passes over unknown
/// members, `strict` refuses them, `written` is never read.
macro_rules! json_object {
    ($mode:ident $name:ident { $($field:ident $(= $text:literal)?),* $(,)? }) => {
        $crate::wire::json::json_object! {
            @$mode $name [$($field)*]
            [concat!($($crate::wire::json::json_object!(@name $field $($text)?), " ",)*)]
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $text:literal) => { $text };
    (@open $name:ident $fields:tt $names:tt) => {
        $crate::wire::json::json_object! { @written $name $fields $names }
        $crate::wire::json::json_object! { @read false $name $fields $names }
    };
    (@strict $name:ident $fields:tt $names:tt) => {
        $crate::wire::json::json_object! { @written $name $fields $names }
        $crate::wire::json::json_object! { @read true $name $fields $names }
    };
    (@written $name:ident [$($field:ident)*] [$names:expr]) => {
        impl $crate::wire::json::ToJson for $name {
            fn write(&self, to: &mut $crate::wire::json::Writer) {
                let Self { $($field,)* } = self;
                to.object($names, &[$($field,)*]);
            }
        }

        $crate::wire::json::json_serde! { @to $name }
    };
    (@read $strict:literal $name:ident [$($field:ident)*] [$names:expr]) => {
        impl $crate::wire::json::FromJson for $name {
            fn blank() -> Self {
                Self { $($field: $crate::wire::json::FromJson::blank(),)* }
            }

            fn read(&mut self, json: &$crate::wire::json::Json) -> Result<(), $crate::wire::json::BadJson> {
                let Self { $($field,)* } = self;
                json.object($strict, $names, &mut [$($field,)*])
            }
        }

        $crate::wire::json::json_serde! { @from $name }
    };
}
pub(crate) use json_object;

/// Defines an enum of words: one text for each variant, in JSON and wherever else it is named.
macro_rules! json_words {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }
    ) => {
        $(#[$doc])*
        $vis enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Each of them, in the order of their words.
            $vis const ALL: [Self; [$(Self::$variant,)*].len()] = [$(Self::$variant,)*];
            const WORDS: &'static str = concat!($($word, " ",)*);

            /// The word used on the wire and in JavaScript.
            #[must_use]
            $vis fn name(self) -> &'static str {
                $crate::code::Words(Self::WORDS).at(self as usize)
            }

            fn from_name(name: &str) -> Option<Self> {
                let place = $crate::code::Words(Self::WORDS).place(name)?;
                // The compiler makes a cast of it, where a list would be a table in the module.
                $(if place == Self::$variant as usize {
                    return Some(Self::$variant);
                })*
                None
            }
        }

        impl $crate::wire::json::ToJson for $name {
            fn write(&self, to: &mut $crate::wire::json::Writer) {
                to.text(self.name());
            }
        }

        impl $crate::wire::json::FromJson for $name {
            fn blank() -> Self {
                Self::ALL[0]
            }

            fn read(&mut self, json: &$crate::wire::json::Json) -> Result<(), $crate::wire::json::BadJson> {
                *self = Self::from_name(json.text()?).ok_or($crate::wire::json::BadJson)?;
                Ok(())
            }
        }

        $crate::wire::json::json_serde! { $name }
    };
}
pub(crate) use json_words;

/// Lets serde read and write a type that has its own JSON.
macro_rules! json_serde {
    ($name:ident) => {
        $crate::wire::json::json_serde! { @to $name }
        $crate::wire::json::json_serde! { @from $name }
    };
    (@to $name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::wire::json::serialize(self, to)
            }
        }
    };
    (@from $name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::wire::json::deserialize(from)
            }
        }
    };
}
pub(crate) use json_serde;
