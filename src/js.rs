//! How JavaScript says it: parse the arguments, call inner, map the error. Nothing is decided here. The classes are raw:
//! the package's facade wraps them and never hands them out.

#[cfg(feature = "js-codes")]
mod codes;
#[cfg(feature = "js")]
mod convert;
#[cfg(feature = "js")]
mod error;
#[cfg(feature = "js")]
mod home;
#[cfg(feature = "js-testing")]
mod measure;
#[cfg(feature = "js")]
mod page;
#[cfg(feature = "js")]
mod presentation;
#[cfg(feature = "js")]
mod request;
#[cfg(feature = "js-testing")]
mod vectors;
#[cfg(feature = "js-verifier")]
mod verifier;
#[cfg(feature = "js")]
mod wallet;
#[cfg(feature = "js-testing")]
mod world;

#[cfg(feature = "js-codes")]
pub use codes::parse_merchant_code;
#[cfg(feature = "js-testing")]
pub use measure::RawMeasure;
#[cfg(feature = "js")]
pub use page::qr;
#[cfg(feature = "js")]
pub use presentation::RawPresentation;
#[cfg(feature = "js-testing")]
pub use vectors::check_vector;
#[cfg(feature = "js-verifier")]
pub use verifier::{RawSingleUse, check_proof, check_settings, check_step_up, check_token, handle_of, refused};
#[cfg(feature = "js")]
pub use wallet::RawWallet;
#[cfg(feature = "js-testing")]
pub use world::{RawTill, RawWorld};
