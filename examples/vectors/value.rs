//! CBOR as a tree that can also be written wrongly, which the crate's own writer can't do.

/// A map's entries in the order they stand.
pub(crate) type Entries = Vec<(Value, Value)>;

/// An item.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Uint(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Tag(u64, Box<Value>),
    /// Bytes as they are: for what a correct writer would not write.
    Raw(Vec<u8>),
}

impl Value {
    /// The deterministic encoding, but for the parts that are [`Value::Raw`].
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Self::Text(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
            Self::Array(items) => [head(4, items.len() as u64), items.iter().flat_map(Self::encode).collect()].concat(),
            Self::Map(entries) => [
                head(5, entries.len() as u64),
                entries.iter().flat_map(|(key, value)| [key.encode(), value.encode()].concat()).collect(),
            ]
            .concat(),
            Self::Tag(tag, item) => [head(6, *tag), item.encode()].concat(),
            Self::Raw(bytes) => bytes.clone(),
        }
    }

    /// A map's entries as raw items, in the order they stand.
    pub(crate) fn entries(map: &[u8]) -> Entries {
        let mut decoder = minicbor::Decoder::new(map);
        let count = decoder.map().expect("a map").expect("a definite one");
        let item = |decoder: &mut minicbor::Decoder<'_>| {
            let start = decoder.position();
            decoder.skip().expect("an item");
            Self::Raw(map[start..decoder.position()].to_vec())
        };
        (0..count).map(|_| (item(&mut decoder), item(&mut decoder))).collect()
    }
}

fn head(major: u8, argument: u64) -> Vec<u8> {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..=23 => vec![major | argument as u8],
        24..=0xff => vec![major | 24, argument as u8],
        0x100..=0xffff => [&[major | 25], &bytes[6..]].concat(),
        0x1_0000..=0xffff_ffff => [&[major | 26], &bytes[4..]].concat(),
        _ => [&[major | 27], &bytes[..]].concat(),
    }
}
