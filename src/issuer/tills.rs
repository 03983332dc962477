//! Tills and the one-time codes that register their keys.

use super::account::KeyEntry;
use super::error::Refused;
use super::ledger::{Record, Records};
use super::messages::Message;
use super::moment::Moment;
use crate::code::Code;
use crate::wire::calls::TillEnrolled;
use crate::wire::id::{Audience, Thumbprint, to_base64};
use crate::wire::money::Currency;
use serde::{Deserialize, Serialize};

/// Life of a till code in seconds.
const LIFE: u32 = 7 * 24 * 3600;

/// One till of a merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Till {
    /// `t/…`
    pub till: Audience,
    /// `m/…`
    pub merchant: Audience,
    /// The merchant's registered name.
    pub name: String,
    /// Where the till stands.
    pub place: String,
    /// The one currency it takes.
    pub currency: Currency,
    /// Whether it may take no payments.
    pub blocked: bool,
}

impl Record for Till {}

impl Till {
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
    records.till_codes.put(code_key(moment.keys, code), TillCode { till: till.clone(), until });
    records.messages.push(Message::till_code(name, till.as_str(), code, moment.now()));
    Ok(())
}

/// Registers the calling key for the till behind a code, which is used up. After a lost answer, the key asks who it is.
///
/// # Errors
/// [`Code::CodeRefused`]; [`Code::AlreadyEnrolled`] for a key that is something else.
pub(super) fn enrol(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Audience,
    code: &str,
    caller: Thumbprint,
) -> Result<TillEnrolled, Refused> {
    let answer = records.tills.get(till).map(Till::to_answer).ok_or(Code::CodeRefused)?;
    let key = code_key(moment.keys, code);
    let fits = records.till_codes.get(&key).is_some_and(|held| held.until > moment.now() && held.till == *till);
    if !fits {
        return Err(Code::CodeRefused.into());
    }
    if records.keys.get(caller).is_some() {
        return Err(Code::AlreadyEnrolled.into());
    }
    records.till_codes.take(&key);
    records.keys.put(caller, KeyEntry::Till { till: till.clone() });
    Ok(answer)
}
