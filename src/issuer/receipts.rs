//! Issues receipts: numbered, linked, signed, in the transaction of what they record.

use super::account::Account;
use super::evidence::{Evidence, StoredEvidence};
use super::ledger::Records;
use super::moment::Moment;
use crate::rules::chain::Link;
use crate::wire::calls::ReceiptItem;
use crate::wire::head::Head;
use crate::wire::id::Hash;
use crate::wire::id::{AccountId, Bytes, Thumbprint};
use crate::wire::key_set::Use;
use crate::wire::number::Whole;
use crate::wire::receipt::{Body, Kind, Receipt};
use crate::wire::sign1;

/// A receipt as a ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// Whose.
    pub account: AccountId,
    /// Its number.
    pub seq: u64,
    /// What it records.
    pub kind: Kind,
    /// Seconds since 1970.
    pub at: u32,
    /// The signed statement and its body.
    pub item: ReceiptItem,
}

impl StoredReceipt {
    /// What the next receipt names as the one before.
    #[must_use]
    pub fn link(&self) -> Option<Hash> {
        sign1::claimed::<Receipt>(&self.item.receipt.0).ok().map(|receipt| receipt.link())
    }
}

/// What a receipt is to say.
pub(super) struct Draft {
    /// What it records.
    pub(super) kind: Kind,
    /// The device key concerned.
    pub(super) thumb: Option<Thumbprint>,
    /// The token's counter and random part.
    pub(super) token: Option<(u32, [u8; 4])>,
    /// Its details; the salt is drawn here.
    pub(super) body: Body,
    /// What somebody signed for it.
    pub(super) evidence: Option<Evidence>,
}

impl Draft {
    /// About a device key.
    pub(super) fn of(kind: Kind, thumb: Thumbprint) -> Self {
        Self { thumb: Some(thumb), ..Self::new(kind) }
    }

    /// About the account.
    pub(super) fn new(kind: Kind) -> Self {
        let body = Body {
            salt: [0; 16],
            amount: None,
            currency: None,
            shop: None,
            place: None,
            source: None,
            device_label: None,
            undoes: None,
            reason: None,
        };
        Self { kind, thumb: None, token: None, body, evidence: None }
    }
}

/// Issues the next receipt of an account; its balance must be the new one already.
pub(super) fn issue(moment: &Moment<'_>, records: &mut Records, account: &mut Account, draft: Draft) -> ReceiptItem {
    let mut body = draft.body;
    body.salt = moment.chance.next();
    let receipt = Receipt {
        issuer: moment.settings.issuer.clone(),
        account: account.id.clone(),
        seq: Whole::saturating(account.link.seq.saturating_add(1)),
        prev: account.link.hash,
        time: moment.now(),
        kind: draft.kind,
        thumb: draft.thumb,
        atc: draft.token.map(|(atc, _)| atc),
        random: draft.token.map(|(_, random)| random),
        body_hash: body.hash(),
        balance: account.balance,
    };
    account.link = Link { seq: receipt.seq.get(), hash: receipt.link() };
    let item = ReceiptItem { receipt: Bytes(moment.keys.sign(Use::Receipt, &receipt)), body: Bytes(body.to_bytes()) };
    records.receipts.push(StoredReceipt {
        account: account.id.clone(),
        seq: receipt.seq.get(),
        kind: receipt.kind,
        at: receipt.time,
        item: item.clone(),
    });
    records.evidence.extend(draft.evidence.map(|evidence| StoredEvidence {
        account: account.id.clone(),
        seq: receipt.seq.get(),
        until: receipt.time.saturating_add(moment.settings.policy.evidence_seconds),
        evidence,
    }));
    item
}

/// The signed newest link.
pub(super) fn head(moment: &Moment<'_>, account: &Account) -> Bytes {
    let head = Head {
        account: account.id.clone(),
        seq: Whole::saturating(account.link.seq),
        hash: account.link.hash,
        time: moment.now(),
        balance: account.balance,
    };
    Bytes(moment.keys.sign(Use::Receipt, &head))
}
