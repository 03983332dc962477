//! P-256 keys of WebCrypto. The private half is a CryptoKey that can't be exported and never leaves this file and `store.rs`.

use super::reflect::{get, object};
use crate::wallet::ports::{KeyError, SigningKey};
use crate::wire::key::{PublicKey, Signature};
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// A private key as the store keeps it: P-256, ECDSA, signing only, not extractable. Nothing else can be one.
#[derive(Clone, Debug)]
pub struct KeyHandle(CryptoKey);

impl KeyHandle {
    /// What came back from the store, if it is such a key.
    pub(super) fn from_stored(value: JsValue) -> Option<Self> {
        let key: CryptoKey = value.dyn_into().ok()?;
        let algorithm = get(&key, "algorithm");
        let is = |name: &str, wanted: &str| get(&algorithm, name).as_string().as_deref() == Some(wanted);
        let fits = is("name", "ECDSA") && is("namedCurve", "P-256") && !key.extractable() && key.type_() == "private";
        fits.then_some(Self(key))
    }

    pub(super) fn as_js(&self) -> &JsValue {
        &self.0
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let algorithm = object(&[("name", "ECDSA".into()), ("hash", "SHA-256".into())]);
        let message = Uint8Array::from(message);
        let signing = subtle()?
            .sign_with_object_and_buffer_source(&algorithm, &self.0, &message)
            .map_err(|_| KeyError::Failed)?;
        let signature = JsFuture::from(signing).await.map_err(|_| KeyError::Failed)?;
        Signature::from_signer(&Uint8Array::new(&signature).to_vec()).map_err(|_| KeyError::Failed)
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
        let algorithm = object(&[("name", "ECDSA".into()), ("namedCurve", "P-256".into())]);
        let usages = Array::of2(&"sign".into(), &"verify".into());
        let subtle = subtle()?;
        let making = subtle.generate_key_with_object(&algorithm, false, &usages).map_err(|_| KeyError::Unsupported)?;
        let pair = JsFuture::from(making).await.map_err(|_| KeyError::Unsupported)?;
        let handle = KeyHandle::from_stored(get(&pair, "privateKey")).ok_or(KeyError::Unsupported)?;
        let public: CryptoKey = get(&pair, "publicKey").dyn_into().map_err(|_| KeyError::Unsupported)?;
        let exporting = subtle.export_key("raw", &public).map_err(|_| KeyError::Failed)?;
        let exported = JsFuture::from(exporting).await.map_err(|_| KeyError::Failed)?;
        let public = PublicKey::from_sec1(&Uint8Array::new(&exported).to_vec()).map_err(|_| KeyError::Failed)?;
        Ok((Self { public, handle: handle.clone() }, handle))
    }

    /// Opens a stored key and proves by one signature that it is the private half of `public`.
    pub(super) async fn open(handle: &KeyHandle, public: &PublicKey) -> Result<Self, KeyError> {
        const MESSAGE: &[u8] = b"jitsuin/v1/probe";
        let signature = handle.sign(MESSAGE).await.map_err(|_| KeyError::Lost)?;
        public.verify(MESSAGE, &signature).map_err(|_| KeyError::Lost)?;
        Ok(Self { public: *public, handle: handle.clone() })
    }
}

impl SigningKey for CryptoSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        self.handle.sign(message).await
    }
}

fn subtle() -> Result<SubtleCrypto, KeyError> {
    let window: Object = web_sys::window().ok_or(KeyError::Unsupported)?.into();
    // web-sys takes `crypto.subtle` for granted; outside a secure context it is missing.
    get(&get(&window, "crypto"), "subtle").dyn_into().map_err(|_| KeyError::Unsupported)
}
