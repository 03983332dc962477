//! Which custody this place offers. A custody is believed only after a key was written, read back and used.

use super::host::Bridge;
use super::store::refusal;
use super::web_crypto::{CryptoSigner, KeyHandle, PasskeySecret, prove, seals, settled};
use crate::wallet::ports::{KeyError, Keys, Seal, SigningKey as _, StoreError};
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::key::PublicKey;
use core::cell::Cell;
use wasm_bindgen_futures::JsFuture;

/// Nothing else that is signed starts so.
const MESSAGE: &[u8] = b"jitsuin/v1/probe";

/// Non-extractable CryptoKeys: custody `browser`, and `passkey`, where they are sealed while they are stored; and keys of the host that
/// the page named, custody `native`.
#[derive(Debug)]
pub struct BrowserKeys {
    host: Option<Bridge>,
    proven: Cell<bool>,
}

impl BrowserKeys {
    pub(super) const fn new(host: Option<Bridge>) -> Self {
        Self { host, proven: Cell::new(false) }
    }

    /// Whether a host is named and can be the key store. One whose signatures do not hold is never passed over in silence.
    async fn has_host(&self) -> Result<bool, KeyError> {
        let Some(host) = &self.host else { return Ok(false) };
        match settled(host.prove()).await {
            Ok(_) => Ok(true),
            Err(KeyError::Untrusted) => Err(KeyError::Untrusted),
            Err(_) => Ok(false),
        }
    }

    async fn prove(&self) -> Result<(), KeyError> {
        if !self.proven.get() {
            JsFuture::from(prove()).await.map_err(|error| match refusal(&error) {
                StoreError::Unsupported => KeyError::Unsupported,
                _ => KeyError::Failed,
            })?;
            self.proven.set(true);
        }
        Ok(())
    }
}

impl Keys for BrowserKeys {
    type Handle = KeyHandle;
    type Key = CryptoSigner;
    type Secret = PasskeySecret;

    async fn custody(&self) -> Result<Custody, KeyError> {
        if self.has_host().await? {
            return Ok(Custody::Native);
        }
        self.prove().await?;
        let seals = JsFuture::from(seals()).await.is_ok_and(|seals| seals.is_truthy());
        Ok(if seals { Custody::Passkey } else { Custody::Browser })
    }

    async fn make(&self, custody: Custody) -> Result<(CryptoSigner, KeyHandle), KeyError> {
        let host = match custody {
            Custody::Browser | Custody::Passkey => None,
            Custody::Native if self.host.is_some() => self.host.as_ref(),
            _ => return Err(KeyError::Unsupported),
        };
        // A host proves each key as it makes it; the channel key is stored here in any custody.
        self.prove().await?;
        CryptoSigner::make(custody == Custody::Passkey, host).await
    }

    async fn attest(&self, handle: &KeyHandle, nonce: Nonce) -> Option<Bytes> {
        handle.attested(nonce).await
    }

    fn prf_input(&self, handle: &KeyHandle) -> Option<[u8; 32]> {
        handle.input()
    }

    async fn keep(&self, handle: &KeyHandle, seal: Option<(&PasskeySecret, &Seal)>) -> Result<KeyHandle, KeyError> {
        handle.keep(seal).await
    }

    async fn again(&self, handle: &KeyHandle, seal: (&PasskeySecret, &Seal)) -> Result<KeyHandle, KeyError> {
        handle.again(seal).await
    }

    async fn open(
        &self,
        handle: &KeyHandle,
        public: &PublicKey,
        seal: Option<(&PasskeySecret, &Seal)>,
    ) -> Result<CryptoSigner, KeyError> {
        let key = CryptoSigner::open(&handle.at(self.host.as_ref()), public, seal).await?;
        // The wallet's own round trip proves a host's key; it signs nothing else than proofs of that form.
        if handle.is_native() {
            return Ok(key);
        }
        let signature = key.sign(MESSAGE).await.map_err(|_| KeyError::Lost)?;
        public.verify(MESSAGE, &signature).map_err(|_| KeyError::Lost)?;
        Ok(key)
    }
}
