//! What names a call, so that the issuer knows a second delivery of it (protocol section 5, *Delivered twice*).

use super::Call;
use crate::wire::Refusal;
use crate::wire::id::CallId;
use crate::wire::json::{self, BadJson, ToJson};

/// The member that carries a [`CallId`].
const MEMBER: &str = "call";

/// What a second delivery of a call would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing more than the first: the call is answered anew.
    Reads,
    /// The idempotency key in its body names it.
    ByKey,
    /// The member `call` of its body names it.
    ByCall,
}

/// What names a call: one of [`Reading`], [`ByKey`] and [`ByCall`].
pub trait Named: Copy + Sized {
    /// Which.
    const EFFECT: Effect;
    /// The name that these random bytes make.
    fn new(random: [u8; CallId::LENGTH]) -> Self;
    /// What stands in the member `call`.
    fn call_id(&self) -> Option<CallId>;
    /// The name that such a member makes.
    ///
    /// # Errors
    /// [`BadJson`] if it must be there and is not, or the other way round.
    #[doc(hidden)]
    fn of(member: Option<CallId>) -> Result<Self, BadJson>;
}

/// Of a call that changes nothing, or no more by two deliveries than by one.
#[derive(Clone, Copy, Debug)]
pub struct Reading;

/// Of a till's call whose body has an idempotency key of its own.
#[derive(Clone, Copy, Debug)]
pub struct ByKey;

/// Of a call that changes something.
#[derive(Clone, Copy, Debug)]
pub struct ByCall(pub CallId);

macro_rules! without_member {
    ($($name:ident $effect:ident;)*) => {$(
        impl Named for $name {
            const EFFECT: Effect = Effect::$effect;

            fn new(_: [u8; CallId::LENGTH]) -> Self {
                Self
            }

            fn call_id(&self) -> Option<CallId> {
                None
            }

            fn of(member: Option<CallId>) -> Result<Self, BadJson> {
                if member.is_some() { Err(BadJson) } else { Ok(Self) }
            }
        }
    )*};
}
without_member! { Reading Reads; ByKey ByKey; }

impl Named for ByCall {
    const EFFECT: Effect = Effect::ByCall;

    fn new(random: [u8; CallId::LENGTH]) -> Self {
        Self(CallId(random))
    }

    fn call_id(&self) -> Option<CallId> {
        Some(self.0)
    }

    fn of(member: Option<CallId>) -> Result<Self, BadJson> {
        member.map(Self).ok_or(BadJson)
    }
}

/// The JSON text of a call. The same call and name give the same text, as every further delivery must have it.
#[must_use]
pub fn body<C: Call>(call: &C, name: C::Name) -> Vec<u8> {
    body_of::<C>(call, name)
}

/// The same from where a call's parts are.
pub(crate) fn body_of<C: Call>(parts: &dyn ToJson, name: C::Name) -> Vec<u8> {
    json::to_vec_with(parts, name.call_id().as_ref().map(|id| (MEMBER, id as &dyn ToJson)))
}

/// Reads the text of a call and what names it.
///
/// # Errors
/// [`Refusal::BadJson`] for another shape; for a call that changes something and has no member `call`; for any other that
/// has one.
pub fn read_body<C: Call>(text: &[u8]) -> Result<(C, C::Name), Refusal> {
    read(text).map_err(|BadJson| Refusal::BadJson)
}

fn read<C: Call>(text: &[u8]) -> Result<(C, C::Name), BadJson> {
    let mut json = json::parse(text)?;
    let member = json.take_member(MEMBER)?.map(|id| id.to()).transpose()?;
    Ok((json.to()?, C::Name::of(member)?))
}

#[cfg(test)]
mod tests;
