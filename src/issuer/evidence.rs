//! What people signed, kept beside the receipt that it led to and outside of the chain (protocol section 4, "Evidence").
//!
//! The parts are bytes as they were signed, so that anybody may check them with a library of their own. Public keys stand
//! there as they were then: a COSE_Key for each. No PRF result, ticket or code is among the parts, because no type here has
//! room for one.

use super::Issuer;
use super::account::{Credential, Device};
use super::error::Refused;
use super::funding::Funding;
use super::ledger::{Kind, Ledger, Needs};
use super::moment::seconds;
use crate::code::Code;
use crate::wire::id::{AccountId, Bytes, CredentialId, Nonce, Veil};
use crate::wire::intent::Intent;
use crate::wire::key::PublicKey;
use crate::wire::webauthn::{Assertion, Registration};
use serde::{Deserialize, Serialize};

/// Evidence as a ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvidence {
    /// Whose.
    pub account: AccountId,
    /// Number of the receipt.
    pub seq: u64,
    /// When it may be deleted, seconds since 1970.
    pub until: u32,
    /// What was signed.
    pub evidence: Evidence,
}

/// What a receipt rests on. Its JSON is what an export shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Evidence {
    /// An intent, agreed to by passkey and device key.
    StepUp {
        /// Both signatures.
        step_up: StepUp,
    },
    /// An intent `rotate`, with the statements of both device keys.
    Rotation {
        /// Both signatures of the old key's side.
        step_up: StepUp,
        /// The old key signs the new one in.
        approval: Bytes,
        /// The new key's own statement.
        statement: Bytes,
    },
    /// A first device: its statement, the passkey's creation, and the passkey over the statement.
    Enrolment {
        /// The device key's statement.
        statement: Bytes,
        /// The passkey's creation.
        registration: Creation,
        /// The passkey over the statement.
        confirmation: Passkey,
    },
    /// A new device key for a passkey that was there.
    Recovery {
        /// The new key's statement.
        statement: Bytes,
        /// The passkey over the statement.
        confirmation: Passkey,
    },
    /// A passkey stopped the account.
    PasskeyFreeze {
        /// In the challenge.
        nonce: Nonce,
        /// The passkey over the challenge.
        assertion: Passkey,
    },
    /// A device or channel key stopped the account.
    Freeze {
        /// The order.
        statement: Bytes,
        /// The key that signed it.
        key: Bytes,
    },
    /// A device key proved a call.
    Call {
        /// Its path.
        path: String,
        /// Its body.
        body: Bytes,
        /// The DPoP proof, which is over path and body.
        proof: String,
        /// The key that signed it.
        device_key: Bytes,
    },
    /// A payment token.
    Token {
        /// The COSE_Sign1.
        token: Bytes,
        /// What the signature is also over.
        veil: Bytes,
        /// The key that signed it.
        device_key: Bytes,
    },
}

/// An intent under both signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepUp {
    /// The canonical intent.
    intent: Bytes,
    /// The passkey over its challenge.
    assertion: Passkey,
    /// The device key over all of it.
    co_signature: Bytes,
    /// The device key.
    device_key: Bytes,
}

/// A passkey's assertion and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// Credential id.
    credential: CredentialId,
    /// The public key as the authenticator wrote it.
    key: Bytes,
    /// authenticatorData.
    authenticator_data: Bytes,
    /// clientDataJSON.
    client_data: Bytes,
    /// The signature.
    signature: Bytes,
}

/// A passkey's creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creation {
    /// attestationObject.
    attestation_object: Bytes,
    /// clientDataJSON.
    client_data: Bytes,
}

impl Passkey {
    /// An assertion that held under this credential.
    pub(super) fn new(credential: &Credential, assertion: &Assertion) -> Self {
        let response = &assertion.response;
        Self {
            credential: credential.id.clone(),
            key: credential.key.clone(),
            authenticator_data: response.authenticator_data.clone(),
            client_data: response.client_data.clone(),
            signature: response.signature.clone(),
        }
    }
}

impl Creation {
    /// A registration that held.
    pub(super) fn new(registration: &Registration) -> Self {
        let response = &registration.response;
        Self { attestation_object: response.attestation_object.clone(), client_data: response.client_data.clone() }
    }
}

impl StepUp {
    /// An intent that this device agreed to.
    pub(super) fn new(device: &Device, intent: &Intent, assertion: &Assertion, co_signature: &Bytes) -> Self {
        Self {
            intent: Bytes(intent.to_bytes()),
            assertion: Passkey::new(&device.credential, assertion),
            co_signature: co_signature.clone(),
            device_key: cose(&device.key),
        }
    }
}

impl Evidence {
    /// A freeze order.
    pub(super) fn freeze(statement: &[u8], key: &PublicKey) -> Self {
        Self::Freeze { statement: Bytes(statement.into()), key: cose(key) }
    }

    /// A proved call.
    pub(super) fn call(path: &str, body: &[u8], proof: &str, key: &PublicKey) -> Self {
        Self::Call { path: path.into(), body: Bytes(body.into()), proof: proof.into(), device_key: cose(key) }
    }

    /// A token whose signature held.
    pub(super) fn token(token: &[u8], veil: &Veil, key: &PublicKey) -> Self {
        Self::Token { token: Bytes(token.into()), veil: Bytes(veil.0.into()), device_key: cose(key) }
    }
}

fn cose(key: &PublicKey) -> Bytes {
    Bytes(key.to_cose_key())
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Deletes the evidence of an account whose time is over, unless a payment of the account is in dispute.
    pub(super) async fn end_evidence(&self, account: &AccountId) -> Result<(), Refused> {
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(self.ledger.now_ms(), needs, |moment, records| {
            let in_dispute =
                records.accounts.get(account).is_some_and(|owner| !owner.held.is_empty() || owner.reported_more > 0);
            if !in_dispute {
                records.ended_evidence.push((account.clone(), moment.now()));
            }
            Ok(())
        })
        .await
    }

    /// Empties the body of a receipt, so that a person's details are gone; the chain is over its hash and stays whole.
    /// Evidence stays until its own time is over.
    ///
    /// # Errors
    /// [`Code::NotFound`] without such a receipt; [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn erase_body(&self, account: &AccountId, seq: u64) -> Result<(), Refused> {
        let found = self.ledger.receipts(account, seq.saturating_sub(1), 1).await?;
        found.first().filter(|receipt| receipt.seq == seq).ok_or(Code::NotFound)?;
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(self.ledger.now_ms(), needs, |_, records| {
            records.erased.push((account.clone(), seq));
            Ok(())
        })
        .await?;
        if self.ledger.ended_evidence(seconds(self.ledger.now_ms())).await?.contains(account) {
            self.end_evidence(account).await?;
        }
        Ok(())
    }
}
