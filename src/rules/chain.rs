//! How receipts follow each other: next link, gap, fork.

use crate::wire::head::Head;
use crate::wire::id::Hash;
use crate::wire::json::json_object;
use crate::wire::receipt::Receipt;

/// The newest link that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Number of the receipt; 0 before the first.
    pub seq: u64,
    /// Its [`Receipt::link`]; zero before the first.
    pub hash: Hash,
}
json_object! { open Link { seq, hash } }

impl Default for Link {
    fn default() -> Self {
        Self::START
    }
}

/// Why a receipt or head does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// Receipts in between are missing.
    Gap,
    /// The issuer shows another history than before.
    Fork,
}

impl Link {
    /// Before the first receipt.
    pub const START: Self = Self { seq: 0, hash: Hash::ZERO };

    /// The link after `receipt`, if that is the next one.
    ///
    /// # Errors
    /// [`Broken::Gap`] for a later number, [`Broken::Fork`] for an earlier one or another `prev`.
    pub fn next(self, receipt: &Receipt) -> Result<Self, Broken> {
        let seq = self.seq.saturating_add(1);
        if receipt.seq.get() > seq {
            return Err(Broken::Gap);
        }
        if receipt.seq.get() < seq || receipt.prev != self.hash {
            return Err(Broken::Fork);
        }
        Ok(Self { seq, hash: receipt.link() })
    }

    /// Whether `head` is this link.
    ///
    /// # Errors
    /// [`Broken::Gap`] for a later number, [`Broken::Fork`] for an earlier one or another hash.
    pub fn meets(self, head: &Head) -> Result<(), Broken> {
        if head.seq.get() > self.seq {
            return Err(Broken::Gap);
        }
        if head.seq.get() < self.seq || head.hash != self.hash { Err(Broken::Fork) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
