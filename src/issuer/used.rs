//! What counts once: proofs of possession and freeze orders.

use super::ledger::{Kind, Needs, Record, Records};
use crate::code::Code;
use crate::wire::id::{Nonce, Thumbprint, to_base64};
use serde::{Deserialize, Serialize};

/// Something that was used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Used {
    /// When it is worthless anyway and may be forgotten, seconds since 1970.
    pub until: u32,
}

impl Record for Used {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// The proof of possession of one call, which counts once. A registered key's is used up before the call is looked at; that of
/// a key which nobody registered by what the call changes, and by a freeze with a ticket even if it changes nothing. So whoever
/// makes up keys writes nothing into the ledger, and a captured call that comes again is a replay, or is refused as it was.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    /// Its key among [`Records::used`].
    row: String,
    /// When it is worthless anyway, seconds since 1970.
    until: u32,
    /// Whether this call has used it up.
    is_used: bool,
}

impl Proof {
    /// Of a proof by this key.
    pub(super) fn new(key: Thumbprint, jti: Nonce, until: u32) -> Self {
        Self { row: format!("proof/{key}/{}", to_base64(jti.as_bytes())), until, is_used: false }
    }

    /// The record that it needs.
    pub(super) fn needs(&self) -> Needs {
        Needs::new().and(Kind::Used, &self.row)
    }

    /// Whether this call has used it up.
    pub(super) const fn is_used(&self) -> bool {
        self.is_used
    }

    /// As it is after this call has used it up.
    pub(super) fn used(&self) -> Self {
        Self { is_used: true, ..self.clone() }
    }

    /// Checks that no other call has used it up.
    ///
    /// # Errors
    /// [`Code::ProofReplayed`].
    pub(super) fn check(&self, records: &Records) -> Result<(), Code> {
        if !self.is_used && records.used.get(&self.row).is_some() { Err(Code::ProofReplayed) } else { Ok(()) }
    }

    /// Uses it up.
    pub(super) fn spend(&self, records: &mut Records) {
        if !self.is_used {
            records.used.put(&self.row, Used { until: self.until });
        }
    }
}
