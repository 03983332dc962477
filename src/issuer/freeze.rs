//! Stops an account on weak proof, since it only takes away, and releases it on strong proof (protocol section 6).

use super::Settings;
use super::account::{Account, State};
use super::buckets::{self, WeakProof};
use super::dated;
use super::error::Refused;
use super::evidence::{Evidence, Passkey};
use super::keys::Keys;
use super::ledger::{CLOCK_BACK, Records};
use super::login::{FRESH_CONTACT, live_ticket};
use super::messages::{Event, Message};
use super::moment::{CLOCKS_APART, Moment};
use super::orders::Order;
use super::payments;
use super::receipts::{self, Draft};
use super::typed::SENT_DIGITS;
use super::used::Used;
use super::webauthn;
use crate::code::Code;
use crate::wire::calls::{
    AccountFrozen, ConfirmPasskeyFreeze, PasskeyFreezePrepared, ReceiptItem, Unfrozen, freeze_challenge,
};
use crate::wire::id::{AccountId, Nonce, Thumbprint, from_base64, to_base64};
use crate::wire::receipt::Kind;
use crate::wire::webauthn::AttestedCredential;
use serde::{Deserialize, Serialize};

const STOP_PURPOSE: &str = "jitsuin/v1/stop-code";
const CHALLENGE_PURPOSE: &str = "jitsuin/v1/passkey-freeze-nonce";
const CODE_PURPOSE: &str = "jitsuin/v1/unfreeze-code";
const ATTEMPT_PURPOSE: &str = "jitsuin/v1/unfreeze-attempt";
/// Wrong contact codes before an order ends.
const MOST_TRIES: u32 = 3;

/// Stops every device. Ends prepared step-ups at once; refills, enrolments and unredeemed tokens meet the frozen state, and
/// tokens made before the release stay dead after it. Reading, reversals and recovery go on. A weak proof counts, or
/// whoever copied one would freeze again after each release. On an account that is frozen already it neither counts nor
/// ends anything: it takes nothing more away, and only a release or a rotation can be under way there, both of which the
/// passkey signs. A passkey (no `weak`) ends those too.
///
/// # Errors
/// [`Code::TooManyAttempts`] for a fourth freeze in a day by the same weak proof.
pub(super) fn stop(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    by: Option<Thumbprint>,
    weak: Option<WeakProof>,
    evidence: Option<Evidence>,
) -> Result<AccountFrozen, Refused> {
    let now = moment.now();
    if let Some(proof) = weak {
        if let Some(at) = owner.frozen_at {
            return Ok(AccountFrozen { at });
        }
        buckets::count_freeze(records, &buckets::freezes_key(&owner.id, proof), now)?;
    }
    for device in &mut owner.devices {
        device.end_intents();
    }
    if let Some(at) = owner.frozen_at {
        return Ok(AccountFrozen { at });
    }
    owner.frozen_at = Some(now);
    let mut draft = by.map_or_else(|| Draft::new(Kind::Frozen), |thumb| Draft::of(Kind::Frozen, thumb));
    draft.evidence = evidence;
    receipts::issue(moment, records, owner, draft);
    owner.frozen_seq = owner.link.seq;
    records.messages.push(Message::to_owner(owner, now, &Event::Frozen));
    Ok(AccountFrozen { at: now })
}

/// Stops the account of a ticket, which is used up.
///
/// # Errors
/// [`Code::TicketExpired`].
pub(super) fn by_ticket(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    ticket: &str,
    caller: Thumbprint,
) -> Result<AccountFrozen, Refused> {
    let (key, _) = live_ticket(moment, records, ticket, caller)?;
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::TicketExpired)?;
    let was_frozen = owner.frozen_at.is_some();
    let stopped = stop(moment, records, &mut owner, None, Some(WeakProof::Login), None)?;
    // A ticket that stopped nothing is still good for a recovery.
    if !was_frozen {
        records.tickets.take(&key);
        records.accounts.put(account, owner);
    }
    Ok(stopped)
}

/// The stop code of a message that goes out now: account, time, a random part and their MAC, so that nothing has to be
/// remembered. Without the random part the codes of one second were one, and using one of them ended the others.
pub(super) fn stop_code(moment: &Moment<'_>, account: &AccountId) -> String {
    let random: [u8; 4] = moment.chance.next();
    let made = [moment.now().to_be_bytes(), random].concat();
    let mac = moment.keys.mac(STOP_PURPOSE, &[&made, account.as_str().as_bytes()]);
    format!("{}.{account}", to_base64(&[made.as_slice(), mac.as_bytes()].concat()))
}

/// The account of a stop code, and what marks it as used; none, if it is not a live one.
pub(super) fn read_stop_code(settings: &Settings, keys: &Keys, now: u32, code: &str) -> Option<(AccountId, String)> {
    let (proof, account) = code.trim().split_once('.')?;
    let account: AccountId = account.parse().ok()?;
    let bytes = from_base64(proof).ok()?;
    let (made_of, mac) = bytes.split_first_chunk::<8>()?;
    let made = u32::from_be_bytes(*made_of.first_chunk()?);
    let alive = made <= now.saturating_add(CLOCKS_APART) && now < made.saturating_add(settings.policy.stop_seconds);
    let holds = keys.mac_holds(STOP_PURPOSE, &[made_of, account.as_str().as_bytes()], mac);
    // What marks it is made of what was checked, so that no second spelling of a code is a second use.
    (holds && alive).then(|| {
        let used = format!("stop/{account}/{}", to_base64(made_of));
        (account, used)
    })
}

/// Stops the account of a stop code, once.
///
/// # Errors
/// [`Code::CodeRefused`], whatever was wrong.
pub(super) fn by_code(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    used: &str,
) -> Result<AccountFrozen, Refused> {
    if records.used.get(used).is_some() {
        return Err(Code::CodeRefused.into());
    }
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::CodeRefused)?;
    let stopped = stop(moment, records, &mut owner, None, Some(WeakProof::Message), None)?;
    let until = moment.now().saturating_add(moment.settings.policy.stop_seconds).saturating_add(CLOCK_BACK);
    records.used.put(used, Used { until });
    records.accounts.put(account, owner);
    Ok(stopped)
}

/// Makes a challenge for any passkey of any account, for the calling key. Nothing of it is stored: this call is anybody's.
pub(super) fn prepare_passkey(moment: &Moment<'_>, caller: Thumbprint) -> PasskeyFreezePrepared {
    let nonce = dated::make(moment, CHALLENGE_PURPOSE, vec![caller.as_bytes().to_vec()]);
    PasskeyFreezePrepared { nonce, expires_at: moment.now().saturating_add(moment.settings.policy.order_seconds) }
}

/// What marks a passkey's challenge as used.
pub(super) fn challenge_key(nonce: Nonce) -> String {
    format!("passkey-freeze/{}", to_base64(nonce.as_bytes()))
}

/// Stops the account of the passkey that signed the challenge. An unknown passkey and a bad signature are refused alike.
///
/// # Errors
/// [`Code::IntentExpired`] without such a challenge; [`Code::AssertionRefused`], whatever was wrong.
pub(super) fn by_passkey(
    moment: &Moment<'_>,
    records: &mut Records,
    account: Option<&AccountId>,
    caller: Thumbprint,
    call: &ConfirmPasskeyFreeze,
) -> Result<AccountFrozen, Refused> {
    let made = dated::made_at(moment, CHALLENGE_PURPOSE, vec![caller.as_bytes().to_vec()], call.nonce);
    let ends = made.ok_or(Code::IntentExpired)?.saturating_add(moment.settings.policy.order_seconds);
    let used = challenge_key(call.nonce);
    if ends <= moment.now() || records.used.get(&used).is_some() {
        return Err(Code::IntentExpired.into());
    }
    let mut owner = account.and_then(|id| records.accounts.get(id).cloned()).ok_or(Code::AssertionRefused)?;
    let known = |device: &&super::account::Device| {
        (device.state != State::Revoked || device.signed_off_at.is_some())
            && device.credential.id.0 == call.assertion.raw_id.0
    };
    let device = owner.devices.iter().find(known).ok_or(Code::AssertionRefused)?;
    let credential = AttestedCredential { id: device.credential.id.clone(), key: device.credential.key.clone() };
    let challenge = freeze_challenge(&moment.settings.issuer, &moment.settings.rp_id, call.nonce);
    webauthn::check_assertion(moment.settings, &challenge, &call.assertion, &credential, &owner.user_handle)
        .map_err(|_| Code::AssertionRefused)?;
    let assertion = Passkey::new(&device.credential, &call.assertion);
    let evidence = Evidence::PasskeyFreeze { nonce: call.nonce, assertion };
    records.used.put(&used, Used { until: ends.saturating_add(CLOCK_BACK) });
    let stopped = stop(moment, records, &mut owner, None, None, Some(evidence));
    records.accounts.put(owner.id.clone(), owner);
    stopped
}

/// The payment of a receipt, if this account's devices made it lately.
pub(super) fn payment_of(owner: &Account, seq: u64) -> Option<String> {
    owner.devices.iter().find_map(|device| device.window.used(seq)?.payment.clone())
}

/// Marks the payment of a receipt as not its owner's: its money waits, and the history of the key that made it begins anew.
pub(super) fn report(moment: &Moment<'_>, records: &mut Records, owner: &mut Account, reported: (u64, &str)) {
    let paid = owner.devices.iter().find(|device| device.window.used(reported.0).is_some()).map(|device| device.thumb);
    if let Some(device) = paid.and_then(|thumb| owner.heir_mut(thumb)) {
        device.evidence.suspected_at = Some(moment.now());
    }
    payments::report(moment, records, owner, reported);
}

/// Whether this device may release the account: enrolled before it was frozen, cooled off, and healthy.
///
/// # Errors
/// [`Code::NotFound`] for an account that is not frozen; the device's state; [`Code::NotFirstDevice`] for a device that
/// was enrolled since, in no other's place; [`Code::CoolingOff`]; [`Code::CodeRefused`] for a contact changed within 30 days.
pub(super) fn check_release(moment: &Moment<'_>, owner: &Account, thumb: Thumbprint) -> Result<(), Refused> {
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    match device.state {
        State::Revoked => return Err(Code::Revoked.into()),
        State::Suspended => return Err(Code::Suspended.into()),
        State::Active => {}
    }
    owner.frozen_at.ok_or(Code::NotFound)?;
    // By receipt: a second holds an enrolment and a freeze, and a clock can be put back.
    if device.added_seq >= owner.frozen_seq {
        return Err(Code::NotFirstDevice.into());
    }
    if moment.now() < device.cooled_at {
        return Err(Refused::cooling_off(device.cooled_at));
    }
    // Before the passkey is asked: a contact that was changed lately gets no code.
    if owner.contact_changed_at.is_some_and(|at| at.saturating_add(FRESH_CONTACT) > moment.now()) {
        return Err(Code::CodeRefused.into());
    }
    Ok(())
}

/// From when this device may release the account, in seconds since 1970, as its owner is told; none, if it never may or the
/// account works.
pub(super) fn release_from(owner: &Account, thumb: Thumbprint) -> Option<u32> {
    owner.frozen_at?;
    let device = owner.device(thumb).filter(|device| device.added_seq < owner.frozen_seq)?;
    let contact = owner.contact_changed_at.map_or(0, |at| at.saturating_add(FRESH_CONTACT));
    Some(device.cooled_at.max(contact))
}

/// A contact code of a release that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// How often the device's intents had been ended when it was sent.
    ended: u32,
    /// Its end, seconds since 1970.
    until: u32,
    /// Its own: two codes may have the same end.
    #[serde(default)]
    random: [u8; 8],
}

impl Sent {
    /// What the release is known by: a name that only the issuer can make and that no earlier code had, so that nobody who
    /// holds a copied device key can use up the tries of a code that came after the owner's passkey.
    pub(super) fn attempt(self, keys: &Keys, account: &AccountId, thumb: Thumbprint) -> String {
        let (ended, until) = (self.ended.to_be_bytes(), self.until.to_be_bytes());
        let parts = [account.as_str().as_bytes(), thumb.as_bytes(), &ended, &until, &self.random];
        to_base64(keys.mac(ATTEMPT_PURPOSE, &parts).as_bytes())
    }
}

/// The key of [`Records::orders`] for the release by a device.
pub(super) fn release_row(account: &AccountId, thumb: Thumbprint) -> String {
    format!("release/{account}/{}", to_base64(thumb.as_bytes()))
}

/// Sends the contact code of a release that the passkey has agreed to. While a code of this device lives, nothing is sent.
pub(super) fn send_code(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &Account,
    thumb: Thumbprint,
    evidence: Evidence,
) -> Sent {
    let now = moment.now();
    let row = release_row(&owner.id, thumb);
    let ended = owner.device(thumb).map_or(0, |device| device.intents_ended);
    if let Some(Order::Unfreeze { ended: then, tries, until, random, key_set, .. }) = records.orders.get(&row)
        && *key_set == moment.keys.number()
        && *then == ended
        && *tries < MOST_TRIES
        && *until > now
    {
        return Sent { ended, until: *until, random: *random };
    }
    let until = now.saturating_add(moment.settings.policy.order_seconds);
    let sent = Sent { ended, until, random: moment.chance.next() };
    let attempt = sent.attempt(moment.keys, &owner.id, thumb);
    let code = moment.chance.digits(SENT_DIGITS);
    let order = Order::Unfreeze {
        account: owner.id.clone(),
        thumb,
        code: moment.keys.mac(CODE_PURPOSE, &[attempt.as_bytes(), code.as_bytes()]),
        tries: 0,
        ended,
        evidence: Some(Box::new(evidence)),
        random: sent.random,
        key_set: moment.keys.number(),
        until: sent.until,
    };
    records.orders.put(row, order);
    records.messages.push(Message::to_owner(owner, now, &Event::UnfreezeCode(&code)));
    sent
}

/// Checks the contact code of a release and lets the account work again.
///
/// # Errors
/// [`Code::CodeRefused`], whatever was wrong with the code; what [`check_release`] refuses.
pub(super) fn enter_code(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    caller: Thumbprint,
    (attempt, typed): (&str, &str),
) -> Result<Unfrozen, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    let ended_now = owner.device(caller).ok_or(Code::NotEnrolled)?.intents_ended;
    let row = release_row(account, caller);
    let Some(Order::Unfreeze { account: held, thumb, code, tries, ended, evidence, random, key_set, until }) =
        records.orders.get(&row).cloned()
    else {
        return Err(Code::CodeRefused.into());
    };
    // A freeze since ended what was agreed to before it, and so did a rotation of the issuer's keys.
    if key_set != moment.keys.number()
        || held != *account
        || thumb != caller
        || ended != ended_now
        || until <= now
        || tries >= MOST_TRIES
    {
        return Err(Code::CodeRefused.into());
    }
    // Another name costs no try of this code.
    if attempt != (Sent { ended, until, random }).attempt(moment.keys, account, caller) {
        return Err(Code::CodeRefused.into());
    }
    if !moment.keys.mac_holds(CODE_PURPOSE, &[attempt.as_bytes(), typed.as_bytes()], code.as_bytes()) {
        let tries = tries.saturating_add(1);
        let order = Order::Unfreeze { account: held, thumb, code, tries, ended, evidence, random, key_set, until };
        records.orders.put(row, order);
        return Err(Code::CodeRefused.into());
    }
    check_release(moment, &owner, caller)?;
    records.orders.take(row);
    let receipt = release(moment, records, &mut owner, Some(caller), evidence.map(|evidence| *evidence));
    records.accounts.put(account, owner);
    Ok(Unfrozen { receipt })
}

/// Lets the account work again.
pub(super) fn release(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    by: Option<Thumbprint>,
    evidence: Option<Evidence>,
) -> ReceiptItem {
    let now = moment.now();
    owner.frozen_at = None;
    owner.tokens_from = now;
    let mut draft = by.map_or_else(|| Draft::new(Kind::Unfrozen), |thumb| Draft::of(Kind::Unfrozen, thumb));
    draft.evidence = evidence;
    let receipt = receipts::issue(moment, records, owner, draft);
    records.messages.push(Message::alarm(moment, owner, &Event::Unfrozen));
    receipt
}
