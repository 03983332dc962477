//! What counts once: proofs of possession and freeze orders.

use super::ledger::Record;
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
