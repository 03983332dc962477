//! Bytes as text: UTF-8, and base32 and base64url without padding (RFC 4648), one text for each byte string. Own code: the general crate for it is
//! ten times as large in the page's module, and only these two are needed there.

/// An alphabet of 2 to the power of `bits` characters.
#[derive(Clone, Copy)]
pub(crate) struct Alphabet {
    bits: u32,
    characters: &'static [u8],
}

/// RFC 4648 section 6.
pub(crate) const BASE32: Alphabet = Alphabet { bits: 5, characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" };
/// RFC 4648 section 5.
pub(crate) const BASE64URL: Alphabet =
    Alphabet { bits: 6, characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" };
/// RFC 4648 section 4; written only, and without the padding.
pub(crate) const BASE64: Alphabet =
    Alphabet { bits: 6, characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" };

impl Alphabet {
    /// Whether a character is one of the alphabet's.
    #[cfg(feature = "issuer")]
    pub(crate) fn has(self, character: u8) -> bool {
        self.value(character).is_some()
    }

    fn character(self, value: u32) -> u8 {
        let index = (value & ((1 << self.bits) - 1)) as usize;
        self.characters.get(index).copied().unwrap_or(b'A')
    }

    fn value(self, character: u8) -> Option<u32> {
        let index = self.characters.iter().position(|known| *known == character)?;
        u32::try_from(index).ok()
    }
}

/// The text of these bytes; unused bits of the last character are zero.
pub(crate) fn encode(alphabet: Alphabet, bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut count) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        count += 8;
        while count >= alphabet.bits {
            count -= alphabet.bits;
            text.push(alphabet.character(held >> count));
        }
    }
    if count > 0 {
        text.push(alphabet.character(held << (alphabet.bits - count)));
    }
    // The alphabets are ASCII.
    utf8(&text).unwrap_or_default().into()
}

/// The bytes of this text, if it is the one that [`encode`] writes: no padding, no stray character, no stray bit.
pub(crate) fn decode(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut count) = (0_u32, 0);
    for character in text.bytes() {
        held = held << alphabet.bits | alphabet.value(character)?;
        count += alphabet.bits;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
        }
    }
    // A whole character without a bit of a byte, or a bit that no byte has, would make a second text for the same bytes.
    let stray = held & ((1 << count) - 1);
    (count < alphabet.bits && stray == 0).then_some(bytes)
}

/// The text that these bytes are. The library's own check of them is twice as large in the page's module as its reader of
/// texts that may be broken.
pub(crate) fn utf8(bytes: &[u8]) -> Option<&str> {
    match bytes.utf8_chunks().next() {
        None => Some(""),
        Some(whole) => whole.invalid().is_empty().then(|| whole.valid()),
    }
}

#[cfg(test)]
mod tests;
