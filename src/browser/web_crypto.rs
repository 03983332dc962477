//! P-256 keys of WebCrypto. The private half is a CryptoKey that can't be exported and never leaves this file and `store.rs`.

use crate::wallet::ports::{KeyError, SigningKey};
use crate::wire::key::{PublicKey, Signature};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(raw_module = "./browser/web_crypto.js")]
extern "C" {
    #[wasm_bindgen(js_name = isKey)]
    fn is_key(value: &JsValue) -> bool;
    fn make() -> Promise;
    fn sign(key: &JsValue, message: &[u8]) -> Promise;
    /// Rejects where a stored key does not come back as one that works.
    pub(super) fn prove() -> Promise;

    type NewKey;
    #[wasm_bindgen(method, getter)]
    fn secret(this: &NewKey) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn point(this: &NewKey) -> Vec<u8>;
}

/// A private key as the store keeps it: P-256, ECDSA, signing only, not extractable. Nothing else can be one.
#[derive(Clone, Debug)]
pub struct KeyHandle(JsValue);

impl KeyHandle {
    /// What came back from the store, if it is such a key.
    pub(super) fn from_stored(value: JsValue) -> Option<Self> {
        is_key(&value).then_some(Self(value))
    }

    pub(super) const fn as_js(&self) -> &JsValue {
        &self.0
    }
}

/// A key that can sign.
#[derive(Clone, Debug)]
pub struct CryptoSigner {
    public: PublicKey,
    handle: KeyHandle,
}

impl CryptoSigner {
    /// A new key.
    pub(super) async fn make() -> Result<(Self, KeyHandle), KeyError> {
        let made = JsFuture::from(make()).await.map_err(|_| KeyError::Unsupported)?;
        let made: NewKey = made.unchecked_into();
        let public = PublicKey::from_sec1(&made.point()).map_err(|_| KeyError::Failed)?;
        let handle = KeyHandle(made.secret());
        Ok((Self { public, handle: handle.clone() }, handle))
    }

    /// Takes a stored key for the private half of `public`. Its first signature tells whether it is.
    pub(super) fn open(handle: &KeyHandle, public: &PublicKey) -> Self {
        Self { public: *public, handle: handle.clone() }
    }
}

impl SigningKey for CryptoSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = JsFuture::from(sign(&self.handle.0, message)).await.map_err(|_| KeyError::Failed)?;
        let signature: Uint8Array = signature.unchecked_into();
        Signature::from_signer(&signature.to_vec()).map_err(|_| KeyError::Failed)
    }
}
