//! The proof of a stored card on one device key: the card company asks its own customer, on its own page.

use super::buckets::{card_proofs_key, count};
use super::devices::require_active;
use super::error::Refused;
use super::evidence::Evidence;
use super::ledger::{Record, Records};
use super::messages::{Event, Message, Named};
use super::moment::Moment;
use super::receipts::{self, Draft};
use super::typed;
use crate::code::Code;
use crate::rules::spending::WINDOW;
use crate::wire::id::{AccountId, Hash, SourceId, Thumbprint};
use crate::wire::receipt::Kind;
use serde::{Deserialize, Serialize};

/// Before the name of a proof.
pub(super) const PREFIX: &str = "cp-";
/// Life of a proof in seconds.
const LIFE: u32 = 600;
/// Wrong codes before a proof ends.
const MOST_TRIES: usize = 3;
/// Proofs of one account in [`WINDOW`]: each gives 3 guesses at 8 digits, and sends a message.
const MOST_PROOFS: u32 = 3;
const CODE_PURPOSE: &str = "jitsuin/v1/card-code";

/// A card's proof that waits for the card company's code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardProof {
    /// The account.
    pub(super) account: AccountId,
    thumb: Thumbprint,
    source: SourceId,
    code: Hash,
    /// HMACs of the wrong codes so far: the same one again is no further try.
    #[serde(default)]
    wrong: Vec<Hash>,
    /// Whether its code was shown.
    #[serde(default)]
    done: bool,
    /// The device key's call that opened it.
    #[serde(default)]
    evidence: Option<Box<Evidence>>,
    until: u32,
}

impl Record for CardProof {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// Opens a proof under a name drawn before; the demo's card company sends its code to the account's contact. Beyond the
/// day's proofs none is opened and nothing is sent, and the caller hears the same.
///
/// # Errors
/// The state's code, [`Code::CoolingOff`], [`Code::SourceUnknown`].
pub(super) fn begin(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    thumb: Thumbprint,
    source: &SourceId,
    proof: &str,
    evidence: Evidence,
) -> Result<(), Refused> {
    let now = moment.now();
    let owner = records.accounts.get(account).ok_or(Code::NotEnrolled)?;
    require_active(owner, thumb)?;
    let cooled_at = owner.device(thumb).ok_or(Code::NotEnrolled)?.cooled_at;
    if now < cooled_at {
        return Err(Refused::cooling_off(cooled_at));
    }
    let label = owner.source(source).ok_or(Code::SourceUnknown)?.label.clone();
    if count(records, &card_proofs_key(account), MOST_PROOFS, WINDOW, now).is_err() {
        return Ok(());
    }
    let owner = records.accounts.get(account).ok_or(Code::NotEnrolled)?;
    let code = moment.chance.digits(typed::SENT_DIGITS);
    let message = Message::to_owner(owner, now, &Event::CardCode { code: &code, card: Named(&label) });
    let open = CardProof {
        account: account.clone(),
        thumb,
        source: source.clone(),
        code: moment.keys.mac(CODE_PURPOSE, &[proof.as_bytes(), code.as_bytes()]),
        wrong: Vec::new(),
        done: false,
        evidence: Some(Box::new(evidence)),
        until: now.saturating_add(LIFE),
    };
    records.card_proofs.put(proof, open);
    records.messages.push(message);
    Ok(())
}

/// Finishes a proof with the card company's code. The network may deliver the page's form twice: the right code of a proof
/// that is finished is right again, and the same wrong code counts once.
///
/// # Errors
/// [`Code::CodeRefused`], whatever was wrong; the state's code.
pub(super) fn finish(
    moment: &Moment<'_>,
    records: &mut Records,
    account: &AccountId,
    proof: &str,
    code: &str,
) -> Result<(), Refused> {
    // What is no code costs no try.
    let code = typed::sent_code(code).ok_or(Code::CodeRefused)?;
    let now = moment.now();
    let mut open = records
        .card_proofs
        .get(proof)
        .filter(|open| open.until > now && open.wrong.len() < MOST_TRIES && open.account == *account)
        .cloned()
        .ok_or(Code::CodeRefused)?;
    if !moment.keys.mac_holds(CODE_PURPOSE, &[proof.as_bytes(), code.as_bytes()], open.code.as_bytes()) {
        let wrong = moment.keys.mac(CODE_PURPOSE, &[proof.as_bytes(), code.as_bytes()]);
        if !open.wrong.contains(&wrong) {
            open.wrong.push(wrong);
            records.card_proofs.put(proof, open);
        }
        return Err(Code::CodeRefused.into());
    }
    if open.done {
        return Ok(());
    }
    let mut owner = records.accounts.get(account).cloned().ok_or(Code::CodeRefused)?;
    require_active(&owner, open.thumb)?;
    open.done = true;
    records.card_proofs.put(proof, open.clone());
    let source = owner.sources.iter_mut().find(|source| source.id == open.source).ok_or(Code::SourceUnknown)?;
    if source.usable_from(open.thumb).is_none() {
        source.proved.push((open.thumb, now));
        let mut draft = Draft::of(Kind::CardProved, open.thumb);
        draft.body.source = Some(open.source);
        draft.evidence = open.evidence.map(|evidence| *evidence);
        receipts::issue(moment, records, &mut owner, draft);
        records.accounts.put(account, owner);
    }
    Ok(())
}
