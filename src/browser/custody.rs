//! Which custody this place offers. A custody is believed only after a key was written, read back and used.

use super::indexed_db::{Database, Mode};
use super::web_crypto::{CryptoSigner, KeyHandle};
use crate::wallet::ports::{KeyError, Keys, SigningKey as _, StoreError};
use crate::wire::enrolment::Custody;
use crate::wire::id::to_base64;
use crate::wire::key::PublicKey;
use core::cell::Cell;

const PROBE: &str = "jitsuin-probe";

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
            round_trip().await?;
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
        CryptoSigner::open(handle, public).await
    }
}

/// Some places refuse to store a key (Lockdown Mode), some hand back a husk of it.
async fn round_trip() -> Result<(), KeyError> {
    let (key, handle) = CryptoSigner::make().await?;
    let slot = to_base64(&key.public().thumbprint().0);
    let database = Database::open(PROBE).await.map_err(refused)?;
    let result = write_and_read(&database, &slot, &handle, key.public()).await;
    database.close();
    result
}

async fn write_and_read(
    database: &Database,
    slot: &str,
    handle: &KeyHandle,
    public: &PublicKey,
) -> Result<(), KeyError> {
    let begin = |mode| database.begin(mode).map_err(refused)?.ok_or(KeyError::Failed);
    let writing = begin(Mode::Write)?;
    writing.put(slot, handle.as_js()).map_err(refused)?;
    writing.done().await.map_err(refused)?;
    let back = begin(Mode::Read)?.read(slot).await.map_err(refused)?;
    let cleaning = begin(Mode::Write)?;
    cleaning.delete(slot).map_err(refused)?;
    cleaning.done().await.map_err(refused)?;
    let back = KeyHandle::from_stored(back).ok_or(KeyError::Unsupported)?;
    CryptoSigner::open(&back, public).await.map(drop).map_err(|_| KeyError::Unsupported)
}

fn refused(error: StoreError) -> KeyError {
    match error {
        StoreError::Unsupported => KeyError::Unsupported,
        _ => KeyError::Failed,
    }
}
