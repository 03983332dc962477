//! Custodies `software`, p256 in memory, wiped when dropped, and `passkey`, the same sealed while it is stored.

use super::MemoryEntropy;
use super::seal::Sealed;
use crate::wallet::ports::{Entropy, KeyError, Keys, Seal, SigningKey};
use crate::wire::enrolment::Custody;
use crate::wire::key::{PublicKey, Signature};
use p256::ecdsa::signature::Signer;
use std::cell::Cell;
use std::rc::Rc;
use zeroize::Zeroizing;

/// Makes and opens keys in memory.
#[derive(Clone, Debug)]
pub struct SoftKeys {
    entropy: MemoryEntropy,
    fail: Rc<Cell<Option<KeyError>>>,
    offers: Rc<Cell<Custody>>,
}

/// What the store keeps of a key: shared with no copy, wiped with its last owner.
#[derive(Clone)]
pub struct SoftHandle(Held);

#[derive(Clone)]
enum Held {
    Plain(Rc<Zeroizing<[u8; 32]>>),
    /// To be sealed, with the input for the passkey.
    Unsealed(Rc<Zeroizing<[u8; 32]>>, [u8; 32]),
    Sealed(Rc<Sealed>),
}

/// What a passkey derived, of whatever length a broken one gives.
pub struct SoftSecret(pub(super) Zeroizing<Vec<u8>>);

impl core::fmt::Debug for SoftSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SoftSecret(secret)")
    }
}

impl core::fmt::Debug for SoftHandle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SoftHandle(secret)")
    }
}

/// A key that signs. p256 wipes its secret when dropped.
pub struct SoftKey {
    key: p256::ecdsa::SigningKey,
    public: PublicKey,
}

impl core::fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SoftKey {}", self.public.thumbprint())
    }
}

impl SoftKey {
    /// A random key. A number that is no key is drawn again; it is as rare as a guessed key.
    ///
    /// # Errors
    /// [`KeyError::Failed`] without random bytes.
    pub fn make(entropy: &MemoryEntropy) -> Result<(Self, SoftHandle), KeyError> {
        for _ in 0..8 {
            let secret = Zeroizing::new(entropy.draw::<32>().map_err(|_| KeyError::Failed)?);
            if let Ok(key) = Self::from_secret(&secret) {
                return Ok((key, SoftHandle(Held::Plain(Rc::new(secret)))));
            }
        }
        Err(KeyError::Failed)
    }

    fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        let key = p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::Lost)?;
        let sec1 = key.verifying_key().to_sec1_point(false);
        let public = PublicKey::from_sec1(sec1.as_bytes()).map_err(|_| KeyError::Lost)?;
        Ok(Self { key, public })
    }

    /// Signs with ES256; low-S.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn sign_now(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature: p256::ecdsa::Signature = self.key.try_sign(message).map_err(|_| KeyError::Failed)?;
        Signature::from_signer(&signature.to_bytes()).map_err(|_| KeyError::Failed)
    }

    /// Signs with ES256, in the DER form that authenticators use.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature: p256::ecdsa::Signature = self.key.try_sign(message).map_err(|_| KeyError::Failed)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl SigningKey for SoftKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        self.sign_now(message)
    }
}

impl SoftKeys {
    /// Over these random bytes.
    #[must_use]
    pub fn new(entropy: MemoryEntropy) -> Self {
        Self { entropy, fail: Rc::default(), offers: Rc::new(Cell::new(Custody::Software)) }
    }

    /// The strongest custody of this place.
    pub fn offer(&self, custody: Custody) {
        self.offers.set(custody);
    }

    /// Opening a key ends so from now on; none: it works again.
    pub fn fail_opening(&self, how: Option<KeyError>) {
        self.fail.set(how);
    }
}

impl Keys for SoftKeys {
    type Handle = SoftHandle;
    type Key = SoftKey;
    type Secret = SoftSecret;

    async fn custody(&self) -> Result<Custody, KeyError> {
        Ok(self.offers.get())
    }

    async fn make(&self, custody: Custody) -> Result<(SoftKey, SoftHandle), KeyError> {
        let (key, handle) = SoftKey::make(&self.entropy)?;
        match (custody, handle.0) {
            (Custody::Passkey, Held::Plain(secret)) => {
                let input = self.entropy.draw().map_err(|_| KeyError::Failed)?;
                Ok((key, SoftHandle(Held::Unsealed(secret, input))))
            }
            // Custody `browser` is what a wallet asks for as the second best, and for its channel key.
            (Custody::Software | Custody::Browser, held) => Ok((key, SoftHandle(held))),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn prf_input(&self, handle: &SoftHandle) -> Option<[u8; 32]> {
        match &handle.0 {
            Held::Plain(_) => None,
            Held::Unsealed(_, input) => Some(*input),
            Held::Sealed(sealed) => Some(sealed.input),
        }
    }

    async fn keep(&self, handle: &SoftHandle, seal: Option<(&SoftSecret, &Seal)>) -> Result<SoftHandle, KeyError> {
        let Held::Unsealed(key, input) = &handle.0 else { return Ok(handle.clone()) };
        let Some((secret, seal)) = seal else { return Ok(SoftHandle(Held::Plain(Rc::clone(key)))) };
        let draw = || self.entropy.draw().map_err(|_| KeyError::Failed);
        let sealed = Sealed::new(&secret.0, seal, [*input, draw()?, draw()?], key)?;
        Ok(SoftHandle(Held::Sealed(Rc::new(sealed))))
    }

    async fn open(
        &self,
        handle: &SoftHandle,
        public: &PublicKey,
        seal: Option<(&SoftSecret, &Seal)>,
    ) -> Result<SoftKey, KeyError> {
        if let Some(error) = self.fail.get() {
            return Err(error);
        }
        let key = match &handle.0 {
            Held::Plain(secret) | Held::Unsealed(secret, _) => SoftKey::from_secret(secret)?,
            Held::Sealed(sealed) => {
                let (secret, seal) = seal.ok_or(KeyError::Sealed)?;
                SoftKey::from_secret(&*sealed.open(&secret.0, seal)?)?
            }
        };
        if key.public == *public { Ok(key) } else { Err(KeyError::Lost) }
    }
}
