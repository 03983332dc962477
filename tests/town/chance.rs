//! Chance that follows from a seed: the same draws on every machine, whatever versions of libraries are locked.

use jitsuin::issuer::entropy::{Entropy, NoEntropy};
use jitsuin::wire::sha256;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stream of its own. Streams with other names share nothing, so that what one person draws changes nobody else's story.
#[derive(Debug)]
pub struct Chance {
    seed: [u8; 32],
    drawn: AtomicU64,
}

impl Chance {
    /// The stream of this name under a seed.
    pub fn new(seed: u64, name: &str) -> Self {
        let seed = sha256(&[b"town", seed.to_be_bytes().as_slice(), name.as_bytes()].concat());
        Self { seed, drawn: AtomicU64::new(0) }
    }

    fn block(&self) -> [u8; 32] {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        sha256(&[self.seed.as_slice(), &count.to_be_bytes()].concat())
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.block()[..8]);
        u64::from_be_bytes(bytes)
    }

    /// A number below `end`, which is above 0.
    pub fn below(&self, end: u64) -> u64 {
        self.number() % end
    }

    /// A number from `from` to `to`, both included.
    #[allow(clippy::wrong_self_convention, reason = "from one number to another")]
    pub fn from_to(&self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// Whether something of so many in a hundred happens.
    pub fn percent(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// One of them by weight.
    pub fn weighted<T: Copy>(&self, all: &[(T, u64)]) -> T {
        let mut at = self.below(all.iter().map(|(_, weight)| weight).sum());
        for (one, weight) in all {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *one,
            }
        }
        unreachable!("the draw is below the sum")
    }
}

impl Entropy for Chance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for chunk in bytes.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        Ok(())
    }
}
