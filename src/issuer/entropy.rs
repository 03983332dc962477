//! Random bytes: drawn once before a transaction, so that its rule is pure and may run again.

use crate::wire::tagged_hash;
use core::cell::Cell;
use zeroize::Zeroizing;

/// The platform gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

/// Random bytes from a cryptographic source.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`NoEntropy`].
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The operating system's source, or the browser's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

/// 32 random bytes for one transaction.
pub(super) struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Draws a seed.
    pub(super) fn draw(from: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut seed = Zeroizing::new([0; 32]);
        from.fill(seed.as_mut_slice())?;
        Ok(Self(seed))
    }
}

/// Gives the values of one transaction from its seed: the same ones each time the rule runs, and never one twice.
pub(super) struct Chance<'a> {
    seed: &'a Seed,
    drawn: Cell<u64>,
}

impl<'a> Chance<'a> {
    /// From the start of a seed.
    pub(super) const fn new(seed: &'a Seed) -> Self {
        Self { seed, drawn: Cell::new(0) }
    }

    /// The next `N` bytes, at most 32.
    pub(super) fn next<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= 32, "one block is a SHA-256") };
        let index = self.drawn.get();
        self.drawn.set(index.wrapping_add(1));
        let block = Zeroizing::new(tagged_hash("jitsuin/v1/draw", &[self.seed.0.as_slice(), &index.to_be_bytes()]));
        core::array::from_fn(|at| block.get(at).copied().unwrap_or_default())
    }

    /// The next number of so many decimal digits, at most 18, each as likely as another.
    pub(super) fn digits(&self, count: usize) -> String {
        let modulus = 10_u64.saturating_pow(u32::try_from(count).unwrap_or(18).min(18));
        let fair = u64::MAX - u64::MAX % modulus;
        loop {
            let number = u64::from_be_bytes(self.next());
            if number < fair {
                return format!("{:0count$}", number % modulus);
            }
        }
    }
}

#[cfg(test)]
mod tests;
