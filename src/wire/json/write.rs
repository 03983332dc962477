//! From structs to the text.

use super::BadJson;
use core::fmt::{Display, Write as _};
use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

/// The text so far.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\0'..='\u{1f}' => {
                    self.text.push_str("\\u00");
                    self.text.push(if character < '\u{10}' { '0' } else { '1' });
                    self.text.push(char::from_digit(u32::from(character) & 15, 16).unwrap_or('0'));
                }
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn shown(&mut self, value: &dyn Display) -> Result<(), BadJson> {
        write!(self.text, "{value}").map_err(|_| BadJson)
    }

    /// A comma, unless this is the first of its list or object.
    fn comma(&mut self) {
        if !self.text.ends_with(['[', '{']) {
            self.text.push(',');
        }
    }

    fn member(&mut self, name: &str) {
        self.comma();
        self.quoted(name);
        self.text.push(':');
    }
}

/// A list or object that is being written.
pub(super) struct Open<'a> {
    writer: &'a mut Writer,
    end: char,
}

impl<'a> Open<'a> {
    fn new(writer: &'a mut Writer, start: char, end: char) -> Self {
        writer.text.push(start);
        Self { writer, end }
    }

    fn close(self) -> Result<(), BadJson> {
        self.writer.text.push(self.end);
        Ok(())
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = BadJson;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = Impossible<(), BadJson>;
    type SerializeTupleVariant = Impossible<(), BadJson>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Impossible<(), BadJson>;

    fn serialize_bool(self, value: bool) -> Result<(), BadJson> {
        self.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), BadJson> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), BadJson> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), BadJson> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), BadJson> {
        self.shown(&value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), BadJson> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), BadJson> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), BadJson> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), BadJson> {
        self.shown(&value)
    }

    fn serialize_f32(self, _: f32) -> Result<(), BadJson> {
        Err(BadJson)
    }

    fn serialize_f64(self, _: f64) -> Result<(), BadJson> {
        Err(BadJson)
    }

    fn serialize_char(self, value: char) -> Result<(), BadJson> {
        self.quoted(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), BadJson> {
        self.quoted(value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), BadJson> {
        Err(BadJson)
    }

    fn serialize_none(self) -> Result<(), BadJson> {
        self.text.push_str("null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), BadJson> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), BadJson> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), BadJson> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), BadJson> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), BadJson> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), BadJson> {
        Err(BadJson)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, BadJson> {
        Ok(Open::new(self, '[', ']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'a>, BadJson> {
        Ok(Open::new(self, '[', ']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, BadJson> {
        Err(BadJson)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, BadJson> {
        Err(BadJson)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'a>, BadJson> {
        Ok(Open::new(self, '{', '}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, BadJson> {
        Ok(Open::new(self, '{', '}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, BadJson> {
        Err(BadJson)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), BadJson> {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| BadJson)?;
        self.quoted(&text);
        Ok(())
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = BadJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), BadJson> {
        self.writer.comma();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), BadJson> {
        self.close()
    }
}

impl SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = BadJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), BadJson> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), BadJson> {
        self.close()
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = BadJson;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), BadJson> {
        self.writer.member(name);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), BadJson> {
        self.close()
    }
}

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = BadJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), BadJson> {
        self.writer.comma();
        name.serialize(&mut *self.writer)?;
        self.writer.text.push(':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), BadJson> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), BadJson> {
        self.close()
    }
}
