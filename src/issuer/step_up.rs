//! Step-ups: an intent is prepared, signed by the passkey, co-signed by the device key, and used once (protocol section 4).

use super::account::{Account, AgreedRefill, Device, State};
use super::delivery::{Again, Delivery};
use super::devices::require_active;
use super::error::Refused;
use super::evidence::{Evidence, StepUp};
use super::funding::Charge;
use super::keys::Keys;
use super::ledger::Records;
use super::moment::Moment;
use super::top_ups::{self, Agreed, Wish};
use super::verifier::step_up::check_co_signature;
use super::webauthn::{self, Asserted};
use super::{allowance, freeze, intents, limits, rotation};
use crate::code::Code;
use crate::wire::calls::{ConfirmIntent, IntentPrepared, PrepareTopUp, ReceiptItem};
use crate::wire::id::{AccountId, Bytes, Hash, Nonce, Thumbprint};
use crate::wire::intent::{Action, Intent};
use crate::wire::money::Amount;
use crate::wire::webauthn::Assertion;
use serde::{Deserialize, Serialize};

/// Prepares the intent of a top-up.
///
/// # Errors
/// What [`top_ups::check`] refuses.
pub(super) fn prepare_top_up(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &PrepareTopUp,
) -> Result<IntentPrepared, Refused> {
    let PrepareTopUp { amount, currency, source, head } = call;
    let wish = Wish { amount: *amount, currency: *currency, source };
    let owner = records.accounts.get(account).ok_or(Code::NotEnrolled)?;
    let source_fingerprint = top_ups::check(moment, owner, thumb, &wish)?;
    let action = Action::TopUp { amount: *amount, currency: *currency, source: source.clone(), source_fingerprint };
    prepare(moment, records, account, thumb, *head, action)
}

/// Prepares an intent, after checking what can be checked before its owner is asked. Nothing of it is kept.
///
/// # Errors
/// What the check of its kind refuses.
pub(super) fn prepare(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    head: Hash,
    action: Action,
) -> Result<IntentPrepared, Refused> {
    let now = moment.now();
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    check(moment, &owner, thumb, &action)?;
    let device = owner.device_mut(thumb).ok_or(Code::NotEnrolled)?;
    device.last_contact = now;
    let mut intent = Intent {
        issuer: moment.settings.issuer.clone(),
        account: account.clone(),
        thumb,
        credential: device.credential.id.clone(),
        head,
        nonce: Nonce([0; 16]),
        expires_at: 0,
        action,
    };
    intents::complete(moment, device, &mut intent);
    records.accounts.put(account, owner);
    Ok(IntentPrepared { intent: Bytes(intent.to_bytes()) })
}

/// What a confirmed intent leads to.
pub(super) enum Effect {
    /// A card is to be charged: the top-up is pending.
    Charge(Charge),
    /// It is done.
    Done(ReceiptItem, u64),
    /// A release was agreed to, and this contact code is under way.
    CodeSent(freeze::Sent),
    /// An earlier delivery of the call did this.
    Before(Before),
}

/// What a confirmed intent led to: how it stands now is found there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Before {
    /// The top-up of this name.
    TopUp(String),
    /// The receipt of this number.
    Receipt(u64),
    /// This contact code was sent.
    CodeSent(freeze::Sent),
}

impl Again for Effect {
    type Kept = Before;

    fn keep(&self) -> Before {
        match self {
            Self::Charge(charge) => Before::TopUp(charge.key.clone()),
            Self::Done(_, seq) | Self::Before(Before::Receipt(seq)) => Before::Receipt(*seq),
            Self::Before(Before::TopUp(id)) => Before::TopUp(id.clone()),
            Self::CodeSent(sent) | Self::Before(Before::CodeSent(sent)) => Before::CodeSent(*sent),
        }
    }

    fn again(kept: Before, _: &Delivery, _: &Keys) -> Result<Self, Code> {
        Ok(Self::Before(kept))
    }
}

/// Confirms an intent of the calling device key: passkey first, then the co-signature, then every limit again.
/// The nonce is used up in the transaction that has the effect; a top-up is pending under `id` then.
///
/// # Errors
/// [`Code::IntentExpired`] for one that is unknown, used, past its time or another key's; the state's code; what
/// `webauthn.rs` refuses; [`Code::CoSignatureMissing`]; [`Code::CoSignatureRefused`]; what the check of its kind refuses.
pub(super) fn confirm(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    call: &ConfirmIntent,
    id: &str,
) -> Result<Effect, Refused> {
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::NotEnrolled)?;
    let signed = Signed {
        intent: Intent::from_bytes(&call.intent.0)?,
        assertion: &call.assertion,
        co_signature: call.co_signature.as_ref(),
    };
    let agreed = agreed(moment, records, &mut owner, thumb, signed, |_, owner, intent| {
        // A rotation has a call of its own, for it needs more than these signatures.
        if matches!(intent.action, Action::Rotate { .. }) {
            return Err(Code::Unsupported.into());
        }
        check(moment, owner, thumb, &intent.action)
    });
    let result = agreed.and_then(|intent| {
        let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
        let co_signature = call.co_signature.as_ref().ok_or(Code::CoSignatureMissing)?;
        let step_up = StepUp::new(device, &intent, &call.assertion, co_signature);
        let agreed = Agreed { id, action: &intent.action, evidence: Evidence::StepUp { step_up } };
        apply(moment, records, &mut owner, thumb, agreed)
    });
    records.accounts.put(account, owner);
    result
}

/// An intent and what signs it.
pub(super) struct Signed<'a> {
    /// The intent as it was sent.
    pub(super) intent: Intent,
    /// The passkey's assertion.
    pub(super) assertion: &'a Assertion,
    /// The device key's co-signature statement.
    pub(super) co_signature: Option<&'a Bytes>,
}

/// The intent that was agreed to, used up; a try that failed is counted. Passkey first, then the co-signature, then
/// `check`. Whatever comes of it, the account is the caller's to put back.
///
/// # Errors
/// [`Code::IntentExpired`] for one that was not prepared for this key, is used or past its time; the state's code; what
/// `webauthn.rs` refuses; [`Code::CoSignatureMissing`]; [`Code::CoSignatureRefused`]; what `check` refuses.
pub(super) fn agreed(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    thumb: Thumbprint,
    signed: Signed<'_>,
    check: impl FnOnce(&Records, &Account, &Intent) -> Result<(), Refused>,
) -> Result<Intent, Refused> {
    let user_handle = owner.user_handle.clone();
    owner.device_mut(thumb).ok_or(Code::NotEnrolled)?.last_contact = moment.now();
    if !matches!(signed.intent.action, Action::Unfreeze | Action::Rotate { .. }) {
        require_active(owner, thumb)?;
    }
    let device = owner.device(thumb).ok_or(Code::NotEnrolled)?;
    if device.state == State::Revoked {
        return Err(Code::Revoked.into());
    }
    intents::check(moment, records, device, &signed.intent)?;
    let agreed = check_agreed(moment, device, &user_handle, &signed)
        .and_then(|asserted| check(records, owner, &signed.intent).map(|()| asserted));
    match agreed {
        Ok(asserted) => {
            intents::used(records, &signed.intent);
            owner.device_mut(thumb).ok_or(Code::NotEnrolled)?.credential.note(asserted);
            Ok(signed.intent)
        }
        Err(refused) => {
            intents::failed(records, &signed.intent);
            Err(refused)
        }
    }
}

/// Has the effect of an intent that was agreed to and checked.
fn apply(
    moment: &Moment<'_>,
    records: &mut Records,
    owner: &mut Account,
    thumb: Thumbprint,
    agreed: Agreed<'_>,
) -> Result<Effect, Refused> {
    let action = agreed.action;
    Ok(match action {
        Action::TopUp { .. } => Effect::Charge(top_ups::reserve(moment, records, owner, thumb, agreed)?),
        Action::Refill { per_payment, count, total, until } => {
            let terms = refill(*per_payment, *count, *total, *until);
            done(allowance::agree(moment, records, owner, thumb, terms, agreed.evidence), owner)
        }
        Action::Limit { new, .. } => done(limits::set(moment, records, owner, thumb, *new, agreed.evidence), owner),
        Action::Unfreeze => Effect::CodeSent(freeze::send_code(moment, records, owner, thumb, agreed.evidence)),
        _ => return Err(Code::Unsupported.into()),
    })
}

/// What is done, by the receipt that was issued last.
const fn done(receipt: ReceiptItem, owner: &Account) -> Effect {
    Effect::Done(receipt, owner.link.seq)
}

/// The terms of a refill, before they may be fetched.
const fn refill(per_payment: Amount, count: u32, total: Amount, until: u32) -> AgreedRefill {
    AgreedRefill { per_payment, count, total, until, fetch_by: 0 }
}

/// Everything that must hold of an intent besides its signatures, at `prepare` and again at `confirm`.
fn check(moment: &Moment<'_>, account: &Account, thumb: Thumbprint, action: &Action) -> Result<(), Refused> {
    match action {
        Action::TopUp { amount, currency, source, source_fingerprint } => {
            let wish = Wish { amount: *amount, currency: *currency, source };
            let fingerprint = top_ups::check(moment, account, thumb, &wish)?;
            if fingerprint == *source_fingerprint { Ok(()) } else { Err(Code::IntentMismatch.into()) }
        }
        Action::Refill { per_payment, count, total, until } => {
            allowance::check_refill(moment, account, thumb, &refill(*per_payment, *count, *total, *until))
        }
        Action::Limit { old, new } => limits::check(moment, account, thumb, *old, *new),
        Action::Unfreeze => freeze::check_release(moment, account, thumb),
        Action::Rotate { new_thumb, .. } => rotation::check(account, thumb, *new_thumb),
        _ => Err(Code::Unsupported.into()),
    }
}

/// Whether passkey and device key signed exactly this intent.
fn check_agreed(
    moment: &Moment<'_>,
    device: &Device,
    user_handle: &Bytes,
    signed: &Signed<'_>,
) -> Result<Asserted, Refused> {
    let Signed { intent, assertion, .. } = signed;
    let credential = device.credential.attested();
    let asserted =
        webauthn::check_assertion(moment.settings, &intent.challenge(), assertion, &credential, user_handle)?;
    let co_signature = signed.co_signature.ok_or(Code::CoSignatureMissing)?;
    check_co_signature(&intent.to_bytes(), assertion, &device.key, &co_signature.0)?;
    Ok(asserted)
}
