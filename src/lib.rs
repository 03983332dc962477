#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "js")]
pub mod browser;
pub mod code;
#[cfg(feature = "issuer")]
pub mod issuer;
#[cfg(any(feature = "js", feature = "js-codes", feature = "js-verifier"))]
pub mod js;
pub mod rules;
#[cfg(feature = "wallet")]
pub mod wallet;
pub mod wire;
