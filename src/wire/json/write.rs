//! From values to the text.

use crate::code::Words;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;

/// What has one JSON form.
pub trait ToJson {
    /// Writes the value.
    fn write(&self, to: &mut Writer);
}

/// The text so far.
#[derive(Debug, Default)]
pub struct Writer {
    text: Vec<u8>,
}

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    fn plain(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// A comma, unless this is the first of its list or object.
    fn comma(&mut self) {
        if !matches!(self.text.last(), Some(b'[' | b'{')) {
            self.text.push(b',');
        }
    }

    /// Writes a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.text.push(b'"');
        for byte in text.bytes() {
            if byte < b' ' {
                self.plain("\\u00");
                self.text.push(b'0' + (byte >> 4));
                self.text.push(b"0123456789abcdef".get(usize::from(byte & 15)).copied().unwrap_or_default());
            } else {
                if matches!(byte, b'"' | b'\\') {
                    self.text.push(b'\\');
                }
                self.text.push(byte);
            }
        }
        self.text.push(b'"');
    }

    /// Writes a whole number.
    pub(crate) fn whole(&mut self, value: u64) {
        if value >= 10 {
            self.whole(value / 10);
        }
        self.text.push(b'0' + (value % 10) as u8);
    }

    /// Writes a whole number as a decimal text.
    pub(crate) fn decimal_text(&mut self, value: u64) {
        self.text.push(b'"');
        self.whole(value);
        self.text.push(b'"');
    }

    /// Writes what stands for nothing.
    fn null(&mut self) {
        self.plain("null");
    }

    fn item(&mut self, item: &dyn ToJson) {
        self.comma();
        item.write(self);
    }

    /// Where its value begins.
    fn member(&mut self, name: &str, member: &dyn ToJson) -> usize {
        self.comma();
        self.text(name);
        self.text.push(b':');
        let value = self.text.len();
        member.write(self);
        value
    }

    /// Adds a member to the object that was written last.
    pub(super) fn add_member(&mut self, name: &str, member: &dyn ToJson) {
        self.text.pop();
        self.member(name, member);
        self.text.push(b'}');
    }

    /// Writes an object. `names` are the members' names in the order of `members`, a space between them; one with a `?`
    /// is left out while it is nothing.
    pub(crate) fn object(&mut self, names: &str, members: &[&dyn ToJson]) {
        self.text.push(b'{');
        for (name, member) in Words(names).zip(members) {
            let before = self.text.len();
            let optional = name.strip_suffix("?");
            let value = self.member(optional.unwrap_or(name), *member);
            if optional.is_some() && self.text.get(value..) == Some(b"null") {
                self.text.truncate(before);
            }
        }
        self.text.push(b'}');
    }
}

impl ToJson for str {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
}

impl ToJson for &str {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
}

impl ToJson for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
}

impl ToJson for bool {
    fn write(&self, to: &mut Writer) {
        to.plain(if *self { "true" } else { "false" });
    }
}

impl ToJson for u64 {
    fn write(&self, to: &mut Writer) {
        to.whole(*self);
    }
}

impl ToJson for i64 {
    fn write(&self, to: &mut Writer) {
        if *self < 0 {
            to.plain("-");
        }
        to.whole(self.unsigned_abs());
    }
}

macro_rules! small {
    ($($type:ty)*) => {$(
        impl ToJson for $type {
            fn write(&self, to: &mut Writer) {
                to.whole(*self as u64);
            }
        }
    )*};
}
small! { u8 u16 u32 usize }

impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, to: &mut Writer) {
        match self {
            Some(value) => value.write(to),
            None => to.null(),
        }
    }
}

impl<T: ToJson> ToJson for Box<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }
}

impl<T: ToJson> ToJson for Rc<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }
}

impl<T: ToJson> ToJson for BTreeMap<String, T> {
    fn write(&self, to: &mut Writer) {
        to.text.push(b'{');
        for (name, member) in self {
            to.member(name, member);
        }
        to.text.push(b'}');
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, to: &mut Writer) {
        to.text.push(b'[');
        for item in self {
            to.item(item);
        }
        to.text.push(b']');
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, to: &mut Writer) {
        self.as_slice().write(to);
    }
}

impl<const N: usize> ToJson for [u8; N] {
    fn write(&self, to: &mut Writer) {
        self.as_slice().write(to);
    }
}
