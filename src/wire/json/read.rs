//! From the tree to structs. Structs are read from objects alone: the general crate also takes lists for them.

use super::BadJson;
use super::parse::Json;
use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
            self.number(visitor)
        }
    )*};
}

impl Json {
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Whole(value) => visitor.visit_u64(value),
            Self::Negative(value) => visitor.visit_i64(value),
            _ => Err(BadJson),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Text(text) => visitor.visit_string(text),
            _ => Err(BadJson),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::List(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(BadJson),
        }
    }

    fn object<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Object(members) => visitor.visit_map(Members { rest: members.into_iter(), value: Self::Null }),
            _ => Err(BadJson),
        }
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = BadJson;

    numbers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Whole(_) | Self::Negative(_) => self.number(visitor),
            Self::Fraction => Err(BadJson),
            Self::Text(_) => self.text(visitor),
            Self::List(_) => self.list(visitor),
            Self::Object(_) => self.object(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            _ => Err(BadJson),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        match self {
            Self::Null => visitor.visit_none(),
            json => visitor.visit_some(json),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, BadJson> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, BadJson> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        self.object(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadJson> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadJson> {
        match self {
            Self::Text(name) => visitor.visit_enum(Unit(name)),
            _ => Err(BadJson),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadJson> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { f32 f64 char bytes byte_buf unit unit_struct tuple_struct }
}

struct Items(alloc::vec::IntoIter<Json>);

impl<'de> SeqAccess<'de> for Items {
    type Error = BadJson;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, BadJson> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Members {
    rest: alloc::vec::IntoIter<(String, Json)>,
    value: Json,
}

impl<'de> MapAccess<'de> for Members {
    type Error = BadJson;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, BadJson> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(Json::Text(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, BadJson> {
        seed.deserialize(core::mem::replace(&mut self.value, Json::Null))
    }
}

/// A variant by its name alone.
struct Unit(String);

impl<'de> EnumAccess<'de> for Unit {
    type Error = BadJson;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), BadJson> {
        let name = StringDeserializer::<BadJson>::new(self.0);
        Ok((seed.deserialize(name)?, Self(String::new())))
    }
}

impl<'de> VariantAccess<'de> for Unit {
    type Error = BadJson;

    fn unit_variant(self) -> Result<(), BadJson> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, BadJson> {
        Err(BadJson)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, BadJson> {
        Err(BadJson)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, BadJson> {
        Err(BadJson)
    }
}
