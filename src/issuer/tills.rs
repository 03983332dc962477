//! Tills and the one-time codes that register their keys.

use super::account::{Debit, KeyEntry};
use super::buckets;
use super::error::Refused;
use super::ledger::{Record, Records};
use super::messages::Message;
use super::moment::Moment;
use super::settings::Attempts;
use crate::code::Code;
use crate::rules::policy::{Breakers, Ceiling, Policy};
use crate::wire::calls::TillEnrolled;
use crate::wire::id::{Audience, PlaceId, Thumbprint, to_base64};
use crate::wire::money::Currency;
use crate::wire::text::Shown;
use serde::{Deserialize, Serialize};

/// Life of a till code in seconds.
const LIFE: u32 = 7 * 24 * 3600;
/// How often the operator is told of one till, in seconds.
const TOLD: u32 = 3600;

/// One till of a merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Till {
    /// `t/…`
    pub till: Audience,
    /// `m/…`
    pub merchant: Audience,
    /// The merchant's registered name.
    pub name: Shown,
    /// Where the till stands, if a place is registered.
    #[serde(default)]
    pub place: Option<Shown>,
    /// The issuer's id of that place. Two tills of one merchant are at different places only if both have one and they
    /// differ.
    #[serde(default)]
    pub place_id: Option<PlaceId>,
    /// The one currency it takes.
    pub currency: Currency,
    /// Whether it may take no payments.
    pub blocked: bool,
    /// When its merchant was registered, seconds since 1970; 0: long ago.
    #[serde(default)]
    pub merchant_since: u32,
    /// A ceiling of its own, instead of the policy's.
    #[serde(default)]
    pub ceiling: Option<Ceiling>,
    /// Keys that were registered for it.
    #[serde(default)]
    pub keys: Vec<TillKey>,
}

/// One key of a till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillKey {
    /// Its id.
    pub thumb: Thumbprint,
    /// When it was registered, seconds since 1970.
    pub added_at: u32,
    /// When it was revoked, seconds since 1970.
    pub revoked_at: Option<u32>,
}

impl Record for Till {}

impl Till {
    /// Live keys of one till: a spare device and a change of devices.
    const MOST_KEYS: usize = 4;

    /// Whether a calling key may act for it.
    #[must_use]
    pub fn takes(&self, key: Thumbprint) -> bool {
        !self.blocked && !self.is_revoked(key)
    }

    /// Whether a key was revoked.
    #[must_use]
    pub fn is_revoked(&self, key: Thumbprint) -> bool {
        self.keys.iter().any(|held| held.thumb == key && held.revoked_at.is_some())
    }

    /// The breaker's ceiling for this till, and for its merchant.
    #[must_use]
    pub fn ceilings(&self, policy: &Policy, now: u32) -> (Ceiling, Ceiling) {
        let Breakers { till, merchant, young, young_seconds, .. } = policy.breakers;
        let is_young = self.merchant_since > 0 && now < self.merchant_since.saturating_add(young_seconds);
        let (till, merchant) = if is_young { (young, young) } else { (till, merchant) };
        (self.ceiling.unwrap_or(till), merchant)
    }

    /// Whether a debit was made elsewhere: at another merchant, or at another registered place.
    #[must_use]
    pub fn is_elsewhere_than(&self, debit: &Debit) -> bool {
        let is_other_merchant = debit.merchant.as_ref().is_some_and(|merchant| *merchant != self.merchant);
        let is_other_place = matches!((&debit.place_id, &self.place_id), (Some(one), Some(other)) if one != other);
        is_other_merchant || is_other_place
    }

    /// What its till is told.
    #[must_use]
    pub fn to_answer(&self) -> TillEnrolled {
        TillEnrolled {
            till: self.till.clone(),
            merchant: self.merchant.clone(),
            name: self.name.clone(),
            place: self.place.clone(),
            currency: self.currency,
        }
    }
}

/// A one-time code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TillCode {
    /// The till it registers a key for.
    pub(super) till: Audience,
    until: u32,
    /// The number of the keys it is kept under: under later ones nobody finds it. Codes of before this was kept have 0.
    #[serde(default)]
    keys: u64,
}

impl TillCode {
    /// Whether a till may still wait for it.
    pub(super) const fn is_unused(&self, now: u32) -> bool {
        self.until > now
    }

    /// Whether a rotation ended it before these keys.
    pub(super) const fn is_dead(&self, keys: &super::keys::Keys) -> bool {
        self.keys != keys.number()
    }
}

impl Record for TillCode {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// The name under which a till code is kept.
pub(super) fn code_key(keys: &super::keys::Keys, code: &str) -> String {
    to_base64(&keys.mac("jitsuin/v1/till-code", &[code.as_bytes()]).0)
}

/// Counts a token of nobody that a till offers. Many are told to the operator, once an hour, and refuse nothing: what a
/// token consists of can't be guessed, and whoever shows such tokens at a counter must not close it for those who pay.
pub(super) fn count_guess(moment: &Moment<'_>, records: &mut Records, till: &Audience) {
    let Attempts { per_till, window, .. } = moment.settings.attempts;
    let (now, [tries, told]) = (moment.now(), buckets::guesses_keys(till));
    if buckets::note(records, &tries, per_till, window, now) && buckets::is_first(records, &told, TOLD, now) {
        records.messages.push(Message::guesses(moment.settings.operator.clone(), till.as_str(), now));
    }
}

/// Keeps a code, drawn before, and sends it to the merchant.
///
/// # Errors
/// [`Code::NotFound`] without such a till.
pub(super) fn send_code(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Audience,
    code: &str,
) -> Result<(), Refused> {
    let name = records.tills.get(till).ok_or(Code::NotFound)?.name.clone();
    let until = moment.now().saturating_add(LIFE);
    records
        .till_codes
        .put(code_key(moment.keys, code), TillCode { till: till.clone(), until, keys: moment.keys.number() });
    records.messages.push(Message::till_code(name.to_string(), till.as_str(), code, moment.now()));
    Ok(())
}

/// Puts a new code, drawn before, in the place of one that a rotation ended, and sends it. Whether it did: not if somebody
/// else was first.
///
/// # Errors
/// [`Code::NotFound`] without such a till.
pub(super) fn renew_code(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Audience,
    dead: &str,
    code: &str,
) -> Result<bool, Refused> {
    if records.till_codes.take(dead).is_none() {
        return Ok(false);
    }
    send_code(moment, records, till, code).map(|()| true)
}

/// Registers the calling key for the till behind a code, which is used up. After a lost answer, the key asks who it is.
///
/// # Errors
/// [`Code::CodeRefused`]; [`Code::AlreadyEnrolled`] for a key that is something else; [`Code::TillBlocked`] for a
/// till that is blocked or has four live keys.
pub(super) fn enrol(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Audience,
    code: &str,
    caller: Thumbprint,
) -> Result<TillEnrolled, Refused> {
    let mut held = records.tills.get(till).cloned().ok_or(Code::CodeRefused)?;
    let key = code_key(moment.keys, code);
    let fits = records.till_codes.get(&key).is_some_and(|held| held.is_unused(moment.now()) && held.till == *till);
    if !fits {
        return Err(Code::CodeRefused.into());
    }
    if records.keys.get(caller).is_some() {
        return Err(Code::AlreadyEnrolled.into());
    }
    if held.blocked || held.keys.iter().filter(|key| key.revoked_at.is_none()).count() >= Till::MOST_KEYS {
        return Err(Code::TillBlocked.into());
    }
    records.till_codes.take(&key);
    records.keys.put(caller, KeyEntry::Till { till: till.clone() });
    held.keys.push(TillKey { thumb: caller, added_at: moment.now(), revoked_at: None });
    let answer = held.to_answer();
    records.tills.put(till, held);
    Ok(answer)
}

/// Revokes a key of a till: it takes no payment from now on, and looks none up.
///
/// # Errors
/// [`Code::NotFound`] for a till or key that is none.
pub(super) fn revoke_key(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Audience,
    key: Thumbprint,
) -> Result<(), Refused> {
    let mut held = records.tills.get(till).cloned().ok_or(Code::NotFound)?;
    let live = held.keys.iter_mut().find(|held| held.thumb == key).ok_or(Code::NotFound)?;
    live.revoked_at = live.revoked_at.or(Some(moment.now()));
    records.tills.put(till, held);
    Ok(())
}

/// Blocks or releases a till, or gives it a ceiling of its own.
///
/// # Errors
/// [`Code::NotFound`].
pub(super) fn restrict(
    records: &mut Records,
    till: &Audience,
    blocked: bool,
    ceiling: Option<Ceiling>,
) -> Result<(), Refused> {
    let mut held = records.tills.get(till).cloned().ok_or(Code::NotFound)?;
    held.blocked = blocked;
    held.ceiling = ceiling;
    records.tills.put(till, held);
    Ok(())
}
