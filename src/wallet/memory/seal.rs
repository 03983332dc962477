//! *Seal v1* (protocol section 7) in memory: the same derivation and check value. The cipher is a stand-in, a key stream and a
//! tag of HMAC-SHA256, since AES is not among this crate's dependencies; the real one is the browser's.

use crate::wallet::ports::{KeyError, Seal};
use crate::wire::sha256;
use std::rc::Rc;
use zeroize::Zeroizing;

/// A sealed key: what the store keeps of it, and nothing that opens it.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) input: [u8; 32],
    salt: [u8; 32],
    check: [u8; 32],
    nonce: [u8; 32],
    key: [u8; 32],
    tag: [u8; 32],
}

pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
        block.to_vec()
    };
    let inner = sha256(&[pad(0x36), parts.concat()].concat());
    sha256(&[pad(0x5c), inner.to_vec()].concat())
}

/// `HKDF-Expand(prk, info)`, one block.
fn expand(prk: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    hmac(prk, &[&info.concat(), &[1]])
}

/// The sealing key, and the check value in its first half.
pub(super) fn derive(secret: &[u8], salt: &[u8; 32], seal: &Seal) -> ([u8; 32], [u8; 32]) {
    let prk = hmac(salt, &[secret]);
    let thumb = &seal.thumb.0;
    let key = expand(&prk, &[b"jitsuin/v1/seal\0", seal.rp_id.as_str().as_bytes(), b"\0", thumb]);
    let mut check = expand(&prk, &[b"jitsuin/v1/seal-check\0", thumb]);
    check.iter_mut().skip(16).for_each(|byte| *byte = 0);
    (key, check)
}

/// Refuses anything but 32 bytes, or all zero.
fn demand(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() == 32 && secret.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(KeyError::BadSecret) }
}

/// Masks the bytes, or unmasks them.
fn mask(key: &[u8; 32], nonce: &[u8; 32], bytes: &mut [u8; 32]) {
    let stream = hmac(key, &[b"stream", nonce]);
    bytes.iter_mut().zip(stream).for_each(|(to, from)| *to ^= from);
}

impl Sealed {
    pub(super) fn new(
        secret: &[u8],
        seal: &Seal,
        [input, salt, nonce]: [[u8; 32]; 3],
        plain: &[u8; 32],
    ) -> Result<Self, KeyError> {
        demand(secret)?;
        let (k, check) = derive(secret, &salt, seal);
        let mut key = *plain;
        mask(&k, &nonce, &mut key);
        let tag = hmac(&k, &[b"tag", &nonce, &key, &seal.bound]);
        Ok(Self { input, salt, check, nonce, key, tag })
    }

    pub(super) fn open(&self, secret: &[u8], seal: &Seal) -> Result<Rc<Zeroizing<[u8; 32]>>, KeyError> {
        demand(secret)?;
        let (k, check) = derive(secret, &self.salt, seal);
        if check != self.check {
            return Err(KeyError::OtherSecret);
        }
        if hmac(&k, &[b"tag", &self.nonce, &self.key, &seal.bound]) != self.tag {
            return Err(KeyError::Broken);
        }
        // Unmasked where it stays: what is moved leaves its bytes behind.
        let mut key = Rc::new(Zeroizing::new(self.key));
        mask(&k, &self.nonce, Rc::get_mut(&mut key).ok_or(KeyError::Failed)?);
        Ok(key)
    }
}

#[cfg(test)]
mod tests;
