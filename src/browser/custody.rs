//! Which custody this place offers. A custody is believed only after a key was written, read back and used.

use super::store::refusal;
use super::web_crypto::{CryptoSigner, KeyHandle, PasskeySecret, prove};
use crate::wallet::ports::{KeyError, Keys, Seal, SigningKey as _, StoreError};
use crate::wire::enrolment::Custody;
use crate::wire::key::PublicKey;
use core::cell::Cell;
use wasm_bindgen_futures::JsFuture;

/// Nothing else that is signed starts so.
const MESSAGE: &[u8] = b"jitsuin/v1/probe";

/// Non-extractable CryptoKeys: custody `browser`, and `passkey`, where they are sealed while they are stored.
#[derive(Debug, Default)]
pub struct BrowserKeys {
    proven: Cell<bool>,
}

impl BrowserKeys {
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
        self.prove().await?;
        Ok(Custody::Browser)
    }

    async fn make(&self, custody: Custody) -> Result<(CryptoSigner, KeyHandle), KeyError> {
        if !matches!(custody, Custody::Browser | Custody::Passkey) {
            return Err(KeyError::Unsupported);
        }
        self.prove().await?;
        CryptoSigner::make(custody == Custody::Passkey).await
    }

    fn prf_input(&self, handle: &KeyHandle) -> Option<[u8; 32]> {
        handle.input()
    }

    async fn keep(&self, handle: &KeyHandle, seal: Option<(&PasskeySecret, &Seal)>) -> Result<KeyHandle, KeyError> {
        handle.keep(seal).await
    }

    async fn open(
        &self,
        handle: &KeyHandle,
        public: &PublicKey,
        seal: Option<(&PasskeySecret, &Seal)>,
    ) -> Result<CryptoSigner, KeyError> {
        let key = CryptoSigner::open(handle, public, seal).await?;
        let signature = key.sign(MESSAGE).await.map_err(|_| KeyError::Lost)?;
        public.verify(MESSAGE, &signature).map_err(|_| KeyError::Lost)?;
        Ok(key)
    }
}
