//! Login, contact code and ticket. Nothing here tells whether a login exists or a password was right.

use super::account::LoginEntry;
use super::buckets;
use super::error::Refused;
use super::ledger::{Kind, Needs, Record, Records};
use super::messages::{Event, Language, Message};
use super::moment::Moment;
use super::password::PasswordHash;
use super::settings::Attempts;
use super::typed::SENT_DIGITS;
use crate::code::Code;
use crate::rules::policy::Ceiling;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::id::{AccountId, Hash, Thumbprint, to_base64};
use crate::wire::money::Amount;
use serde::{Deserialize, Serialize};

/// Wrong contact codes before an attempt ends.
const MOST_TRIES: u32 = 3;
/// Life of a contact code and of a ticket, in seconds.
const LIFE: u32 = 600;
/// No contact code goes to a contact that was changed this recently, in seconds.
pub(super) const FRESH_CONTACT: u32 = 30 * 24 * 3600;
const CODE_PURPOSE: &str = "jitsuin/v1/contact-code";

/// The key of [`Records::flows`] under which the tries of all sources are counted.
pub(super) const IN_ALL: &str = "logins";

/// The keys under which a login's tries are counted.
pub(super) struct TryKeys {
    /// Of the login, known or not, from this source.
    pub(super) login: String,
    /// Of the login from all sources, in a day.
    pub(super) login_day: String,
    /// Of whoever calls from this source.
    pub(super) source: String,
    /// That the calling key once finished this login.
    pub(super) known: String,
    /// Of such a key from this source: a copy of it elsewhere fills another bucket.
    pub(super) own: String,
}

impl TryKeys {
    /// For a login by a key from a source.
    pub(super) fn new(login: &str, source: &str, thumb: Thumbprint) -> Self {
        let network = buckets::network(source);
        Self {
            login: format!("login/{login}/from/{network}"),
            login_day: format!("day/{login}"),
            source: format!("source/{network}"),
            known: buckets::known_key(login, thumb),
            own: format!("login/{login}/by/{thumb}/from/{network}"),
        }
    }

    /// The records it needs.
    pub(super) fn needs(&self) -> Needs {
        let keys = [&self.login, &self.login_day, &self.source, &self.known, &self.own];
        keys.into_iter().fold(Needs::new().and(Kind::Flows, IN_ALL), |needs, key| needs.and(Kind::Tries, key))
    }
}

/// Counts a login, right or wrong: a wait must not tell which. A device key that once finished it has a way of its own, so
/// that no stranger keeps it waiting.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn begin(moment: &Moment<'_>, records: &mut Records, keys: &TryKeys) -> Result<(), Refused> {
    let Attempts { per_login, per_login_day, per_source, in_all, window, .. } = moment.settings.attempts;
    let now = moment.now();
    if buckets::is_known(records, &keys.known, now) {
        return buckets::slow(records, &keys.own, per_login, now);
    }
    buckets::count(records, &keys.source, per_source, window, now)?;
    buckets::slow(records, &keys.login, per_login, now)?;
    buckets::count(records, &keys.login_day, per_login_day, DAY, now)?;
    let mut all = records.flows.get(IN_ALL).cloned().unwrap_or_default();
    let (hour, none) = (Amount::of(in_all), Amount::MAX);
    let ceiling = Ceiling { hour, day: none, new_payers_hour: u32::MAX, new_payers_day: u32::MAX };
    let one = Amount::of(1);
    if all.check(&ceiling, one, false, now).is_err() {
        let wait = Refused::wait(Code::TooManyAttempts, all.hour_ends(now));
        if all.tell(now) {
            records.flows.put(IN_ALL, all);
            records.messages.push(Message::tripped(moment.settings.operator.clone(), IN_ALL, now));
        }
        return Err(wait);
    }
    all.add(one, false, now);
    records.flows.put(IN_ALL, all);
    Ok(())
}

/// A login that waits for its contact code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginAttempt {
    /// The device key that started it.
    thumb: Thumbprint,
    /// The account, if login and password were right and a code was sent.
    account: Option<AccountId>,
    /// Keys of the login's tries, forgotten when the code is right.
    login_keys: Vec<String>,
    /// Where it is noted then that this key finished the login.
    known_key: String,
    /// Language of messages, once a device is registered by this login.
    #[serde(default)]
    language: Language,
    /// HMAC of the code.
    code: Hash,
    /// Wrong codes so far.
    tries: u32,
    /// End, seconds since 1970.
    until: u32,
}

impl Record for LoginAttempt {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// Who logs in, and whether the password was right.
pub(super) struct Visitor<'a> {
    /// The device key.
    pub(super) thumb: Thumbprint,
    /// The account behind login and password, if both are right.
    pub(super) account: Option<&'a AccountId>,
    /// Keys of the login's tries.
    pub(super) keys: &'a TryKeys,
    /// The language that the login asks for.
    pub(super) language: Language,
}

/// Opens an attempt under a name drawn before, and sends the contact code where there is somebody to send it to.
pub(super) fn send_code(moment: &Moment<'_>, records: &mut Records, attempt: &str, visitor: &Visitor<'_>) {
    let now = moment.now();
    let code = moment.chance.digits(SENT_DIGITS);
    let mut reached = None;
    let known = buckets::is_known(records, &visitor.keys.known, now).then_some(visitor.thumb);
    let codes_key = visitor.account.map(|account| buckets::codes_key(account, known));
    let row = visitor.account.map(|account| buckets::row_key(account, &visitor.keys.source)).unwrap_or_default();
    let owner = visitor.account.and_then(|id| records.accounts.get(id).cloned());
    let reachable =
        owner.filter(|account| account.contact_changed_at.is_none_or(|at| at.saturating_add(FRESH_CONTACT) <= now));
    if let (Some(account), Some(key)) = (&reachable, &codes_key)
        && let Some(is_last) = buckets::count_code(records, key, &row, now)
    {
        // Whoever knows the password alone changes no owner's language: a device does.
        let language = if account.had_device { account.language } else { visitor.language };
        let message = Message::in_language(language, account, now, &Event::ContactCode { code: &code, is_last });
        reached = Some(account.id.clone());
        records.messages.push(message);
    }
    let code = moment.keys.mac(CODE_PURPOSE, &[attempt.as_bytes(), code.as_bytes()]);
    let opened = LoginAttempt {
        thumb: visitor.thumb,
        account: reached,
        login_keys: [Some(&visitor.keys.login), Some(&visitor.keys.own), codes_key.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        known_key: visitor.keys.known.clone(),
        language: visitor.language,
        code,
        tries: 0,
        until: now.saturating_add(LIFE),
    };
    records.attempts.put(attempt, opened);
}

/// Puts a password's renewed hash in the place of the one that was checked, if that is still there.
pub(super) fn renew(records: &mut Records, login: &str, checked: &LoginEntry, renewed: &PasswordHash) {
    if records.logins.get(login).is_some_and(|held| held.password == checked.password) {
        records.logins.put(login, LoginEntry { password: renewed.clone(), ..checked.clone() });
    }
}

/// The right to enrol one key for one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TicketEntry {
    /// The key.
    pub(super) thumb: Thumbprint,
    /// The account.
    pub(super) account: AccountId,
    /// The language that the login asked for.
    #[serde(default)]
    pub(super) language: Language,
    /// End, seconds since 1970.
    pub(super) until: u32,
}

impl Record for TicketEntry {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// The name under which a ticket is kept: whoever reads the ledger can't use it.
pub(super) fn ticket_key(moment_keys: &super::keys::Keys, ticket: &str) -> String {
    to_base64(&moment_keys.mac("jitsuin/v1/ticket", &[ticket.as_bytes()]).0)
}

/// The live ticket of a calling key, with the name it is kept under. Whoever uses it takes it off.
///
/// # Errors
/// [`Code::TicketExpired`].
pub(super) fn live_ticket(
    moment: &Moment<'_>,
    records: &Records,
    ticket: &str,
    caller: Thumbprint,
) -> Result<(String, TicketEntry), Code> {
    let key = ticket_key(moment.keys, ticket);
    let live = |entry: &&TicketEntry| entry.thumb == caller && entry.until > moment.now();
    let entry = records.tickets.get(&key).filter(live).cloned().ok_or(Code::TicketExpired)?;
    Ok((key, entry))
}

/// Checks a contact code. A wrong one counts; the third ends the attempt. `ticket` is the new ticket, drawn before.
///
/// # Errors
/// [`Code::CodeRefused`], whatever was wrong.
pub(super) fn enter_code(
    moment: &Moment<'_>,
    records: &mut Records,
    attempt: &str,
    code: &str,
    thumb: Thumbprint,
    ticket: &str,
) -> Result<(), Refused> {
    let now = moment.now();
    let mut open = records
        .attempts
        .get(attempt)
        .filter(|open| open.until > now && open.thumb == thumb && open.tries < MOST_TRIES)
        .cloned()
        .ok_or(Code::CodeRefused)?;
    let right = moment.keys.mac_holds(CODE_PURPOSE, &[attempt.as_bytes(), code.as_bytes()], open.code.as_bytes());
    let Some(account) = open.account.clone().filter(|_| right) else {
        open.tries = open.tries.saturating_add(1);
        records.attempts.put(attempt, open);
        return Err(Code::CodeRefused.into());
    };
    records.attempts.take(attempt);
    for key in &open.login_keys {
        records.tries.take(key);
    }
    buckets::know(records, &open.known_key, now);
    let entry = TicketEntry { thumb, account, language: open.language, until: now.saturating_add(LIFE) };
    records.tickets.put(ticket_key(moment.keys, ticket), entry);
    Ok(())
}

impl LoginAttempt {
    /// The records that a right code changes beside it.
    pub(super) fn needs(&self) -> Needs {
        let keys = self.login_keys.iter().chain([&self.known_key]);
        keys.fold(Needs::new(), |needs, key| needs.and(Kind::Tries, key))
    }
}
