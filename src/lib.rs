//! Jitsuin: a wallet whose payments count only when they are stamped by the key of a device its owner registered.

extern crate alloc;

#[cfg(feature = "js")]
pub mod browser;
pub mod code;
#[cfg(feature = "issuer")]
pub mod issuer;
#[cfg(feature = "js")]
pub mod js;
pub mod rules;
#[cfg(feature = "wallet")]
pub mod wallet;
pub mod wire;
