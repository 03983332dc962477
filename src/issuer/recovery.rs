//! Replaces a device key whose passkey is alive: after an eviction, and after clone evidence (protocol section 6,
//! "Recovery"). Login, contact code and passkey together; the old key is dead at once and the new one cools off.

use super::account::{Device, State};
use super::allowance::{self, Fresh};
use super::error::Refused;
use super::evidence::{Evidence as Signed, Passkey};
use super::freeze;
use super::ledger::Records;
use super::login::live_ticket;
use super::messages::{Event, Message, Named};
use super::moment::Moment;
use super::orders::Order;
use super::receipts::{self, Draft};
use super::registration::{self, Meters, NewKey};
use super::replay::Window;
use super::tier::Evidence;
use super::webauthn;
use crate::code::Code;
use crate::wire::calls::{ConfirmRecovery, Enrolled, EnrolmentPrepared};
use crate::wire::enrolment;
use crate::wire::id::{AccountId, Hash, Nonce, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::receipt::Kind;
use crate::wire::sha256;
use crate::wire::text::Label;

/// Life of a prepared recovery in seconds.
const LIFE: u32 = 600;

/// The key of [`Records::orders`] for a recovery by a new device key.
pub(super) fn order_key(thumb: Thumbprint) -> String {
    format!("recovery/{thumb}")
}

/// Uses the ticket up and opens a recovery for the calling key. A frozen account may be recovered, and stays frozen until
/// the new key, in the old one's place, has cooled off and releases it.
///
/// # Errors
/// [`Code::TicketExpired`]; [`Code::NoCredential`] for an account without a device to replace; [`Code::BadArgument`]
/// if one key is to be both.
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
    let owner = records.accounts.get(&entry.account).ok_or(Code::TicketExpired)?;
    let replaceable = || owner.devices.iter().filter(|device| is_replaceable(device));
    let credentials: Vec<_> = replaceable().map(|device| device.credential.known()).collect();
    if credentials.is_empty() {
        return Err(Code::NoCredential.into());
    }
    if channel_key.thumbprint() == thumb {
        return Err(Code::BadArgument.into());
    }
    // What was refused above used nothing up, so that the same ticket may lead to an enrolment.
    records.tickets.take(&key);
    let (nonce, until) = (Nonce(moment.chance.next()), now.saturating_add(LIFE));
    let prepared = EnrolmentPrepared {
        account: owner.id.clone(),
        account_label: owner.label.clone(),
        user_handle: owner.user_handle.clone(),
        nonce,
        expires_at: until,
        exclude: None,
        credentials: Some(credentials),
    };
    let replaceable = Some(replaceable().map(|device| device.thumb).collect());
    let (account, label, language) = (entry.account, label.into(), entry.language);
    let key_set = moment.keys.number();
    let order = Order::Recovery { account, channel_key, label, language, nonce, replaceable, key_set, until };
    records.orders.put(order_key(thumb), order);
    Ok(prepared)
}

/// Whether the passkey of this device leads back into the account: not once somebody else signed the device off.
const fn is_replaceable(device: &Device) -> bool {
    !matches!(device.state, State::Revoked) || device.signed_off_at.is_some()
}

/// Puts the calling key in the place of the one whose passkey signed. Meters go on, so that no limit is gained.
/// The same call again, after a lost answer, gives the same answer.
///
/// # Errors
/// [`Code::TicketExpired`] without an open recovery, or where another key took this place since; [`Code::CredentialUnknown`]; what `webauthn.rs` refuses;
/// [`Code::IntentMismatch`] for a statement that says anything else; [`Code::AlreadyEnrolled`] for a key that is
/// registered.
pub(super) fn confirm(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    fresh: Fresh,
    call: &ConfirmRecovery,
) -> Result<Enrolled, Refused> {
    let now = moment.now();
    let settings = moment.settings;
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::TicketExpired)?;
    let statement_hash = Hash(sha256(&call.statement.0));
    if let Some(answer) = registration::answered(&owner, thumb, statement_hash) {
        return Ok(answer);
    }
    let order = records.orders.get(order_key(thumb)).cloned();
    let Some(Order::Recovery { account: held, channel_key, label, language, nonce, replaceable, key_set, until }) =
        order
    else {
        return Err(Code::TicketExpired.into());
    };
    if held != *account || until <= now || key_set != moment.keys.number() {
        return Err(Code::TicketExpired.into());
    }
    let statement = enrolment::open_self_signed(&call.statement.0)?;
    let replaced = |device: &&mut Device| is_replaceable(device) && device.credential.id == statement.credential;
    let user_handle = owner.user_handle.clone();
    let old = owner.devices.iter_mut().find(replaced).ok_or(Code::CredentialUnknown)?;
    if replaceable.is_some_and(|prepared| !prepared.contains(&old.thumb)) {
        return Err(Code::TicketExpired.into());
    }
    let credential = old.credential.attested();
    let says = statement.issuer == settings.issuer
        && statement.rp_id == settings.rp_id
        && statement.account == *account
        && statement.device_key.thumbprint() == thumb
        && statement.channel_key == channel_key
        && statement.credential_key_hash == credential.key_hash()
        && statement.nonce == nonce;
    if !says {
        return Err(Code::IntentMismatch.into());
    }
    registration::check_unknown(records, thumb, channel_key.thumbprint())?;
    let challenge = enrolment::confirmation_challenge(&call.statement.0);
    let asserted = webauthn::check_assertion(settings, &challenge, &call.assertion, &credential, &user_handle)?;
    let was_live = old.state != State::Revoked;
    old.state = State::Revoked;
    old.signed_off_at = None;
    // Its meters go on in the new key, and so does what is learned later about what it paid.
    old.replaced_by = Some(thumb);
    old.end_intents();
    let (old_thumb, old_label) = (old.thumb, old.label.clone());
    let (meters, place) = (Meters::of(old), old.added_seq);
    // No attestation comes with a recovery, and its key has no history of its own yet.
    let evidence = Evidence { attested: false, since: Some(now), suspected_at: old.evidence.suspected_at };
    let mut credential = old.credential.clone();
    let confirmation = Passkey::new(&credential, &call.assertion);
    credential.note(asserted);

    allowance::index(records, fresh.handle, account, thumb)?;
    records.orders.take(order_key(thumb));
    if was_live {
        let mut draft = Draft::of(Kind::DeviceRevoked, old_thumb);
        draft.body.device_label = Some(old_label);
        receipts::issue(moment, records, &mut owner, draft);
    }
    let new = NewKey {
        key: statement.device_key,
        channel_key,
        label: label.clone(),
        custody: statement.custody,
        credential,
        enrolment: statement_hash,
        place: Some(place),
        cooled_at: now.saturating_add(settings.policy.cool_off_seconds),
        evidence,
        meters,
        window: Window::default(),
        last_debit: None,
        signed: Signed::Recovery { statement: call.statement.clone(), confirmation },
    };
    owner.language = language;
    let answer = registration::register(moment, records, &mut owner, fresh, new);
    let event = Event::KeyReplaced { label: Named(&label), release: freeze::release_from(&owner, thumb) };
    records.messages.push(Message::alarm(moment, &owner, &event));
    records.accounts.put(account, owner);
    Ok(answer)
}
