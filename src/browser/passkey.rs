//! WebAuthn over `navigator.credentials`. Every call settles by its own deadline, one runs at a time, and extension
//! results are never read into what is sent. What a passkey derives comes as a key that can't be read.

use super::reflect::{error_name, get};
use super::web_crypto::PasskeySecret;
use crate::wallet::ports::{Authenticator, CreationOptions, Ended, RequestOptions};
use crate::wire::id::{Bytes, to_base64};
use crate::wire::webauthn::{Assertion, AssertionResponse, NoExtensions, Registration, RegistrationResponse};
use core::time::Duration;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(raw_module = "./browser/passkey.js")]
extern "C" {
    type Prompts;
    #[wasm_bindgen(constructor)]
    fn new() -> Prompts;
    #[wasm_bindgen(method)]
    fn create(
        this: &Prompts,
        rp_id: &str,
        rp_name: &str,
        user_handle: &[u8],
        label: &str,
        challenge: &[u8],
        exclude: &Array,
        prf: Option<Uint8Array>,
        deadline: f64,
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn get(
        this: &Prompts,
        rp_id: &str,
        challenge: &[u8],
        credentials: &Array,
        prf: Option<Uint8Array>,
        deadline: f64,
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Prompts);

    /// A credential.
    type Answer;
    /// A part by its name in the credential.
    #[wasm_bindgen(method)]
    fn bytes(this: &Answer, name: &str) -> Option<Vec<u8>>;
    #[wasm_bindgen(method, getter)]
    fn secret(this: &Answer) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn derives(this: &Answer) -> bool;
    #[wasm_bindgen(method)]
    fn transports(this: &Answer) -> Vec<String>;
}

/// `navigator.credentials`.
pub struct Passkeys(Prompts);

impl Default for Passkeys {
    fn default() -> Self {
        Self(Prompts::new())
    }
}

impl core::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Passkeys")
    }
}

impl Drop for Passkeys {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Authenticator for Passkeys {
    type Secret = PasskeySecret;

    async fn create(&self, options: &CreationOptions) -> Result<(Registration, bool), Ended> {
        let answer = answered(self.0.create(
            options.rp_id.as_str(),
            &options.rp_name,
            &options.user_handle.0,
            &options.account_label,
            &options.challenge.0,
            &ids(&options.exclude),
            input(options.prf),
            milliseconds(options.deadline),
        ))
        .await?;
        let raw_id = answer.part("rawId");
        let registration = Registration {
            id: to_base64(&raw_id.0),
            raw_id,
            kind: "public-key".into(),
            response: RegistrationResponse {
                client_data: answer.part("clientDataJSON"),
                attestation_object: answer.part("attestationObject"),
                authenticator_data: answer.part("authenticatorData"),
                transports: answer.transports(),
            },
            client_extension_results: NoExtensions {},
        };
        Ok((registration, answer.derives()))
    }

    async fn get(&self, options: &RequestOptions) -> Result<(Assertion, Option<PasskeySecret>), Ended> {
        let RequestOptions { rp_id, challenge, credentials, prf, deadline } = options;
        let asked = self.0.get(rp_id.as_str(), &challenge.0, &ids(credentials), input(*prf), milliseconds(*deadline));
        let answer = answered(asked).await?;
        let raw_id = answer.part("rawId");
        let assertion = Assertion {
            id: to_base64(&raw_id.0),
            raw_id,
            kind: "public-key".into(),
            response: AssertionResponse {
                client_data: answer.part("clientDataJSON"),
                authenticator_data: answer.part("authenticatorData"),
                signature: answer.part("signature"),
                user_handle: answer.bytes("userHandle").map(Bytes),
            },
            client_extension_results: NoExtensions {},
        };
        let secret = answer.secret();
        Ok((assertion, (!secret.is_undefined()).then_some(PasskeySecret(secret))))
    }

    fn abort(&self) {
        self.0.abort();
    }
}

impl Answer {
    /// A part that every credential has.
    fn part(&self, name: &str) -> Bytes {
        Bytes(self.bytes(name).unwrap_or_default())
    }
}

async fn answered(asked: Promise) -> Result<Answer, Ended> {
    match JsFuture::from(asked).await {
        Ok(answer) => Ok(answer.unchecked_into()),
        Err(ended) => Err(facts(&ended)),
    }
}

fn facts(ended: &JsValue) -> Ended {
    let elapsed = get(ended, "elapsed").as_f64().unwrap_or_default();
    Ended {
        name: error_name(ended),
        elapsed: Duration::from_micros((elapsed * 1000.0) as u64),
        deadline_passed: get(ended, "late").is_truthy(),
        aborted_by_us: get(ended, "ours").is_truthy(),
        focused: get(ended, "focused").is_truthy(),
        tapped: get(ended, "tapped").is_truthy(),
    }
}

fn ids(credentials: &[Bytes]) -> Array {
    let ids = Array::new();
    for id in credentials {
        ids.push(&Uint8Array::from(id.0.as_slice()));
    }
    ids
}

fn input(prf: Option<[u8; 32]>) -> Option<Uint8Array> {
    prf.map(|prf| Uint8Array::from(prf.as_slice()))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_millis() as f64
}
