//! Login, contact code and ticket. Nothing here tells whether a login exists or a password was right.

use super::account::{LoginEntry, State};
use super::buckets::{self, Ceiling, Counts};
use super::error::Refused;
use super::ledger::{Kind, Needs, Record, Records};
use super::messages::{Event, Language, Message};
use super::moment::Moment;
use super::password::PasswordHash;
use super::settings::Attempts;
use super::typed::SENT_DIGITS;
use super::warnings;
use crate::code::Code;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::id::{AccountId, Hash, Thumbprint, to_base64};
use serde::{Deserialize, Serialize};

/// Wrong contact codes before an attempt ends.
const MOST_TRIES: u32 = 3;
/// Life of a contact code and of a ticket, in seconds.
const LIFE: u32 = 600;
/// No contact code goes to a contact that was changed this recently, in seconds.
pub(super) const FRESH_CONTACT: u32 = 30 * 24 * 3600;
const CODE_PURPOSE: &str = "jitsuin/v1/contact-code";

/// The keys under which a login's tries are counted.
pub(super) struct TryKeys {
    /// The login.
    name: String,
    /// Of the login, known or not, from this source.
    login: String,
    /// Of the login from all sources, in a day.
    login_day: String,
    /// That its owner was told of those.
    told: String,
    /// Of whoever calls from this source.
    pub(super) source: String,
    /// Of all sources, and of the wide network around it.
    ceiling: Ceiling,
    /// That the calling key once finished this login.
    known: String,
    /// Of such a key from this source: a copy of it elsewhere fills another bucket.
    own: String,
    /// Of such a key from all sources, in a day.
    own_day: String,
    /// The account and device that the calling key belongs to.
    registered: Option<(AccountId, Thumbprint)>,
}

impl TryKeys {
    /// For a login by a key from a source.
    pub(super) fn new(
        login: &str,
        source: &str,
        thumb: Thumbprint,
        registered: Option<(AccountId, Thumbprint)>,
    ) -> Self {
        let (network, thumb_text) = (buckets::network(source), thumb.to_string());
        Self {
            name: login.into(),
            login: buckets::key("login", &[login, &network]),
            login_day: buckets::key("day", &[login]),
            told: buckets::key("told", &[login]),
            source: buckets::key("source", &[&network]),
            ceiling: Ceiling::over("logins", source),
            known: buckets::known_key(login, thumb),
            own: buckets::key("own", &[login, &thumb_text, &network]),
            own_day: buckets::key("own-day", &[login, &thumb_text]),
            registered,
        }
    }

    /// The records that counting needs.
    pub(super) fn needs(&self) -> Needs {
        let keys = [&self.login, &self.login_day, &self.told, &self.source, &self.own, &self.own_day];
        let needs = self.known_needs().with(self.ceiling.needs());
        keys.into_iter().fold(needs.and(Kind::Warnings, &self.name), |needs, key| needs.and(Kind::Tries, key))
    }

    /// The records that tell whether the calling key is known.
    pub(super) fn known_needs(&self) -> Needs {
        let needs = Needs::new().and(Kind::Tries, &self.known);
        match &self.registered {
            Some((account, _)) => needs.and(Kind::Accounts, account),
            None => needs,
        }
    }

    /// Whether the calling key once finished this login. One whose device was signed off or replaced is nobody's any more.
    fn is_known(&self, records: &Records, now: u32) -> bool {
        let is_over = self.registered.as_ref().is_some_and(|(account, thumb)| {
            let device = records.accounts.get(account).and_then(|owner| owner.device(*thumb));
            device.is_none_or(|device| device.state == State::Revoked)
        });
        !is_over && buckets::is_known(records, &self.known, now)
    }

    /// What is forgotten when a login is finished.
    fn finished(&self) -> [&String; 4] {
        [&self.login, &self.login_day, &self.own, &self.own_day]
    }
}

/// Counts a login, right or wrong: a wait must not tell which. A device key that once finished it has tries of its own,
/// so that no stranger keeps it waiting; where these are used up, it is counted as anybody is, so that no copy of it does either.
///
/// # Errors
/// [`Code::TooManyAttempts`] with the seconds to wait.
pub(super) fn begin(moment: &Moment<'_>, records: &mut Records, keys: &TryKeys) -> Result<(), Refused> {
    if !keys.is_known(records, moment.now()) {
        return as_anybody(moment, records, keys);
    }
    let Err(own) = as_known(moment, records, keys) else { return Ok(()) };
    // Whichever ends first.
    as_anybody(moment, records, keys).map_err(|all| if own.retry_after < all.retry_after { own } else { all })
}

/// Counts a login among the calling key's own tries.
fn as_known(moment: &Moment<'_>, records: &mut Records, keys: &TryKeys) -> Result<(), Refused> {
    let Attempts { per_login, per_key_day, .. } = moment.settings.attempts;
    let mut counts = Counts::at(moment.now());
    counts.slow(records, &keys.own, per_login)?;
    counts.most(records, &keys.own_day, per_key_day, DAY)?;
    counts.add(records);
    Ok(())
}

/// Counts a login among everybody's tries.
fn as_anybody(moment: &Moment<'_>, records: &mut Records, keys: &TryKeys) -> Result<(), Refused> {
    let Attempts { per_login, per_login_day, per_source, window, .. } = moment.settings.attempts;
    let now = moment.now();
    let mut counts = Counts::at(now);
    counts.most(records, &keys.source, per_source, window)?;
    counts.slow(records, &keys.login, per_login)?;
    keys.ceiling.check(moment, records)?;
    keys.ceiling.add(records, now);
    counts.add(records);
    if buckets::note(records, &keys.login_day, per_login_day, DAY, now)
        && buckets::is_first(records, &keys.told, DAY, now)
    {
        warnings::leave(records, &keys.name, now);
    }
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
    let known = visitor.keys.is_known(records, now).then_some(visitor.thumb);
    let codes_keys = visitor.account.map(|account| buckets::codes_keys(account, known)).unwrap_or_default();
    let row = visitor.account.map(|account| buckets::row_key(account, &visitor.keys.source, known)).unwrap_or_default();
    let owner = visitor.account.and_then(|id| records.accounts.get(id).cloned());
    let reachable =
        owner.filter(|account| account.contact_changed_at.is_none_or(|at| at.saturating_add(FRESH_CONTACT) <= now));
    if let Some(account) = &reachable
        && let Some(is_last) = buckets::count_code(records, &codes_keys, &row, now)
    {
        // Whoever knows the password alone changes no owner's language: a device does.
        let language = if account.had_device { account.language } else { visitor.language };
        let event = Event::ContactCode { code: &code, stop_page: &moment.settings.stop_page, is_last };
        let message = Message::in_language(language, account, now, &event);
        reached = Some(account.id.clone());
        records.messages.push(message);
    }
    let code = moment.keys.mac(CODE_PURPOSE, &[attempt.as_bytes(), code.as_bytes()]);
    let opened = LoginAttempt {
        thumb: visitor.thumb,
        account: reached,
        login_keys: visitor.keys.finished().into_iter().chain(&codes_keys).cloned().collect(),
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
