//! Which custody this place offers. A custody is believed only after a key was written, read back and used.

use super::store::refusal;
use super::web_crypto::{CryptoSigner, KeyHandle, prove};
use crate::wallet::ports::{KeyError, Keys, SigningKey as _, StoreError};
use crate::wire::enrolment::Custody;
use crate::wire::key::PublicKey;
use core::cell::Cell;
use wasm_bindgen_futures::JsFuture;

/// Nothing else that is signed starts so.
const MESSAGE: &[u8] = b"jitsuin/v1/probe";

/// Non-extractable CryptoKeys: custody `browser`.
#[derive(Debug, Default)]
pub struct BrowserKeys {
    proven: Cell<bool>,
}

impl Keys for BrowserKeys {
    type Handle = KeyHandle;
    type Key = CryptoSigner;

    async fn custody(&self) -> Result<Custody, KeyError> {
        if !self.proven.get() {
            JsFuture::from(prove()).await.map_err(|error| match refusal(&error) {
                StoreError::Unsupported => KeyError::Unsupported,
                _ => KeyError::Failed,
            })?;
            self.proven.set(true);
        }
        Ok(Custody::Browser)
    }

    async fn make(&self, custody: Custody) -> Result<(CryptoSigner, KeyHandle), KeyError> {
        match custody {
            Custody::Browser => CryptoSigner::make().await,
            _ => Err(KeyError::Unsupported),
        }
    }

    async fn open(&self, handle: &KeyHandle, public: &PublicKey) -> Result<CryptoSigner, KeyError> {
        let key = CryptoSigner::open(handle, public);
        let signature = key.sign(MESSAGE).await.map_err(|_| KeyError::Lost)?;
        public.verify(MESSAGE, &signature).map_err(|_| KeyError::Lost)?;
        Ok(key)
    }
}
