//! Custodies `software`, p256 in memory, wiped when dropped and sealed while it is stored if the host gives a secret for that, and
//! `passkey`, the same sealed under what a passkey derives.

use super::MemoryEntropy;
use super::seal::Sealed;
use crate::wallet::ports::{Entropy, KeyError, Keys, Seal, SigningKey};
use crate::wire::enrolment::Custody;
use crate::wire::key::{PublicKey, Signature};
use p256::ecdsa::signature::Signer;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use zeroize::Zeroizing;

/// Makes and opens keys in memory.
#[derive(Clone, Debug)]
pub struct SoftKeys {
    entropy: MemoryEntropy,
    fail: Rc<Cell<Option<KeyError>>>,
    refuses: Refusals,
    offers: Rc<Cell<Custody>>,
    host: HostSecret,
}

/// How the host gives the 32 bytes that custody `software` is sealed under. They are asked for each time and never kept.
#[derive(Clone, Default)]
struct HostSecret(Rc<RefCell<Option<Rc<Give>>>>);

type Give = dyn Fn() -> Option<Zeroizing<Vec<u8>>>;

impl core::fmt::Debug for HostSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HostSecret")
    }
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
    /// Sealed under the host's secret.
    Shut(Rc<Sealed>),
}

/// What a key is bound to that is sealed under the host's secret.
fn shut(public: &PublicKey) -> Result<Seal, KeyError> {
    let rp_id = "localhost".parse().map_err(|_| KeyError::Failed)?;
    Ok(Seal { rp_id, thumb: public.thumbprint(), bound: b"software".to_vec() })
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

/// How signing ends, and how often it still does.
type Refusals = Rc<Cell<Option<(KeyError, u32)>>>;

/// A key that signs. p256 wipes its secret when dropped; it stays in one place, since what is moved leaves its bytes behind.
pub struct SoftKey {
    key: Box<p256::ecdsa::SigningKey>,
    public: PublicKey,
    refuses: Refusals,
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
        let key = Box::new(p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::Lost)?);
        let sec1 = key.verifying_key().to_sec1_point(false);
        let public = PublicKey::from_sec1(sec1.as_bytes()).map_err(|_| KeyError::Lost)?;
        Ok(Self { key, public, refuses: Rc::default() })
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
        match self.refuses.get() {
            Some((how, left @ 1..)) => {
                self.refuses.set(Some((how, left.saturating_sub(1))));
                Err(how)
            }
            _ => self.sign_now(message),
        }
    }
}

impl SoftKeys {
    /// Over these random bytes.
    #[must_use]
    pub fn new(entropy: MemoryEntropy) -> Self {
        Self {
            entropy,
            fail: Rc::default(),
            refuses: Rc::default(),
            offers: Rc::new(Cell::new(Custody::Software)),
            host: HostSecret::default(),
        }
    }

    /// Keys of custody `software` are sealed from now on under the 32 bytes that `give` gives; nothing: they don't open now.
    pub fn seal_under(&self, give: impl Fn() -> Option<Zeroizing<Vec<u8>>> + 'static) {
        self.host.0.replace(Some(Rc::new(give)));
    }

    /// The host's secret, if it has a way to give one.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] if it gives none now.
    fn host_secret(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let give = self.host.0.borrow().clone();
        give.map(|give| give().ok_or(KeyError::Sealed)).transpose()
    }

    /// The strongest custody of this place.
    pub fn offer(&self, custody: Custody) {
        self.offers.set(custody);
    }

    /// Opening a key ends so from now on; none: it works again.
    pub fn fail_opening(&self, how: Option<KeyError>) {
        self.fail.set(how);
    }

    /// Signing with an open key ends so from now on, as where a host asks its user; none: it works again.
    pub fn refuse_signing(&self, how: Option<KeyError>) {
        self.refuses.set(how.map(|how| (how, u32::MAX)));
    }

    /// Signing with an open key ends so once.
    pub fn refuse_one_signing(&self, how: KeyError) {
        self.refuses.set(Some((how, 1)));
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
        let (mut key, handle) = SoftKey::make(&self.entropy)?;
        key.refuses = Rc::clone(&self.refuses);
        match (custody, handle.0) {
            (Custody::Passkey, Held::Plain(secret)) => {
                let input = self.entropy.draw().map_err(|_| KeyError::Failed)?;
                Ok((key, SoftHandle(Held::Unsealed(secret, input))))
            }
            (Custody::Software, Held::Plain(plain)) => {
                let Some(secret) = self.host_secret()? else { return Ok((key, SoftHandle(Held::Plain(plain)))) };
                let draw = || self.entropy.draw().map_err(|_| KeyError::Failed);
                let sealed = Sealed::new(&secret, &shut(&key.public)?, [draw()?, draw()?, draw()?], &plain)?;
                Ok((key, SoftHandle(Held::Shut(Rc::new(sealed)))))
            }
            // Custody `browser` is what a wallet asks for as the second best, and for its channel key.
            (Custody::Browser, held) => Ok((key, SoftHandle(held))),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn prf_input(&self, handle: &SoftHandle) -> Option<[u8; 32]> {
        match &handle.0 {
            Held::Plain(_) | Held::Shut(_) => None,
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

    async fn again(&self, handle: &SoftHandle, (secret, seal): (&SoftSecret, &Seal)) -> Result<SoftHandle, KeyError> {
        let Held::Sealed(sealed) = &handle.0 else { return Ok(handle.clone()) };
        let key = sealed.open(&secret.0, seal)?;
        let input = self.entropy.draw().map_err(|_| KeyError::Failed)?;
        Ok(SoftHandle(Held::Unsealed(key, input)))
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
        let mut key = match &handle.0 {
            Held::Plain(secret) | Held::Unsealed(secret, _) => SoftKey::from_secret(secret)?,
            Held::Shut(sealed) => {
                let secret = self.host_secret()?.ok_or(KeyError::Sealed)?;
                SoftKey::from_secret(&*sealed.open(&secret, &shut(public)?)?)?
            }
            Held::Sealed(sealed) => {
                let (secret, seal) = seal.ok_or(KeyError::Sealed)?;
                SoftKey::from_secret(&*sealed.open(&secret.0, seal)?)?
            }
        };
        key.refuses = Rc::clone(&self.refuses);
        if key.public == *public { Ok(key) } else { Err(KeyError::Lost) }
    }
}
