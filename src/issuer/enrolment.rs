//! Registers a first device: device key, channel key and passkey, bound to one account by the device key's statement
//! and confirmed by the passkey (protocol section 6, "Enrol, first device").

use super::account::{Account, Credential};
use super::allowance::{self, Fresh};
use super::attestation::Claim;
use super::error::Refused;
use super::evidence::{Creation, Evidence as Signed, Passkey};
use super::ledger::{Record, Records};
use super::login::live_ticket;
use super::messages::{Event, Language, Message, Named};
use super::moment::{CLOCKS_APART, Moment};
use super::registration::{self, Meters, NewKey};
use super::replay::Window;
use super::tier::Evidence;
use super::webauthn::{self, Registered};
use crate::code::Code;
use crate::wire::calls::{ConfirmEnrolment, Enrolled, EnrolmentPrepared};
use crate::wire::enrolment::{self, Enrolment};
use crate::wire::id::{AccountId, Hash, Nonce, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::text::{Label, Shown};
use crate::wire::{Verified, sha256};
use serde::{Deserialize, Serialize};

/// Life of an enrolment in seconds.
const LIFE: u32 = 600;

/// An enrolment that waits for passkey and statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenEnrolment {
    /// The account.
    pub(super) account: AccountId,
    /// The key that will read and freeze.
    channel_key: PublicKey,
    /// What the device is to be called.
    label: Shown,
    /// Language of messages from then on.
    #[serde(default)]
    language: Language,
    /// In challenge and statement.
    nonce: Nonce,
    /// Number of the issuer's key set then: a rotation ends the enrolment, which a stolen secret may have opened.
    #[serde(default)]
    key_set: u64,
    /// End, seconds since 1970.
    until: u32,
}

impl Record for OpenEnrolment {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

impl OpenEnrolment {
    fn is_live(&self, moment: &Moment<'_>) -> bool {
        self.until > moment.now() && self.key_set == moment.keys.number()
    }
}

/// Uses the ticket up and opens an enrolment for the calling key.
///
/// # Errors
/// [`Code::TicketExpired`], [`Code::Frozen`], [`Code::NotFirstDevice`], [`Code::BadArgument`] if one key is to be both.
pub(super) fn prepare(
    moment: &Moment<'_>,
    records: &mut Records,
    ticket: &str,
    thumb: Thumbprint,
    channel_key: PublicKey,
    label: Label,
) -> Result<EnrolmentPrepared, Refused> {
    let now = moment.now();
    let (key, entry) = live_ticket(moment, records, ticket, thumb)?;
    let account = records.accounts.get(&entry.account).ok_or(Code::TicketExpired)?;
    check_first(account)?;
    if channel_key.thumbprint() == thumb {
        return Err(Code::BadArgument.into());
    }
    // What was refused above used nothing up, so that the same ticket may lead to a recovery.
    records.tickets.take(&key);
    // Two tabs of one wallet share its keys: the second gets the first one's enrolment, so that whichever is confirmed
    // first is good for both.
    let of_same_wallet = |open: &&OpenEnrolment| {
        open.account == entry.account && open.channel_key == channel_key && open.is_live(moment)
    };
    let nonce = records.enrolments.get(thumb).filter(of_same_wallet).map(|open| open.nonce);
    let open = OpenEnrolment {
        nonce: nonce.unwrap_or_else(|| Nonce(moment.chance.next())),
        account: entry.account,
        channel_key,
        label: label.into(),
        language: entry.language,
        key_set: moment.keys.number(),
        until: now.saturating_add(LIFE),
    };
    let prepared = EnrolmentPrepared {
        account: account.id.clone(),
        account_label: account.label.clone(),
        user_handle: account.user_handle.clone(),
        nonce: open.nonce,
        expires_at: open.until,
        exclude: Some(account.devices.iter().map(|device| device.credential.id.clone()).collect()),
        credentials: None,
    };
    records.enrolments.put(thumb, open);
    Ok(prepared)
}

/// What a device is to be called.
///
/// # Errors
/// [`Code::BadLabel`] for what can't be a [`Label`].
pub(super) fn device_label(text: &str) -> Result<Label, Code> {
    text.parse().map_err(|_| Code::BadLabel)
}

fn check_first(account: &Account) -> Result<(), Code> {
    if account.frozen_at.is_some() {
        return Err(Code::Frozen);
    }
    if account.had_device { Err(Code::NotFirstDevice) } else { Ok(()) }
}

/// Registers the calling key. The same call again, after a lost answer, gives the same answer.
///
/// # Errors
/// [`Code::TicketExpired`] without an open enrolment; [`Code::NotFirstDevice`]; [`Code::Frozen`]; what `webauthn.rs`
/// refuses; [`Code::CredentialTaken`]; [`Code::IntentMismatch`] for a statement that says anything else;
/// [`Code::AlreadyEnrolled`] for a key that is registered.
pub(super) fn confirm(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    fresh: Fresh,
    call: &ConfirmEnrolment,
) -> Result<Enrolled, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::TicketExpired)?;
    let statement_hash = Hash(sha256(&call.statement.0));
    if let Some(answer) = registration::answered(&owner, thumb, statement_hash) {
        return Ok(answer);
    }
    let open = records
        .enrolments
        .get(thumb)
        .filter(|open| open.is_live(moment) && open.account == *account)
        .cloned()
        .ok_or(Code::TicketExpired)?;
    check_first(&owner)?;
    let label = open.label.clone();
    let settings = moment.settings;
    let channel_thumb = open.channel_key.thumbprint();
    let challenge =
        enrolment::creation_challenge(&settings.issuer, &settings.rp_id, account, thumb, channel_thumb, open.nonce);
    let registered = webauthn::check_registration(settings, &challenge, &call.registration)?;
    if records.credentials.get(&registered.credential.id).is_some() {
        return Err(Code::CredentialTaken.into());
    }
    registration::check_unknown(records, thumb, channel_thumb)?;
    let statement = enrolment::open_self_signed(&call.statement.0)?;
    if !says(moment, &statement, thumb, &open, &registered) {
        return Err(Code::IntentMismatch.into());
    }
    let challenge = enrolment::confirmation_challenge(&call.statement.0);
    let asserted =
        webauthn::check_assertion(settings, &challenge, &call.assertion, &registered.credential, &owner.user_handle)?;

    let mut credential = Credential {
        id: registered.credential.id.clone(),
        key: registered.credential.key,
        counter: registered.counter,
        counter_regressions: 0,
        backup_eligible: registered.backup_eligible,
        backed_up: registered.backed_up,
        backup_flips: 0,
    };
    credential.note(asserted);
    let signed = Signed::Enrolment {
        statement: call.statement.clone(),
        registration: Creation::new(&call.registration),
        confirmation: Passkey::new(&credential, &call.assertion),
    };
    let cooled_at = match owner.opened_with_wallet {
        // By the clock of whichever server is asked next.
        true => now.saturating_sub(CLOCKS_APART),
        false => now.saturating_add(settings.policy.cool_off_seconds),
    };
    let claim = Claim { thumb, nonce: open.nonce };
    let attested = call.attestation.as_ref().is_some_and(|bytes| settings.attestation.attests(claim, &bytes.0));
    allowance::index(records, fresh.handle, account, thumb)?;
    records.enrolments.take(thumb);
    let new = NewKey {
        key: statement.device_key,
        channel_key: open.channel_key,
        label: label.clone(),
        custody: statement.custody,
        credential,
        enrolment: statement_hash,
        place: None,
        cooled_at,
        evidence: Evidence { attested, since: Some(now), suspected_at: None },
        meters: Meters::default(),
        window: Window::default(),
        last_debit: None,
        signed,
    };
    owner.language = open.language;
    let answer = registration::register(moment, records, &mut owner, fresh, new);
    records.messages.push(Message::alarm(moment, &owner, &Event::DeviceAdded(Named(&label))));
    records.accounts.put(account, owner);
    Ok(answer)
}

/// Whether the statement says exactly what this enrolment is, field by field. Its custody is a claim and its date the
/// wallet's; the nonce dates it.
fn says(
    moment: &Moment<'_>,
    statement: &Verified<Enrolment>,
    thumb: Thumbprint,
    open: &OpenEnrolment,
    registered: &Registered,
) -> bool {
    statement.issuer == moment.settings.issuer
        && statement.rp_id == moment.settings.rp_id
        && statement.account == open.account
        && statement.device_key.thumbprint() == thumb
        && statement.channel_key == open.channel_key
        && statement.credential == registered.credential.id
        && statement.credential_key_hash == registered.credential.key_hash()
        && statement.backup_eligible == registered.backup_eligible
        && statement.backed_up == registered.backed_up
        && statement.nonce == open.nonce
}
