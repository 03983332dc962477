//! Which custody this place offers. A custody is believed only after a key was written, read back and used.

use super::host::Bridge;
use super::tasks::{Outcome, Promise};
use super::web_crypto::{CryptoSigner, KeyHandle, PasskeySecret, kept, parts};
use crate::wallet::ports::{KeyError, Keys, Seal};
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Nonce};
use crate::wire::key::PublicKey;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./browser/custody.js")]
extern "C" {
    type KeyMaker;
    #[wasm_bindgen(constructor)]
    fn new(host: Option<Bridge>) -> KeyMaker;
    /// Promises the name of a custody.
    #[wasm_bindgen(method)]
    fn custody(this: &KeyMaker) -> Promise;
    #[wasm_bindgen(method)]
    fn make(this: &KeyMaker, custody: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn open(this: &KeyMaker, handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;

    fn attested(handle: &JsValue, nonce: &[u8]) -> Promise;
    fn keep(handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;
    fn again(handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;
}

/// Non-extractable CryptoKeys: custody `browser`, and `passkey`, where they are sealed while they are stored; and keys of the host that
/// the page named, custody `native`.
pub struct BrowserKeys(KeyMaker);

impl core::fmt::Debug for BrowserKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BrowserKeys")
    }
}

impl BrowserKeys {
    pub(super) fn new(host: Option<Bridge>) -> Self {
        Self(KeyMaker::new(host))
    }
}

impl Keys for BrowserKeys {
    type Handle = KeyHandle;
    type Key = CryptoSigner;
    type Secret = PasskeySecret;

    fn custody(&self) -> impl Future<Output = Result<Custody, KeyError>> {
        Outcome::of(self.0.custody(), |outcome| {
            kept(outcome)?;
            outcome.word().parse().map_err(|_| KeyError::Failed)
        })
    }

    fn make(&self, custody: Custody) -> impl Future<Output = Result<(CryptoSigner, KeyHandle), KeyError>> {
        Outcome::of(self.0.make(custody.name()), CryptoSigner::made)
    }

    fn attest(&self, handle: &KeyHandle, nonce: Nonce) -> impl Future<Output = Option<Bytes>> {
        Outcome::of(attested(handle.as_js(), nonce.as_bytes()), |word| word.bytes().map(Bytes))
    }

    fn prf_input(&self, handle: &KeyHandle) -> Option<[u8; 32]> {
        handle.input()
    }

    fn keep(
        &self,
        handle: &KeyHandle,
        seal: Option<(&PasskeySecret, &Seal)>,
    ) -> impl Future<Output = Result<KeyHandle, KeyError>> {
        let (secret, rp_id, thumb, bound) = parts(seal);
        KeyHandle::of(keep(handle.as_js(), &secret, rp_id, thumb, bound))
    }

    fn again(
        &self,
        handle: &KeyHandle,
        seal: (&PasskeySecret, &Seal),
    ) -> impl Future<Output = Result<KeyHandle, KeyError>> {
        let (secret, rp_id, thumb, bound) = parts(Some(seal));
        KeyHandle::of(again(handle.as_js(), &secret, rp_id, thumb, bound))
    }

    fn open(
        &self,
        handle: &KeyHandle,
        public: &PublicKey,
        seal: Option<(&PasskeySecret, &Seal)>,
    ) -> impl Future<Output = Result<CryptoSigner, KeyError>> {
        let (secret, rp_id, thumb, bound) = parts(seal);
        let opened = Outcome::of(self.0.open(handle.as_js(), &secret, rp_id, thumb, bound), kept);
        async { Ok(CryptoSigner::new(*public, opened.await?)) }
    }
}
