//! The issuer's random bytes in a pretend world.

use crate::issuer::entropy::{Entropy, NoEntropy};
use crate::wire::tagged_hash;
use core::sync::atomic::{AtomicU64, Ordering};

/// The platform's random bytes, or a sequence that follows from a seed.
#[derive(Debug)]
pub(super) struct WorldEntropy {
    seed: Option<u64>,
    drawn: AtomicU64,
}

impl WorldEntropy {
    pub(super) const fn new(seed: Option<u64>) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for WorldEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let Some(seed) = self.seed else { return getrandom::fill(bytes).map_err(|_| NoEntropy) };
        for chunk in bytes.chunks_mut(32) {
            let index = self.drawn.fetch_add(1, Ordering::Relaxed);
            let block = tagged_hash("jitsuin/testing/issuer", &[&seed.to_be_bytes(), &index.to_be_bytes()]);
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        Ok(())
    }
}
