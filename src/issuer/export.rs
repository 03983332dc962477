//! The evidence of one account as one JSON file, which anybody can check who knows the thumbprint of the issuer's root.

use super::Issuer;
use super::error::Refused;
use super::evidence::{Evidence, StoredEvidence};
use super::funding::Funding;
use super::ledger::{Kind, Ledger, Needs};
use super::receipts::{StoredReceipt, head};
use crate::code::Code;
use crate::wire::id::{AccountId, Bytes};
use crate::wire::key_set::SignedKeySet;
use crate::wire::origin::Origin;
use alloc::collections::BTreeMap;
use serde::Serialize;

/// Of the file's form.
const VERSION: u32 = 1;

/// The file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Export<'a> {
    version: u32,
    issuer: &'a str,
    account: &'a AccountId,
    rp_id: &'a str,
    origins: &'a [Origin],
    /// A COSE_Key, whose thumbprint the reader knows.
    root: Bytes,
    /// Oldest first.
    key_sets: Vec<Set<'a>>,
    receipts: Vec<Line<'a>>,
    /// The signed newest link.
    head: Bytes,
}

/// One key set.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Set<'a> {
    by_root: &'a Bytes,
    by_previous: Option<&'a Bytes>,
}

/// One receipt and what it rests on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    seq: u64,
    receipt: &'a Bytes,
    /// None once it was erased: the receipt has its hash.
    body: Option<&'a Bytes>,
    evidence: Option<&'a Evidence>,
}

impl<'a> Set<'a> {
    const fn of(set: &'a SignedKeySet) -> Self {
        Self { by_root: &set.by_root, by_previous: set.by_previous.as_ref() }
    }
}

impl<'a> Line<'a> {
    fn of(stored: &'a StoredReceipt, held: &BTreeMap<u64, &'a Evidence>) -> Self {
        let StoredReceipt { seq, item, .. } = stored;
        let body = Some(&item.body).filter(|body| !body.0.is_empty());
        Self { seq: *seq, receipt: &item.receipt, body, evidence: held.get(seq).copied() }
    }
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// The evidence of an account with its receipts, from the root on, as JSON. It names what its owner bought and where:
    /// it is for the owner, and for whoever settles a dispute.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an account that is none; [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn export_evidence(&self, account: &AccountId) -> Result<String, Refused> {
        let needs = Needs::new().and(Kind::Accounts, account);
        let keyed = self.keyed().await?;
        let (newest, head) = keyed
            .decide(self.ledger.now_ms(), needs, |moment, records| {
                let owner = records.accounts.get(account).ok_or(Code::NotFound)?;
                Ok((owner.link.seq, head(moment, owner)))
            })
            .await?;
        let mut stored: Vec<StoredReceipt> = self.ledger.receipts(account, 0, usize::MAX).await?;
        stored.retain(|receipt| receipt.seq <= newest);
        let held: Vec<StoredEvidence> = self.ledger.evidence(account).await?;
        let held: BTreeMap<u64, &Evidence> = held.iter().map(|held| (held.seq, &held.evidence)).collect();
        let export = Export {
            version: VERSION,
            issuer: self.settings.issuer.as_str(),
            account,
            rp_id: self.settings.rp_id.as_str(),
            origins: &self.settings.origins,
            root: Bytes(keyed.keys.set().root.to_cose_key()),
            key_sets: keyed.keys.past().iter().chain([keyed.keys.set()]).map(Set::of).collect(),
            receipts: stored.iter().map(|stored| Line::of(stored, &held)).collect(),
            head,
        };
        serde_json::to_string_pretty(&export).map_err(Refused::failed)
    }
}
