//! Writes a new device key into an account, once everything about it was checked: the last step of an enrolment and of
//! a recovery.

use super::account::{Account, Credential, CredentialEntry, Debit, Device, KeyEntry, State};
use super::allowance::{self, Fresh, Terms};
use super::evidence::Evidence as Signed;
use super::ledger::Records;
use super::moment::Moment;
use super::receipts::{self, Draft};
use super::replay::Window;
use super::tier::{Evidence, tier};
use crate::code::Code;
use crate::rules::spending::Meter;
use crate::wire::calls::Enrolled;
use crate::wire::enrolment::Custody;
use crate::wire::id::{Hash, Thumbprint};
use crate::wire::key::PublicKey;
use crate::wire::receipt::Kind;
use crate::wire::text::Shown;

/// What was spent in the windows that run; a key that replaces another goes on with its.
#[derive(Default)]
pub(super) struct Meters {
    pub(super) spent: Meter,
    pub(super) spent_offline: Meter,
    pub(super) topped_up: Meter,
}

impl Meters {
    /// Those of a device.
    pub(super) fn of(device: &Device) -> Self {
        Self {
            spent: device.spent.clone(),
            spent_offline: device.spent_offline.clone(),
            topped_up: device.topped_up.clone(),
        }
    }
}

/// A checked device key.
pub(super) struct NewKey {
    pub(super) key: PublicKey,
    pub(super) channel_key: PublicKey,
    pub(super) label: Shown,
    pub(super) custody: Custody,
    pub(super) credential: Credential,
    /// Hash of the enrolment statement, by which a repeated call is known.
    pub(super) enrolment: Hash,
    /// [`Device::added_seq`] of the key it replaces, whose passkey signed: whatever that key might do in its turn, such as
    /// release the account from a later freeze, this one may. None for a key that replaces none.
    pub(super) place: Option<u64>,
    pub(super) cooled_at: u32,
    pub(super) evidence: Evidence,
    pub(super) meters: Meters,
    /// Counters that the key it replaces used up.
    pub(super) window: Window,
    /// The last payment of the key it replaces.
    pub(super) last_debit: Option<Debit>,
    /// What was signed for it.
    pub(super) signed: Signed,
}

/// Refuses a key that is registered, as whatever.
///
/// # Errors
/// [`Code::AlreadyEnrolled`].
pub(super) fn check_unknown(records: &Records, thumb: Thumbprint, channel_thumb: Thumbprint) -> Result<(), Code> {
    let known = records.keys.get(thumb).is_some() || records.keys.get(channel_thumb).is_some();
    if known { Err(Code::AlreadyEnrolled) } else { Ok(()) }
}

/// The first answer again, for a call whose answer was lost.
pub(super) fn answered(owner: &Account, thumb: Thumbprint, enrolment: Hash) -> Option<Enrolled> {
    let device = owner.device(thumb).filter(|device| device.enrolment == enrolment)?;
    Some(Enrolled { allowance: device.allowance.statement.clone() })
}

/// Registers the key with its first allowance, named by a handle that stands in the index already, and writes the receipt.
/// Can't fail, since whatever a refusal had changed would be kept. The account's record is the caller's to put back.
pub(super) fn register(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    Fresh { handle, veil }: Fresh,
    new: NewKey,
) -> Enrolled {
    let now = moment.now();
    let (thumb, channel_thumb, account) = (new.key.thumbprint(), new.channel_key.thumbprint(), owner.id.clone());
    let policy = &moment.settings.policy;
    let tier = tier(policy, now, new.custody, new.cooled_at, new.evidence, &new.credential);
    let terms = Terms { handle, veil, cooled_at: new.cooled_at, tier };
    let granted = allowance::grant(moment, &account, owner.currency, thumb, &terms);
    let answer = Enrolled { allowance: granted.statement.clone() };
    records.credentials.put(&new.credential.id, CredentialEntry { account: account.clone(), thumb });
    records.keys.put(thumb, KeyEntry::Device { account: account.clone() });
    records.keys.put(channel_thumb, KeyEntry::Channel { account, thumb });
    let mut draft = Draft::of(Kind::DeviceAdded, thumb);
    draft.body.device_label = Some(new.label.clone());
    draft.evidence = Some(new.signed);
    owner.had_device = true;
    owner.devices.push(Device {
        key: new.key,
        thumb,
        channel_key: new.channel_key,
        label: new.label,
        custody: new.custody,
        state: State::Active,
        added_at: now,
        added_seq: new.place.unwrap_or_else(|| owner.link.seq.saturating_add(1)),
        cooled_at: new.cooled_at,
        last_contact: now,
        last_debit: new.last_debit,
        credential: new.credential,
        enrolment: new.enrolment,
        handles: vec![granted.handle_use(handle, terms.veil)],
        allowance: granted,
        window: new.window,
        spent: new.meters.spent,
        spent_offline: new.meters.spent_offline,
        topped_up: new.meters.topped_up,
        intents_ended: 0,
        agreed_refill: None,
        signed_off_at: None,
        evidence: new.evidence,
        replaced_by: None,
    });
    receipts::issue(moment, records, owner, draft);
    answer
}
