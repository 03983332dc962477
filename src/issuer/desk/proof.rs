//! Who calls: the proof of possession behind every call (RFC 9449), its nonce, and its single use.

use super::{Request, is_urgent, needs_at};
use crate::code::Code;
use crate::issuer::account::KeyEntry;
use crate::issuer::error::Refused;
use crate::issuer::evidence::Evidence;
use crate::issuer::funding::Funding;
use crate::issuer::keyed::Keyed;
use crate::issuer::keys::Keys;
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::moment::{CLOCKS_APART, seconds};
use crate::issuer::used::Proof;
use crate::wire::dpop;
use crate::wire::id::{AccountId, Audience, Thumbprint, from_base64, to_base64};
use crate::wire::key::PublicKey;

/// Life of a nonce in seconds.
const LIFE: u32 = 300;
const PURPOSE: &str = "jitsuin/v1/dpop-nonce";

/// A nonce: the time and its MAC, so that nothing has to be remembered.
pub(super) fn nonce(keys: &Keys, now_ms: u64) -> String {
    let time = seconds(now_ms).to_be_bytes();
    to_base64(&[time.as_slice(), keys.mac(PURPOSE, &[&time]).as_bytes()].concat())
}

/// When a nonce ends, seconds since 1970; none, if it is not a live one of ours.
fn nonce_end(keys: &Keys, nonce: &str, now: u32) -> Option<u32> {
    let bytes = from_base64(nonce).ok()?;
    let (time, mac) = bytes.split_first_chunk::<4>()?;
    if !keys.mac_holds(PURPOSE, &[time], mac) {
        return None;
    }
    let made = u32::from_be_bytes(*time);
    let end = made.saturating_add(LIFE);
    (made <= now.saturating_add(CLOCKS_APART) && now < end).then_some(end)
}

/// Whoever proved a call.
pub(super) struct Caller {
    /// The key that signed the proof.
    pub(super) key: PublicKey,
    /// Its id.
    pub(super) thumb: Thumbprint,
    /// The account that the proof names.
    pub(super) named: Option<AccountId>,
    /// What the key is registered as.
    entry: Option<KeyEntry>,
    /// The proof.
    pub(super) proof: Proof,
    /// When the call arrived.
    pub(super) now_ms: u64,
    /// The call as it was proved.
    request: Request,
}

impl Caller {
    /// The proof with what it is over. Only for calls whose body has no secret in it.
    pub(super) fn evidence(&self) -> Evidence {
        let Request { path, body, proof, .. } = &self.request;
        Evidence::call(path, body, proof.as_deref().unwrap_or_default(), &self.key)
    }

    /// Of this call, no record yet.
    pub(super) fn needs(&self) -> Needs {
        needs_at(&self.request.path)
    }

    /// The same, of a call that names something: it is urgent only if that is there, for anybody may make up names.
    pub(super) fn needs_if(&self, is_there: bool) -> Needs {
        if is_there { self.needs() } else { Needs::new() }
    }

    /// The account of a registered device key, which the proof must name.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`] for a key that is none, [`Code::ProofRefused`] if the proof names another account.
    pub(super) fn device(&self) -> Result<&AccountId, Refused> {
        match &self.entry {
            Some(KeyEntry::Device { account }) => self.own(account),
            _ => Err(Code::NotEnrolled.into()),
        }
    }

    /// The account and device of a channel key.
    ///
    /// # Errors
    /// As [`Caller::device`].
    pub(super) fn channel(&self) -> Result<(&AccountId, Thumbprint), Refused> {
        match &self.entry {
            Some(KeyEntry::Channel { account, thumb }) => Ok((self.own(account)?, *thumb)),
            _ => Err(Code::NotEnrolled.into()),
        }
    }

    /// What the key belongs to as a device or channel key, whatever the proof names.
    pub(super) fn registered(&self) -> Option<(AccountId, Thumbprint)> {
        match &self.entry {
            Some(KeyEntry::Device { account }) => Some((account.clone(), self.thumb)),
            Some(KeyEntry::Channel { account, thumb }) => Some((account.clone(), *thumb)),
            _ => None,
        }
    }

    /// The account and device of a device or channel key.
    ///
    /// # Errors
    /// As [`Caller::device`].
    pub(super) fn device_or_channel(&self) -> Result<(&AccountId, Thumbprint), Refused> {
        match &self.entry {
            Some(KeyEntry::Device { account }) => Ok((self.own(account)?, self.thumb)),
            _ => self.channel(),
        }
    }

    /// The till of a till's key.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`] for a key that is none.
    pub(super) fn till(&self) -> Result<&Audience, Refused> {
        match &self.entry {
            Some(KeyEntry::Till { till }) => Ok(till),
            _ => Err(Code::NotEnrolled.into()),
        }
    }

    fn own<'a>(&self, account: &'a AccountId) -> Result<&'a AccountId, Refused> {
        if self.named.as_ref() == Some(account) { Ok(account) } else { Err(Code::ProofRefused.into()) }
    }
}

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    /// Checks the proof of a call. A registered key's is used up; another's by what the call changes.
    ///
    /// # Errors
    /// [`Code::ProofRefused`], [`Code::UseDpopNonce`], [`Code::ProofReplayed`].
    pub(super) async fn caller(&self, request: &Request, now_ms: u64) -> Result<Caller, Refused> {
        let url = format!("{}{}", self.settings.issuer, request.path);
        let proof = request.proof.as_deref().ok_or(Code::ProofRefused)?;
        let proof = dpop::verify(proof, &request.method, &url, &request.body).map_err(|_| Code::ProofRefused)?;
        let until = nonce_end(&self.keys, &proof.claims.nonce, seconds(now_ms)).ok_or(Code::UseDpopNonce)?;
        let thumb = proof.key.thumbprint();
        let once = Proof::new(thumb, proof.claims.jti, until.saturating_add(CLOCKS_APART));
        let needs = needs_at(&request.path).with(once.needs()).and(Kind::Keys, thumb);
        // Who makes up keys gets no lock by it that others would have to wait for before those who only pay.
        let is_known = !is_urgent(&request.path)
            || self
                .ledger
                .look(needs.clone(), |records| {
                    once.check(records)?;
                    Ok::<_, Refused>(records.keys.get(thumb).is_some())
                })
                .await??;
        let entry = if is_known {
            self.decide(now_ms, needs, |_, records| {
                once.check(records)?;
                let entry = records.keys.get(thumb).cloned();
                if entry.is_some() {
                    once.spend(records);
                }
                Ok(entry)
            })
            .await?
        } else {
            None
        };
        let once = if entry.is_some() { once.used() } else { once };
        let request = request.clone();
        Ok(Caller { key: proof.key, thumb, named: proof.claims.acc, entry, proof: once, now_ms, request })
    }
}
