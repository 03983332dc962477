//! The JSON of every call to the issuer, both ways (protocol section 5).
//!
//! Every call but [`WELL_KNOWN`] is a POST with a JSON body and a `DPoP` header. Answers are JSON, refusals are
//! [`Problem`]s. Bytes are base64url, money is decimal text in minor units, times are seconds since 1970 unless the
//! name ends in `_ms`. Unknown members are refused by the issuer and passed over by the wallet, so the issuer may
//! learn to say more without breaking old wallets.

mod device;
mod enrolment;
mod problem;
mod rotation;
mod safety;
mod till;

pub use device::*;
pub use enrolment::*;
pub use problem::Problem;
pub use rotation::*;
pub use safety::*;
pub use till::*;

use super::id::{IssuerId, RpId};
use super::json::{FromJson, ToJson, json_object};
use super::key_set::SignedKeySet;
use super::money::Currency;
use super::text::Shown;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// GET: who the issuer is.
pub const WELL_KNOWN: &str = "/.well-known/jitsuin";

/// The version of the protocol that this build speaks.
pub const VERSION: u32 = 1;

/// The media type of a [`Problem`] (RFC 9457).
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Longest body of a call, in bytes.
pub const MAX_BODY: usize = 32 * 1024;

/// A call of this protocol: its path and both bodies.
pub trait Call: ToJson + Serialize {
    /// The path below the issuer's origin.
    const PATH: &'static str;
    /// The answer's body.
    type Reply: FromJson + DeserializeOwned;
}

/// Defines one call: path, request, reply.
macro_rules! call {
    ($request:ident $path:literal $reply:ty) => {
        impl $crate::wire::calls::Call for $request {
            const PATH: &'static str = $path;
            type Reply = $reply;
        }
    };
}
use call;

/// What [`WELL_KNOWN`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// The issuer.
    pub issuer: IssuerId,
    /// The wallet page's relying party id.
    pub rp_id: RpId,
    /// The name a passkey prompt shows.
    pub rp_name: Shown,
    /// The one currency of its accounts.
    pub currency: Currency,
    /// Versions of the protocol it speaks.
    pub versions: Vec<u32>,
    /// Its keys.
    pub key_set: SignedKeySet,
    /// The sets before, oldest first, so that a wallet that was away follows step by step.
    pub past: Option<Vec<SignedKeySet>>,
}
json_object! { open WellKnown { issuer, rp_id, rp_name, currency, versions, key_set, past } }
