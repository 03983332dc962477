//! One hash construction for everything that is hashed under a purpose.

use sha2::{Digest, Sha256};

/// `SHA-256(tag || 0x00 || parts…)`: the tag keeps a hash made for one purpose from serving another.
/// Tags hold no zero byte; all but the last part must be of fixed length.
#[must_use]
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(tag.as_bytes());
    hash.update([0]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Plain SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
