//! The issuer's signing keys, one for each use, and the secret behind its nonces and codes. A rotation replaces all of them
//! but the root.

use super::entropy::Chance;
use super::ledger::Record;
use crate::code::Code;
use crate::wire::Statement;
use crate::wire::id::{Bytes, Hash, IssuerId, RpId};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::key_set::{IssuerKey, KeySet, MOST_KEYS, SignedKeySet, Use};
use crate::wire::list::List;
use crate::wire::number::Whole;
use crate::wire::sign1;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// How long a key holds, in seconds: five years.
const LIFE: u32 = 5 * 365 * 24 * 3600;
/// Receipt keys of earlier sets that still stand in a set: what is left of [`MOST_KEYS`].
const KEPT: usize = MOST_KEYS - Use::ALL.len();
/// A day before it was made, for wallets whose clock is behind.
const SLACK: u32 = 24 * 3600;

/// A secret as a ledger keeps it. A production issuer keeps these in a key service instead.
#[derive(Clone, Serialize, Deserialize)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The keys as a ledger keeps them.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredKeys {
    root: Secret,
    uses: Vec<(Use, Secret)>,
    mac: Secret,
    set: SignedKeySet,
    /// The sets before, oldest first.
    #[serde(default)]
    past: Vec<SignedKeySet>,
    /// Whose the passkeys are, once a server has said so.
    #[serde(default)]
    rp_id: Option<RpId>,
}

impl Record for StoredKeys {}

impl StoredKeys {
    /// Whose they say they are.
    pub(super) fn issuer(&self) -> Option<IssuerId> {
        Some(sign1::claimed::<KeySet>(&self.set.by_root.0).ok()?.issuer)
    }

    pub(super) const fn rp_id(&self) -> Option<&RpId> {
        self.rp_id.as_ref()
    }

    pub(super) fn set_rp_id(&mut self, rp_id: RpId) {
        self.rp_id = Some(rp_id);
    }
}

/// One key and its public half.
struct Pair {
    secret: SigningKey,
    public: PublicKey,
}

impl Pair {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let secret = SigningKey::from_slice(bytes).ok()?;
        let public = PublicKey::from_sec1(secret.verifying_key().to_sec1_point(false).as_bytes()).ok()?;
        Some(Self { secret, public })
    }

    fn sign<S: Statement>(&self, statement: &S) -> Vec<u8> {
        let unsigned = sign1::prepare(statement, &self.public);
        let signature: p256::ecdsa::Signature = self.secret.sign(unsigned.message());
        let bytes: [u8; 64] = signature.normalize_s().to_bytes().into();
        unsigned.finish(&Signature::from_wire(bytes))
    }
}

/// The keys in use. Wiped when dropped; without `Debug`, `Clone` or any way out.
pub struct Keys {
    allowance: Pair,
    receipt: Pair,
    time: Pair,
    quote: Pair,
    /// An HMAC key of one whole block: shorter ones are filled up with zeros anyway (RFC 2104 section 2).
    mac: Zeroizing<[u8; 64]>,
    set: SignedKeySet,
    past: Vec<SignedKeySet>,
    published: KeySet,
}

impl Keys {
    /// Makes keys and their first key set.
    pub(super) fn make(chance: &Chance<'_>, issuer: &IssuerId, now: u32) -> Result<StoredKeys, Code> {
        let (root, root_pair) = draw(chance)?;
        let (uses, keys) = one_for_each_use(chance, now)?;
        let set = KeySet { issuer: issuer.clone(), seq: Whole::from(1), keys: one_set(keys)?, prev: Hash::ZERO };
        let set = SignedKeySet { root: root_pair.public, by_root: Bytes(root_pair.sign(&set)), by_previous: None };
        Ok(StoredKeys { root, uses, mac: secret(&chance.next::<32>()), set, past: Vec::new(), rp_id: None })
    }

    /// The next keys and their set, signed by the root and by the time key of the set before. Every secret is a new one but
    /// the root. The receipt keys before end now and stay in the set, so that old receipts can be checked; other keys
    /// leave it, so that nobody who stole them can date what they sign back.
    pub(super) fn next(
        stored: &StoredKeys,
        chance: &Chance<'_>,
        issuer: &IssuerId,
        now: u32,
    ) -> Result<StoredKeys, Code> {
        let before = Self::open(stored, issuer)?;
        let root = bytes(&stored.root).and_then(|bytes| Pair::from_bytes(&bytes)).ok_or(Code::IssuerUnavailable)?;
        let (uses, mut keys) = one_for_each_use(chance, now)?;
        // What was signed in this second still holds.
        let end = now.saturating_add(1);
        let old = before.published.keys.iter().filter(|key| key.usage == Use::Receipt);
        keys.extend(old.take(KEPT).map(|key| IssuerKey { not_after: key.not_after.min(end), ..key.clone() }));
        let seq = Whole::saturating(before.published.seq.get().saturating_add(1));
        let set = KeySet { issuer: issuer.clone(), seq, keys: one_set(keys)?, prev: before.published.link() };
        let signed = SignedKeySet {
            root: root.public,
            by_root: Bytes(root.sign(&set)),
            by_previous: Some(Bytes(before.time.sign(&set))),
        };
        let past = stored.past.iter().chain([&stored.set]).cloned().collect();
        Ok(StoredKeys {
            root: stored.root.clone(),
            uses,
            mac: secret(&chance.next::<32>()),
            set: signed,
            past,
            rp_id: stored.rp_id.clone(),
        })
    }

    /// Opens stored keys for this issuer.
    pub(super) fn open(stored: &StoredKeys, issuer: &IssuerId) -> Result<Self, Code> {
        let set = stored.set.open(&stored.set.root, issuer).map_err(|_| Code::IssuerUnavailable)?;
        let pair = |usage: Use| {
            let (_, held) = stored.uses.iter().find(|(held, _)| *held == usage)?;
            let pair = Pair::from_bytes(&bytes(held)?)?;
            set.keys.iter().any(|key| key.usage == usage && key.key == pair.public).then_some(pair)
        };
        let pair = |usage| pair(usage).ok_or(Code::IssuerUnavailable);
        let (allowance, receipt) = (pair(Use::Allowance)?, pair(Use::Receipt)?);
        let (time, quote) = (pair(Use::Time)?, pair(Use::Quote)?);
        Ok(Self {
            allowance,
            receipt,
            time,
            quote,
            mac: block(&bytes(&stored.mac).ok_or(Code::IssuerUnavailable)?).ok_or(Code::IssuerUnavailable)?,
            set: stored.set.clone(),
            past: stored.past.clone(),
            published: *set,
        })
    }

    /// Signs a statement with the key for one use.
    pub(super) fn sign<S: Statement>(&self, usage: Use, statement: &S) -> Vec<u8> {
        match usage {
            Use::Allowance => &self.allowance,
            Use::Receipt => &self.receipt,
            Use::Time => &self.time,
            Use::Quote => &self.quote,
        }
        .sign(statement)
    }

    /// The signed key set.
    #[must_use]
    pub const fn set(&self) -> &SignedKeySet {
        &self.set
    }

    /// The sets before, oldest first.
    #[must_use]
    pub fn past(&self) -> &[SignedKeySet] {
        &self.past
    }

    /// What stands in it.
    #[must_use]
    pub const fn published(&self) -> &KeySet {
        &self.published
    }

    /// The number of the set: 1, and one more with each rotation.
    pub(super) const fn number(&self) -> u64 {
        self.published.seq.get()
    }

    /// The name under which a ledger keeps the keys of the set of this number. There is one such record at a time, so that
    /// its name alone says whether keys are the newest.
    pub(super) fn row(number: u64) -> String {
        if number == 1 { "current".into() } else { number.to_string() }
    }

    fn keyed(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*self.mac).into());
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    /// HMAC-SHA-256 under a purpose.
    pub(super) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hash {
        Hash(self.keyed(purpose, parts).finalize().into_bytes().into())
    }

    /// The first 8 bytes of [`Keys::mac`].
    pub(super) fn short_mac(&self, purpose: &str, parts: &[Vec<u8>]) -> [u8; 8] {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let Hash(mac) = self.mac(purpose, &parts);
        mac.first_chunk().copied().unwrap_or_default()
    }

    /// Compares in constant time.
    pub(super) fn short_mac_holds(&self, purpose: &str, parts: &[Vec<u8>], tag: &[u8]) -> bool {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        tag.len() == 8 && self.keyed(purpose, &parts).verify_truncated_left(tag).is_ok()
    }

    /// Compares in constant time.
    pub(super) fn mac_holds(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.keyed(purpose, parts).verify_slice(tag).is_ok()
    }
}

fn one_set(keys: Vec<IssuerKey>) -> Result<List<IssuerKey, MOST_KEYS>, Code> {
    keys.try_into().map_err(|_| Code::IssuerUnavailable)
}

/// A key. All but one in 2^32 draws is one.
fn draw(chance: &Chance<'_>) -> Result<(Secret, Pair), Code> {
    (0..8)
        .map(|_| Zeroizing::new(chance.next::<32>()))
        .find_map(|bytes| Pair::from_bytes(bytes.as_slice()).map(|pair| (secret(bytes.as_slice()), pair)))
        .ok_or(Code::NoEntropy)
}

type OfEachUse = (Vec<(Use, Secret)>, Vec<IssuerKey>);

fn one_for_each_use(chance: &Chance<'_>, now: u32) -> Result<OfEachUse, Code> {
    let (mut uses, mut keys) = (Vec::new(), Vec::new());
    for usage in Use::ALL {
        let (stored, pair) = draw(chance)?;
        uses.push((usage, stored));
        keys.push(IssuerKey {
            kid: pair.public.kid(),
            key: pair.public,
            usage,
            not_before: now.saturating_sub(SLACK),
            not_after: now.saturating_add(LIFE),
        });
    }
    Ok((uses, keys))
}

fn block(secret: &[u8]) -> Option<Zeroizing<[u8; 64]>> {
    let mut block = Zeroizing::new([0; 64]);
    block.get_mut(..secret.len()).filter(|_| !secret.is_empty())?.copy_from_slice(secret);
    Some(block)
}

fn secret(bytes: &[u8]) -> Secret {
    Secret(crate::wire::id::to_base64(bytes))
}

fn bytes(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    crate::wire::id::from_base64(&secret.0).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests;
