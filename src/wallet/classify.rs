//! From what a platform tells of a failed WebAuthn call to a code, and how sure that is.
//!
//! One name covers several causes: no credential, a failed verification, a refusal and a time-out are all
//! `NotAllowedError`. Our own clock alone tells a time-out, our own abort alone tells an abort.

use super::error::{Confidence, Error};
use super::ports::Ended;
use crate::code::Code;
use core::time::Duration;

/// No person closes a prompt faster; a platform that refuses without one does.
const FASTER_THAN_A_PERSON: Duration = Duration::from_millis(150);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `navigator.credentials.create`.
    Create,
    /// `navigator.credentials.get`.
    Get,
}

/// Judges how a call ended.
#[must_use]
pub fn classify(ended: &Ended, asked: Asked) -> Error {
    use Confidence::{Certain, Guess, Likely};
    let (code, confidence) = if ended.aborted_by_us {
        (Code::Cancelled, Certain)
    } else if ended.deadline_passed {
        (Code::TimedOut, Certain)
    } else {
        match (ended.name.as_str(), asked) {
            // `NotAllowedError` too, but its text speaks of a policy.
            ("PolicyError", _) => (Code::PasskeysBlocked, Likely),
            ("NotAllowedError", _) if !ended.focused => (Code::NotFocused, Likely),
            ("NotAllowedError", _) if ended.elapsed < FASTER_THAN_A_PERSON && !ended.tapped => (Code::TapAgain, Likely),
            // Nobody was asked, though a tap counted: there was nothing to ask with.
            ("NotAllowedError", Asked::Get) if ended.elapsed < FASTER_THAN_A_PERSON => (Code::NoCredential, Guess),
            ("NotAllowedError", Asked::Create) if ended.elapsed < FASTER_THAN_A_PERSON => (Code::UvFailed, Guess),
            ("NotAllowedError" | "AbortError", _) => (Code::Cancelled, Likely),
            ("TimeoutError", _) => (Code::TimedOut, Likely),
            ("SecurityError", _) => (Code::WrongOrigin, Certain),
            ("InvalidStateError", Asked::Create) => (Code::CredentialTaken, Certain),
            ("InvalidStateError", Asked::Get) => (Code::NoCredential, Likely),
            ("NotSupportedError", _) => (Code::Unsupported, Certain),
            ("ConstraintError", _) => (Code::UvFailed, Likely),
            // The person was asked; what came of it could not be read.
            ("platform-silent", _) => (Code::PlatformSilent, Certain),
            // Another prompt is open, of another page or of the browser's own.
            ("OperationError", _) => (Code::TapAgain, Guess),
            _ => (Code::Unsupported, Guess),
        }
    };
    Error::new(code).with_confidence(confidence)
}

#[cfg(test)]
mod tests;
