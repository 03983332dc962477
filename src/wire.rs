//! What the bytes are: strict encoders and decoders for every signed statement and every call.
//!
//! Nothing here reads a clock, draws randomness or does I/O. Each decoder takes one form only, deterministic CBOR
//! (RFC 8949 section 4.2.1) in COSE (RFC 9052), and names what it refuses with a [`Refusal`].

pub mod allowance;
pub mod approval;
pub(crate) mod base;
pub mod calls;
pub mod cbor;
pub mod co_signature;
pub mod dpop;
pub mod enrolment;
mod field;
pub mod freeze;
pub mod head;
pub mod id;
pub mod intent;
pub(crate) mod json;
pub mod key;
pub mod key_set;
pub mod list;
pub mod money;
pub mod number;
pub mod origin;
pub mod quote;
pub mod receipt;
mod refusal;
pub mod seal;
pub mod shop_code;
pub mod sign1;
pub mod state;
mod tagged;
pub mod text;
pub mod till_code;
pub mod time;
pub mod token;
pub mod webauthn;

pub use field::Field;
pub use refusal::Refusal;
pub use sign1::{Statement, Unsigned, Verified, open};
pub use tagged::{sha256, tagged_hash};

/// Every decoder refuses more than this many bytes before it reads the first; a statement may have a bound of its own
/// ([`Statement::MOST_BYTES`]).
pub const MAX_BYTES: usize = 4096;
