//! One name per refused form.

use crate::code::Code;

/// Why bytes were refused. The name is stable and stands in the test vectors; the [`Code`] is what callers hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// More than [`crate::wire::MAX_BYTES`] bytes.
    TooLong,
    /// The bytes end inside an item.
    Truncated,
    /// Bytes follow the item.
    TrailingBytes,
    /// An integer or a length is not in its shortest form.
    NotShortest,
    /// A length is indefinite.
    Indefinite,
    /// The item is of another CBOR type.
    WrongType,
    /// The outer tag or array is not that of a COSE_Sign1.
    WrongTag,
    /// The protected header is not exactly the one this statement has.
    WrongHeader,
    /// The unprotected header is not empty.
    UnprotectedHeader,
    /// The statement has another `typ`, or one where none belongs.
    WrongStatement,
    /// Map keys are not ascending.
    UnsortedKeys,
    /// A map key stands twice.
    DuplicateKey,
    /// A map key nobody specified.
    UnknownKey,
    /// A mandatory map key is missing.
    MissingKey,
    /// A number, date or length is outside its stated range.
    OutOfRange,
    /// A text is not in its stated alphabet.
    BadText,
    /// Claims that exclude each other, or one without the one it needs.
    BadCombination,
    /// The lifetime `exp - iat` is not 30 to 120 s.
    BadLifetime,
    /// The token text does not start with `JT1`.
    WrongPrefix,
    /// The token text is shorter than 175 or longer than 255 characters.
    WrongLength,
    /// The token text is not upper-case base32 without padding and with zero unused bits.
    BadBase32,
    /// A base64url text is not canonical.
    BadBase64,
    /// JSON of another shape.
    BadJson,
    /// The point is not on the curve, or its encoding is not the uncompressed one.
    BadKey,
    /// The key id does not name the key.
    WrongKey,
    /// The signature does not hold, or its `r` or `s` is out of range.
    BadSignature,
    /// A version this build does not know.
    UnknownVersion,
}

impl Refusal {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Truncated => "truncated",
            Self::TrailingBytes => "trailing-bytes",
            Self::NotShortest => "not-shortest",
            Self::Indefinite => "indefinite",
            Self::WrongType => "wrong-type",
            Self::WrongTag => "wrong-tag",
            Self::WrongHeader => "wrong-header",
            Self::UnprotectedHeader => "unprotected-header",
            Self::WrongStatement => "wrong-statement",
            Self::UnsortedKeys => "unsorted-keys",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::OutOfRange => "out-of-range",
            Self::BadText => "bad-text",
            Self::BadCombination => "bad-combination",
            Self::BadLifetime => "bad-lifetime",
            Self::WrongPrefix => "wrong-prefix",
            Self::WrongLength => "wrong-length",
            Self::BadBase32 => "bad-base32",
            Self::BadBase64 => "bad-base64",
            Self::BadJson => "bad-json",
            Self::BadKey => "bad-key",
            Self::WrongKey => "wrong-key",
            Self::BadSignature => "bad-signature",
            Self::UnknownVersion => "unknown-version",
        }
    }

    /// What a caller hears: the forms differ only for whoever writes an encoder.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::BadSignature => Code::BadSignature,
            Self::WrongKey => Code::WrongKey,
            Self::WrongStatement => Code::WrongStatement,
            Self::UnknownVersion => Code::UpgradeNeeded,
            _ => Code::Malformed,
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Refusal {}
