//! BER-TLV as EMV Book 3 annex B uses it: tags of one or two bytes, definite lengths in their shortest form.

use crate::wire::Refusal;

/// The bit of a tag's first byte that says "objects inside".
const CONSTRUCTED: u8 = 0x20;
/// A known code nests two deep; more is refused before anything recurses further.
const DEEPEST: usize = 4;

/// One data object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The tag, such as `0x4f` or `0x9f08`.
    pub tag: u16,
    /// What stands in it.
    pub content: Content,
}

/// The value of a data object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Objects.
    Template(Vec<Data>),
}

impl Data {
    pub(super) fn bytes(tag: u16, bytes: &[u8]) -> Self {
        Self { tag, content: Content::Bytes(bytes.into()) }
    }

    pub(super) const fn template(tag: u16, inside: Vec<Self>) -> Self {
        Self { tag, content: Content::Template(inside) }
    }

    /// The object with this tag inside.
    #[must_use]
    pub fn inside(&self, tag: u16) -> Option<&Self> {
        match &self.content {
            Content::Template(inside) => inside.iter().find(|object| object.tag == tag),
            Content::Bytes(_) => None,
        }
    }

    /// The bytes, where it is no template.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Template(_) => None,
        }
    }
}

/// The bytes of a row of objects.
pub(super) fn write(objects: &[Data]) -> Vec<u8> {
    let mut bytes = vec![];
    for object in objects {
        let value = match &object.content {
            Content::Bytes(value) => value.clone(),
            Content::Template(inside) => write(inside),
        };
        match object.tag.to_be_bytes() {
            [0, tag] => bytes.push(tag),
            tag => bytes.extend(tag),
        }
        // What a code can hold is below 512 bytes, so three bytes of length always do.
        match value.len().to_be_bytes() {
            [.., 0, length @ 0..=0x7f] => bytes.push(length),
            [.., 0, length] => bytes.extend([0x81, length]),
            [.., high, low] => bytes.extend([0x82, high, low]),
        }
        bytes.extend(value);
    }
    bytes
}

/// All objects of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Data>, Refusal> {
    level(bytes, 1)
}

fn level(mut bytes: &[u8], depth: usize) -> Result<Vec<Data>, Refusal> {
    let mut objects: Vec<Data> = vec![];
    while !bytes.is_empty() {
        let (tag, constructed, rest) = tag(bytes)?;
        let (length, rest) = length(rest)?;
        let (value, rest) = rest.split_at_checked(length).ok_or(Refusal::Truncated)?;
        // Only at the top may an object repeat: a code may offer several applications.
        if depth > 1 && objects.iter().any(|object| object.tag == tag) {
            return Err(Refusal::DuplicateKey);
        }
        let content = match constructed {
            true if depth == DEEPEST => return Err(Refusal::OutOfRange),
            true => Content::Template(level(value, depth + 1)?),
            false => Content::Bytes(value.into()),
        };
        objects.push(Data { tag, content });
        bytes = rest;
    }
    Ok(objects)
}

fn tag(bytes: &[u8]) -> Result<(u16, bool, &[u8]), Refusal> {
    let (&first, rest) = bytes.split_first().ok_or(Refusal::Truncated)?;
    let constructed = first & CONSTRUCTED != 0;
    if first == 0 {
        return Err(Refusal::WrongType);
    }
    if first & 0x1f != 0x1f {
        return Ok((u16::from(first), constructed, rest));
    }
    let (&second, rest) = rest.split_first().ok_or(Refusal::Truncated)?;
    // A third byte would follow, and EMV has no such tag.
    if second & 0x80 != 0 {
        return Err(Refusal::WrongType);
    }
    Ok((u16::from_be_bytes([first, second]), constructed, rest))
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Refusal> {
    let (length, shortest, rest) = match bytes {
        [] | [0x81] | [0x82] | [0x82, _] => return Err(Refusal::Truncated),
        [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), 0, rest),
        [0x81, length, rest @ ..] => (usize::from(*length), 0x80, rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), 0x100, rest),
        [0x80, ..] => return Err(Refusal::Indefinite),
        // Three bytes of length and more: nothing that long fits a code.
        [_, ..] => return Err(Refusal::Truncated),
    };
    if length < shortest { Err(Refusal::NotShortest) } else { Ok((length, rest)) }
}
