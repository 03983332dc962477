//! Puts a new device key in the place of one that is there: rotation, custody upgrade, and the cure of a key that was
//! suspended on clone evidence (protocol sections 2, 4 and 6). The old key signs the new one in, the passkey agrees, and
//! nothing is gained: cool-off, meters, counters and suspicion go along.

use super::account::{Account, Device, State};
use super::allowance::{self, Fresh};
use super::attestation::Claim;
use super::error::Refused;
use super::evidence::{Evidence as Kept, StepUp};
use super::freeze;
use super::ledger::Records;
use super::messages::{Event, Message, Named};
use super::moment::Moment;
use super::receipts::{self, Draft};
use super::registration::{self, Meters, NewKey};
use super::step_up::{self, Signed};
use super::tier::Evidence;
use crate::code::Code;
use crate::wire::Verified;
use crate::wire::approval::Approval;
use crate::wire::calls::{ConfirmRotation, Enrolled, PrepareRotation, RotationPrepared};
use crate::wire::enrolment::{self, Enrolment};
use crate::wire::id::{AccountId, Hash, Thumbprint};
use crate::wire::intent::{Action, Intent};
use crate::wire::receipt::Kind;
use crate::wire::sha256;
use crate::wire::sign1;

/// Prepares the intent `rotate` of the calling device key.
///
/// # Errors
/// What [`check`] refuses.
pub(super) fn prepare(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &PrepareRotation,
) -> Result<RotationPrepared, Refused> {
    let action = Action::Rotate { new_thumb: call.new_thumb, custody: call.custody };
    let prepared = step_up::prepare(moment, records, account, thumb, call.head, action)?;
    let owner = records.accounts.get(account).ok_or(Code::NotEnrolled)?;
    let credential = owner.device(thumb).ok_or(Code::NotEnrolled)?.credential.known();
    Ok(RotationPrepared { intent: prepared.intent, credential })
}

/// Whether this device key may be replaced by that one. A suspended one may, since this is its cure; one that cools off
/// may too, since its cool-off goes along; one of a frozen account may, since it stays frozen: its owner rids the account
/// of a copied key before releasing it.
///
/// # Errors
/// [`Code::NotEnrolled`], [`Code::Revoked`]; [`Code::BadArgument`] for a key that the account has.
pub(super) fn check(owner: &Account, thumb: Thumbprint, new_thumb: Thumbprint) -> Result<(), Refused> {
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if device.state == State::Revoked {
        return Err(Code::Revoked.into());
    }
    let known = |held: &Device| held.thumb == new_thumb || held.channel_key.thumbprint() == new_thumb;
    if owner.devices.iter().any(known) { Err(Code::BadArgument.into()) } else { Ok(()) }
}

/// Replaces the calling device key. The same call again, after a lost answer, gives the same answer, by either key.
///
/// # Errors
/// What [`step_up::agreed`] and [`check`] refuse; what the form of a statement refuses; [`Code::IntentMismatch`] for
/// statements that say anything else; [`Code::AlreadyEnrolled`] for a key that is registered.
pub(super) fn confirm(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    fresh: Fresh,
    call: &ConfirmRotation,
) -> Result<Enrolled, Refused> {
    let statement_hash = Hash(sha256(&call.statement.0));
    let statement = enrolment::open_self_signed(&call.statement.0)?;
    let new_thumb = statement.device_key.thumbprint();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    if let Some(answer) = registration::answered(&owner, new_thumb, statement_hash) {
        return Ok(answer);
    }
    let signed = Signed {
        intent: Intent::from_bytes(&call.intent.0)?,
        assertion: &call.assertion,
        co_signature: Some(&call.co_signature),
    };
    let result = step_up::agreed(moment, records, &mut owner, thumb, signed, |records, owner, intent| {
        let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
        says(moment, device, intent, &statement, &call.approval.0)?;
        check(owner, thumb, new_thumb)?;
        registration::check_unknown(records, new_thumb, statement.channel_key.thumbprint())?;
        Ok(allowance::has_room(records, fresh.handle)?)
    });
    let intent = match result {
        Ok(intent) => intent,
        Err(refused) => {
            records.accounts.put(account, owner);
            return Err(refused);
        }
    };
    allowance::index(records, fresh.handle, account, new_thumb)?;
    let claim = Claim { thumb: new_thumb, nonce: intent.nonce };
    let attests = |bytes: &[u8]| moment.settings.attestation.attests(claim, bytes);
    let attested = call.attestation.as_ref().is_some_and(|bytes| attests(&bytes.0));
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    let evidence = Kept::Rotation {
        step_up: StepUp::new(device, &intent, &call.assertion, &call.co_signature),
        approval: call.approval.clone(),
        statement: call.statement.clone(),
    };
    let checked = (statement_hash, attested, evidence);
    let answer = replace(moment, records, &mut owner, thumb, fresh, &statement, checked)?;
    records.accounts.put(account, owner);
    Ok(answer)
}

/// Whether both statements say exactly what was agreed to: the old key's approval, and the new key's own.
fn says(
    moment: &Moment<'_>,
    device: &Device,
    intent: &Intent,
    statement: &Verified<Enrolment>,
    approval: &[u8],
) -> Result<(), Refused> {
    let Action::Rotate { new_thumb, custody } = &intent.action else { return Err(Code::IntentMismatch.into()) };
    let approval = sign1::open::<Approval>(approval, &device.key)?;
    let approved = approval.issuer == intent.issuer
        && approval.account == intent.account
        && approval.thumb == device.thumb
        && approval.new_key == statement.device_key
        && approval.custody == *custody
        && approval.nonce == intent.nonce;
    let stated = statement.issuer == intent.issuer
        && statement.rp_id == moment.settings.rp_id
        && statement.account == intent.account
        && statement.device_key.thumbprint() == *new_thumb
        && statement.channel_key != statement.device_key
        && statement.credential == device.credential.id
        && statement.credential_key_hash == device.credential.known().key_hash
        && statement.custody == *custody
        && statement.nonce == intent.nonce;
    if approved && stated { Ok(()) } else { Err(Code::IntentMismatch.into()) }
}

/// Ends the old key and registers the new one, with everything that speaks against it.
fn replace(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    thumb: Thumbprint,
    fresh: Fresh,
    statement: &Verified<Enrolment>,
    (enrolment, attested, signed): (Hash, bool, Kept),
) -> Result<Enrolled, Refused> {
    let now = moment.now();
    let old = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    let new = NewKey {
        key: statement.device_key,
        channel_key: statement.channel_key,
        label: old.label.clone(),
        custody: statement.custody,
        credential: old.credential.clone(),
        enrolment,
        place: Some(old.added_seq),
        cooled_at: old.cooled_at,
        evidence: Evidence::after(old, statement.custody, attested, now),
        meters: Meters::of(old),
        window: old.window.follow(),
        last_debit: old.last_debit.clone(),
        signed,
    };
    old.state = State::Revoked;
    old.replaced_by = Some(new.key.thumbprint());
    old.end_intents();
    let label = old.label.clone();
    let mut draft = Draft::of(Kind::DeviceRevoked, thumb);
    draft.body.device_label = Some(label.clone());
    receipts::issue(moment, records, owner, draft);
    let answer = registration::register(moment, records, owner, fresh, new);
    let release = freeze::release_from(owner, statement.device_key.thumbprint());
    records.messages.push(Message::alarm(moment, owner, &Event::KeyRotated { label: Named(&label), release }));
    Ok(answer)
}
