//! P-256 keys of WebCrypto. The private half is a CryptoKey that can't be exported, or sealed, and never leaves this file and
//! `store.rs`; or it lies in a host's key store, whose name for it is all that is kept here.

use super::host::Bridge;
use super::reflect::error_name;
use crate::wallet::ports::{KeyError, Seal, SigningKey};
use crate::wire::id::{Bytes, Nonce};
use crate::wire::key::{PublicKey, Signature};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(raw_module = "./browser/web_crypto.js")]
extern "C" {
    #[wasm_bindgen(js_name = isHandle)]
    fn is_handle(value: &JsValue) -> bool;
    #[wasm_bindgen(js_name = inputOf)]
    fn input_of(handle: &JsValue) -> Option<Vec<u8>>;
    fn again(handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;
    #[wasm_bindgen(js_name = isNative)]
    fn is_native(handle: &JsValue) -> bool;
    fn reached(handle: &JsValue, host: Option<&Bridge>) -> JsValue;
    fn attested(handle: &JsValue, nonce: &[u8]) -> Promise;
    fn make(sealed: bool, host: Option<&Bridge>) -> Promise;
    fn keep(handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;
    fn open(handle: &JsValue, secret: &JsValue, rp_id: &str, thumb: &[u8], bound: &[u8]) -> Promise;
    fn sign(key: &JsValue, message: &[u8]) -> Promise;
    /// Rejects where a stored key does not come back as one that works.
    pub(super) fn prove() -> Promise;
    /// Promises whether a key can be sealed here.
    pub(super) fn seals() -> Promise;

    type NewKey;
    #[wasm_bindgen(method, getter)]
    fn key(this: &NewKey) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn handle(this: &NewKey) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn point(this: &NewKey) -> Vec<u8>;
}

/// What a passkey derived: a key of WebCrypto that derives and can't be read.
#[derive(Clone, Debug)]
pub struct PasskeySecret(pub(super) JsValue);

/// A private key as the store keeps it: P-256, ECDSA, signing only, not extractable, or the same sealed, or the name
/// of one in a host's key store. Nothing else can be one.
#[derive(Clone, Debug)]
pub struct KeyHandle(JsValue);

impl KeyHandle {
    /// What came back from the store, if it is such a key.
    pub(super) fn from_stored(value: JsValue) -> Option<Self> {
        is_handle(&value).then_some(Self(value))
    }

    pub(super) fn is_native(&self) -> bool {
        is_native(&self.0)
    }

    /// What the host's platform says of a key that was made now.
    pub(super) async fn attested(&self, nonce: Nonce) -> Option<Bytes> {
        let word = settled(attested(&self.0, nonce.as_bytes())).await.ok()?;
        word.dyn_into::<Uint8Array>().ok().map(|word| Bytes(word.to_vec()))
    }

    /// A host's key as one that signs there; any other as it is.
    pub(super) fn at(&self, host: Option<&Bridge>) -> Self {
        Self(reached(&self.0, host))
    }

    pub(super) const fn as_js(&self) -> &JsValue {
        &self.0
    }

    pub(super) fn input(&self) -> Option<[u8; 32]> {
        input_of(&self.0)?.try_into().ok()
    }

    /// A sealed key to be sealed again.
    pub(super) async fn again(&self, seal: (&PasskeySecret, &Seal)) -> Result<Self, KeyError> {
        settled(with_seal(again, &self.0, Some(seal))).await.map(Self)
    }

    /// The form to store.
    pub(super) async fn keep(&self, seal: Option<(&PasskeySecret, &Seal)>) -> Result<Self, KeyError> {
        settled(with_seal(keep, &self.0, seal)).await.map(Self)
    }
}

type Sealing = fn(&JsValue, &JsValue, &str, &[u8], &[u8]) -> Promise;

/// Calls with the seal's parts; with empty ones if there is none.
fn with_seal(call: Sealing, handle: &JsValue, seal: Option<(&PasskeySecret, &Seal)>) -> Promise {
    match seal {
        Some((secret, seal)) => call(handle, &secret.0, seal.rp_id.as_str(), seal.thumb.as_bytes(), &seal.bound),
        None => call(handle, &JsValue::UNDEFINED, "", &[], &[]),
    }
}

pub(super) async fn settled(promise: Promise) -> Result<JsValue, KeyError> {
    JsFuture::from(promise).await.map_err(|error| match error_name(&error).as_str() {
        "locked" => KeyError::Sealed,
        "prf-unusable" => KeyError::BadSecret,
        "seal-mismatch" => KeyError::OtherSecret,
        "seal-broken" => KeyError::Broken,
        "AbortError" => KeyError::Cancelled,
        "host-silent" => KeyError::Silent,
        "host-refused" => KeyError::Refused,
        "host-untrusted" => KeyError::Untrusted,
        "NotFoundError" => KeyError::Lost,
        "NotSupportedError" => KeyError::Unsupported,
        _ => KeyError::Failed,
    })
}

/// A key that can sign.
#[derive(Clone, Debug)]
pub struct CryptoSigner {
    public: PublicKey,
    key: JsValue,
}

impl CryptoSigner {
    /// A new key, the host's if one is given. One that is to be sealed can't be stored before.
    pub(super) async fn make(sealed: bool, host: Option<&Bridge>) -> Result<(Self, KeyHandle), KeyError> {
        let made: NewKey = settled(make(sealed, host)).await?.unchecked_into();
        let public = PublicKey::from_sec1(&made.point()).map_err(|_| KeyError::Failed)?;
        Ok((Self { public, key: made.key() }, KeyHandle(made.handle())))
    }

    /// Takes a stored key for the private half of `public`. Its first signature tells whether it is.
    pub(super) async fn open(
        handle: &KeyHandle,
        public: &PublicKey,
        seal: Option<(&PasskeySecret, &Seal)>,
    ) -> Result<Self, KeyError> {
        Ok(Self { public: *public, key: settled(with_seal(open, &handle.0, seal)).await? })
    }
}

impl SigningKey for CryptoSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature: Uint8Array = settled(sign(&self.key, message)).await?.unchecked_into();
        Signature::from_signer(&signature.to_vec()).map_err(|_| KeyError::Failed)
    }
}
