//! What wallet and issuer must decide alike: how long a code lives, how an allowance is used up, how receipts follow.

pub mod breakers;
pub mod chain;
pub mod lifetime;
pub mod policy;
pub mod spending;
