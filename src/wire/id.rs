//! The short names and numbers that statements carry, each its own type with one form in CBOR and one in JSON.

mod credential;

pub use credential::CredentialId;

use super::base::{self, BASE64URL};
use super::cbor::{Reader, Writer};
use super::json::{self, BadJson, FromJson, Json, ToJson, json_serde};
use super::{Field, Refusal, origin};
use crate::code::Code;

/// The only host whose issuer needs no TLS.
const LOCAL: &str = "http://localhost";

/// Base64url without padding (RFC 4648 section 5), the one text form of bytes in JSON.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    base::encode(BASE64URL, bytes)
}

/// Bytes from canonical base64url without padding.
///
/// # Errors
/// [`Refusal::BadBase64`], also for unused bits that are not zero.
pub fn from_base64(text: &str) -> Result<Vec<u8>, Refusal> {
    base::decode(BASE64URL, text).ok_or(Refusal::BadBase64)
}

/// The same for bytes of exactly the length of `to`.
fn base64_into(text: &str, to: &mut [u8]) -> Result<(), Refusal> {
    let bytes = from_base64(text)?;
    if bytes.len() != to.len() {
        return Err(Refusal::OutOfRange);
    }
    to.copy_from_slice(&bytes);
    Ok(())
}

/// Bytes of any length that travel in JSON as base64url.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Bytes(pub Vec<u8>);

impl core::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl ToJson for Bytes {
    fn write(&self, to: &mut json::Writer) {
        to.text(&to_base64(&self.0));
    }
}

impl FromJson for Bytes {
    fn blank() -> Self {
        Self(Vec::new())
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        self.0 = from_base64(json.text()?).map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Bytes }

/// As many bytes as there is room for.
fn read_exactly(room: &mut [u8], json: &Json) -> Result<(), BadJson> {
    base64_into(json.text()?, room).map_err(|_| BadJson)
}

/// A newtype over `[u8; N]`: CBOR byte string, base64url in JSON. `secret` ones do not show their bytes.
macro_rules! byte_id {
    (@debug secret $self:ident $f:ident) => { $f.write_str("(secret)") };
    (@debug public $self:ident $f:ident) => { $f.write_str(&$crate::wire::id::to_base64(&$self.0)) };
    ($(#[$doc:meta])* $name:ident $length:literal $shown:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($name))?;
                f.write_str(" ")?;
                byte_id!(@debug $shown self f)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = $crate::wire::Refusal;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self).map_err(|_| $crate::wire::Refusal::OutOfRange)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::wire::Refusal;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $length];
                $crate::wire::id::base64_into(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl ToJson for $name {
            fn write(&self, to: &mut json::Writer) {
                to.text(&to_base64(&self.0));
            }
        }

        impl FromJson for $name {
            fn blank() -> Self {
                Self([0; $length])
            }

            fn read(&mut self, json: &Json) -> Result<(), BadJson> {
                read_exactly(&mut self.0, json)
            }
        }
        json_serde! { $name }

        impl $crate::wire::Field for $name {
            fn write(&self, to: &mut $crate::wire::cbor::Writer) {
                to.bytes(&self.0);
            }

            fn blank() -> Self {
                FromJson::blank()
            }

            fn read(&mut self, from: &mut $crate::wire::cbor::Reader<'_>) -> Result<(), $crate::wire::Refusal> {
                from.bytes_into(&mut self.0)
            }
        }
    };
}

byte_id! {
    /// RFC 9679 COSE key thumbprint (SHA-256): the id of a key.
    Thumbprint 32 public
}
byte_id! {
    /// Random name of the current allowance: the `kid` of a payment token.
    Handle 8 public
}
byte_id! {
    /// Secret of wallet and issuer, mixed into every token's signature so that a shop can neither verify nor recognise it.
    Veil 16 secret
}
byte_id! {
    /// A number used once in a ceremony.
    Nonce 16 public
}
byte_id! {
    /// Names one call that changes something, however often it is delivered: 16 random bytes of its sender. Whoever knows
    /// it and the issuer's keys can derive the secrets of its answer again.
    CallId 16 secret
}
byte_id! {
    /// SHA-256.
    Hash 32 public
}

impl Hash {
    /// What stands for "nothing before": 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);
}

impl core::fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&to_base64(&self.0))
    }
}

/// A newtype over a short ASCII text with its own alphabet.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident $longest:literal $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl core::str::FromStr for $name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut id = String::new();
                set_checked(&mut id, text, $longest, $allowed)?;
                Ok(Self(id))
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ToJson for $name {
            fn write(&self, to: &mut json::Writer) {
                to.text(&self.0);
            }
        }

        impl FromJson for $name {
            fn blank() -> Self {
                Self(String::new())
            }

            fn read(&mut self, json: &Json) -> Result<(), BadJson> {
                set_checked(&mut self.0, json.text()?, $longest, $allowed).map_err(|_| BadJson)
            }
        }
        json_serde! { $name }

        impl Field for $name {
            fn write(&self, to: &mut Writer) {
                to.text(&self.0);
            }

            fn blank() -> Self {
                FromJson::blank()
            }

            fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
                set_checked(&mut self.0, from.text()?, $longest, $allowed)
            }
        }
    };
}

fn set_checked(id: &mut String, text: &str, longest: usize, allowed: fn(&str) -> bool) -> Result<(), Refusal> {
    if text.is_empty() || text.len() > longest {
        return Err(Refusal::OutOfRange);
    }
    if !allowed(text) {
        return Err(Refusal::BadText);
    }
    *id = text.into();
    Ok(())
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

text_id! {
    /// The issuer's name for an account: opaque, not the login.
    AccountId 64 is_plain
}
text_id! {
    /// Who a token is for: `m/…` a merchant or `t/…` a till, ASCII, at most 24 bytes.
    Audience 24 is_audience
}
text_id! {
    /// An account's source of money, such as a stored card.
    SourceId 64 is_plain
}
text_id! {
    /// The issuer's name for a registered place of a merchant.
    PlaceId 64 is_plain
}
text_id! {
    /// The issuer's name for a top-up, for support.
    TopUpId 64 is_plain
}
text_id! {
    /// Who the issuer is: an https origin, or http on localhost for a demo, in the form of an [`Origin`](super::origin::Origin).
    IssuerId 128 is_issuer
}
text_id! {
    /// A WebAuthn relying party id: a host name in lower case, no address (WebAuthn level 3, section 5.1.2).
    RpId 253 is_rp_id
}

text_id! {
    /// The name of a [`Code`], which a later version may have added: small letters, digits and hyphens.
    CodeName 64 is_code_name
}

impl From<Code> for CodeName {
    fn from(code: Code) -> Self {
        Self(code.name().into())
    }
}

fn is_code_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_audience(text: &str) -> bool {
    let name = text.strip_prefix("m/").or_else(|| text.strip_prefix("t/"));
    name.is_some_and(|name| !name.is_empty() && is_plain(name))
}

fn is_issuer(text: &str) -> bool {
    origin::is_web(text) && (text.starts_with("https:") || text == LOCAL || text.starts_with(&[LOCAL, ":"].concat()))
}

/// Browsers take no address for a domain: the last label of an IPv4 address is a number.
fn is_rp_id(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    origin::is_host(text) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
