//! Passkeys' key pairs of the other algorithms, for [`SoftAuthenticator::set_key`].
//!
//! [`SoftAuthenticator::set_key`]: jitsuin::wallet::memory::SoftAuthenticator::set_key

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use ed25519_dalek::Signer as _;
use graviola::signing::rsa::{KeySize, SigningKey};
use jitsuin::wallet::memory::CredentialKeyPair;
use jitsuin::wallet::ports::KeyError;
use jitsuin::wire::cbor::Writer;

pub(crate) struct Rs256(SigningKey);

impl Rs256 {
    pub(crate) fn new() -> Self {
        Self(SigningKey::generate(KeySize::Rsa2048).unwrap())
    }
}

impl CredentialKeyPair for Rs256 {
    fn cose_key(&self) -> Vec<u8> {
        let mut room = [0; 300];
        // RSAPublicKey of 2,048 bits: heads of 9 bytes, the modulus, and INTEGER 65,537.
        let modulus = &self.0.public_key().to_pkcs1_der(&mut room).unwrap()[9..265];
        let mut to = Writer::new();
        to.map(4);
        for number in [1, 3, 3, -257, -1] {
            to.int(number);
        }
        to.bytes(modulus);
        to.int(-2);
        to.bytes(&[1, 0, 1]);
        to.into_bytes()
    }

    fn sign_assertion(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut room = [0; 256];
        self.0.sign_pkcs1_sha256(&mut room, message).map(Into::into).map_err(|_| KeyError::Failed)
    }
}

pub(crate) struct EdDsa(ed25519_dalek::SigningKey);

impl EdDsa {
    pub(crate) fn new() -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&[41; 32]))
    }
}

impl CredentialKeyPair for EdDsa {
    fn cose_key(&self) -> Vec<u8> {
        let mut to = Writer::new();
        to.map(4);
        for number in [1, 1, 3, -8, -1, 6, -2] {
            to.int(number);
        }
        to.bytes(self.0.verifying_key().as_bytes());
        to.into_bytes()
    }

    fn sign_assertion(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}
