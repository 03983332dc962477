//! The text of a call, written once for all its deliveries (protocol section 5, *Delivered twice*).

use super::Wallet;
use super::client::parse;
use super::error::{Confidence, Error};
use super::ports::{Clock, Entropy, Platform};
use crate::code::Code;
use crate::wire::calls::{Call, Effect, Named, body_of};
use crate::wire::id::{Bytes, CallId, Hash};
use crate::wire::json::{self, ToJson};
use crate::wire::sha256;
use core::cell::RefCell;
use core::time::Duration;

/// A call that was not answered keeps its name for so long: whoever asks for the same again is heard as before.
const PATIENCE: Duration = Duration::from_secs(120);
/// Under one name a call is sent no longer than this: what its answer names, such as a login or a challenge, ends by then.
const LONGEST: Duration = Duration::from_secs(300);
/// Calls without an answer at the most.
const MOST: usize = 16;

/// Reads an answer, and fails where it is none to the call.
pub(super) type Reader = fn(&[u8]) -> Result<(), Error>;

/// A call as it is sent, however often: where to, and the same bytes each time.
#[derive(Clone)]
pub(super) struct Body {
    path: &'static str,
    text: Vec<u8>,
    id: Option<CallId>,
    read: Option<Reader>,
}

impl Body {
    /// A call from where its parts are.
    fn of<C: Call>(parts: &dyn ToJson, name: C::Name) -> Self {
        let read = |answer: &[u8]| parse::<C::Reply>(answer).map(drop);
        Self { path: C::PATH, text: body_of::<C>(parts, name), id: name.call_id(), read: Some(read) }
    }

    /// A call that was written before and kept.
    pub(super) fn kept(path: &'static str, text: &Bytes) -> Self {
        Self { path, text: text.0.clone(), id: None, read: None }
    }

    /// Its path below the issuer's origin.
    pub(super) const fn path(&self) -> &'static str {
        self.path
    }

    /// Whether an answer can be read as one to this call: what some network puts in its place is none.
    pub(super) const fn reader(&self) -> Option<Reader> {
        self.read
    }

    /// Its text.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }
}

/// Calls that were not answered yet. Of what they say only the hash is held.
#[derive(Default)]
pub(super) struct Unanswered(RefCell<Vec<Open>>);

struct Open {
    said: Hash,
    id: CallId,
    first: Duration,
    since: Duration,
}

impl Unanswered {
    /// The name of the call that says this and was not answered; a new one for any other.
    fn name(&self, said: Hash, new: CallId, now: Duration) -> CallId {
        let mut calls = self.0.borrow_mut();
        calls.retain(|call| now < call.since.saturating_add(PATIENCE) && now < call.first.saturating_add(LONGEST));
        if let Some(call) = calls.iter().find(|call| call.said == said) {
            return call.id;
        }
        if calls.len() >= MOST {
            calls.remove(0);
        }
        calls.push(Open { said, id: new, first: now, since: now });
        new
    }

    fn answered(&self, id: CallId) {
        self.0.borrow_mut().retain(|call| call.id != id);
    }

    fn unanswered(&self, id: CallId, now: Duration) {
        self.0.borrow_mut().iter_mut().filter(|call| call.id == id).for_each(|call| call.since = now);
    }
}

impl<P: Platform> Wallet<P> {
    /// Writes a call from where its parts are. One that changes something gets a name of its own, or that of the same call
    /// before, if that was not answered.
    pub(super) fn body<C: Call>(&self, parts: &dyn ToJson) -> Result<Body, Error> {
        let mut random = self.platform.entropy().draw()?;
        if C::Name::EFFECT == Effect::ByCall {
            random = self.name_of::<C>(parts, CallId(random)).0;
        }
        Ok(Body::of::<C>(parts, C::Name::new(random)))
    }

    /// The name of the call that says this, if it was not answered; else this one, from now on.
    fn name_of<C: Call>(&self, parts: &dyn ToJson, new: CallId) -> CallId {
        let said = Hash(sha256(&[C::PATH.as_bytes(), &json::to_vec(parts)].concat()));
        self.room.unanswered.name(said, new, self.platform.clock().running())
    }

    /// Keeps the name of a call whose answer came and could not be checked, for want of something else from the issuer: whoever
    /// asks for the same again is heard as before.
    pub(super) fn ask_again<C: Call>(&self, parts: &dyn ToJson, id: Option<CallId>, why: &Error) {
        if let Some(id) = id.filter(|_| may_have_landed(why)) {
            self.name_of::<C>(parts, id);
        }
    }

    /// Notes whether a call was answered.
    pub(super) fn note_answer(&self, id: Option<CallId>, answer: &Result<Vec<u8>, Error>) {
        let Some(id) = id else { return };
        match answer {
            Err(error) if may_have_landed(error) => {
                self.room.unanswered.unanswered(id, self.platform.clock().running());
            }
            _ => self.room.unanswered.answered(id),
        }
    }
}

impl Body {
    /// What names it, if that is to be remembered until it is answered.
    pub(super) const fn id(&self) -> Option<CallId> {
        self.id
    }
}

/// Whether a call may have had its effect though this came of it: no answer, or none of the issuer's to this call.
pub(super) fn may_have_landed(error: &Error) -> bool {
    // A policy that the browser names may have stopped another call of the page, or this one alone and not the one before it.
    let unheard =
        matches!(error.code, Code::Offline | Code::IssuerUnreachable | Code::ForeignAnswer | Code::ConnectBlocked);
    // A browser that lets nobody read an answer may have sent the call.
    let unread = error.code == Code::WrongOrigin && error.confidence == Confidence::Likely;
    unheard || unread || matches!(error.code, Code::IssuerUnavailable | Code::IssuerBusy | Code::ProofReplayed)
}

#[cfg(test)]
mod tests;
