//! The issuer's keys, one per use, and how one set follows another.

use super::cbor::{Reader, Writer};
use super::field::map_struct;
use super::id::{Bytes, Handle, Hash, IssuerId};
use super::key::PublicKey;
use super::list::List;
use super::number::Whole;
use super::sign1::{self, Form, Statement, Verified, encode};
use super::{Field, Refusal, tagged_hash};
use crate::wire::json::{self, json_object, json_words};

/// The most keys in one set.
pub const MOST_KEYS: usize = 16;

json_words! {
    /// What an issuer key may sign.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Use {
        /// Allowances.
        Allowance "allowance",
        /// Receipts, heads and states.
        Receipt "receipt",
        /// Time statements and the next key set.
        Time "time",
        /// Quotes.
        Quote "quote",
    }
}

impl Field for Use {
    fn write(&self, to: &mut Writer) {
        to.text(self.name());
    }

    fn blank() -> Self {
        json::FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::from_name(from.text()?).ok_or(Refusal::BadText)?;
        Ok(())
    }
}

map_struct! {
    /// One key of a set.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IssuerKey {
        /// Its `kid`.
        1 => kid: Handle,
        /// The key.
        2 => key: PublicKey,
        /// The one thing it may sign.
        3 => usage: Use,
        /// Seconds since 1970.
        4 => not_before: u32,
        /// Seconds since 1970.
        5 => not_after: u32,
    }
}

map_struct! {
    /// Signed by the issuer's root and, from the second set on, by the time key of the set before.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KeySet {
        /// The issuer.
        1 => issuer: IssuerId,
        /// 1, 2, 3, …
        2 => seq: Whole,
        /// The keys.
        3 => keys: List<IssuerKey, MOST_KEYS>,
        /// [`KeySet::link`] of the set before; zero for the first.
        4 => prev: Hash,
    }
}

impl IssuerKey {
    /// Whether the key may sign at `time` (seconds since 1970).
    #[must_use]
    pub const fn is_valid(&self, time: u32) -> bool {
        self.not_before <= time && time < self.not_after
    }
}

impl Statement for KeySet {
    const TYPE: &'static str = "application/vnd.jitsuin.keyset.v1+cose";
}

/// A key set as it travels: the same statement under two signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedKeySet {
    /// The root's public key. Its thumbprint is what a page pins.
    pub root: PublicKey,
    /// Signed by the root.
    pub by_root: Bytes,
    /// Signed by the time key of the set before.
    pub by_previous: Option<Bytes>,
}
json_object! { strict SignedKeySet { root, by_root, by_previous = "by_previous?" } }

impl KeySet {
    /// What the next set's `prev` must be.
    #[must_use]
    pub fn link(&self) -> Hash {
        Hash(tagged_hash("jitsuin/v1/keyset", &[&encode(self)]))
    }

    /// The keys for one use that are valid at `now` (seconds since 1970).
    pub fn keys_for(&self, usage: Use, now: u32) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter().filter(move |key| key.usage == usage && key.is_valid(now)).map(|key| &key.key)
    }

    /// Opens a statement under the key of this set that has the right use and the statement's `kid`.
    ///
    /// # Errors
    /// [`Refusal::WrongKey`] if there is no such key at `now`, or what [`sign1::open`] refuses.
    pub fn open<S: Statement>(&self, bytes: &[u8], usage: Use, now: u32) -> Result<Verified<S>, Refusal> {
        let key = self.key_of(Form::of::<S>(), bytes, usage)?;
        if key.is_valid(now) { sign1::open(bytes, &key.key) } else { Err(Refusal::WrongKey) }
    }

    /// The same whenever the key is valid. It comes with the statement, so that a caller tells a clock that differs from a
    /// signature that does not hold.
    ///
    /// # Errors
    /// [`Refusal::WrongKey`] if the set has no such key, or what [`sign1::open`] refuses.
    pub fn open_undated<S: Statement>(&self, bytes: &[u8], usage: Use) -> Result<(Verified<S>, &IssuerKey), Refusal> {
        let key = self.key_of(Form::of::<S>(), bytes, usage)?;
        Ok((sign1::open(bytes, &key.key)?, key))
    }

    fn key_of(&self, form: Form, bytes: &[u8], usage: Use) -> Result<&IssuerKey, Refusal> {
        let kid = sign1::kid_as(form, bytes)?;
        self.keys.iter().find(|key| key.usage == usage && key.key.kid() == kid).ok_or(Refusal::WrongKey)
    }

    /// Whether every key stands under its own `kid`.
    fn is_sound(&self) -> bool {
        self.keys.iter().all(|key| key.kid == key.key.kid())
    }
}

impl SignedKeySet {
    /// The set under a root that the caller trusts.
    ///
    /// # Errors
    /// [`Refusal::WrongKey`] for another root or issuer, or what [`sign1::open`] refuses.
    pub fn open(&self, root: &PublicKey, issuer: &IssuerId) -> Result<Box<KeySet>, Refusal> {
        let set = sign1::open::<KeySet>(&self.by_root.0, root)?.into_inner();
        if set.issuer == *issuer && set.is_sound() { Ok(set) } else { Err(Refusal::WrongKey) }
    }

    /// The set that follows a pinned one: the same again, or the next, signed by root and by the set before. No clock is
    /// asked, since it is the new set that lets a wallet learn the time.
    ///
    /// # Errors
    /// [`Refusal::WrongKey`] for a set that does not follow, or what [`sign1::open`] refuses.
    pub fn follow(&self, root: &PublicKey, pinned: &KeySet) -> Result<Box<KeySet>, Refusal> {
        let set = self.open(root, &pinned.issuer)?;
        let link = set.link();
        if link == pinned.link() {
            return Ok(set);
        }
        let by_previous = self.by_previous.as_ref().ok_or(Refusal::WrongKey)?;
        let (again, _) = pinned.open_undated::<KeySet>(&by_previous.0, Use::Time)?;
        let follows = set.seq.get() == pinned.seq.get().saturating_add(1) && set.prev == pinned.link();
        if follows && again.link() == link { Ok(set) } else { Err(Refusal::WrongKey) }
    }
}

#[cfg(test)]
mod tests;
