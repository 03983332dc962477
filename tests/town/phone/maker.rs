//! A phone's key store, which may fail or not answer.

use super::Serving;
use crate::town::trouble::{Fault, Port};
use jitsuin::wallet::memory::{SoftHandle, SoftKey, SoftKeys, SoftSecret};
use jitsuin::wallet::ports::{KeyError, Keys, Seal, SigningKey};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::key::{PublicKey, Signature};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;

/// How long the port waits for a key store that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A key of the key store, which may fail or not answer when it is to sign.
pub struct TownKey {
    soft: SoftKey,
    maker: Maker,
}

impl TownKey {
    /// The key alone, as somebody has it who copied the files.
    pub fn into_soft(self) -> SoftKey {
        self.soft
    }
}

impl SigningKey for TownKey {
    fn public(&self) -> &PublicKey {
        self.soft.public()
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        if self.maker.serving.borrow().verb.can_fail_signing() {
            self.maker.used().await?;
        }
        self.soft.sign(message).await
    }
}

/// One tab's way to the key store that all tabs share.
#[derive(Clone)]
pub struct Maker {
    serving: Serving,
    soft: SoftKeys,
}

impl Maker {
    /// Over these keys.
    pub fn new(serving: Serving, soft: SoftKeys) -> Self {
        Self { serving, soft }
    }

    /// For another tab.
    pub fn tab(&self, serving: Serving) -> Self {
        Self { serving, ..self.clone() }
    }

    /// Which custody it offers from now on.
    pub fn offer(&self, custody: Custody) {
        self.soft.offer(custody);
    }

    async fn used(&self) -> Result<(), KeyError> {
        let act = Rc::clone(&self.serving).borrow().clone();
        let Some(fault) = act.meets(Port::Keys) else { return Ok(()) };
        act.felt(fault);
        if fault == Fault::KeysFail {
            return Err(KeyError::Failed);
        }
        sleep(PATIENCE).await;
        Err(KeyError::NoAnswer)
    }
}

impl Keys for Maker {
    type Handle = SoftHandle;
    type Key = TownKey;
    type Secret = SoftSecret;

    async fn custody(&self) -> Result<Custody, KeyError> {
        self.soft.custody().await
    }

    async fn make(&self, custody: Custody) -> Result<(TownKey, SoftHandle), KeyError> {
        self.used().await?;
        let (soft, handle) = self.soft.make(custody).await?;
        Ok((TownKey { soft, maker: self.clone() }, handle))
    }

    fn prf_input(&self, handle: &SoftHandle) -> Option<[u8; 32]> {
        self.soft.prf_input(handle)
    }

    async fn keep(&self, handle: &SoftHandle, seal: Option<(&SoftSecret, &Seal)>) -> Result<SoftHandle, KeyError> {
        self.used().await?;
        self.soft.keep(handle, seal).await
    }

    async fn again(&self, handle: &SoftHandle, seal: (&SoftSecret, &Seal)) -> Result<SoftHandle, KeyError> {
        self.used().await?;
        self.soft.again(handle, seal).await
    }

    async fn open(
        &self,
        handle: &SoftHandle,
        public: &PublicKey,
        seal: Option<(&SoftSecret, &Seal)>,
    ) -> Result<TownKey, KeyError> {
        self.used().await?;
        let soft = self.soft.open(handle, public, seal).await?;
        Ok(TownKey { soft, maker: self.clone() })
    }
}
