//! P-256 keys of WebCrypto. The private half is a CryptoKey that can't be exported, or sealed, and never leaves this file and
//! `store.rs`; or it lies in a host's key store, whose name for it is all that is kept here.

use super::tasks::{Outcome, Promise, SILENT, Settled};
use crate::wallet::ports::{KeyError, Seal, SigningKey};
use crate::wire::key::{PublicKey, Signature};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

#[wasm_bindgen(raw_module = "./browser/web_crypto.js")]
extern "C" {
    #[wasm_bindgen(js_name = isHandle)]
    fn is_handle(value: &JsValue) -> bool;
    #[wasm_bindgen(js_name = inputOf)]
    fn input_of(handle: &JsValue) -> Option<Vec<u8>>;
    fn sign(key: &JsValue, message: &[u8]) -> Promise;

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

    pub(super) const fn as_js(&self) -> &JsValue {
        &self.0
    }

    /// What the passkey must be asked about, if it must be.
    pub(super) fn input(&self) -> Option<[u8; 32]> {
        input_of(&self.0)?.try_into().ok()
    }

    /// The one that a promise ends with.
    pub(super) fn of(promise: Promise) -> Settled<Result<Self, KeyError>> {
        Outcome::of(promise, |outcome| kept(outcome).map(Self))
    }
}

/// The seal's parts; empty ones if there is none.
pub(super) fn parts<'a>(seal: Option<(&PasskeySecret, &'a Seal)>) -> (JsValue, &'a str, &'a [u8], &'a [u8]) {
    match seal {
        Some((secret, seal)) => (secret.0.clone(), seal.rp_id.as_str(), seal.thumb.as_bytes(), &seal.bound),
        None => (JsValue::UNDEFINED, "", &[], &[]),
    }
}

/// What the name of a rejection means; any other: the platform failed.
const REJECTIONS: [(&str, KeyError); 11] = [
    (SILENT, KeyError::NoAnswer),
    ("locked", KeyError::Sealed),
    ("prf-unusable", KeyError::BadSecret),
    ("seal-mismatch", KeyError::OtherSecret),
    ("seal-broken", KeyError::Broken),
    ("AbortError", KeyError::Cancelled),
    ("host-silent", KeyError::Silent),
    ("host-refused", KeyError::Refused),
    ("host-untrusted", KeyError::Untrusted),
    ("NotFoundError", KeyError::Lost),
    ("NotSupportedError", KeyError::Unsupported),
];

/// What a promise of these files was fulfilled with, or what its rejection means.
pub(super) fn kept(outcome: &Outcome) -> Result<JsValue, KeyError> {
    if outcome.is_fulfilled() {
        return Ok(outcome.value());
    }
    let word = outcome.word();
    let meant = REJECTIONS.iter().find(|(rejection, _)| *rejection == word);
    Err(meant.map_or(KeyError::Failed, |(_, error)| *error))
}

/// A key that can sign.
#[derive(Clone, Debug)]
pub struct CryptoSigner {
    public: PublicKey,
    key: JsValue,
}

impl CryptoSigner {
    /// Takes a key for the private half of `public`. A signature tells whether it is.
    pub(super) const fn new(public: PublicKey, key: JsValue) -> Self {
        Self { public, key }
    }

    /// A key that was made now. One that is to be sealed can't be stored before.
    pub(super) fn made(outcome: &Outcome) -> Result<(Self, KeyHandle), KeyError> {
        let made: NewKey = kept(outcome)?.unchecked_into();
        let public = PublicKey::from_sec1(&made.point()).map_err(|_| KeyError::Failed)?;
        Ok((Self::new(public, made.key()), KeyHandle(made.handle())))
    }
}

impl SigningKey for CryptoSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Signature, KeyError>> {
        Outcome::of(sign(&self.key, message), |signed| {
            kept(signed)?;
            Signature::from_signer(&signed.bytes().unwrap_or_default()).map_err(|_| KeyError::Failed)
        })
    }
}
